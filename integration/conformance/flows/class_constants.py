"""Class-level constants, a property and an inherited step."""

from metaflow import FlowSpec, step


class Base(FlowSpec):
    LIMIT = 3
    names = ("a", "b")

    @step
    def start(self):
        self.first = self.names[0]
        self.next(self.work)

    @property
    def doubled(self):
        return self.LIMIT * 2


class ClassConstants(Base):
    LIMIT = 4

    @step
    def work(self):
        self.value = self.doubled
        self.next(self.end)

    @step
    def end(self):
        self.last = self.names[-1]


if __name__ == "__main__":
    ClassConstants()
