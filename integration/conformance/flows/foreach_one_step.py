"""Foreach with a body of one step."""

from metaflow import FlowSpec, step


class ForeachOneStep(FlowSpec):
    @step
    def start(self):
        self.next(self.fan)

    @step
    def fan(self):
        self.letters = ["a", "b", "c", "d"]
        self.next(self.body, foreach="letters")

    @step
    def body(self):
        self.mark = f"{self.index}{self.input}"
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachOneStep()
