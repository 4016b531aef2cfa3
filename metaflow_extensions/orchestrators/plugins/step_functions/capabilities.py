"""What the translation to Step Functions takes, which the shared check and the README's table read."""

from ..common.capabilities import Capabilities

STEP_FUNCTIONS = Capabilities(
    engine="AWS Step Functions", datastores=frozenset({"s3"}), decorators=frozenset()
)
