"""The connection type `metaflow`: what a task gets of it, and what Airflow's logs must not show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk._shared.secrets_masker import _secrets_masker
from airflow.sdk.exceptions import AirflowFailException

from metaflow_provider.hooks.metaflow import connection_variables

SECRETS = ("s3cret-password", "s3cret-key", "s3cret-header", "s3cret-other")


@pytest.fixture(autouse=True)
def nothing_masked() -> None:
    _secrets_masker().reset_masker()  # type: ignore[no-untyped-call]


def variables(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> dict[str, str]:
    connection = {"conn_type": "metaflow", **fields}
    monkeypatch.setenv("AIRFLOW_CONN_METAFLOW_DEFAULT", json.dumps(connection))
    return connection_variables("metaflow_default")


def logged(text: str) -> str:
    return str(_secrets_masker().redact(text))


def test_without_connection_there_is_nothing() -> None:
    assert connection_variables("gone") == {}


def test_every_secret_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"x-api-key": SECRETS[2], "x-other": SECRETS[3]}
    found = variables(
        monkeypatch,
        host=f"https://ada:{SECRETS[0]}@metadata:8080",
        password=SECRETS[1],
        extra={"headers": headers, "METAFLOW_DEBUG": 1},
    )
    assert found == {
        "METAFLOW_SERVICE_URL": f"https://ada:{SECRETS[0]}@metadata:8080",
        "METAFLOW_SERVICE_AUTH_KEY": SECRETS[1],
        "METAFLOW_SERVICE_HEADERS": json.dumps(headers),
        "METAFLOW_DEBUG": "1",
    }
    for secret in SECRETS:
        assert secret not in logged(f"it says {secret} here")
    assert logged("https://metadata:8080") == "https://metadata:8080"


def test_a_password_that_is_quoted_in_the_address_is_masked_as_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    variables(monkeypatch, host="http://ada:pass%20w%40rd@metadata")
    assert "pass w@rd" not in logged("sent pass w@rd to it")


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("name", ["headers", "METAFLOW_SERVICE_HEADERS"])
def test_headers_may_be_an_object_or_its_text(
    monkeypatch: pytest.MonkeyPatch, name: str, as_text: bool
) -> None:
    headers = {"x-api-key": SECRETS[2], "x-other": SECRETS[3]}
    found = variables(monkeypatch, extra={name: json.dumps(headers) if as_text else headers})
    assert json.loads(found["METAFLOW_SERVICE_HEADERS"]) == headers
    for secret in SECRETS[2:]:
        assert secret not in logged(f"it says {secret} here")


@pytest.mark.parametrize(("given", "kind"), [("x-api-key: s3cret-key", "str"), (["x"], "list"), (3, "int")])
def test_headers_that_are_no_object(monkeypatch: pytest.MonkeyPatch, given: Any, kind: str) -> None:
    with pytest.raises(AirflowFailException) as refused:
        variables(monkeypatch, extra={"headers": given})
    assert str(refused.value) == (
        f"Connection metaflow_default: headers should be a JSON object, it is {kind}; "
        'write {"x-api-key": "..."}'
    )
