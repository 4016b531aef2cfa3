"""Does what Argo does with the tasks of a workflow, strictly: an output that is not there is an error.

Containers are not run: a run of the flow's graph, drawn at random, says what each of them does.
"""

from __future__ import annotations

import re
from typing import Any

from metaflow_extensions.orchestrators.core.ids import TaskRef, parse_task_id
from tests.core.grammar import Run

_INPUT = re.compile(r"\{\{inputs\.parameters\.([\w-]+)\}\}")
_OUTPUT = re.compile(r"\{\{tasks\.([\w-]+)\.outputs\.parameters\.(\w+)\}\}")
_GATE = re.compile(r"\{\{=tasks\['([\w-]+)'\]\.outputs\.parameters\['next'\] == '(\w+)'\}\}")

Outputs = dict[str, str]


class Interpreter:
    """Runs a workflow; `done` are the tasks that were run, in order.

    Args:
        spec: of a WorkflowTemplate, as plain data.
        run: what the steps do.
    """

    def __init__(self, spec: dict[str, Any], run: Run) -> None:
        self._templates = {template["name"]: template for template in spec["templates"]}
        self._defaults = _variables(spec["templateDefaults"]["container"])
        self._run = run
        self.done: list[TaskRef] = []
        self._call(spec["entrypoint"], {})

    def _call(self, name: str, given: dict[str, str]) -> Outputs:
        template = self._templates[name]
        declared = {each["name"] for each in template.get("inputs", {}).get("parameters", [])}
        assert declared == set(given), f"{name} takes {declared}, and gets {set(given)}"
        if "dag" in template:
            self._dag(template["dag"]["tasks"], given)
            return {}
        if "container" in template:
            return self._pod(template, given)
        if "resource" in template:
            step = template["metadata"]["annotations"]["metaflow/step_name"]
            return self._did(TaskRef(step, _index(given.get("index", ""))))
        return {}

    def _pod(self, template: dict[str, Any], given: dict[str, str]) -> Outputs:
        variables = {**self._defaults, **_variables(template["container"])}
        values = {name: _filled(value, given) for name, value in variables.items()}
        index, _ = parse_task_id(values["METAFLOW_ORCHESTRATORS_TASK"])
        task = TaskRef(values["METAFLOW_STEP_NAME"], index)
        said = values.get("METAFLOW_ORCHESTRATORS_ITERATIONS")
        if said:
            loop, _, count = said.partition("=")
            assert int(count) == self._run.turns[loop, index]
        outputs = self._did(task)
        declared = {each["name"] for each in template.get("outputs", {}).get("parameters", [])}
        assert declared == set(outputs), f"{task} has {set(outputs)} to say, and {declared} is asked"
        return outputs

    def _did(self, task: TaskRef) -> Outputs:
        assert task in self._run.parents, f"{task} is not of this run"
        self.done.append(task)
        if task in self._run.widths:
            return {"n": str(self._run.widths[task])}
        turns = self._run.turns.get((task.step, task.index))
        last = TaskRef(task.step, task.index, turns - 1) if turns else task
        if last not in self._run.choices:
            return {}
        counted = {"iterations": str(turns)} if turns else {}
        return {"next": self._run.choices[last], **counted}

    def _dag(self, tasks: list[dict[str, Any]], given: dict[str, str]) -> None:
        outputs: dict[str, Outputs | None] = {}
        for task in tasks:
            name = task["name"]
            assert name not in outputs, f"two tasks are called {name}"
            if not _fulfilled(task.get("depends"), outputs):
                outputs[name] = None
                continue
            if "when" in task and not _open(task["when"], outputs):
                outputs[name] = None
                continue
            outputs[name] = {}
            for arguments in self._instances(task, given, outputs):
                outputs[name] = self._call(task["template"], arguments)

    def _instances(
        self, task: dict[str, Any], given: dict[str, str], outputs: dict[str, Outputs | None]
    ) -> list[dict[str, str]]:
        parameters = task.get("arguments", {}).get("parameters", [])
        values = {each["name"]: _read(_filled(each["value"], given), outputs) for each in parameters}
        if "withSequence" not in task:
            return [values]
        count = int(_read(task["withSequence"]["count"], outputs))
        return [
            {name: value.replace("{{item}}", str(item)) for name, value in values.items()}
            for item in range(count)
        ]


def _variables(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}


def _index(text: str) -> tuple[int, ...]:
    return parse_task_id(f"t{text}")[0]


def _filled(text: str, given: dict[str, str]) -> str:
    return _INPUT.sub(lambda tag: given[tag[1]], text)


def _read(text: str, outputs: dict[str, Outputs | None]) -> str:
    return _OUTPUT.sub(lambda tag: _output(outputs, tag[1], tag[2]), text)


def _output(outputs: dict[str, Outputs | None], task: str, name: str) -> str:
    found = outputs[task]
    assert found is not None, f"an output of {task} is read, which was left out"
    return found[name]


def _fulfilled(depends: str | None, outputs: dict[str, Outputs | None]) -> bool:
    if not depends:
        return True
    text = re.sub(r"([\w-]+)\.Succeeded", lambda name: str(outputs[name[1]] is not None), depends)
    return bool(eval(text.replace("&&", " and ").replace("||", " or ")))


def _open(when: str, outputs: dict[str, Outputs | None]) -> bool:
    match = _GATE.fullmatch(when)
    assert match is not None, when
    return _output(outputs, match[1], "next") == match[2]
