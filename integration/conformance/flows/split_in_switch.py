"""Split inside a branch of a switch."""

from metaflow import FlowSpec, Parameter, step


class SplitInSwitch(FlowSpec):
    route = Parameter("route", default="wide")

    @step
    def start(self):
        self.next({"wide": self.fan, "narrow": self.narrow}, condition="route")

    @step
    def fan(self):
        self.next(self.one, self.two)

    @step
    def one(self):
        self.mark = 1
        self.next(self.collect)

    @step
    def two(self):
        self.mark = 2
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [inputs.one.mark, inputs.two.mark]
        self.next(self.merge)

    @step
    def narrow(self):
        self.marks = []
        self.next(self.merge)

    @step
    def merge(self):
        self.count = len(self.marks)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SplitInSwitch()
