"""The code package of a flow."""

from __future__ import annotations

from pathlib import Path

from tests.flows import Place, flow


def test_a_generated_file_beside_the_flow_changes_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    flow_file = place.write(flow())
    (tmp_path / "dags").mkdir()
    target = tmp_path / "dags" / "train.py"
    texts = []
    for _ in range(3):
        assert place.run(flow_file, "airflow", "create", str(target)).status == 0
        texts.append(target.read_text())
    assert texts[0] == texts[1] == texts[2]


def test_other_files_beside_the_flow_are_packed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    flow_file = place.write(flow())
    before = place.plan_text(flow_file)
    place.write("# Not generated\n", "helper.py")
    assert place.plan_text(flow_file) != before
