"""merge_artifacts in a static join (all, then a conflict set by hand) and in a foreach join (include)."""

from metaflow import FlowSpec, step


class MergedArtifacts(FlowSpec):
    @step
    def start(self):
        self.shared = "same everywhere"
        self.next(self.left, self.right)

    @step
    def left(self):
        self.only_left = 1
        self.both = "left"
        self.next(self.join)

    @step
    def right(self):
        self.only_right = 2
        self.both = "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.both = sorted(i.both for i in inputs)
        self.merge_artifacts(inputs)
        self.next(self.fan)

    @step
    def fan(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.own = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.merge_artifacts(inputs, include=["shared", "only_left"])
        self.total = sum(i.own for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        self.names = sorted(n for n in ("shared", "only_left", "only_right", "both") if hasattr(self, n))


if __name__ == "__main__":
    MergedArtifacts()
