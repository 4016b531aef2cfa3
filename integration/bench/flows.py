"""The flows of the bench, and a hand-written DAG of the same shape."""

from __future__ import annotations

from pathlib import Path

_STEP = '''
    @step
    def {name}(self):
        """One of many."""
        self.place = {place}
        self.next({next})
'''


def step_names(steps: int) -> list[str]:
    return ["start", *(f"step_{place}" for place in range(1, steps - 1)), "end"]


def linear_flow(flow: str, steps: int) -> str:
    """Text of a flow of that many steps in a row."""
    names = step_names(steps)
    body = "".join(
        _STEP.format(name=name, place=place, next=f"self.{names[place + 1]}")
        for place, name in enumerate(names[:-1])
    )
    end = '\n    @step\n    def end(self):\n        """The last."""\n'
    main = f'\n\nif __name__ == "__main__":\n    {flow}()\n'
    return f"from metaflow import FlowSpec, step\n\n\nclass {flow}(FlowSpec):{body}{end}{main}"


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
