"""@retry on every kind of step: split, foreach, switch and both joins fail once."""

from metaflow import FlowSpec, current, retry, step


def fail_once():
    if current.retry_count == 0:
        raise RuntimeError("the first attempt fails")


class RetryJoins(FlowSpec):
    @retry(times=1, minutes_between_retries=0)
    @step
    def start(self):
        fail_once()
        self.next(self.fan, self.choose)

    @retry(times=1, minutes_between_retries=0)
    @step
    def fan(self):
        fail_once()
        self.items = [1, 2]
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.value = self.input
        self.next(self.collect)

    @retry(times=1, minutes_between_retries=0)
    @step
    def collect(self, inputs):
        fail_once()
        self.values = [i.value for i in inputs]
        self.next(self.join)

    @retry(times=1, minutes_between_retries=0)
    @step
    def choose(self):
        fail_once()
        self.case = "yes"
        self.next({"yes": self.yes, "no": self.no}, condition="case")

    @step
    def yes(self):
        self.values = ["yes"]
        self.next(self.merge)

    @step
    def no(self):
        self.values = ["no"]
        self.next(self.merge)

    @step
    def merge(self):
        self.next(self.join)

    @retry(times=1, minutes_between_retries=0)
    @step
    def join(self, inputs):
        fail_once()
        self.values = [inputs.collect.values, inputs.merge.values]
        self.next(self.end)

    @retry(times=1, minutes_between_retries=0)
    @step
    def end(self):
        fail_once()


if __name__ == "__main__":
    RetryJoins()
