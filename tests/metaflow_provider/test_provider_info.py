"""What Airflow makes of the provider's description."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from airflow.dag_processing.bundles import manager

from metaflow_provider import get_provider_info


def test_airflow_finds_no_fault_with_it_when_it_looks_for_example_dags(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Installed:
        providers = (get_provider_info()["package-name"],)

    monkeypatch.setattr(manager, "ProvidersManager", Installed)
    with caplog.at_level(logging.WARNING):
        bundles: list[Any] = []
        manager._add_provider_example_dags_to_bundle(bundles)
    assert bundles == []
    assert "Could not load" not in caplog.text
