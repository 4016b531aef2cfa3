"""What is missing on a machine is skipped by name, and is a failure where CI=true says that all must run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from integration.harness.process import Missing


@contextmanager
def skipped_if_missing() -> Iterator[None]:
    """Turn Missing, raised where a server starts, into a skip with its reason; with CI=true into a failure.

    Example:
        @pytest.fixture
        def s3(tmp_path):
            with skipped_if_missing(), VersityGW(tmp_path) as server:
                yield server
    """
    try:
        yield
    except Missing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI=true allows no skip: {missing}")
        pytest.skip(str(missing))
