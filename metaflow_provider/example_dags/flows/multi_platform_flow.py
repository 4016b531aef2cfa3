"""The smallest flow with a schedule; it runs on every engine as it is."""

from metaflow import FlowSpec, schedule, step


@schedule(daily=True)
class MultiPlatformFlow(FlowSpec):
    """One flow for several engines."""

    @step
    def start(self):
        """Go on."""
        self.next(self.process)

    @step
    def process(self):
        """Do the work."""
        self.processed = True
        self.next(self.end)

    @step
    def end(self):
        """Nothing is left to do."""


if __name__ == "__main__":
    MultiPlatformFlow()
