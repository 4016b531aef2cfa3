"""What is secret reaches pods by reference to a Kubernetes Secret; no other object holds it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from metaflow_provider.plan import Refusal

if TYPE_CHECKING:
    from hera_bridge.secret_key import SecretKey

# Before the name of a Secret and one of its keys, where the secret itself could stand.
REFERENCE = "secret:"
# https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data
_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")


class ReferredSecrets:
    """Secrets of one deployment: references to those that are there, and values for one that is to be made.

    Args:
        deployment: its name.

    Example:
        >>> secrets = ReferredSecrets("train")
        >>> secrets.key("slack-webhook-url", "https://hooks.slack.com/...")
        SecretKey(secret='train-secrets', key='slack-webhook-url')
        >>> secrets.key("slack-webhook-url", "secret:team/slack")
        SecretKey(secret='team', key='slack')
    """

    def __init__(self, deployment: str) -> None:
        self.name = f"{deployment}-secrets"
        self._values: dict[str, str] = {}

    def key(self, key: str, text: str) -> SecretKey:
        """Where the text of an option `--notify-KEY` is; it may be a reference, as `secret:NAME/KEY`.

        Raises:
            Refusal: a malformed reference.
        """
        if text.startswith(REFERENCE):
            return self.reference(f"--notify-{key}", text)
        return self.kept(key, text)

    def reference(self, given: str, text: str) -> SecretKey:
        """A reference, as `NAME/KEY`, to a Secret that is there.

        Args:
            given: the option or setting, for messages.
            text: the reference.

        Raises:
            Refusal: it is malformed; the text, which may be the secret itself, is not told.
        """
        from hera_bridge.kubernetes_names import is_name
        from hera_bridge.secret_key import SecretKey

        secret, _, key = text.removeprefix(REFERENCE).partition("/")
        if not is_name(secret) or not _KEY.fullmatch(key):
            prefix = REFERENCE if text.startswith(REFERENCE) else ""
            raise Refusal(
                f"{given} names no key of a Kubernetes Secret", remedy=f"write it as {prefix}NAME/KEY"
            )
        return SecretKey(secret, key)

    def kept(self, key: str, text: str) -> SecretKey:
        """Keep a text in the deployment's own Secret."""
        from hera_bridge.secret_key import SecretKey

        self._values[key] = text
        return SecretKey(self.name, key)

    @property
    def keys(self) -> list[str]:
        """Keys of the deployment's own Secret."""
        return sorted(self._values)

    def objects(self, namespace: str) -> list[dict[str, Any]]:
        """The deployment's own Secret, if it needs one, as Kubernetes gets it."""
        if not self._values:
            return []
        data = {key: base64.b64encode(self._values[key].encode()).decode() for key in self.keys}
        metadata = {"name": self.name, "namespace": namespace}
        return [{"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}]
