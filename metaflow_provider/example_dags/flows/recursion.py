"""A step that leads to itself until a condition is met: a loop whose length nobody knows before."""

from metaflow import FlowSpec, Parameter, step


class RecursionFlow(FlowSpec):
    """The square root of a number by Newton's method."""

    number = Parameter("number", help="Number to take the root of", default=2.0)

    @step
    def start(self):
        """Begin with the number itself."""
        self.root = self.number
        self.rounds = 0
        self.next(self.improve)

    @step
    def improve(self):
        """Take a better value, until it is good enough."""
        self.root = (self.root + self.number / self.root) / 2
        self.rounds += 1
        self.more = "yes" if abs(self.root**2 - self.number) > 1e-9 else "no"
        self.next({"yes": self.improve, "no": self.end}, condition="more")

    @step
    def end(self):
        """Show the root."""
        print(f"The root of {self.number} is {self.root:.9f}, found in {self.rounds} rounds")


if __name__ == "__main__":
    RecursionFlow()
