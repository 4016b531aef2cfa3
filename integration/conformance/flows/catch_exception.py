"""@catch of an exception, with and without a variable, and after a retry."""

from metaflow import FlowSpec, catch, retry, step


class CatchException(FlowSpec):
    @step
    def start(self):
        self.next(self.plain)

    @catch(var="failure", print_exception=False)
    @step
    def plain(self):
        self.before = "kept"
        raise ValueError("caught at once")
        self.next(self.silent)

    @catch(print_exception=False)
    @step
    def silent(self):
        self.message = str(self.failure.exception)
        raise KeyError("never stored")
        self.next(self.after_retry)

    @catch(var="late", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def after_retry(self):
        raise ArithmeticError("fails on every attempt")
        self.next(self.end)

    @step
    def end(self):
        self.kinds = [self.failure.type, self.late.type]


if __name__ == "__main__":
    CatchException()
