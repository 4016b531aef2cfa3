"""A schedule in a time zone: every six hours by the clocks of New York."""

from metaflow import FlowSpec, resources, schedule, step


@schedule(cron="0 */6 * * *", timezone="America/New_York")
class ArgoFlow(FlowSpec):
    """Run every 6 hours in Eastern Time."""

    @step
    def start(self):
        """Make a training set that a line fits exactly."""
        self.points = [(x, 3 * x + 1) for x in range(20)]
        self.next(self.train)

    @resources(cpu=1, memory=1000)
    @step
    def train(self):
        """Fit the line."""
        self.model = self.train_model()
        self.next(self.end)

    @step
    def end(self):
        """Show the model."""
        print(f"Training complete: {self.model}")

    def train_model(self):
        """Slope and intercept by least squares."""
        count = len(self.points)
        mean_x = sum(x for x, _ in self.points) / count
        mean_y = sum(y for _, y in self.points) / count
        covariance = sum((x - mean_x) * (y - mean_y) for x, y in self.points)
        variance = sum((x - mean_x) ** 2 for x, _ in self.points)
        slope = covariance / variance
        return {"slope": slope, "intercept": mean_y - slope * mean_x}


if __name__ == "__main__":
    ArgoFlow()
