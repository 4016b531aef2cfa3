"""@timeout of two seconds, caught by @catch."""

import time

from metaflow import FlowSpec, catch, step, timeout


class TimeoutCaught(FlowSpec):
    @step
    def start(self):
        self.next(self.slow)

    @catch(var="failure", print_exception=False)
    @timeout(seconds=2)
    @step
    def slow(self):
        while True:
            time.sleep(0.1)
        self.next(self.end)

    @step
    def end(self):
        self.kind = self.failure.type


if __name__ == "__main__":
    TimeoutCaught()
