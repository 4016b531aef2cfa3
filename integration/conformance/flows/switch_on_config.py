"""Switch whose keys are values of a config."""

from metaflow import Config, FlowSpec, step


class SwitchOnConfig(FlowSpec):
    names = Config("names", default_value={"first": "alpha", "second": "beta"})

    @step
    def start(self):
        self.case = "beta"
        self.next({self.names.first: self.one, self.names.second: self.two}, condition="case")

    @step
    def one(self):
        self.mark = 1
        self.next(self.end)

    @step
    def two(self):
        self.mark = 2
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchOnConfig()
