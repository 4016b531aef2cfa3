"""The flows of the corpus, each with the ways in which it is run.

A case is one run of one flow: its parameters, its options, and how much of the run has to equal
`python flow.py run`. Metaflow's own tutorials are copied from the installed package when they are needed.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FLOWS = Path(__file__).resolve().parent / "flows"


@dataclass(frozen=True)
class Case:
    """One run of one flow.

    Attributes:
        name: Unique: the file's name, and after a dash what tells this case from the file's others.
        file: The flow's file. A tutorial's is in the installed Metaflow; `placed` gives one that may be run.
        flow: The name of the flow.
        parameters: Parameters given to the run, as Python values; the others keep their defaults.
        top_options: Options before the command, the same for `run` and for an engine's `create`.
        run_options: Options of `run` that an engine's `create` takes too: tags and the namespace.
        processes_only: @kubernetes or @batch refuse the flow.
        own_name: Deployed under the name that the flow gives itself, instead of the case's.
        expect_success: Whether the run succeeds.
        ordered: False where `run` has no defined order: inputs of a join that several steps lead to.
        values: False where artifacts hold random values or hash order: their names alone are compared.
        logs: Whether stdout and stderr are compared too.
        needs: Names of cases that must have run before in the same datastore.
        marks: `slow`, `tutorial`, and the features that select cases: `loop`, `gang`, `retry`, `card` ...
    """

    name: str
    file: Path
    flow: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    top_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    processes_only: bool = False
    own_name: bool = False
    expect_success: bool = True
    ordered: bool = True
    values: bool = True
    logs: bool = False
    needs: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.name


def parameter_options(parameters: Mapping[str, Any]) -> list[str]:
    """Parameters as options of a flow's command line.

    >>> parameter_options({"count": 2, "flag": True, "data": [None], "text": "-x"})
    ['--count=2', '--flag=True', '--data=[null]', '--text=-x']
    """
    return [f"--{name}={_option_text(value)}" for name, value in parameters.items()]


def placed(case: Case, folder: Path) -> Path:
    """The flow's file; of a tutorial a copy in `folder`, with all that lies beside it."""
    if "tutorial" not in case.marks:
        return case.file
    copy = folder / case.file.parent.name
    shutil.copytree(case.file.parent, copy, dirs_exist_ok=True)
    return copy / case.file.name


def _option_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _case(name: str, marks: str = "", **attributes: Any) -> Case:
    stem = name.partition("-")[0]
    flow = "".join(word.capitalize() for word in stem.split("_"))
    return Case(name, FLOWS / f"{stem}.py", flow, marks=frozenset(marks.split()), **attributes)


def _routes(stem: str, parameter: str, values: list[Any], marks: str = "") -> list[Case]:
    """The file's flow once for each value of the parameter that chooses the route."""
    return [_case(f"{stem}-{value}", marks, parameters={parameter: value}) for value in values]


def _tutorial(name: str, file: str, flow: str, **attributes: Any) -> Case:
    package = importlib.util.find_spec("metaflow")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the conformance corpus holds Metaflow's tutorials: install metaflow")
    path = Path(package.origin).parent / "tutorials" / file
    return Case(name, path, flow, marks=frozenset({"tutorial"}), **attributes)


GRAPHS = [
    _case("linear"),
    _case("single_step"),
    _case("custom_ends"),
    _case("static_split"),
    _case("start_split"),
    _case("nested_splits"),
    _case("wide_split"),
    _case("foreach_one_step"),
    _case("foreach_long_body"),
    _case("foreach_of_one"),
    _case("foreach_iterables"),
    _case("nested_foreach"),
    _case("three_levels"),
    *_routes("switch_top", "route", ["low", "mid", "high"]),
    *_routes("switch_keys", "level", [1, 2]),
    _case("switch_on_config"),
    _case("nested_switch-deep-a", parameters={"outer": "deep", "inner": "a"}),
    _case("nested_switch-deep-b", parameters={"outer": "deep", "inner": "b"}),
    _case("nested_switch-flat", parameters={"outer": "flat"}),
    *_routes("merge_after_switch", "route", ["long", "short", "direct"]),
    *_routes("two_cases_one_step", "route", ["first", "second", "third"]),
    *_routes("switch_to_end", "route", ["stop", "work"]),
    *_routes("split_in_switch", "route", ["wide", "narrow"]),
    *_routes("foreach_in_switch", "route", ["many", "none"]),
    *_routes("switch_in_split", "route", ["a", "b"]),
    *_routes("switch_into_static_join", "route", ["a", "b"]),
    _case("switch_in_foreach"),
    _case("switch_into_foreach_join", ordered=False),
    _case("switch_into_join_mixed", ordered=False),
    _case("foreach_in_switch_in_foreach"),
    _case("input_order", ordered=False),
    _case("merged_artifacts"),
]

