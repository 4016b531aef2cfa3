"""Inline Maps: their items, so many at once, and the end of all when one fails.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    inline_iteration_component,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import Job

from integration.harness.sfn.interpreter.replacing import replaces

InlineIterationComponent = inline_iteration_component.InlineIterationComponent

INLINE_AT_ONCE = 40


class Turns:
    """Calls a function for 0, 1, 2 …, so many at once, until it answers false once or `count` is reached.

    Raises:
        Exception: whatever a call raised.
    """

    def __init__(self, count: int, at_once: int, turn: Callable[[int], bool]) -> None:
        self._numbers = iter(range(count))
        self._turn = turn
        self._lock = threading.Lock()
        self._over = False
        self._error: Exception | None = None
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(count, at_once))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (number := self._next()) is not None:
            try:
                self._over = not self._turn(number) or self._over
            except Exception as error:  # raised again by who waits
                self._error, self._over = error, True

    def _next(self) -> int | None:
        with self._lock:
            return None if self._over else next(self._numbers, None)


class Frames:
    """The frames of a Map's items at work, to be stopped together."""

    def __init__(self) -> None:
        self._frames: list[Any] = []
        self._stopped = False
        self._lock = threading.Lock()

    def add(self, frame: Any) -> None:
        with self._lock:
            self._frames.append(frame)
            if self._stopped:
                _stop(frame)

    def remove(self, frame: Any) -> None:
        with self._lock:
            self._frames.remove(frame)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for frame in self._frames:
                _stop(frame)


def _stop(frame: Any) -> None:
    frame.set_stop(stop_date=datetime.datetime.now(datetime.timezone.utc), cause=None, error=None)


def at_once(wanted: int, most: int) -> int:
    """How many items run at once: 0 means no limit of the definition's own."""
    return min(wanted or most, most)


@replaces(InlineIterationComponent)
def _eval_body(self: Any, env: Any) -> None:
    """Gap: items nest in Python's stack, a hundred run at once, and when one fails the others go on."""
    eval_input = env.stack.pop()
    items = eval_input.input_items
    worker = self._create_worker(env=env, eval_input=eval_input, job_pool=None)
    program = self._get_iteration_program()
    outputs: list[Any] = [None] * len(items)
    failures: list[Exception] = []
    frames = Frames()

    def run(index: int) -> bool:
        frame = env.open_inner_frame()
        frames.add(frame)
        job = Job(job_index=index, job_program=program, job_input=items[index])
        if frame.is_running():
            worker._eval_job(env=frame, job=job)
        frames.remove(frame)
        env.close_frame(frame)
        if isinstance(job.job_output, Exception):
            failures.append(job.job_output)
            frames.stop()
            return False
        outputs[index] = job.job_output
        return True

    Turns(len(items), at_once(eval_input.max_concurrency, INLINE_AT_ONCE), run)
    if failures:
        raise failures[0]
    env.stack.append(outputs)
