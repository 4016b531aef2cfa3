"""A switch: which step comes next is decided as the flow runs; the others are skipped."""

from metaflow import FlowSpec, Parameter, step


class SwitchFlow(FlowSpec):
    """Review an order by its amount."""

    amount = Parameter("amount", help="Amount of the order", default=250)

    @step
    def start(self):
        """Choose the way by the amount."""
        self.size = "small" if self.amount < 1000 else "large"
        self.next({"small": self.approve, "large": self.review}, condition="size")

    @step
    def approve(self):
        """Small orders pass."""
        self.decision = "approved"
        self.next(self.end)

    @step
    def review(self):
        """Large ones are looked at."""
        self.decision = "approved after review" if self.amount < 10_000 else "rejected"
        self.next(self.end)

    @step
    def end(self):
        """Show the decision."""
        print(f"An order of {self.amount} is {self.decision}")


if __name__ == "__main__":
    SwitchFlow()
