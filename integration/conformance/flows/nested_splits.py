"""Nested splits: a split in a branch of a split, the inner join straight into the outer one."""

from metaflow import FlowSpec, step


class NestedSplits(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        self.next(self.upper, self.lower)

    @step
    def upper(self):
        self.mark = "left upper"
        self.next(self.join_left)

    @step
    def lower(self):
        self.mark = "left lower"
        self.next(self.join_left)

    @step
    def join_left(self, inputs):
        self.merge_artifacts(inputs, exclude=["mark"])
        self.marks = sorted(i.mark for i in inputs)
        self.next(self.join)

    @step
    def right(self):
        self.marks = ["right"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.marks = sorted(mark for i in inputs for mark in i.marks)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NestedSplits()
