"""Merge after a switch: branches of two, one and no steps before the common step."""

from metaflow import FlowSpec, Parameter, step


class MergeAfterSwitch(FlowSpec):
    route = Parameter("route", default="long")

    @step
    def start(self):
        self.steps = ["start"]
        self.next({"long": self.long, "short": self.short, "direct": self.merge}, condition="route")

    @step
    def long(self):
        self.steps = [*self.steps, "long"]
        self.next(self.longer)

    @step
    def longer(self):
        self.steps = [*self.steps, "longer"]
        self.next(self.merge)

    @step
    def short(self):
        self.steps = [*self.steps, "short"]
        self.next(self.merge)

    @step
    def merge(self):
        self.steps = [*self.steps, "merge"]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MergeAfterSwitch()
