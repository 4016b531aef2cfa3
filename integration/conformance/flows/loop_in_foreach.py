"""Recursion inside a foreach, with its own number of iterations for each item."""

from metaflow import FlowSpec, step


class LoopInForeach(FlowSpec):
    @step
    def start(self):
        self.limits = [1, 3, 2]
        self.next(self.prepare, foreach="limits")

    @step
    def prepare(self):
        self.limit = self.input
        self.count = 0
        self.next(self.work)

    @step
    def work(self):
        self.count += 1
        self.case = "again" if self.count < self.limit else "done"
        self.next({"again": self.work, "done": self.finish}, condition="case")

    @step
    def finish(self):
        self.mark = (self.index, self.count)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopInForeach()
