"""Parameters of every kind, read in the first, the last and a join step."""

import os

from metaflow import FlowSpec, IncludeFile, JSONType, Parameter, step

POEM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "poem.txt")


def deploy_time_default(context):
    return f"{context.flow_name} {context.parameter_name}"


def deploy_time_number(context):
    return 7


class EveryParameter(FlowSpec):
    text = Parameter("text", default="plain")
    empty = Parameter("empty", default="")
    whole = Parameter("whole", default=3)
    zero = Parameter("zero", default=0)
    real = Parameter("real", default=0.25)
    yes = Parameter("yes", default=True)
    no = Parameter("no", default=False)
    typed = Parameter("typed", type=int, default=None)
    document = Parameter("document", type=JSONType, default='{"a": [1, null, {"b": false}]}')
    mapping = Parameter("mapping", type=JSONType, default={"k": ["v", 1.5]})
    listing = Parameter("listing", default="a,b,c", separator=",")
    poem = IncludeFile("poem", default=POEM)
    raw = IncludeFile("raw", default=POEM, is_text=False)
    stamp = Parameter("stamp", default=deploy_time_default)
    number = Parameter("number", type=int, default=deploy_time_number)
    dashed = Parameter("dashed-name", default="dash")

    @step
    def start(self):
        self.seen = {
            "text": (self.text, self.empty),
            "numbers": (self.whole, self.zero, self.real, self.typed, self.number),
            "flags": (self.yes, self.no),
            "json": (self.document, self.mapping, self.listing),
            "files": (self.poem, self.raw),
            "other": (self.stamp, self.dashed),
        }
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.in_join = (self.text, self.whole, self.document)
        self.next(self.end)

    @step
    def end(self):
        self.at_end = (self.no, self.poem)


if __name__ == "__main__":
    EveryParameter()
