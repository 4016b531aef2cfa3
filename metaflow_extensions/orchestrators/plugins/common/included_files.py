"""The defaults of IncludeFile parameters: addresses in the datastore, known before a file is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from metaflow_provider.plan import FlowPlan
from metaflow_provider.plan.reader import with_included_files


def with_addresses(plan: FlowPlan, flow: Any) -> FlowPlan:
    """The plan with the defaults of IncludeFile parameters, as an upload will make them; uploads nothing.

    Args:
        plan: of the flow.
        flow: Metaflow's object.
    """
    with _nothing_sent():
        return with_included_files(plan, flow)


def upload_included_files(plan: FlowPlan, flow: Any) -> None:
    """Put the files of a plan's IncludeFile defaults into the datastore."""
    if any(parameter.type == "file" for parameter in plan.parameters):
        with_included_files(plan, flow)


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """Within it, Metaflow works out where a file would go: its address is the digest of its content."""
    from metaflow import includefile

    uploader = includefile.CURRENT_UPLOADER

    def store(
        flow_name: str, path: str, is_text: bool, encoding: str, handler: Any, echo: Any
    ) -> dict[str, Any]:
        nowhere = _Nowhere(handler)
        address: dict[str, Any] = uploader.store(
            flow_name, path, is_text, encoding, nowhere, lambda *_, **__: None
        )
        return address

    includefile.CURRENT_UPLOADER = SimpleNamespace(store=store)
    try:
        yield
    finally:
        includefile.CURRENT_UPLOADER = uploader


class _Nowhere:
    """Stands in for the class of a datastore's client: it only says where things would be."""

    def __init__(self, client: Any) -> None:
        self.get_root_from_config = client.get_root_from_config

    def __call__(self) -> _Nowhere:
        return self

    def __enter__(self) -> _Nowhere:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def put(self, key: str, content: bytes, overwrite: bool) -> str:
        return key
