"""Loop that leaves to one of two steps, which merge."""

from metaflow import FlowSpec, Parameter, step


class LoopTwoExits(FlowSpec):
    result = Parameter("result", default="found")

    @step
    def start(self):
        self.count = 0
        self.next(self.search)

    @step
    def search(self):
        self.count += 1
        self.case = "again" if self.count < 3 else self.result
        self.next({"again": self.search, "found": self.found, "gone": self.gone}, condition="case")

    @step
    def found(self):
        self.text = f"found after {self.count}"
        self.next(self.merge)

    @step
    def gone(self):
        self.text = f"gone after {self.count}"
        self.next(self.merge)

    @step
    def merge(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopTwoExits()
