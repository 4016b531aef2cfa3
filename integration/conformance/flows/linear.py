"""Linear: one step after another, an artifact carried along."""

from metaflow import FlowSpec, step


class Linear(FlowSpec):
    @step
    def start(self):
        self.words = ["start"]
        self.next(self.middle)

    @step
    def middle(self):
        self.words = [*self.words, "middle"]
        self.next(self.end)

    @step
    def end(self):
        self.sentence = " ".join(self.words)


if __name__ == "__main__":
    Linear()
