"""What a task's process does: inputs, attempts, tries, loops, parameters, logs, its end."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from integration.harness.process import wait_until
from tests.runtime.harness import RUN, Store

FAN = """
import os
from metaflow import FlowSpec, Parameter, current, step

class Fan(FlowSpec):
    text = Parameter("text", default="nothing")
    items = 3

    @step
    def start(self):
        print("to stdout")
        self.next(self.body, foreach="numbers") if False else None
        self.numbers = [10, 20, 30]
        self.next(self.body, foreach="numbers")

    @step
    def body(self):
        self.value = self.input + current.retry_count
        if os.environ.get("FAIL") == "yes":
            raise ValueError("asked to fail")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [i.value for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.values)

if __name__ == "__main__":
    Fan()
""".replace('        self.next(self.body, foreach="numbers") if False else None\n', "")

LOOP = """
import time
from metaflow import FlowSpec, current, retry, step

class Loop(FlowSpec):
    @step
    def start(self):
        self.n = 0
        self.next(self.work)

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        if current.retry_count == 0:
            raise ValueError("every first try fails")
        self.n += 1
        self.go = "on" if self.n < 3 else "out"
        self.next({"on": self.work, "out": self.end}, condition="go")

    @step
    def end(self):
        print("n is", self.n)

if __name__ == "__main__":
    Loop()
"""

SLOW = """
import os, time
from metaflow import FlowSpec, catch, step

class Slow(FlowSpec):
    @catch(var="problem")
    @step
    def start(self):
        print("started", os.getpid(), flush=True)
        time.sleep(600)
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Slow()
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "code" / "flow.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def run_fan(store: Store) -> None:
    flow = write(store.folder, FAN)
    start = store.run(flow, "Fan", "start", parameters={})
    assert start.status == 0, start.output
    assert start.records == [{"index": [], "next": ["body"], "n": 3}]
    # Out of order: a join takes its inputs by index.
    for index in (2, 0, 1):
        body = store.run(flow, "Fan", "body", members=[[index]])
        assert body.records == [{"index": [index], "next": ["join"]}], body.output
    assert store.run(flow, "Fan", "join").status == 0
    assert store.run(flow, "Fan", "end").status == 0


def test_a_foreach_on_a_local_datastore(local: Store) -> None:
    run_fan(local)

    assert local.client(f"Run('Fan/{RUN}').data.values") == [10, 20, 30]
    assert local.client(f"Task('Fan/{RUN}/start/t').stdout") == "to stdout\n"
    assert local.client(f"sorted(t.id for t in Step('Fan/{RUN}/body'))") == ["t-0", "t-1", "t-2"]
    assert local.client(f"Run('Fan/{RUN}').successful") is True


def test_a_foreach_on_s3(s3: Store) -> None:
    run_fan(s3)

    assert s3.client(f"Run('Fan/{RUN}').data.values") == [10, 20, 30]
    assert s3.client(f"Task('Fan/{RUN}/end/t').stdout") == "[10, 20, 30]\n"


def test_several_members_in_one_process(local: Store) -> None:
    flow = write(local.folder, FAN)
    local.run(flow, "Fan", "start", parameters={})

    done = local.run(flow, "Fan", "body", members=[[0], [1], [2]], retries={})

    assert [record["index"] for record in done.records] == [[0], [1], [2]]


@pytest.mark.parametrize(
    "text", ['it\'s "quoted" `id` $HOME $(id)\n{{ ds }} \\ 😀', "", "null", "-x", "a" * 200_000]
)
def test_parameters_arrive_byte_for_byte(local: Store, text: str) -> None:
    flow = write(local.folder, FAN)

    assert local.run(flow, "Fan", "start", parameters={"text": text}).status == 0

    assert local.client(f"Run('Fan/{RUN}')['start'].task['text'].data") == text


def test_a_parameter_that_is_not_given_keeps_its_default(local: Store) -> None:
    local.run(write(local.folder, FAN), "Fan", "start", parameters={})

    assert local.client(f"Run('Fan/{RUN}')['start'].task['text'].data") == "nothing"


