"""@parallel gang in a branch of a switch."""

from metaflow import FlowSpec, Parameter, current, parallel, step


class GangInSwitch(FlowSpec):
    route = Parameter("route", default="gang")

    @step
    def start(self):
        self.next({"gang": self.launch, "alone": self.alone}, condition="route")

    @step
    def launch(self):
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        self.node = current.parallel.node_index
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.nodes = [i.node for i in inputs]
        self.next(self.merge)

    @step
    def alone(self):
        self.nodes = []
        self.next(self.merge)

    @step
    def merge(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangInSwitch()
