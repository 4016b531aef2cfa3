"""Foreach over what is no list: a string, a dict, a range, and items that are false."""

from metaflow import FlowSpec, step


class ForeachIterables(FlowSpec):
    @step
    def start(self):
        self.next(self.over_string, self.over_dict, self.over_range, self.over_false)

    @step
    def over_string(self):
        self.items = "añ😀"
        self.next(self.string_item, foreach="items")

    @step
    def string_item(self):
        self.mark = self.input
        self.next(self.string_join)

    @step
    def string_join(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.join)

    @step
    def over_dict(self):
        self.items = {0: "zero", 1: "one"}
        self.next(self.dict_item, foreach="items")

    @step
    def dict_item(self):
        self.mark = self.input
        self.next(self.dict_join)

    @step
    def dict_join(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.join)

    @step
    def over_range(self):
        self.items = range(7, 9)
        self.next(self.range_item, foreach="items")

    @step
    def range_item(self):
        self.mark = self.input
        self.next(self.range_join)

    @step
    def range_join(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.join)

    @step
    def over_false(self):
        self.items = [None, 0, "", False]
        self.next(self.false_item, foreach="items")

    @step
    def false_item(self):
        self.mark = self.input
        self.next(self.false_join)

    @step
    def false_join(self, inputs):
        self.marks = [i.mark for i in inputs]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.marks = [
            inputs.string_join.marks,
            inputs.dict_join.marks,
            inputs.range_join.marks,
            inputs.false_join.marks,
        ]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachIterables()
