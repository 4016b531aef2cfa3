"""The process of the engine: moto's server with our Batch and the gaps of its interpreter filled."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from integration.harness.sfn import interpreter
from integration.harness.sfn.batch.runner import Runner, Site
from integration.harness.sfn.batch.service import Batch
from integration.harness.sfn.batch.stubs import Stubs
from integration.harness.sfn.control import CONTROL, Control
from integration.harness.sfn.environment import container_environment
from integration.harness.sfn.faults import Faults
from integration.harness.sfn.gateway import Gateway
from integration.harness.sfn.names import ACCOUNT, REGION
from integration.harness.sfn.resources import make_resources
from integration.harness.sfn.stores import publish, queue, secret


@dataclass(frozen=True)
class Settings:
    """How an engine runs.

    Args:
        folder: for logs of jobs, local metadata and Metaflow's home.
        port: on loopback; 0 for a free one.
        parallel: how many Batch jobs run at once.
        grace: seconds between SIGTERM and SIGKILL for a job.
        container: more variables for every container.
    """

    folder: Path
    port: int = 0
    parallel: int = 2
    grace: float = 5.0
    container: Mapping[str, str] = field(default_factory=dict)


class AwsServer:
    """moto and Batch in this process, answering in a thread; only one a process, since moto is global.

    Example:
        server = AwsServer(Settings(Path("engine")))
        print(server.url)
        server.close()
    """

    def __init__(self, settings: Settings) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for every request
        logging.getLogger("moto").setLevel(logging.CRITICAL)  # a failing state is news for the test alone
        default_user_config["stepfunctions"]["execute_state_machine"] = True
        self._settings = settings
        stubs, faults = Stubs(), Faults()
        site = Site(
            folder=settings.folder / "jobs",
            environment=self._environment,
            secret=secret,
            publish=publish,
            parallel=settings.parallel,
            grace=settings.grace,
            stubs=stubs,
        )
        self._runner = Runner(site)
        batch = Batch(f"arn:aws:batch:{REGION}:{ACCOUNT}:", queue, self._runner)
        interpreter.install(batch, faults)
        moto = DomainDispatcherApplication(create_backend_app)
        gateway = Gateway(moto, batch, faults, Control(self._runner, stubs, faults))
        self._http: BaseWSGIServer = make_server(
            "127.0.0.1", settings.port, gateway, threaded=True, request_handler=MotoRequestHandler
        )
        self.url = f"http://127.0.0.1:{self._http.port}"
        os.environ["MOTO_PORT"] = str(self._http.port)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        make_resources(self.url)

    def _environment(self, stream: str) -> dict[str, str]:
        return container_environment(
            self.url,
            self._settings.folder,
            str(Path(sys.executable).parent),
            {
                "ECS_CONTAINER_METADATA_URI_V4": f"{self.url}{CONTROL}container/{stream}",
                **self._settings.container,
            },
        )

    def close(self) -> None:
        """End the jobs that still run, and answer no more."""
        self._runner.close()
        self._http.shutdown()
