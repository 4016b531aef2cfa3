"""What `current` says of the flow, in a foreach and in its join."""

from metaflow import FlowSpec, Parameter, current, resources, step


class CurrentValues(FlowSpec):
    size = Parameter("size", default=2)

    @step
    def start(self):
        self.items = list(range(self.size))
        self.seen = self.look()
        self.next(self.body, foreach="items")

    @resources(cpu=1, memory=512)
    @step
    def body(self):
        self.seen = self.look()
        self.stack = self.foreach_stack()
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.seen = self.look()
        self.stacks = [i.stack for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.seen = self.look()

    def look(self):
        return {
            "flow": current.flow_name,
            "step": current.step_name,
            "retry": current.retry_count,
            "parameters": sorted(current.parameter_names),
            "index": self.index,
            "input": self.input,
        }


if __name__ == "__main__":
    CurrentValues()
