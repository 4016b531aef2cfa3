"""Artifacts of many kinds: none, large (1 MB), nested, and what a generator made."""

import datetime
import decimal

from metaflow import FlowSpec, step


def squares(n):
    for i in range(n):
        yield i * i


class ArtifactKinds(FlowSpec):
    @step
    def start(self):
        self.nothing = None
        self.large = bytes(range(256)) * 4096
        self.text = "ñ😀\n" * 3
        self.numbers = [1, -2.5, 1e300, float("inf"), complex(1, 2), decimal.Decimal("1.10"), True]
        self.when = datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc)
        self.nested = {"t": (1, [2, {3}]), 4: frozenset({"x"}), None: {}}
        self.squares = list(squares(5))
        self.next(self.end)

    @step
    def end(self):
        self.size = len(self.large)


if __name__ == "__main__":
    ArtifactKinds()