def test_attempts_have_no_gap_whatever_the_engine_counts(local: Store) -> None:
    flow = write(local.folder, FAN)
    local.run(flow, "Fan", "start", parameters={})
    for _ in range(3):
        local.run(flow, "Fan", "body", members=[[0]])

    names = local.attempts("Fan", "body", "t-0")

    assert [n for n in names if n.endswith("attempt.json")] == [f"{k}.attempt.json" for k in range(3)]
    # The newest attempt is what others read.
    assert local.client(f"Task('Fan/{RUN}/body/t-0')['value'].data") == 12


def test_an_attempt_that_was_claimed_and_never_ended_is_not_taken_again(s3: Store) -> None:
    flow = write(s3.folder, FAN)
    s3.run(flow, "Fan", "start", parameters={})
    assert s3.run(flow, "Fan", "body", members=[[0]]).status == 0
    assert s3.run(flow, "Fan", "body", members=[[0]]).status == 0

    assert s3.client(f"Task('Fan/{RUN}/body/t-0')['value'].data") == 11


def test_a_seventh_attempt_is_refused_in_one_line_and_changes_nothing(local: Store) -> None:
    flow = write(local.folder, FAN)
    local.run(flow, "Fan", "start", parameters={})
    for _ in range(6):
        assert local.run(flow, "Fan", "body", members=[[0]]).status == 0

    seventh = local.run(flow, "Fan", "body", members=[[0]])

    assert seventh.status == 3
    assert f"Task {RUN}/body/t-0 was tried 6 times, as often as Metaflow allows" in seventh.output
    assert "Traceback" not in seventh.output
    assert local.client(f"Task('Fan/{RUN}/body/t-0')['value'].data") == 15


def test_what_succeeded_in_a_series_is_not_run_again_in_it(local: Store) -> None:
    flow = write(local.folder, FAN)
    local.run(flow, "Fan", "start", parameters={})
    first = local.run(flow, "Fan", "body", members=[[0]], series="1")
    again = local.run(flow, "Fan", "body", members=[[0]], series="1")
    cleared = local.run(flow, "Fan", "body", members=[[0]], series="2")

    assert "is not run again" in again.output
    assert again.records == first.records == cleared.records
    assert [n for n in local.attempts("Fan", "body", "t-0") if n.endswith("attempt.json")] == [
        "0.attempt.json",
        "1.attempt.json",
    ]


def test_a_run_id_that_is_used_again_keeps_its_parameters(local: Store) -> None:
    flow = write(local.folder, FAN)
    local.run(flow, "Fan", "start", parameters={"text": "first"}, series="1")
    same = local.run(flow, "Fan", "start", parameters={"text": "first"}, series="2")
    other = local.run(flow, "Fan", "start", parameters={"text": "second"}, series="3")

    assert same.status == 0
    assert other.status == 3
    assert f"Run Fan/{RUN} began with other parameters" in other.output
    assert "Traceback" not in other.output
    assert local.client(f"Run('Fan/{RUN}')['start'].task['text'].data") == "first"


