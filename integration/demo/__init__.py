"""`make demo`: flows on a real engine on this machine, compared with `python flow.py run`."""
