"""A Batch for each test, with a definition `d`, and one with a multi-node definition `gang`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.harness.sfn.batch.local import NODES, Local


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    local = Local(tmp_path)
    yield local
    local.runner.close()


@pytest.fixture
def gang(local: Local) -> Local:
    request = {"jobDefinitionName": "gang", "type": "multinode", "nodeProperties": NODES}
    local.batch.call("RegisterJobDefinition", request)
    return local
