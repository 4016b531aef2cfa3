"""Logs: lines on stdout and stderr, unusual ones too."""

import os
import subprocess
import sys

from metaflow import FlowSpec, step


class Prints(FlowSpec):
    @step
    def start(self):
        print("to stdout")
        print("to stderr", file=sys.stderr)
        print("ñ 日本 😀")
        print("a\nb")
        sys.stdout.flush()
        subprocess.run(["echo", "from a child process"], check=True)
        os.write(1, b"without a line end")
        self.next(self.end)

    @step
    def end(self):
        print("x" * 10_000)


if __name__ == "__main__":
    Prints()
