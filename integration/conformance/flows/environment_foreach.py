"""@environment inside a foreach, and only there."""

import os

from metaflow import FlowSpec, environment, step

VARS = {"PLAIN": "value", "HARD": 'it\'s "$HOME" `id` {{ x }} 😀', "NUMBER": "007"}


class EnvironmentForeach(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @environment(vars=VARS)
    @step
    def body(self):
        self.seen = {name: os.environ[name] for name in VARS}
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.seen = [i.seen for i in inputs]
        self.outside = os.environ.get("HARD")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    EnvironmentForeach()
