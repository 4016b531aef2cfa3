"""@catch of a SIGKILL: user attempts killed, then the fallback attempt succeeds."""

import os
import signal

from metaflow import FlowSpec, catch, retry, step


class CatchKill(FlowSpec):
    @step
    def start(self):
        self.next(self.killed)

    @catch(var="failure", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.end)

    @step
    def end(self):
        self.kind = self.failure.type


if __name__ == "__main__":
    CatchKill()
