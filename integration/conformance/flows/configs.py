"""Configs: as an attribute, in decorators, in a parameter's default and parsed by a function."""

import os

from metaflow import Config, FlowSpec, Parameter, config_expr, environment, retry, step


def parse_pairs(text):
    return dict(pair.split("=") for pair in text.split(";"))


class Configs(FlowSpec):
    config = Config(
        "config", default_value={"times": 2, "vars": {"COLOUR": "blue"}, "deep": {"list": [1, None]}}
    )
    pairs = Config("pairs", default_value="a=1;b=2", parser=parse_pairs)
    limit = Parameter("limit", default=config_expr("config.times"))

    @retry(times=config_expr("config.times"), minutes_between_retries=0)
    @step
    def start(self):
        self.deep = self.config.deep.to_dict()
        self.first_pair = self.pairs["a"]
        self.next(self.coloured)

    @environment(vars=config_expr("config.vars"))
    @step
    def coloured(self):
        self.colour = os.environ["COLOUR"]
        self.times = self.config.times
        self.next(self.end)

    @step
    def end(self):
        self.sum = self.limit + self.times


if __name__ == "__main__":
    Configs()
