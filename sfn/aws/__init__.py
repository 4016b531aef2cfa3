"""AWS as deployments and runs need it: typed, paged and retried; failures are one exception with one line.

Reading order: `errors`, `service` (what all façades share), then one file for each of AWS's services.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from ..account import Account
from .batch import Batch, Job
from .errors import AwsError, translated
from .logs import Logs
from .rules import Rule, Rules
from .scheduler import Schedule, Scheduler
from .states import Execution, Machine, States

__all__ = [
    "Aws",
    "AwsError",
    "Batch",
    "Execution",
    "Job",
    "Logs",
    "Machine",
    "Rule",
    "Rules",
    "Schedule",
    "Scheduler",
    "States",
]

_TRIES = 5
_CONNECT_SECONDS = 10
_READ_SECONDS = 60


class Aws:
    """The services of one account in one region, with a boto3 client each, made when it is first needed.

    Credentials, endpoints (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_SFN` …) and the region
    (`AWS_DEFAULT_REGION`, `AWS_REGION`, then the profile's) come from where boto3 looks for them.
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html

    Args:
        account: whose roles are used; ARNs are made from its number and partition.

    Example:
        >>> aws = Aws(Account.from_environment())
        >>> aws.machine_arn("Train")
        'arn:aws:states:eu-west-1:123456789012:stateMachine:Train'
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self._clients: dict[str, Any] = {}
        self.states = States(self)
        self.batch = Batch(self)
        self.scheduler = Scheduler(self)
        self.rules = Rules(self)
        self.logs = Logs(self)

    @cached_property
    def region(self) -> str:
        """The region.

        Raises:
            AwsError: none is set, or boto3 is not installed.
        """
        return str(self._session.region_name)

    def machine_arn(self, name: str) -> str:
        """ARN of a state machine."""
        return self._arn(f"stateMachine:{name}")

    def execution_arn(self, machine: str, name: str) -> str:
        """ARN of an execution of a state machine."""
        return self._arn(f"execution:{machine}:{name}")

    def client(self, service: str) -> Any:
        """The boto3 client of a service.

        Raises:
            AwsError: boto3 is not installed, or no client can be made with the settings it finds.
        """
        if service not in self._clients:
            self._clients[service] = self._make_client(service)
        return self._clients[service]

    def _arn(self, resource: str) -> str:
        return f"arn:{self.account.partition}:states:{self.region}:{self.account.number}:{resource}"

    def _make_client(self, service: str) -> Any:
        session, region = self._session, self.region
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "total_max_attempts": _TRIES},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
        )
        with translated(service, region):
            try:
                return session.client(service, region_name=region, config=config)
            except ValueError as error:  # an endpoint that is no URL
                raise AwsError(f"{service} in {region}: {error}; check AWS_ENDPOINT_URL") from None

    @cached_property
    def _session(self) -> Any:
        try:
            import boto3
        except ImportError:
            raise AwsError(
                "boto3, which talks to AWS, is not installed; pip install 'metaflow-orchestrators[sfn]'"
            ) from None
        from botocore.exceptions import BotoCoreError

        # boto3 itself does not look at AWS_REGION.
        region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION")
        try:
            session = boto3.session.Session(region_name=region)
            region = session.region_name
        except BotoCoreError as error:  # a profile that does not exist
            raise AwsError(f"The AWS settings cannot be used: {error}") from None
        if not region:
            raise AwsError("No AWS region is set; set AWS_DEFAULT_REGION or AWS_REGION")
        return session
