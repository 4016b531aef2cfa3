"""Runs jobs in the order of their submission, so many at once, attempt after attempt."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from integration.harness.sfn.batch.attempts import Attempt, CannotStart, ProcessAttempt, StubAttempt
from integration.harness.sfn.batch.containers import command, environment
from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.jobs import Job
from integration.harness.sfn.batch.retries import Ending, again
from integration.harness.sfn.batch.stubs import StubbedJob, Stubs

LOG_GROUP = "/aws/batch/job"
MAIN_NODE_ENDED = "Main node has ended"


@dataclass(frozen=True)
class Site:
    """What jobs find where they run.

    Args:
        folder: for logs and for the folders of jobs.
        environment: variables that every container starts with; those of a job win.
        secret: the value behind a `valueFrom`; raises KeyError.
        publish: takes a log group, a stream and the text of an attempt's output.
        parallel: how many jobs run at once; a multi-node job counts as one.
        grace: seconds between SIGTERM and SIGKILL.
    """

    folder: Path
    environment: Callable[[str], Mapping[str, str]]
    secret: Callable[[str], str]
    publish: Callable[[str, str, str], None]
    parallel: int = 2
    grace: float = 5.0
    stubs: Stubs = field(default_factory=Stubs)


class Runner:
    """Threads that take jobs from a queue; `close` ends whatever still runs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._running: dict[str, Attempt] = {}
        self._closed = False
        site.folder.mkdir(parents=True, exist_ok=True)
        for _ in range(site.parallel):
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, job: Job) -> None:
        job.status = "RUNNABLE"
        self._waiting.put(job)

    def lose_host(self, job_id: str) -> None:
        """End the attempt of a job, or of the main node of one, as a reclaimed spot instance does.

        Raises:
            ClientException: it does not run.
        """
        attempt = self._running.get(job_id) or self._running.get(f"{job_id}#0")
        if attempt is None:
            raise ClientException(f"Job {job_id} is not running")
        attempt.lose_host()

    def close(self) -> None:
        self._closed = True
        for attempt in list(self._running.values()):
            attempt.lose_host()

    def _work(self) -> None:
        while not self._closed:
            self._run(self._waiting.get())

    def _run(self, job: Job) -> None:
        if job.terminated is not None:
            job.finish(Ending(job.terminated))
            return
        number = 0
        while True:
            number += 1
            ending = self._attempt_nodes(job, number) if job.nodes else self._attempt(job, number)
            over = ending.succeeded or job.terminated is not None or self._closed
            if over or not again(ending, job.retry_strategy, number):
                break
        job.finish(ending)

    def _attempt_nodes(self, job: Job, number: int) -> Ending:
        threads = {
            node.id: threading.Thread(target=self._attempt, args=(node, number), daemon=True)
            for node in job.nodes
        }
        for thread in threads.values():
            thread.start()
        job.at_work(lambda reason: self._stop_nodes(job, reason))
        threads[job.main_node.id].join()
        self._stop_nodes(job, MAIN_NODE_ENDED)
        for thread in threads.values():
            thread.join()
        last = job.main_node.attempts[-1]
        container = last["container"]
        ending = Ending(last["statusReason"], container.get("exitCode"), container.get("reason"))
        for node in job.nodes:
            node.finish(ending)
        job.attempted(ending, container.get("logStreamName"))
        return ending

    def _stop_nodes(self, job: Job, reason: str) -> None:
        for node in job.nodes:
            attempt = self._running.get(node.id)
            if attempt is not None:
                attempt.stop(reason)

    def _attempt(self, job: Job, number: int) -> Ending:
        job.status = "STARTING"
        stream = f"{job.definition['jobDefinitionName']}/default/{secrets.token_hex(16)}"
        log = self._site.folder / f"{job.id}-{number}.log"
        try:
            attempt = self._prepare(job, number, stream, log)
        except CannotStart as failure:
            job.attempted(failure.ending, None)
            return failure.ending
        self._running[job.id] = attempt
        job.at_work(attempt.stop)
        ending = attempt.run(job.time_limit)
        del self._running[job.id]
        job.attempted(ending, stream)
        self._publish(job, stream, log)
        return ending

    def _prepare(self, job: Job, number: int, stream: str, log: Path) -> Attempt:
        try:
            variables = environment(job, number, self._site.secret)
        except KeyError as error:
            raise CannotStart(f"ResourceInitializationError: unable to pull secrets: {error}") from None
        arguments = command(job)
        definition = job.definition["jobDefinitionName"]
        stub = self._site.stubs.find(job.name, definition)
        if stub is not None:
            told = StubbedJob(job.id, job.name, definition, number, tuple(arguments), variables)
            return StubAttempt(stub, told, log)
        variables = {**self._site.environment(stream), **variables}
        return ProcessAttempt(arguments, variables, log, self._site.folder, self._site.grace)

    def _publish(self, job: Job, stream: str, log: Path) -> None:
        if not log.exists():
            return
        text = log.read_text(errors="replace")
        if text:
            options = (job.container.get("logConfiguration") or {}).get("options") or {}
            self._site.publish(options.get("awslogs-group", LOG_GROUP), stream, text)
        else:
            log.unlink()
