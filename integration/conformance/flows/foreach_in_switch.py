"""Foreach inside a branch of a switch."""

from metaflow import FlowSpec, Parameter, step


class ForeachInSwitch(FlowSpec):
    route = Parameter("route", default="many")

    @step
    def start(self):
        self.next({"many": self.fan, "none": self.skip}, condition="route")

    @step
    def fan(self):
        self.items = [4, 5, 6]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.square = self.input**2
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.squares = [i.square for i in inputs]
        self.next(self.merge)

    @step
    def skip(self):
        self.squares = None
        self.next(self.merge)

    @step
    def merge(self):
        self.text = repr(self.squares)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachInSwitch()
