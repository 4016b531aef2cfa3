from __future__ import annotations

from collections.abc import Iterator

import pytest

from sfn import Aws
from tests.sfn.account import aws_account


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The variables that boto3 looks at, and nothing of this machine's own settings."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return monkeypatch


@pytest.fixture
def aws(environment: pytest.MonkeyPatch) -> Iterator[Aws]:
    """An account in this process, whose clients do not wait before they try again."""
    environment.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    with aws_account() as account:
        yield account
