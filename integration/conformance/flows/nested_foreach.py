"""Nested foreach: inner widths differ, the inner join straight into the outer one."""

from metaflow import FlowSpec, step


class NestedForeach(FlowSpec):
    @step
    def start(self):
        self.widths = [2, 1, 3]
        self.next(self.outer, foreach="widths")

    @step
    def outer(self):
        self.cells = [f"{self.index}.{n}" for n in range(self.input)]
        self.next(self.inner, foreach="cells")

    @step
    def inner(self):
        self.cell = self.input
        self.path = [frame[0] for frame in self.foreach_stack()]
        self.next(self.join_inner)

    @step
    def join_inner(self, inputs):
        self.row = [i.cell for i in inputs]
        self.paths = [i.path for i in inputs]
        self.next(self.join_outer)

    @step
    def join_outer(self, inputs):
        self.table = [i.row for i in inputs]
        self.paths = [i.paths for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NestedForeach()