def test_a_failed_attempt_is_no_result(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = write(local.folder, FAN)
    local.run(flow, "Fan", "start", parameters={})
    monkeypatch.setenv("FAIL", "yes")

    failed = local.run(flow, "Fan", "body", members=[[0]])

    assert failed.status == 1
    assert "asked to fail" in failed.output
    assert "attempt 0, failed: exit status 1" in failed.output
    assert failed.records == []


def test_iterations_have_their_own_tries(local: Store) -> None:
    flow = write(local.folder, LOOP)
    local.run(flow, "Loop", "start", parameters={})

    loop = local.run(flow, "Loop", "work", loop=True, retries={"user": 1})

    assert loop.records == [{"index": [], "next": ["end"], "iterations": 3}], loop.output
    assert local.client(f"sorted(t.id for t in Step('Loop/{RUN}/work'))") == ["t", "t-i1", "t-i2"]
    assert local.run(flow, "Loop", "end").status == 0
    assert local.client(f"Task('Loop/{RUN}/end/t').stdout") == "n is 3\n"


def test_tries_that_are_used_up_are_final(local: Store) -> None:
    flow = write(local.folder, LOOP)
    local.run(flow, "Loop", "start", parameters={})

    assert local.run(flow, "Loop", "work", loop=True, retries={}).status == 3


def started(process: subprocess.Popen[str]) -> int:
    """The step's own process id, once it runs."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("started"):
            return int(line.split()[1])
    raise AssertionError("the step did not start")


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_terminated_task_is_no_success_even_under_catch(local: Store) -> None:
    flow = write(local.folder, SLOW)
    command = local.arguments(flow, "Slow", "start", parameters={})
    with subprocess.Popen(command, env=local.env, stdout=subprocess.PIPE, text=True) as process:
        step = started(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM

    assert not is_alive(step)
    assert local.client(f"Task('Slow/{RUN}/start/t').successful") is False
    assert "started" in local.client(f"Task('Slow/{RUN}/start/t').stdout")


def test_a_task_ends_with_the_worker_that_holds_its_lifeline(local: Store) -> None:
    flow = write(local.folder, SLOW)
    lifeline, held = os.pipe()
    command = [*local.arguments(flow, "Slow", "start", parameters={}), f"--lifeline={lifeline}"]
    with subprocess.Popen(
        command, env=local.env, stdout=subprocess.PIPE, text=True, pass_fds=(lifeline,)
    ) as process:
        os.close(lifeline)
        step = started(process)
        os.close(held)
        assert process.wait(30) != 0

    assert not is_alive(step)


def test_a_worker_that_dies_takes_the_step_and_what_it_started_with_it(local: Store) -> None:
    """With the worker the reader of the task's output is gone, too."""
    starts_another = 'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid'
    text = SLOW.replace("import os", "import os, subprocess, sys").replace(
        "os.getpid()", f"os.getpid(), {starts_another}"
    )
    flow = write(local.folder, text)
    lifeline, held = os.pipe()
    command = [*local.arguments(flow, "Slow", "start", parameters={}), f"--lifeline={lifeline}"]
    with subprocess.Popen(
        command,
        env=local.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=(lifeline,),
    ) as process:
        assert process.stdout is not None
        os.close(lifeline)
        line = next(line for line in process.stdout if line.startswith("started"))
        process.stdout.close()
        os.close(held)
        assert process.wait(30) == 128 + signal.SIGTERM

    wait_until(lambda: not any(is_alive(int(pid)) for pid in line.split()[1:]), 5, "both are gone")
    assert "worker that started this task is gone" in local.client(f"Task('Slow/{RUN}/start/t').stderr")


def test_a_file_that_starts_no_flow_is_one_clear_line(local: Store) -> None:
    flow = write(local.folder, FAN.replace('if __name__ == "__main__":\n    Fan()', ""))

    outcome = local.run(flow, "Fan", "start", parameters={})

    assert outcome.status == 1
    assert "flow.py does not start a flow" in outcome.output


def test_tries_that_the_engine_does_not_count_are_counted(local: Store) -> None:
    """`@catch` acts once the tries are used, however they failed; a job that lost its host is one try."""
    text = SLOW.replace("import os, time", "import os, signal").replace(
        "time.sleep(600)", "os.kill(os.getpid(), signal.SIGKILL)"
    )
    flow = write(local.folder, text)
    retries = {"user": 1, "error": 3, "by_engine": True}
    tries = [
        local.run(flow, "Slow", "start", parameters={}, retries=retries, claim=claim).status
        for claim in ("job-1/1", "job-1/2", "job-2/1", "job-3/1")
    ]

    assert tries == [1, 1, 1, 0]
    assert local.client(f"Task('Slow/{RUN}/start/t')['problem'].data is not None") is True
