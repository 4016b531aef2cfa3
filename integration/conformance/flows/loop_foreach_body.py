"""Recursion as the first step of a foreach body and of a split branch."""

from metaflow import FlowSpec, step


class LoopForeachBody(FlowSpec):
    @step
    def start(self):
        self.count = 0
        self.next(self.spin, self.fan)

    @step
    def spin(self):
        self.count += 1
        self.case = "again" if self.count < 3 else "done"
        self.next({"again": self.spin, "done": self.spun}, condition="case")

    @step
    def spun(self):
        self.result = self.count
        self.next(self.join)

    @step
    def fan(self):
        self.limits = [2, 1]
        self.next(self.work, foreach="limits")

    @step
    def work(self):
        self.count += 1
        self.case = "again" if self.count < self.input else "done"
        self.next({"again": self.work, "done": self.worked}, condition="case")

    @step
    def worked(self):
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.result = [i.count for i in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [inputs.spun.result, inputs.collect.result]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopForeachBody()
