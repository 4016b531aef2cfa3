"""@parallel gang of a single node."""

from metaflow import FlowSpec, current, parallel, step


class GangOfOne(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=1)

    @parallel
    @step
    def train(self):
        self.node = current.parallel.node_index
        self.nodes = current.parallel.num_nodes
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.seen = [(i.node, i.nodes) for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangOfOne()
