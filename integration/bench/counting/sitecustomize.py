"""Notes every start of Python. Its folder is put on PYTHONPATH, so that the interpreter imports it first."""

import os
import sys

if "BENCH_STARTS" in os.environ:
    with open(os.environ["BENCH_STARTS"], "a") as starts:
        starts.write(" ".join(sys.orig_argv).replace("\n", " ") + "\n")
