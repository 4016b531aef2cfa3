"""Loop in a branch of a switch, then a foreach, then a second loop."""

from metaflow import FlowSpec, Parameter, step


class LoopInSwitch(FlowSpec):
    route = Parameter("route", default="loop")

    @step
    def start(self):
        self.count = 0
        self.next({"loop": self.climb, "plain": self.plain}, condition="route")

    @step
    def climb(self):
        self.count += 1
        self.case = "again" if self.count < 2 else "done"
        self.next({"again": self.climb, "done": self.fan}, condition="case")

    @step
    def plain(self):
        self.next(self.fan)

    @step
    def fan(self):
        self.items = list(range(self.count + 1))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.count = len([i.value for i in inputs])
        self.next(self.descend)

    @step
    def descend(self):
        self.count -= 1
        self.case = "again" if self.count > 0 else "done"
        self.next({"again": self.descend, "done": self.end}, condition="case")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopInSwitch()
