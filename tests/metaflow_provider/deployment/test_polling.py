from __future__ import annotations

import pytest

from metaflow_provider.deployment import looks


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("metaflow_provider.deployment.polling.time", clock)
    return clock


@pytest.mark.parametrize(
    ("every", "seconds", "times"),
    [(5, 12, [0, 5, 10, 12]), (5, 10, [0, 5, 10]), (60, 3, [0, 3]), (5, 0, [0])],
)
def test_the_last_look_is_when_the_time_is_over(
    clock: Clock, every: float, seconds: float, times: list[float]
) -> None:
    assert [clock.now for _ in looks(every, seconds)] == times


def test_without_a_limit_it_goes_on(clock: Clock) -> None:
    found = looks(5, None)
    assert [clock.now for _, _ in zip(range(3), found, strict=False)] == [0, 5, 10]
