from __future__ import annotations

import re
from pathlib import Path

import pytest

import sfn.asl

README = Path(sfn.asl.__file__).with_name("README.md")


def test_the_example_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    example, output = re.findall(
        r"```(?:python|text)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL
    )
    exec(compile(example, str(README), "exec"), {})
    assert capsys.readouterr().out == output


def test_every_file_is_named() -> None:
    text = README.read_text(encoding="utf-8")
    for file in README.parent.rglob("*.py"):
        if file.name != "__init__.py":
            assert f"`{file.name}`" in text or f"`{file.stem}`" in text
