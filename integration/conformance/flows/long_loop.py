"""Recursive switch of 250 iterations."""

from metaflow import FlowSpec, step


class LongLoop(FlowSpec):
    @step
    def start(self):
        self.count = 0
        self.next(self.work)

    @step
    def work(self):
        self.count += 1
        self.case = "again" if self.count < 250 else "done"
        self.next({"again": self.work, "done": self.end}, condition="case")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LongLoop()
