"""Loop right after the join of a foreach."""

from metaflow import FlowSpec, step


class LoopAfterJoin(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.total = sum(i.value for i in inputs)
        self.next(self.shrink)

    @step
    def shrink(self):
        self.total -= 1
        self.case = "again" if self.total > 0 else "done"
        self.next({"again": self.shrink, "done": self.end}, condition="case")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopAfterJoin()