LOOPS = [
    _case("loop", "loop"),
    _case("long_loop", "loop slow"),
    _case("loop_in_foreach", "loop"),
    _case("loop_foreach_body", "loop"),
    *_routes("loop_two_exits", "result", ["found", "gone"], "loop"),
    *_routes("loop_in_switch", "route", ["loop", "plain"], "loop"),
    _case("loop_after_join", "loop"),
    _case("loop_retries", "loop retry"),
]

GANGS = [
    _case("gang", "gang"),
    _case("gang_of_one", "gang"),
    _case("gang_in_foreach", "gang"),
    *_routes("gang_in_switch", "route", ["gang", "alone"], "gang"),
    _case("gang_retried", "gang retry"),
    _case("gang_caught", "gang catch", processes_only=True),
]

FAILURES = [
    _case("retry_twice", "retry"),
    _case("retry_joins", "retry"),
    _case("needs_retry", "retry", top_options=("--with", "retry:times=1,minutes_between_retries=0")),
    _case("retry_catch_foreach", "retry catch"),
    _case("catch_exception", "retry catch"),
    _case("catch_kill", "retry catch"),
    _case("timeout_caught", "catch timeout", processes_only=True),
    _case("failing", "retry", expect_success=False),
]

PARAMETERS = [
    _case("every_parameter"),
    _case(
        "every_parameter-given",
        parameters={
            "text": "null",
            "empty": "no longer",
            "whole": -1,
            "zero": 5,
            "real": -2.5,
            "yes": False,
            "no": True,
            "typed": 0,
            "document": [1, {"x": ["é", None, {"deep": False}]}],
            "mapping": {},
            "listing": "x,y",
            "stamp": "given",
            "number": 8,
            "dashed-name": "--dash",
        },
    ),
    _case("required_parameter", parameters={"text": "", "count": 0, "flag": False, "data": {}}),
    _case("hostile_text"),
    _case("hostile_text-given", parameters={"text": "\"'`id` $HOME \\ {{ ds }} {% x %}\n\r\n\t😀 "}),
    _case("hostile_text-null", parameters={"text": "null"}),
    _case("hostile_text-empty", parameters={"text": ""}),
    _case("hostile_text-100KB", parameters={"text": "0123456789\"$é'" * 8_000}),
    _case("configs"),
    _case(
        "configs-given",
        top_options=(
            "--config-value",
            "config",
            '{"times": 1, "vars": {"COLOUR": "it\'s $RED"}, "deep": {"list": []}}',
            "--config-value",
            "pairs",
            "a=x;c=y",
        ),
    ),
    _case("mutators", "retry"),
    _case("mutators-given", "retry", parameters={"greeting": "hi"}),
]

DECORATORS = [
    _case("in_project", own_name=True),
    _case("in_project-branch", own_name=True, top_options=("--branch", "feature_1")),
    _case("in_project-production", own_name=True, top_options=("--production",)),
    _case("tagged", run_options=("--tag", "alpha", "--tag", "key:value", "--namespace", "user:somebody")),
    _case("cards", "card"),
    _case("inline_secrets"),
    _case("environment_foreach"),
    _case("custom_classes"),
    _case("artifact_kinds"),
    _case("class_constants"),
    _case("current_values"),
    _case("current_values-three", parameters={"size": 3}),
    _case("prints", logs=True),
]

TUTORIALS = [
    _tutorial("tutorial-helloworld", "00-helloworld/helloworld.py", "HelloFlow", logs=True),
    _tutorial("tutorial-playlist", "01-playlist/playlist.py", "PlayListFlow", values=False),
    _tutorial("tutorial-statistics", "02-statistics/stats.py", "MovieStatsFlow", values=False),
    _tutorial(
        "tutorial-playlist-redux",
        "03-playlist-redux/playlist.py",
        "PlayListFlow",
        values=False,
        # It looks for the other tutorial's run, which is its user's.
        run_options=("--namespace", "user:tester"),
        needs=("tutorial-statistics",),
    ),
]

CASES = {
    case.name: case
    for cases in (GRAPHS, LOOPS, GANGS, FAILURES, PARAMETERS, DECORATORS, TUTORIALS)
    for case in cases
}
