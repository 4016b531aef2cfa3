"""Roles and log group in the AWS account, which deployments and runs use."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from metaflow_provider.plan import Refusal

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/.+")


@dataclass(frozen=True)
class Account:
    """What of an account is used.

    Attributes:
        role: ARN of the role that state machines run as; partition and account number are taken from it.
        schedule_role: ARN of the role with which EventBridge Scheduler starts them.
        log_group: ARN of the log group that the history of runs goes to, when a deployment asks for that.

    Raises:
        Refusal: `role` is no ARN of a role.

    Example:
        >>> Account("arn:aws-cn:iam::123456789012:role/step-functions").partition
        'aws-cn'
    """

    role: str
    schedule_role: str = ""
    log_group: str = ""

    def __post_init__(self) -> None:
        if _ROLE.fullmatch(self.role) is None:
            raise Refusal(
                f"METAFLOW_SFN_IAM_ROLE is {self.role!r}, which is no ARN of an IAM role",
                remedy="set it to one such as arn:aws:iam::123456789012:role/step-functions",
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Account:
        """The account that Metaflow's own variables describe.

        Raises:
            Refusal: `METAFLOW_SFN_IAM_ROLE` is not set, or no ARN.
        """
        role = environment.get("METAFLOW_SFN_IAM_ROLE", "")
        if not role:
            raise Refusal(
                "No IAM role found for AWS Step Functions", remedy="set METAFLOW_SFN_IAM_ROLE to its ARN"
            )
        return cls(
            role,
            environment.get("METAFLOW_EVENTS_SFN_ACCESS_IAM_ROLE", ""),
            environment.get("METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN", ""),
        )

    @property
    def partition(self) -> str:
        """Such as `aws`, `aws-cn` and `aws-us-gov`."""
        return self._part("partition")

    @property
    def number(self) -> str:
        """The account's twelve digits."""
        return self._part("account")

    def _part(self, name: str) -> str:
        match = _ROLE.fullmatch(self.role)
        assert match is not None
        return match[name]
