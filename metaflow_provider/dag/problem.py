"""The DAG in place of a flow that never compiled, so that Airflow shows what is wrong with it."""

from __future__ import annotations

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


def problem_dag(name: str, problem: str) -> DAG:
    """A DAG called `name` that explains `problem`; it has no schedule."""
    dag = DAG(
        name,
        schedule=None,
        tags=["metaflow", "metaflow: does not compile"],
        doc_md=problem,
        description=problem,
    )
    with dag:
        ProblemOperator(task_id="problem", problem=problem)
    return dag
