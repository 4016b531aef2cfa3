"""Switch at the top level: one of three branches by a parameter, then a common step."""

from metaflow import FlowSpec, Parameter, step


class SwitchTop(FlowSpec):
    route = Parameter("route", default="low")

    @step
    def start(self):
        self.next(self.choose)

    @step
    def choose(self):
        self.case = self.route
        self.next({"low": self.low, "mid": self.mid, "high": self.high}, condition="case")

    @step
    def low(self):
        self.level = 1
        self.next(self.report)

    @step
    def mid(self):
        self.level = 2
        self.next(self.report)

    @step
    def high(self):
        self.level = 3
        self.next(self.report)

    @step
    def report(self):
        self.text = f"{self.route}={self.level}"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchTop()
