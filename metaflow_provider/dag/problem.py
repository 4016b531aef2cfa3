"""The DAG in place of a flow that never compiled, so that Airflow shows what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from ..version_compat import DAG, AirflowFailException, BaseOperator


class ProblemOperator(BaseOperator):
    """Fails with the problem."""

    def __init__(self, *, problem: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.problem = problem

    def execute(self, context: Any) -> None:
        """Say why there is no flow to run."""
        raise AirflowFailException(self.problem)


def problem_dag_id(name: str) -> str:
    """`name` as far as Airflow takes it."""
    return re.sub(r"[^\w.-]", "_", name)[:250]


def problem_dag(name: str, problem: str) -> DAG:
    """A DAG that explains `problem`; it has no schedule."""
    dag = DAG(
        problem_dag_id(name),
        schedule=None,
        tags=["metaflow", "metaflow: does not compile"],
        doc_md=f"{problem}\n",  # Airflow opens a text that ends in .md as a file
        description=problem,
    )
    with dag:
        ProblemOperator(task_id="problem", problem=problem)
    return dag
