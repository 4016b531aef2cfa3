"""Public validators of Amazon States Language find nothing in what we make of every kind of graph."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from integration.harness.npm import npm_program
from integration.harness.process import ROOT, Missing
from integration.harness.skips import skipped_if_missing

pytestmark = [pytest.mark.sfn, pytest.mark.conformance]

GOLDEN = sorted((ROOT / "tests/sfn/translation/golden").glob("*.json"))
ASL_VALIDATOR = "asl-validator@4.0.0"
# AWS takes all of these, which are newer than statelint, or a number like any other in JSON.
FALSE_ALARMS = re.compile(
    r'Field "Label" not allowed in .+'
    r'|Field "InputType" not allowed in .+\.ItemReader\.ReaderConfig'
    r"|.+\.BackoffRate is \d+ but should be a Float"
)
BROKEN = {
    "StartAt": "a",
    "QueryLanguage": "JSONata",
    "States": {"a": {"Type": "Pass", "Next": "gone", "Nextt": 1}},
}


@pytest.fixture(scope="module")
def asl_validator() -> Path:
    with skipped_if_missing():
        return npm_program(ASL_VALIDATOR, "asl-validator")


def found_by_asl_validator(program: Path, file: Path) -> str:
    done = subprocess.run([program, "--json-path", file], capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_asl_validator(asl_validator: Path, file: Path) -> None:
    assert found_by_asl_validator(asl_validator, file) == ""


def test_asl_validator_finds_what_is_broken(asl_validator: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(BROKEN))
    assert "SCHEMA_VALIDATION_FAILED" in found_by_asl_validator(asl_validator, file)


@pytest.fixture(scope="module")
def statelint() -> None:
    with skipped_if_missing():
        if find_spec("statelint") is None:
            raise Missing("statelint is not installed: pip install statelint")


def found_by_statelint(file: Path) -> list[str]:
    command = [sys.executable, "-m", "statelint", "--eval-jsonata", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()[1:]]
    assert bool(lines) == bool(done.returncode), done
    return [line for line in lines if not FALSE_ALARMS.fullmatch(line)]


@pytest.mark.usefixtures("statelint")
@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_statelint(file: Path) -> None:
    assert found_by_statelint(file) == []


@pytest.mark.usefixtures("statelint")
def test_statelint_finds_what_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(BROKEN))
    assert "Nextt" in str(found_by_statelint(file))
