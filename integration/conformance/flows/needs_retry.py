"""Steps that fail once and bear no decorator: they pass under `--with retry`."""

from metaflow import FlowSpec, current, step


class NeedsRetry(FlowSpec):
    @step
    def start(self):
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        if current.retry_count < self.index:
            raise RuntimeError("the second item fails once")
        self.attempt = current.retry_count
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.attempts = [i.attempt for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NeedsRetry()
