"""Flow mutator, step mutator and user step decorator: what they add is not in the steps' text."""

import os

from metaflow import (
    Config,
    FlowMutator,
    FlowSpec,
    Parameter,
    StepMutator,
    current,
    environment,
    step,
    user_step_decorator,
)


class AddGreeting(FlowMutator):
    """Adds the parameter `greeting`, and @retry to the steps that the config names."""

    def pre_mutate(self, mutable_flow):
        settings = dict(mutable_flow.configs)["settings"]
        mutable_flow.add_parameter("greeting", Parameter("greeting", default=settings.greeting))
        for name, mutable_step in mutable_flow.steps:
            if name in settings.flaky:
                mutable_step.add_decorator("retry", deco_kwargs={"times": 1, "minutes_between_retries": 0})


class Coloured(StepMutator):
    """Gives the step an environment variable."""

    def init(self, colour):
        self.colour = colour

    def mutate(self, mutable_step):
        mutable_step.add_decorator(environment, deco_kwargs={"vars": {"COLOUR": self.colour}})


@user_step_decorator
def traced(step_name, flow, inputs):
    flow.entered = step_name
    yield
    flow.left = step_name


@AddGreeting
class Mutators(FlowSpec):
    settings = Config("settings", default_value={"greeting": "hello", "flaky": ["work"]})

    @step
    def start(self):
        self.next(self.work)

    @traced
    @Coloured("green")
    @step
    def work(self):
        if current.retry_count == 0:
            raise RuntimeError("the first attempt fails")
        self.text = f"{self.greeting} {os.environ['COLOUR']}"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Mutators()
