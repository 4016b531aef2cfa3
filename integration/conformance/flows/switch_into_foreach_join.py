"""Switch inside a foreach: each case straight into the join of the foreach."""

from metaflow import FlowSpec, step


class SwitchIntoForeachJoin(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3, 4]
        self.next(self.choose, foreach="numbers")

    @step
    def choose(self):
        self.case = "even" if self.input % 2 == 0 else "odd"
        self.next({"even": self.even, "odd": self.odd}, condition="case")

    @step
    def even(self):
        self.mark = f"even {self.input}"
        self.next(self.collect)

    @step
    def odd(self):
        self.mark = f"odd {self.input}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchIntoForeachJoin()
