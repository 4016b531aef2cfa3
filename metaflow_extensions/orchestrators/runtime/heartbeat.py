"""Tells the metadata service that a run is alive: an entry like `container`.

Runs beside the tasks until it is ended. The request is that of the flow's tasks (`container.REQUEST`).
"""

from __future__ import annotations

import os
import signal
import sys
from types import SimpleNamespace
from typing import Any

from .container import REQUEST, RUN
from .request import TaskRequest, parse_request


def main() -> int:
    """Register the run and keep it alive; returns when it is told to end."""
    request = parse_request(os.environ[REQUEST], run_id=os.environ[RUN], step="")
    # Before Metaflow starts processes and threads, which are to leave these signals alone, too.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    provider = _provider(request)
    provider.register_run_id(request.run_id, list(request.tags))
    provider.start_run_heartbeat(request.flow, request.run_id)
    print(f"Run {request.flow}/{request.run_id} is alive", flush=True)
    signal.sigwait(ends)
    provider.stop_heartbeat()
    return 0


def _provider(request: TaskRequest) -> Any:
    from metaflow.event_logger import NullEventLogger
    from metaflow.metaflow_config import DEFAULT_METADATA
    from metaflow.metaflow_environment import MetaflowEnvironment
    from metaflow.monitor import NullMonitor
    from metaflow.plugins import METADATA_PROVIDERS

    provider = next(each for each in METADATA_PROVIDERS if each.TYPE == DEFAULT_METADATA)
    flow = SimpleNamespace(name=request.flow)
    return provider(MetaflowEnvironment(flow), flow, NullEventLogger(flow, {}), NullMonitor(flow, {}))


if __name__ == "__main__":
    sys.exit(main())
