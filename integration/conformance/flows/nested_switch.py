"""Nested switch: a switch in a branch of a switch."""

from metaflow import FlowSpec, Parameter, step


class NestedSwitch(FlowSpec):
    outer = Parameter("outer", default="deep")
    inner = Parameter("inner", default="a")

    @step
    def start(self):
        self.next({"deep": self.deep, "flat": self.flat}, condition="outer")

    @step
    def deep(self):
        self.next({"a": self.leaf_a, "b": self.leaf_b}, condition="inner")

    @step
    def leaf_a(self):
        self.leaf = "a"
        self.next(self.after_deep)

    @step
    def leaf_b(self):
        self.leaf = "b"
        self.next(self.after_deep)

    @step
    def after_deep(self):
        self.leaf = f"deep {self.leaf}"
        self.next(self.merge)

    @step
    def flat(self):
        self.leaf = "flat"
        self.next(self.merge)

    @step
    def merge(self):
        self.leaf = f"merged {self.leaf}"
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NestedSwitch()
