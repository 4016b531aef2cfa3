"""Custom start and end: marked steps instead of the names start and end."""

from metaflow import FlowSpec, step


class CustomEnds(FlowSpec):
    @step(start=True)
    def load(self):
        self.rows = [3, 1, 2]
        self.next(self.sort)

    @step
    def sort(self):
        self.rows = sorted(self.rows)
        self.next(self.publish)

    @step(end=True)
    def publish(self):
        self.first = self.rows[0]


if __name__ == "__main__":
    CustomEnds()
