"""One corpus of flows for every engine, and the comparison of its runs with `python flow.py run`."""
