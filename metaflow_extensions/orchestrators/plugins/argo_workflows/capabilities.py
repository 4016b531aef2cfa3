"""What the translation to Argo Workflows takes, which the shared check and the README's table read."""

from ..common.capabilities import Capabilities

ARGO_WORKFLOWS = Capabilities(
    engine="Argo Workflows", datastores=frozenset({"s3", "azure", "gs"}), decorators=frozenset()
)
