"""@retry and @catch inside a foreach: each item has its own attempts and its own outcome."""

from metaflow import FlowSpec, catch, current, retry, step


class RetryCatchForeach(FlowSpec):
    @step
    def start(self):
        self.failures = [0, 1, 2, 9]
        self.next(self.work, foreach="failures")

    @catch(var="failure", print_exception=False)
    @retry(times=2, minutes_between_retries=0)
    @step
    def work(self):
        if current.retry_count < self.input:
            raise RuntimeError(f"item {self.index} fails on attempt {current.retry_count}")
        self.attempt = current.retry_count
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.outcomes = [i.failure.exception if i.failure else i.attempt for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RetryCatchForeach()
