"""Switch with two cases that lead to the same step."""

from metaflow import FlowSpec, Parameter, step


class TwoCasesOneStep(FlowSpec):
    route = Parameter("route", default="first")

    @step
    def start(self):
        self.next({"first": self.common, "second": self.common, "third": self.other}, condition="route")

    @step
    def common(self):
        self.text = f"common by {self.route}"
        self.next(self.end)

    @step
    def other(self):
        self.text = "other"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TwoCasesOneStep()
