"""Switch in a branch of a split, its cases straight into the join of the split."""

from metaflow import FlowSpec, Parameter, step


class SwitchIntoStaticJoin(FlowSpec):
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
        self.next(self.join)

    @step
    def case_b(self):
        self.mark = "b"
        self.next(self.join)

    @step
    def plain(self):
        self.mark = "plain"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.marks = sorted(i.mark for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchIntoStaticJoin()
