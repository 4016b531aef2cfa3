"""What steps ask of a platform that they do not run on."""

from __future__ import annotations

from ..plan.model import FlowPlan, Step


def unused_compute(plan: FlowPlan) -> list[str]:
    """A line for each step with `@kubernetes` or `@batch`, whose attributes do not apply to processes."""
    return [_line(step) for step in plan.steps if step.compute.platform]


def _line(step: Step) -> str:
    given = {
        name: value
        for name, value in step.compute.attributes.items()
        if value not in (None, False, "", [], {})
    }
    attributes = ", ".join(f"{name}={value}" for name, value in sorted(given.items()))
    return (
        f"Step {step.name}: @{step.compute.platform} does not apply, steps run as processes of the Airflow "
        f"worker ({attributes})"
    )
