"""What a flow's state machine is called, as in stock Metaflow."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

from metaflow.metaflow_config import SFN_STATE_MACHINE_PREFIX

from ..common.naming import DeploymentName, NameRule, resolve_name

_LONGEST = 80
# A project's name is cut where it is longer, and gets a hash.
_LONGEST_OF_PROJECT = 60
_RULE = NameRule("AWS Step Functions", re.compile(r"[^a-zA-Z0-9_\-\.]"), longest=_LONGEST)


def resolve_machine_name(given: str | None) -> DeploymentName:
    """The machine's name, with the prefix of METAFLOW_SFN_STATE_MACHINE_PREFIX.

    Raises:
        MetaflowException: a name for a `@project` flow, or one that Step Functions does not take.
    """
    return resolve_name(given, _RULE, adapt=_adapted)


def _adapted(found: DeploymentName) -> DeploymentName:
    name = found.name
    if SFN_STATE_MACHINE_PREFIX is not None and not name.startswith(SFN_STATE_MACHINE_PREFIX):
        name = f"{SFN_STATE_MACHINE_PREFIX}_{name}"
    if not found.is_project:
        return DeploymentName(name, name.lower(), is_project=False)
    if len(name) > _LONGEST_OF_PROJECT:
        digest = base64.b32encode(hashlib.sha1(name.encode()).digest()).decode()[:16].lower()
        return replace(found, name=f"{name[:_LONGEST_OF_PROJECT]}-{digest}", is_cut=True)
    return replace(found, name=name)
