"""What pods have in common is written once.

All pods share `templateDefaults`: command, variables, Secrets. Up to `MOST_OWN_TEMPLATES` steps each have a
template of their own name, with everything that `@kubernetes` says. In larger flows, which Argo's limit of
200 templates would not take, steps whose pods are equal share one, which gets the step's name as an input.
https://argo-workflows.readthedocs.io/en/latest/template-defaults/
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hera.workflows import models

from .environment import STEP_NAME
from .labels import STEP_ANNOTATION, STEP_INPUT
from .names import Names

MOST_OWN_TEMPLATES = 100
# Input parameter of a shared template.
_STEP_TAG = "{{inputs.parameters.step}}"
_SHARED_FIELDS = ("command", "env_from", "termination_message_policy")


@dataclass(frozen=True)
class Pods:
    """Templates of pods, and which one each step has.

    Attributes:
        defaults: what all of them have unless they say otherwise.
        of: the template of each step.
        further: those that other templates call.
    """

    defaults: models.Template
    of: dict[str, models.Template]
    further: tuple[models.Template, ...] = ()

    @property
    def templates(self) -> list[models.Template]:
        """Every template once, in the order of the steps."""
        own = {str(template.name): template for template in self.of.values()}
        return [*own.values(), *self.further]

    def is_shared(self, step: str) -> bool:
        """Whether other steps have the same template."""
        return is_shared(self.of[step])


def share(full: Mapping[str, models.Template], names: Names) -> Pods:
    """Write down once what is common.

    Args:
        full: whole templates by step; they are changed.
        names: gives out names of shared templates.
    """
    defaults = _factor_out(list(full.values()))
    if len(full) <= MOST_OWN_TEMPLATES:
        return Pods(defaults, dict(full))
    by_content: dict[str, list[str]] = {}
    for step, template in full.items():
        by_content.setdefault(_content(template, step), []).append(step)
    of: dict[str, models.Template] = {}
    for content, steps in by_content.items():
        template = full[steps[0]]
        if len(steps) > 1:
            template = _shape(content, names.unique("pod"))
        of |= dict.fromkeys(steps, template)
    return Pods(defaults, {step: of[step] for step in full})


def is_shared(template: models.Template) -> bool:
    """Whether a template is that of several steps."""
    parameters = (template.inputs and template.inputs.parameters) or []
    return any(parameter.name == STEP_INPUT for parameter in parameters)


def own_copy(shape: models.Template, step: str, name: str) -> models.Template:
    """A template for one step alone, from the one that it shares."""
    copy = models.Template.model_validate_json(_dumped(shape).replace(_STEP_TAG, json.dumps(step)[1:-1]))
    copy.name = name
    inputs = copy.inputs or models.Inputs()
    inputs.parameters = [each for each in inputs.parameters or [] if each.name != STEP_INPUT] or None
    copy.inputs = inputs if inputs.parameters or inputs.artifacts else None
    return copy


def _content(template: models.Template, step: str) -> str:
    """A template's JSON with the step's name as an input."""
    shape = template.model_copy(deep=True)
    shape.name = None
    if shape.metadata and shape.metadata.annotations:
        shape.metadata.annotations[STEP_ANNOTATION] = _STEP_TAG
    for variable in (shape.container and shape.container.env) or []:
        if variable.name == STEP_NAME:
            variable.value = _STEP_TAG
    inputs = shape.inputs or models.Inputs()
    inputs.parameters = [models.Parameter(name=STEP_INPUT), *(inputs.parameters or [])]
    shape.inputs = inputs
    return _dumped(shape)


def _shape(content: str, name: str) -> models.Template:
    shape = models.Template.model_validate_json(content)
    shape.name = name
    return shape


def _dumped(template: models.Template) -> str:
    return template.model_dump_json(exclude_none=True, by_alias=True)


def _factor_out(templates: list[models.Template]) -> models.Template:
    """Remove from the templates what most of them have in common, and return it."""
    containers = [template.container for template in templates if template.container]
    common = models.Container()
    for field in _SHARED_FIELDS:
        value = _most_common([getattr(container, field) for container in containers])
        setattr(common, field, value)
        for container in containers:
            if getattr(container, field) == value:
                setattr(container, field, None)
    common.env = _common_variables(containers)
    return models.Template(container=common)


def _common_variables(containers: list[models.Container]) -> list[models.EnvVar]:
    """Argo merges variables by name, so a container needs only those that it has otherwise."""
    by_name: dict[str, list[models.EnvVar]] = {}
    for container in containers:
        for variable in container.env or ():
            by_name.setdefault(variable.name, []).append(variable)
    common = {
        name: _most_common(found)
        for name, found in by_name.items()
        if len(found) == len(containers) and name != STEP_NAME
    }
    # A pod that is no step's has no such input.
    common = {name: each for name, each in common.items() if "{{inputs." not in (each.value or "")}
    for container in containers:
        container.env = [each for each in container.env or () if each != common.get(each.name)] or None
    return [common[name] for name in sorted(common)]


def _most_common(values: Iterable[Any]) -> Any:
    """The value that is there most often, the first of several; `None` if it is missing anywhere."""
    values = list(values)
    if any(value is None for value in values):
        return None
    keys = [repr(value) for value in values]
    return values[keys.index(Counter(keys).most_common(1)[0][0])]
