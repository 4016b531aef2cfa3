"""Artifacts of classes that the flow's own file defines: plain, dataclass, named tuple, enum, exception."""

import enum
from dataclasses import dataclass
from typing import NamedTuple

from metaflow import FlowSpec, step


class Plain:
    def __init__(self, value):
        self.value = value


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Pair(NamedTuple):
    left: str
    right: str


class Colour(enum.Enum):
    RED = 1


class Trouble(Exception):
    pass


class CustomClasses(FlowSpec):
    @step
    def start(self):
        self.plain = Plain([1, 2])
        self.points = {Point(1, 2), Point(3, 4)}
        self.pair = Pair("l", "r")
        self.next(self.body, foreach="pair")

    @step
    def body(self):
        self.colour = Colour.RED
        self.trouble = Trouble("with text", self.input)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.merge_artifacts(inputs, include=["plain", "points"])
        self.troubles = [i.trouble for i in inputs]
        self.colours = {i.colour for i in inputs}
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(point.x + point.y for point in self.points) + sum(self.plain.value)


if __name__ == "__main__":
    CustomClasses()
