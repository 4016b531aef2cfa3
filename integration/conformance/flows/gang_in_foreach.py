"""@parallel gang inside a foreach."""

from metaflow import FlowSpec, current, parallel, step


class GangInForeach(FlowSpec):
    @step
    def start(self):
        self.models = ["small", "large"]
        self.next(self.launch, foreach="models")

    @step
    def launch(self):
        self.model = self.input
        self.next(self.train, num_parallel=2)

    @parallel
    @step
    def train(self):
        self.mark = f"{self.model}{current.parallel.node_index}"
        self.next(self.join_nodes)

    @step
    def join_nodes(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.join_models)

    @step
    def join_models(self, inputs):
        self.marks = [i.marks for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangInForeach()
