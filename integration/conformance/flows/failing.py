"""Failure: the second step fails on both of its attempts, and the run with it."""

from metaflow import FlowSpec, retry, step


class Failing(FlowSpec):
    @step
    def start(self):
        self.next(self.broken)

    @retry(times=1, minutes_between_retries=0)
    @step
    def broken(self):
        self.before = "kept"
        raise RuntimeError("always fails")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Failing()
