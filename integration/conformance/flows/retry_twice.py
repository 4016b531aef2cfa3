"""@retry: a step that fails twice and then succeeds."""

from metaflow import FlowSpec, current, retry, step


class RetryTwice(FlowSpec):
    @step
    def start(self):
        self.next(self.flaky)

    @retry(times=3, minutes_between_retries=0)
    @step
    def flaky(self):
        self.attempt = current.retry_count
        if self.attempt < 2:
            raise RuntimeError(f"attempt {self.attempt} fails")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RetryTwice()
