"""@parallel with @retry: every node fails on the first attempt."""

from metaflow import FlowSpec, current, parallel, retry, step


class GangRetried(FlowSpec):
    @step
    def start(self):
        self.next(self.train, num_parallel=2)

    @retry(times=1, minutes_between_retries=0)
    @parallel
    @step
    def train(self):
        if current.retry_count == 0:
            raise RuntimeError("the first attempt fails")
        self.mark = (current.parallel.node_index, current.retry_count)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GangRetried()
