"""Switch in a branch of a split, merged before the join."""

from metaflow import FlowSpec, Parameter, step


class SwitchInSplit(FlowSpec):
    route = Parameter("route", default="a")

    @step
    def start(self):
        self.next(self.choose, self.plain)

    @step
    def choose(self):
        self.next({"a": self.case_a, "b": self.case_b}, condition="route")

    @step
    def case_a(self):
        self.mark = "a"
        self.next(self.merge)

    @step
    def case_b(self):
        self.mark = "b"
        self.next(self.merge)

    @step
    def merge(self):
        self.mark = f"chosen {self.mark}"
        self.next(self.join)

    @step
    def plain(self):
        self.mark = "plain"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.marks = [inputs.merge.mark, inputs.plain.mark]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchInSplit()
