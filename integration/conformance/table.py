"""The README's table of graph kinds and features by engine, made of what conformance runs found.

python -m integration.conformance.table    (after `make conformance`)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from integration.conformance.corpus import CASES
from integration.conformance.results import ENGINES, Results, read_results
from integration.harness.process import ROOT

README = ROOT / "README.md"
ROWS: Mapping[str, tuple[str, ...]] = {
    "steps in a row": ("linear", "single_step", "custom_ends"),
    "split and join": ("static_split", "start_split", "wide_split"),
    "nested splits": ("nested_splits",),
    "foreach": ("foreach_one_step", "foreach_long_body", "foreach_of_one", "foreach_iterables"),
    "nested foreach": ("nested_foreach", "three_levels"),
    "switch": ("switch_top", "switch_keys", "switch_on_config", "two_cases_one_step", "switch_to_end"),
    "switch in a switch": ("nested_switch", "merge_after_switch"),
    "switch and split in each other": ("split_in_switch", "switch_in_split", "switch_into_static_join"),
    "foreach in a switch": ("foreach_in_switch",),
    "switch in a foreach": ("switch_in_foreach", "foreach_in_switch_in_foreach"),
    "switch into a foreach's join": ("switch_into_foreach_join", "switch_into_join_mixed"),
    "recursion": ("loop", "long_loop", "loop_two_exits", "loop_after_join"),
    "recursion in a foreach or a switch": ("loop_in_foreach", "loop_foreach_body", "loop_in_switch"),
    "`@parallel`": ("gang", "gang_of_one"),
    "`@parallel` in a foreach or a switch": ("gang_in_foreach", "gang_in_switch"),
    "order of a join's inputs, `merge_artifacts`": ("input_order", "merged_artifacts"),
    "`@retry`": ("retry_twice", "retry_joins", "needs_retry", "loop_retries", "gang_retried"),
    "`@catch`": ("catch_exception", "catch_kill", "retry_catch_foreach", "gang_caught"),
    "`@timeout` of seconds": ("timeout_caught",),
    "a run that fails": ("failing",),
    "parameters": ("every_parameter", "required_parameter", "hostile_text"),
    "configs and mutators": ("configs", "mutators"),
    "`@project`": ("in_project",),
    "tags and namespace": ("tagged",),
    "`@card`": ("cards",),
    "`@secrets`": ("inline_secrets",),
    "`@environment`": ("environment_foreach",),
    "artifacts of every kind": ("artifact_kinds", "class_constants", "custom_classes"),
    "`current`": ("current_values",),
    "logs": ("prints",),
    "Metaflow's tutorials": ("tutorial",),
    "random graphs": ("random",),
}
"""Stems of cases, by what a row is called."""

_BLOCK = re.compile(r"(<!-- conformance table -->\n).*?(<!-- end of it -->)", re.DOTALL)


def stem(case: str) -> str:
    """What a case's name has before the first dash: its flow."""
    return case.partition("-")[0]


def table(results: Results) -> str:
    """The table as Markdown."""
    lines = [f"| | {' | '.join(ENGINES)} |", f"| --- |{' --- |' * len(ENGINES)}"]
    for label, stems in ROWS.items():
        cells = [_cell(results.get(engine, {}), _expected(engine, stems), stems) for engine in ENGINES]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def with_table(text: str, results: Results) -> str:
    """A README's text with the table between its marks."""
    return _BLOCK.sub(lambda match: f"{match[1]}{table(results)}{match[2]}", text)


def _expected(engine: str, stems: tuple[str, ...]) -> set[str]:
    """The cases of a row that an engine's conformance run has, random ones apart."""
    cases = (case for case in CASES.values() if stem(case.name) in stems)
    return {case.name for case in cases if engine == "Airflow" or not case.processes_only}


def _cell(found: Mapping[str, bool], expected: set[str], stems: tuple[str, ...]) -> str:
    """How many of the cases were equal to `run`; `refused` if the engine's compute decorator takes none."""
    ran = {case: equal for case, equal in found.items() if stem(case) in stems}
    if not expected and "random" not in stems:
        return "refused"
    return f"{sum(ran.values())} of {len(expected | set(ran))}" if ran else "not run"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8"), read_results()), encoding="utf-8")
