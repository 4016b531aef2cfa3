"""Switch on keys that are no strings: integers, and booleans in a second switch."""

from metaflow import FlowSpec, Parameter, step


class SwitchKeys(FlowSpec):
    level = Parameter("level", default=1)

    @step
    def start(self):
        self.next({1: self.one, 2: self.two}, condition="level")

    @step
    def one(self):
        self.even = False
        self.next(self.parity)

    @step
    def two(self):
        self.even = True
        self.next(self.parity)

    @step
    def parity(self):
        self.next({True: self.even_step, False: self.odd_step}, condition="even")

    @step
    def even_step(self):
        self.text = "even"
        self.next(self.end)

    @step
    def odd_step(self):
        self.text = "odd"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchKeys()
