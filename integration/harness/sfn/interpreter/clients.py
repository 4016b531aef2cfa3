"""How the interpreter reaches other services of the same server."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from moto.settings import moto_server_port
from moto.stepfunctions.parser.asl.utils import boto_client

from integration.harness.sfn.interpreter.replacing import replaces

_making = threading.Lock()  # boto3's default session makes one client at a time


@replaces(boto_client)
def boto_client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    """Gap: moto makes a client for every call (20 ms), and gives up at the first error of the transport."""
    with _making:
        return _client(region, service)


@cache
def _client(region: str, service: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{moto_server_port()}",
        aws_access_key_id="interpreter",
        aws_secret_access_key="interpreter",
        config=Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            max_pool_connections=50,
            proxies={},
        ),
    )
