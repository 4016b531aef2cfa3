"""CloudWatch Logs: what jobs have printed.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from .service import Service

_NO_STREAM = ("ResourceNotFoundException",)


class Logs(Service):
    """What is asked of CloudWatch Logs.

    Example:
        >>> aws.logs.tail("/aws/batch/job", job.log_stream)
        ('Traceback (most recent call last):', ...)
    """

    service = "logs"

    def tail(self, group: str, stream: str, lines: int = 20) -> tuple[str, ...]:
        """The last lines of a stream; none when there is no such stream."""
        found = self._find(
            "GetLogEvents",
            f"log-group:{group}:log-stream:{stream}",
            _NO_STREAM,
            logGroupName=group,
            logStreamName=stream,
            limit=lines,
            startFromHead=False,
        )
        events = [] if found is None else found["events"]
        return tuple(event["message"].rstrip("\n") for event in events[-lines:])
