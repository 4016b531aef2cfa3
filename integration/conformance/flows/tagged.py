"""Tags and namespace of the run, as the steps see them."""

from metaflow import FlowSpec, current, get_namespace, step


class Tagged(FlowSpec):
    @step
    def start(self):
        self.tags = sorted(current.tags)
        self.looks_in = get_namespace()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Tagged()
