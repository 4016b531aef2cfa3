"""One engine for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.harness.sfn.engine import Engine
from integration.harness.skips import skipped_if_missing


@pytest.fixture(scope="package")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with skipped_if_missing(), Engine(tmp_path_factory.mktemp("sfn")) as engine:
        yield engine
