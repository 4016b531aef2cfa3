"""What the engine needs that may not be installed."""

from __future__ import annotations

from importlib.util import find_spec

# Distributions by a module of theirs; flask_cors comes with the extra.
_NEEDED = {
    "moto": "moto[server]",
    "flask_cors": "moto[server]",
    "boto3": "boto3",
    "jsonata": "jsonata-python",
    "psutil": "psutil",
    "requests": "requests",
    "tenacity": "tenacity",
}


def missing_packages() -> list[str]:
    """The distributions to install; empty when the engine can run."""
    return list(dict.fromkeys(package for module, package in _NEEDED.items() if find_spec(module) is None))
