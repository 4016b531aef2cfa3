"""Foreach over a single element, nested in another over a single element."""

from metaflow import FlowSpec, step


class ForeachOfOne(FlowSpec):
    @step
    def start(self):
        self.items = ("alone",)
        self.next(self.outer, foreach="items")

    @step
    def outer(self):
        self.parts = [self.input]
        self.next(self.inner, foreach="parts")

    @step
    def inner(self):
        self.mark = (self.index, self.input)
        self.next(self.join_inner)

    @step
    def join_inner(self, inputs):
        (self.mark,) = [i.mark for i in inputs]
        self.next(self.join_outer)

    @step
    def join_outer(self, inputs):
        (self.mark,) = [i.mark for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOfOne()
