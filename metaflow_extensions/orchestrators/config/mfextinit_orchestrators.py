"""Settings of this package, and one of Metaflow's that it fills in.

Every name here is a Metaflow configuration value: `METAFLOW_<NAME>` in the environment, or `<NAME>` in
Metaflow's configuration file.
"""

import os

from metaflow.metaflow_config_funcs import from_conf


def _user() -> str | None:
    """Root, or a container without USER, is nobody to Metaflow, and every command would be refused."""
    names = (os.environ.get(name) for name in ("SUDO_USER", "USERNAME", "USER"))
    configured: str | None = from_conf("USER")
    if configured or any(name and name != "root" for name in names):
        return configured
    return f"uid-{os.getuid()}"


USER = _user()

# Class that decides what becomes of a step on Step Functions, as `module:Class`; it derives from
# `sfn.translation.translator.Translator`.
SFN_TRANSLATOR = from_conf("SFN_TRANSLATOR")
# Platform of Batch job queues, EC2 or FARGATE, where no look at them is possible.
SFN_BATCH_PLATFORM = from_conf("SFN_BATCH_PLATFORM")
# ARN of the secret that holds METAFLOW_SERVICE_HEADERS for Batch jobs, as JSON.
SFN_SERVICE_HEADERS_SECRET = from_conf("SFN_SERVICE_HEADERS_SECRET")

# Class that decides what becomes of a step on Argo Workflows, as `module:Class`; it derives from
# `hera_bridge.Translator`.
ARGO_TRANSLATOR = from_conf("ARGO_TRANSLATOR")
# Secret of Kubernetes, and its key, that hold METAFLOW_SERVICE_HEADERS for pods, as JSON: `NAME/KEY`.
ARGO_SERVICE_HEADERS_SECRET = from_conf("ARGO_SERVICE_HEADERS_SECRET")
# Addresses of these services, where they are not the public ones; paths are appended.
ARGO_PAGER_DUTY_ENDPOINT = from_conf("ARGO_PAGER_DUTY_ENDPOINT")
ARGO_INCIDENT_IO_ENDPOINT = from_conf("ARGO_INCIDENT_IO_ENDPOINT")
