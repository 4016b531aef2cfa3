"""Foreach in a switch in a foreach."""

from metaflow import FlowSpec, step


class ForeachInSwitchInForeach(FlowSpec):
    @step
    def start(self):
        self.widths = [0, 2, 3]
        self.next(self.choose, foreach="widths")

    @step
    def choose(self):
        self.width = self.input
        self.case = "some" if self.width else "none"
        self.next({"some": self.fan, "none": self.nothing}, condition="case")

    @step
    def fan(self):
        self.cells = list(range(self.width))
        self.next(self.cell, foreach="cells")

    @step
    def cell(self):
        self.mark = [frame[0] for frame in self.foreach_stack()]
        self.next(self.join_cells)

    @step
    def join_cells(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.merge)

    @step
    def nothing(self):
        self.marks = []
        self.next(self.merge)

    @step
    def merge(self):
        self.count = len(self.marks)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [(i.count, i.marks) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachInSwitchInForeach()
