"""Recursive switch: a step that leads to itself four times."""

from metaflow import FlowSpec, step


class Loop(FlowSpec):
    @step
    def start(self):
        self.history = []
        self.next(self.work)

    @step
    def work(self):
        self.history = [*self.history, len(self.history)]
        self.case = "again" if len(self.history) < 5 else "done"
        self.next({"again": self.work, "done": self.finish}, condition="case")

    @step
    def finish(self):
        self.total = sum(self.history)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Loop()
