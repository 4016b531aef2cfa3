"""Job definitions: kept as they were given, under a name and a revision."""

from __future__ import annotations

import copy
from typing import Any

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.refusals import check_definition

Definition = dict[str, Any]


class Definitions:
    """Every revision of every definition.

    Args:
        arn: what their ARNs begin with, up to and with `job-definition/`.
    """

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._revisions: dict[str, list[Definition]] = {}

    def register(self, request: Definition) -> dict[str, Any]:
        check_definition(request)
        name = request["jobDefinitionName"]
        revisions = self._revisions.setdefault(name, [])
        revision = len(revisions) + 1
        identity = {"jobDefinitionArn": f"{self._arn}{name}:{revision}", "revision": revision}
        revisions.append(
            {
                "parameters": {},
                "tags": {},
                "containerOrchestrationType": "ECS",
                **copy.deepcopy(request),
                **identity,
                "status": "ACTIVE",
            }
        )
        return {"jobDefinitionName": name, **identity}

    def deregister(self, reference: str) -> None:
        definition = self._find(reference)
        if definition is not None:
            definition["status"] = "INACTIVE"

    def describe(self, request: dict[str, Any]) -> list[Definition]:
        """Those of `jobDefinitionName` or of the references `jobDefinitions`, of one `status` if asked."""
        if references := request.get("jobDefinitions"):
            found = [known for reference in references if (known := self._find(reference)) is not None]
        elif name := request.get("jobDefinitionName"):
            found = self._revisions.get(name) or []
        else:
            found = [revision for revisions in list(self._revisions.values()) for revision in revisions]
        newest_first = sorted(found, key=lambda d: -int(d["revision"]))
        return [d for d in newest_first if d["status"] == request.get("status", d["status"])]

    def active(self, reference: str) -> Definition:
        """The revision that a job of this ARN, `name:revision` or name (the newest active one) would get.

        Raises:
            ClientException: there is none, or it has been deregistered.
        """
        definition = self._find(reference)
        if definition is None:
            raise ClientException(f"JobDefinition not found: {reference}")
        if definition["status"] != "ACTIVE":
            raise ClientException(f"JobDefinition {reference} is not active")
        return definition

    def _find(self, reference: str) -> Definition | None:
        name, _, revision = reference.removeprefix(self._arn).partition(":")
        revisions = self._revisions.get(name) or []
        if revision:
            revisions = [d for d in revisions if str(d["revision"]) == revision]
        active = [d for d in revisions if d["status"] == "ACTIVE"]
        return next((d for d in [*reversed(active), *reversed(revisions)]), None)
