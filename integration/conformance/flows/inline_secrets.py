"""@secrets from the inline source."""

import os

from metaflow import FlowSpec, secrets, step

SOURCE = {"type": "inline", "id": "pair", "options": {"env_vars": {"API_USER": "me", "API_KEY": "k$y 'x'"}}}


class InlineSecrets(FlowSpec):
    @secrets(sources=[SOURCE])
    @step
    def start(self):
        self.with_secret = (os.environ["API_USER"], os.environ["API_KEY"])
        self.next(self.end)

    @step
    def end(self):
        self.without = os.environ.get("API_KEY")


if __name__ == "__main__":
    InlineSecrets()
