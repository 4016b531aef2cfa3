"""What a deployed object says of itself: owner, production token, flow, and the digest of what was wanted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..clients.kinds import SECRET, Object, annotations_of, kind_of, labels_of
from ..translation.labels import TEMPLATE_LABEL

# Stock Metaflow's.
OWNER = "metaflow/owner"
TOKEN = "metaflow/production_token"
FLOW = "metaflow/flow_name"
PARAMETERS = "metaflow/parameters"
DEPLOYED_AT = "metaflow/deployment_timestamp"
SENSOR_NAME = "metaflow/sensor_name"
SENSOR_NAMESPACE = "metaflow/sensor_namespace"
# Ours.
DIGEST = "metaflow.org/digest"
SECRETS = "metaflow.org/secrets"

_OF_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Digest of an object as it is wanted.

    Example:
        >>> digest_of({"metadata": {"name": "train"}})
        '6355d6b7136a'
    """
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def with_annotations(manifest: Object, annotations: Mapping[str, str]) -> Object:
    """The object with these annotations too."""
    metadata = {**manifest["metadata"], "annotations": {**annotations_of(manifest), **annotations}}
    return {**manifest, "metadata": metadata}


def marked(manifest: Object, deployment: str) -> Object:
    """The object with its deployment and its digest. A Secret gets none, which would tell."""
    labels = {**labels_of(manifest), TEMPLATE_LABEL: deployment}
    found = {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}
    return found if kind_of(found) is SECRET else with_annotations(found, {DIGEST: digest_of(found)})


def dated(manifest: Object) -> Object:
    """The object with the time of its deployment, which is no part of what is compared."""
    return with_annotations(manifest, {DEPLOYED_AT: datetime.now(timezone.utc).isoformat()})


def secret_names(names: Iterable[str]) -> dict[str, str]:
    """The annotation that says which Secrets belong to a deployment."""
    text = ",".join(sorted(names))
    return {SECRETS: text} if text else {}


def secrets_in(manifest: Mapping[str, Any]) -> list[str]:
    """The names of the Secrets that belong to a deployment."""
    return [name for name in annotations_of(manifest).get(SECRETS, "").split(",") if name]


def is_ours(manifest: Mapping[str, Any]) -> bool:
    """Whether this package, not stock Metaflow, has deployed the object last."""
    return DIGEST in annotations_of(manifest)


def belongs_to(manifest: Mapping[str, Any], deployment: str) -> bool:
    """Whether an object was made for a deployment."""
    return labels_of(manifest).get(TEMPLATE_LABEL) == deployment


def content_of(current: Mapping[str, Any]) -> Object:
    """An object without what the server and the controller add, so that it can be made again."""
    metadata = {key: value for key, value in current["metadata"].items() if key not in _OF_THE_SERVER}
    rest = {key: value for key, value in current.items() if key != "status"}
    return {**rest, "metadata": metadata}
