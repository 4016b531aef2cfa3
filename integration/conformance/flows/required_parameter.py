"""Required parameters, without a default."""

from metaflow import FlowSpec, JSONType, Parameter, step


class RequiredParameter(FlowSpec):
    text = Parameter("text", required=True)
    count = Parameter("count", type=int, required=True)
    flag = Parameter("flag", type=bool, required=True)
    data = Parameter("data", type=JSONType, required=True)

    @step
    def start(self):
        self.seen = [self.text, self.count, self.flag, self.data]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RequiredParameter()
