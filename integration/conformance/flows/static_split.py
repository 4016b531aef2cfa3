"""Static split: three branches of different lengths and their join."""

from metaflow import FlowSpec, step


class StaticSplit(FlowSpec):
    @step
    def start(self):
        self.base = 10
        self.next(self.fan)

    @step
    def fan(self):
        self.next(self.add, self.double, self.square)

    @step
    def add(self):
        self.result = self.base + 1
        self.next(self.collect)

    @step
    def double(self):
        self.result = self.base * 2
        self.next(self.halve)

    @step
    def halve(self):
        self.result = self.result // 2
        self.next(self.collect)

    @step
    def square(self):
        self.result = self.base**2
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.results = [inputs.add.result, inputs.halve.result, inputs.square.result]
        self.next(self.end)

    @step
    def end(self):
        self.total = sum(self.results)


if __name__ == "__main__":
    StaticSplit()
