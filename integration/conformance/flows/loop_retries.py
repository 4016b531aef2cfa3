"""Loop of six iterations that each fail once under @retry(times=1)."""

from metaflow import FlowSpec, current, retry, step


class LoopRetries(FlowSpec):
    @step
    def start(self):
        self.attempts = []
        self.next(self.work)

    @retry(times=1, minutes_between_retries=0)
    @step
    def work(self):
        if current.retry_count == 0:
            raise RuntimeError("the first attempt of each iteration fails")
        self.attempts = [*self.attempts, current.retry_count]
        self.case = "again" if len(self.attempts) < 6 else "done"
        self.next({"again": self.work, "done": self.end}, condition="case")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopRetries()
