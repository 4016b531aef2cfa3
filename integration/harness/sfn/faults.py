"""Errors of AWS that a test plans: throttling, expired credentials, a permission that is missing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Fault(Exception):
    """An error that the next calls get.

    Args:
        service: as boto3 names it: `stepfunctions`, `batch`, `scheduler`, `s3` …; `*` for every service.
        action: as the API names it: `StartExecution`; `*` for every action of the service.
        code: `ThrottlingException`, `ExpiredTokenException`, `AccessDeniedException` …
        times: how many calls get it.
        status: HTTP status.
        message: what the service says.
    """

    service: str
    action: str
    code: str
    times: int = 1
    status: int = 400
    message: str = "planned by a test"


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(fault)

    def concern(self, service: str) -> bool:
        return any(fault.service in {"*", service} for fault in self._planned)

    def check(self, service: str, action: str) -> None:
        """Let a call pass.

        Raises:
            Fault: one was planned for it.
        """
        with self._lock:
            for index, fault in enumerate(self._planned):
                if fault.service in {"*", service} and fault.action in {"*", action}:
                    left = replace(fault, times=fault.times - 1)
                    self._planned[index : index + 1] = [left] if left.times else []
                    raise replace(fault, service=service)
