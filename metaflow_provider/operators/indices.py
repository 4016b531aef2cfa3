"""The extra task between a foreach inside a foreach and its body."""

from __future__ import annotations

from typing import Any

from ..version_compat import BaseOperator
from .records import chunks, pull


class ForeachIndicesOperator(BaseOperator):
    """Returns the complete index paths below a foreach that is itself mapped.

    Args:
        split: the foreach step.
        arguments: those of Airflow's operators.
    """

    ui_color = "#f5f5f5"

    def __init__(self, *, split: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.split = split

    def execute(self, context: Any) -> list[list[list[int]]]:
        """The index paths, in groups that Airflow can map over."""
        records = pull(context["ti"], self.split)
        return chunks(sorted([*record["index"], i] for record in records for i in range(record["n"])))
