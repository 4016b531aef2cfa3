"""A foreach of 1,500 on the scheduler: more than Airflow maps, so two share a mapped task."""

from __future__ import annotations

import pytest

from integration.airflow.engine import Engine, create, write_flow
from integration.conformance.canonical import canonical
from integration.harness.process import ROOT

pytestmark = [pytest.mark.airflow, pytest.mark.conformance]

WIDE = """
@step
def start(self):
    import pickle
    from metaflow.tuple_util import ForeachFrame

    self.numbers = list(range(1500))
    stacks = [pickle.dumps([ForeachFrame("body", "numbers", 1500, n)]) for n in self.numbers]
    flow = pathlib.Path(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"], ".metaflow", current.flow_name)
    (flow / "stacks").write_bytes(pickle.dumps(stacks))
    self.next(self.body, foreach="numbers")

@step
def body(self):
    self.number = self.input
    self.next(self.join)

@step
def join(self, inputs):
    self.seen = [i.number for i in inputs]
    self.next(self.end)

@step
def end(self):
    self.in_order = self.seen == list(range(1500))
"""

STUB = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from integration.airflow.stub import StubbedBody
body = dag.get_task("body")
body.backend = StubbedBody(body.backend, "join")
"""


def test_a_foreach_over_1500_with_its_body_stubbed(engine: Engine) -> None:
    dag_file = create(engine.home, write_flow(engine.home.folder / "flows", "Wide", WIDE))
    dag_file.write_text(dag_file.read_text() + STUB)
    run_id = engine.start("Wide")
    run = engine.finished("Wide", run_id, seconds=1200)
    assert run.state == "success"
    assert len([task for task in run.tasks if task.task_id == "body"]) == 750
    assert engine.task("Wide", run_id, "end").artifacts["in_order"] == canonical(True)
