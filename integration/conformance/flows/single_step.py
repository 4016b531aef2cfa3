"""Single step: the only step is both the first and the last."""

from metaflow import FlowSpec, step


class SingleStep(FlowSpec):
    @step
    def only(self):
        self.answer = 42


if __name__ == "__main__":
    SingleStep()
