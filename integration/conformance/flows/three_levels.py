"""Three-level foreach, a static split in the innermost and in the middle body."""

from metaflow import FlowSpec, step


class ThreeLevels(FlowSpec):
    @step
    def start(self):
        self.outer = ["x", "y"]
        self.next(self.middle_fan, foreach="outer")

    @step
    def middle_fan(self):
        self.name_outer = self.input
        self.middle = [1, 2][: self.index + 1]
        self.next(self.middle_split, foreach="middle")

    @step
    def middle_split(self):
        self.number = self.input
        self.next(self.inner_fan, self.aside)

    @step
    def aside(self):
        self.note = f"aside {self.name_outer}{self.number}"
        self.next(self.middle_join)

    @step
    def inner_fan(self):
        self.inner = [True, False][: self.number]
        self.next(self.inner_split, foreach="inner")

    @step
    def inner_split(self):
        self.flag = self.input
        self.next(self.plus, self.minus)

    @step
    def plus(self):
        self.mark = f"+{self.name_outer}{self.number}{self.flag}"
        self.next(self.inner_join)

    @step
    def minus(self):
        self.mark = f"-{self.name_outer}{self.number}{self.flag}"
        self.next(self.inner_join)

    @step
    def inner_join(self, inputs):
        self.marks = [inputs.plus.mark, inputs.minus.mark]
        self.next(self.inner_collect)

    @step
    def inner_collect(self, inputs):
        self.marks = [i.marks for i in inputs]
        self.next(self.middle_join)

    @step
    def middle_join(self, inputs):
        self.marks = inputs.inner_collect.marks
        self.note = inputs.aside.note
        self.next(self.middle_collect)

    @step
    def middle_collect(self, inputs):
        self.rows = [(i.note, i.marks) for i in inputs]
        self.next(self.outer_collect)

    @step
    def outer_collect(self, inputs):
        self.rows = [i.rows for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ThreeLevels()
