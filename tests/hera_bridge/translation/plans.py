"""Plans as Argo gets them: every step has @kubernetes, the data is on S3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from metaflow_provider.plan import FlowPlan, Step
from metaflow_provider.plan.model import Child, CodePackage, Compute, Runtime
from tests.core.grammar import Flow
from tests.metaflow_provider.plans import plan

KUBERNETES: dict[str, Any] = {
    "cpu": "1",
    "memory": "4096",
    "disk": "10240",
    "image": "python:3.11",
    "image_pull_policy": None,
    "image_pull_secrets": None,
    "service_account": "metaflow",
    "secrets": None,
    "node_selector": None,
    "namespace": "default",
    "gpu": None,
    "gpu_vendor": "nvidia",
    "tolerations": None,
    "labels": {},
    "annotations": {},
    "use_tmpfs": None,
    "tmpfs_tempdir": True,
    "tmpfs_size": None,
    "tmpfs_path": "/metaflow_temp",
    "persistent_volume_claims": None,
    "shared_memory": None,
    "port": None,
    "compute_pool": None,
    "executable": None,
    "hostname_resolution_timeout": 600,
    "qos": "burstable",
    "extended_resources": {},
    "security_context": None,
}
RUNTIME = Runtime("s3", "s3://bucket/store", "service", "local", options=("--quiet",))
CODE = CodePackage(
    "s3://bucket/store/Train/data/ab/abc", "abc", "d" * 64, commands=("mkdir metaflow", "cd metaflow")
)


def on_kubernetes(step: Step, **attributes: Any) -> Step:
    """The step with @kubernetes, and attributes over the usual ones."""
    return replace(step, compute=Compute("kubernetes", {**KUBERNETES, **attributes}))


def argo_plan(*steps: Step, **fields: Any) -> FlowPlan:
    return plan(*map(on_kubernetes, steps), **{"runtime": RUNTIME, "code": CODE, **fields})


def plan_of(flow: Flow) -> FlowPlan:
    """The plan of a random flow."""
    transitions = {transition.step: transition for transition in flow.transitions}
    steps = (
        Step(
            name,
            transitions[name].kind,
            children=tuple(Child(child) for child in transitions[name].children),
            gang_split=transitions[name].gang,
        )
        for name in flow.graph.nodes
    )
    return argo_plan(*steps)
