"""Switch whose cases go straight to the end, or through a step."""

from metaflow import FlowSpec, Parameter, step


class SwitchToEnd(FlowSpec):
    route = Parameter("route", default="stop")

    @step
    def start(self):
        self.seen = []
        self.next(self.choose)

    @step
    def choose(self):
        self.next({"stop": self.end, "work": self.work}, condition="route")

    @step
    def work(self):
        self.seen = ["work"]
        self.next(self.end)

    @step
    def end(self):
        self.count = len(self.seen)


if __name__ == "__main__":
    SwitchToEnd()
