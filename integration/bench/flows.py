"""The flows of the bench, and a hand-written DAG of the same shape."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

_STEP = '''
    @step
    def {name}(self):
        """One of many."""
        self.artifact = "{name} of " + current.pathspec
        self.next({next})
'''


def step_names(steps: int) -> list[str]:
    return ["start", *(f"step_{place}" for place in range(1, steps - 1)), "end"]


def linear_flow(flow: str, steps: int) -> str:
    """Text of a flow of that many steps in a row; each task stores an artifact of its own."""
    names = step_names(steps)
    body = "".join(_STEP.format(name=name, next=f"self.{following}") for name, following in pairwise(names))
    end = '\n    @step\n    def end(self):\n        """The last."""\n'
    main = f'\n\nif __name__ == "__main__":\n    {flow}()\n'
    return f"from metaflow import FlowSpec, current, step\n\n\nclass {flow}(FlowSpec):{body}{end}{main}"


def write_flow(folder: Path, flow: str, steps: int) -> Path:
    """The file of a linear flow, in a folder of its own: all files beside a flow are packed with it."""
    file = folder / flow.lower() / f"{flow.lower()}.py"
    file.parent.mkdir()
    file.write_text(linear_flow(flow, steps))
    return file


def hand_written_dag(name: str, steps: int) -> str:
    """Text of a DAG file with that many tasks in a row, of Airflow's own operator."""
    return f"""from datetime import datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, chain

with DAG("{name}", schedule=None, start_date=datetime(2024, 1, 1)):
    chain(*(BashOperator(task_id=name, bash_command="true") for name in {step_names(steps)!r}))
"""
