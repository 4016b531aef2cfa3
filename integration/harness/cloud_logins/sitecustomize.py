"""A fake of the login to Azure and Google, whose emulators know none; Python imports it when it starts."""

from __future__ import annotations

import os
from typing import Any

AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, which is no secret: https://github.com/Azure/Azurite#default-storage-account."""


def log_in_to_azure() -> None:
    """Let clients use Azurite's account, whatever Metaflow gives them."""
    import azure.identity
    from azure.core.credentials import AccessToken
    from azure.storage.blob import BlobServiceClient

    class Credential:
        def get_token(self, *_: Any, **__: Any) -> AccessToken:
            return AccessToken("none", 2**32)

    account = {"account_name": "devstoreaccount1", "account_key": AZURE_KEY}
    made = BlobServiceClient.__init__

    def with_account(self: Any, account_url: str, credential: Any = None, **options: Any) -> None:
        made(self, account_url, credential=account, **options)

    azure.identity.DefaultAzureCredential = Credential
    BlobServiceClient.__init__ = with_account


def log_in_to_google() -> None:
    """Let clients be nobody, whom the emulator takes."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials

    google.auth.default = lambda *_, **__: (AnonymousCredentials(), "emulator")


if "METAFLOW_AZURE_STORAGE_BLOB_SERVICE_ENDPOINT" in os.environ:
    log_in_to_azure()
if "STORAGE_EMULATOR_HOST" in os.environ:
    log_in_to_google()
