"""What the translation to Airflow takes, which the shared check and the README's table read."""

from ..common.capabilities import Capabilities

AIRFLOW = Capabilities(
    engine="Airflow", datastores=frozenset({"local", "s3"}), decorators=frozenset(), sensors=True
)
