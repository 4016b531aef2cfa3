"""A workflow's spec as the rules look at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """A task of a DAG or a step: what calls a template.

    Attributes:
        template: the one that it is in.
        data: as plain data.
    """

    template: Data
    data: Data

    @property
    def name(self) -> str:
        """Name of the task or step."""
        return str(self.data.get("name", ""))

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"template {self.template.get('name', '')!r}, task {self.name!r}"


@dataclass(frozen=True)
class Workflow:
    """A WorkflowTemplate or a Workflow, as plain data."""

    manifest: Data

    @property
    def spec(self) -> Data:
        """Its spec."""
        found: Data = self.manifest.get("spec", {})
        return found

    @property
    def object(self) -> str:
        """Kind and name."""
        return object_name(self.manifest)

    @cached_property
    def templates(self) -> list[Data]:
        """Its templates, in order."""
        return list(self.spec.get("templates", []))

    @cached_property
    def by_name(self) -> dict[str, Data]:
        """Its templates by name."""
        return {str(template.get("name", "")): template for template in self.templates}

    @cached_property
    def parameters(self) -> set[str]:
        """Names of its parameters."""
        return set(names(self.spec.get("arguments", {}).get("parameters", [])))

    def calls(self) -> Iterator[Call]:
        """Every task and step."""
        for template in self.templates:
            for data in calls_in(template):
                yield Call(template, data)


def object_name(manifest: Data) -> str:
    """Kind and name of an object."""
    return f"{manifest.get('kind', '')}/{manifest.get('metadata', {}).get('name', '')}"


def calls_in(template: Data) -> list[Data]:
    """Tasks or steps of a template."""
    tasks = template.get("dag", {}).get("tasks", [])
    return [*tasks, *(step for group in template.get("steps", []) for step in group)]


def names(items: list[Data]) -> list[str]:
    """Names of parameters, templates and the like."""
    return [str(item.get("name", "")) for item in items]
