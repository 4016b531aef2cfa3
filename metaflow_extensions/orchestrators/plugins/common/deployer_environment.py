"""The environment that a Deployer was given, for what it does in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def environment_of(deployer: Any) -> Iterator[Mapping[str, str]]:
    """Within it, the process has the variables of the deployer's `env`, and its `profile`.

    Args:
        deployer: a `DeployerImpl`.

    Yields:
        Settings of Metaflow, `METAFLOW_...`: those of the environment over those of the profile's file.
    """
    from metaflow.metaflow_config_funcs import init_config

    given = dict(deployer.env or {})
    if deployer.profile:
        given["METAFLOW_PROFILE"] = deployer.profile
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield {**init_config(), **os.environ}
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
