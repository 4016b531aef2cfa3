"""@parallel with @catch: one node of three raises."""

from metaflow import FlowSpec, catch, current, parallel, step


class GangCaught(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=3)

    @catch(var="failure", print_exception=False)
    @parallel
    @step
    def train(self):
        self.node = current.parallel.node_index
        if self.node == 1:
            raise RuntimeError("node 1 fails")
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.outcomes = [(i.node, i.failure and i.failure.exception) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangCaught()
