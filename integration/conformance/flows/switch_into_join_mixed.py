"""Switch inside a foreach: one case straight into the join, one through a step, one through a split."""

from metaflow import FlowSpec, step


class SwitchIntoJoinMixed(FlowSpec):
    @step
    def start(self):
        self.routes = ["long", "short", "wide", "short"]
        self.next(self.choose, foreach="routes")

    @step
    def choose(self):
        self.case = self.input
        self.next({"short": self.short, "long": self.long, "wide": self.wide}, condition="case")

    @step
    def short(self):
        self.mark = "short"
        self.next(self.collect)

    @step
    def long(self):
        self.mark = "long"
        self.next(self.longer)

    @step
    def longer(self):
        self.mark = "longer"
        self.next(self.collect)

    @step
    def wide(self):
        self.next(self.wide_a, self.wide_b)

    @step
    def wide_a(self):
        self.part = "a"
        self.next(self.wide_join)

    @step
    def wide_b(self):
        self.part = "b"
        self.next(self.wide_join)

    @step
    def wide_join(self, inputs):
        self.mark = f"wide {inputs.wide_a.part}{inputs.wide_b.part}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchIntoJoinMixed()
