"""A daily run that works on ten numbers in parallel: a foreach and its join."""

from metaflow import FlowSpec, resources, schedule, step


@schedule(daily=True)
class StepFunctionsFlow(FlowSpec):
    """Daily data processing pipeline."""

    @step
    def start(self):
        """Make the data: one task of `process` for each item."""
        self.data = list(range(10))
        self.next(self.process, foreach="data")

    @resources(memory=4000, cpu=2)
    @step
    def process(self):
        """Double one item."""
        self.result = self.input * 2
        self.next(self.join)

    @step
    def join(self, inputs):
        """Collect the results, in the order of the data."""
        self.results = [inp.result for inp in inputs]
        self.next(self.end)

    @step
    def end(self):
        """Say how many there were."""
        print(f"Processed {len(self.results)} items")


if __name__ == "__main__":
    StepFunctionsFlow()
