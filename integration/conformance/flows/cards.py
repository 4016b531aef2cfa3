"""@card: the default card, one with an id and components, and cards inside a foreach."""

from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class Cards(FlowSpec):
    @card
    @step
    def start(self):
        self.items = ["a", "b"]
        self.next(self.body, foreach="items")

    @card(type="blank", id="notes")
    @card(type="blank", id="more")
    @step
    def body(self):
        current.card["notes"].append(Markdown(f"# item {self.input}"))
        current.card["more"].append(Markdown("more"))
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Cards()
