from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from hera_bridge.clients import write_objects
from hera_bridge.clients.yaml_text import to_yaml
from metaflow_provider.plan import Refusal
from tests.hera_bridge.cluster import cron, secret, template

_texts = st.one_of(
    st.text(),
    st.text(alphabet=" \n\t:#-|>'\"{}[]&*!%@`,?=yn0123456789.eE+~\\\x85\u2028é"),
    st.sampled_from(
        ["yes", "NO", "null", "~", "1e3", "0x1f", "1:30", "2026-01-01", "{{item}}", "{{ {{", "=", "<<"]
    ),
)
_data = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _texts
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(_texts, inner)),
)


@settings(max_examples=50, deadline=None)
@given(_data)
def test_yaml_is_read_as_the_same_data(data: Any) -> None:
    assert yaml.safe_load(to_yaml(data)) == data


def test_yaml_is_for_people() -> None:
    text = to_yaml({"spec": {"args": ["-c", "set -e\nrun {{x}}\n"], "on": "yes", "n": "1", "none": []}})
    assert text.splitlines() == [
        "spec:",
        "  args:",
        '    - "-c"',
        "    - |",
        "      set -e",
        "      run {{x}}",
        '  "on": "yes"',
        '  "n": "1"',
        "  none: []",
    ]


def test_every_object_is_a_file_and_secrets_are_none(tmp_path: Path) -> None:
    files = write_objects([template(), cron(), secret()], tmp_path / "deploy")
    names = ["workflowtemplate-train.yaml", "cronworkflow-train.yaml", "kustomization.yaml"]
    assert [file.name for file in files] == names
    assert yaml.safe_load(files[0].read_text()) == template()
    assert yaml.safe_load(files[2].read_text())["resources"] == names[:2]
    assert "c2VjcmV0" not in "".join(file.read_text() for file in (tmp_path / "deploy").iterdir())


def test_files_that_are_not_needed_any_more_go_and_other_peoples_stay(tmp_path: Path) -> None:
    write_objects([template(), cron()], tmp_path)
    (tmp_path / "rbac.yaml").write_text("kind: Role\n")
    write_objects([template()], tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "kustomization.yaml",
        "rbac.yaml",
        "workflowtemplate-train.yaml",
    ]


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\n")
    with pytest.raises(Refusal, match=r"kustomization.yaml is there already"):
        write_objects([template()], tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["kustomization.yaml"]


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match=r"cannot be written to"):
        write_objects([template()], tmp_path / "file" / "deeper")
