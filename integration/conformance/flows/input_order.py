"""Order of a join's inputs: a foreach by index; a static split has no order of its own in `run`."""

from metaflow import FlowSpec, step


class InputOrder(FlowSpec):
    @step
    def start(self):
        self.items = list(range(12))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.number = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.numbers = [i.number for i in inputs]
        self.next(self.fan)

    @step
    def fan(self):
        self.next(self.zebra, self.apple, self.mango)

    @step
    def zebra(self):
        self.name_of = "zebra"
        self.next(self.join)

    @step
    def apple(self):
        self.name_of = "apple"
        self.next(self.join)

    @step
    def mango(self):
        self.name_of = "mango"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.names = [i.name_of for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    InputOrder()
