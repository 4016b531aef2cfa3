"""Foreach with a body of three steps."""

from metaflow import FlowSpec, step


class ForeachLongBody(FlowSpec):
    @step
    def start(self):
        self.numbers = [5, 6, 7]
        self.next(self.first, foreach="numbers")

    @step
    def first(self):
        self.value = self.input
        self.next(self.second)

    @step
    def second(self):
        self.value = self.value * 10 + self.index
        self.next(self.third)

    @step
    def third(self):
        self.value = -self.value
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.values = [i.value for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.values)


if __name__ == "__main__":
    ForeachLongBody()
