"""Split in the start step."""

from metaflow import FlowSpec, step


class StartSplit(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        self.next(self.join)

    @step
    def right(self):
        self.side = "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.sides = [inputs.left.side, inputs.right.side]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    StartSplit()
