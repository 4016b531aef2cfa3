"""Stands in for the jobs of runs that are started only to be looked at."""

from __future__ import annotations

from integration.harness.sfn.batch.stubs import StubbedJob


def succeed(job: StubbedJob) -> int:
    return 0
