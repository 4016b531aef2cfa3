"""What a deployment to Step Functions needs to know that is not in the flow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from metaflow_provider.plan import Refusal

EC2, FARGATE = "EC2", "FARGATE"
HEADERS = "METAFLOW_SERVICE_HEADERS"
"""What the metadata service wants to see: a secret, so it reaches jobs by reference."""


@dataclass(frozen=True)
class Settings:
    """Settings of the account, and wishes about one deployment.

    Attributes:
        queue: Batch job queue of steps that name none.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        platforms: `EC2` or `FARGATE` by job queue; queues that are not here are EC2.
        distributed: whether foreach steps become Distributed Maps. `None`: the outermost of them, since
            nobody knows how wide one will be; those inside become inline Maps.
        batch_tags: tags of the Batch jobs.
        emit_tags: whether jobs are tagged with flow, run and step too, as by `METAFLOW_BATCH_EMIT_TAGS`.
        default_timeout: limit of a step without `@timeout`, in seconds.
        secrets: variables of the jobs by the ARN of the secret that holds the value.
    """

    queue: str = ""
    partition: str = "aws"
    platforms: Mapping[str, str] = field(default_factory=dict)
    distributed: bool | None = None
    batch_tags: Mapping[str, str] = field(default_factory=dict)
    emit_tags: bool = False
    default_timeout: int = 5 * 24 * 60 * 60
    secrets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """What `to_json` wrote.

        Raises:
            Refusal: it is something else.

        Example:
            >>> Settings.from_json('{"queue": "gpu"}').queue
            'gpu'
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise Refusal(
                f"the settings cannot be read: {error}", remedy="write them with create --output-dir"
            ) from None

    def to_json(self) -> str:
        """The settings as JSON, for those who deploy the plan from Python."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    def platform(self, queue: str) -> str:
        """The platform of a job queue."""
        return self.platforms.get(queue, EC2)
