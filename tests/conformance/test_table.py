"""The README's table says what conformance runs found."""

from __future__ import annotations

from collections import Counter

from integration.conformance.corpus import CASES
from integration.conformance.results import ENGINES, case_of_test, read_results
from integration.conformance.table import README, ROWS, stem, table, with_table


def test_every_flow_of_the_corpus_is_in_one_row() -> None:
    stems = Counter(each for row in ROWS.values() for each in row)
    assert set(stems) == {stem(name) for name in CASES} | {"random"}
    assert set(stems.values()) == {1}


def test_cells_count_what_was_equal_of_what_there_is() -> None:
    found = {"Airflow": {"timeout_caught": True, "gang": False, "random-1": True, "random-2": False}}
    lines = table(found).splitlines()
    assert lines[0].split(" | ")[1:] == [*ENGINES[:3], f"{ENGINES[3]} |"]
    assert "| `@parallel` | 0 of 2 | not run | not run | not run |" in lines
    assert "| `@timeout` of seconds | 1 of 1 | refused | refused | refused |" in lines
    assert "| random graphs | 1 of 2 | not run | not run | not run |" in lines


def test_tests_of_the_corpus_are_recorded() -> None:
    folder = "integration/conformance"
    assert case_of_test(f"{folder}/test_sfn.py::test_representative_case[gang]", "") == (
        "Step Functions",
        "gang",
    )
    assert case_of_test(f"{folder}/test_sfn.py::test_further_case[text-a]@sfn", "") == (
        "Step Functions",
        "text-a",
    )
    assert case_of_test(f"{folder}/test_argo.py::test_further_random_flow[7]", "3.7.14") == (
        "Argo Workflows 3.7.14",
        "random-7",
    )
    assert case_of_test(f"{folder}/test_airflow.py::test_case_on_s3[gang]", "") is None


def test_the_readme_has_the_table() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text, read_results()) == text
    assert table(read_results()) in text
