"""Hostile text in a parameter's default: quotes, shell and template syntax, line ends, emoji."""

from metaflow import FlowSpec, Parameter, step

HOSTILE = (
    'it\'s "quoted" $HOME ${HOME} $(id) `id` \\n \\\\ %s %(x)s {{ dag.owner }} {% raw %} '
    "line\nbreak\ttab\r\n<&> ; | # ! * ? [a] ~ ñ 日本 😀 "
)


class HostileText(FlowSpec):
    text = Parameter("text", default=HOSTILE)

    @step
    def start(self):
        self.length = len(self.text)
        self.copy = self.text
        self.next(self.end)

    @step
    def end(self):
        self.bytes = self.copy.encode()


if __name__ == "__main__":
    HostileText()
