"""Kubernetes with Argo Workflows on this machine.

    python -m integration.harness.cluster build|up [--argo 4.0.2] [--with jobset]
    python -m integration.harness.cluster down|status [--argo 4.0.2] [--json]
    python -m integration.harness.cluster exec [--argo 4.0.2] COMMAND ...

`up` builds what is missing: some 12 minutes on two cores the first time, then seconds. `exec` runs a command
in the cluster's network, with all that Metaflow, boto3, kubectl and argo need to use it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict

from integration.harness.cluster.kubectl import KubectlError
from integration.harness.cluster.layout import ARGO_VERSIONS
from integration.harness.cluster.local import PARTS, LocalCluster
from integration.harness.process import Missing, NotStarted, base_env

PROGRAM = "python -m integration.harness.cluster"


def build(cluster: LocalCluster, arguments: argparse.Namespace) -> None:
    """Install packages, build programs and images into the cache."""
    cluster.build(arguments.parts)


def up(cluster: LocalCluster, arguments: argparse.Namespace) -> None:
    """Build what is missing and start the cluster."""
    started = time.monotonic()
    cluster.up(arguments.parts)
    print(f"Argo Workflows {arguments.argo} is up after {time.monotonic() - started:.1f} s")
    print(f"a command in its network: {PROGRAM} exec --argo {arguments.argo} COMMAND ...")


def down(cluster: LocalCluster, arguments: argparse.Namespace) -> None:
    """End the cluster and take away what it has stored."""
    cluster.down()


def status(cluster: LocalCluster, arguments: argparse.Namespace) -> None:
    """Show what runs of it."""
    found = cluster.status()
    if arguments.json:
        print(json.dumps(asdict(found)))
        return
    print(f"Argo Workflows {found.argo}: {'up' if found.up else 'down'}")
    for name, process in found.processes.items():
        print(f"  {name:<26}pid {process.pid:<8}{process.mebibytes:>6} MiB")
    if found.up:
        print(f"  kubeconfig {found.kubeconfig}, network namespace {found.network}")


def execute(cluster: LocalCluster, arguments: argparse.Namespace) -> None:
    """Run a command in its network."""
    if not cluster.is_up():
        raise Missing(
            f"the cluster with Argo {arguments.argo} is not up: {PROGRAM} up --argo {arguments.argo}"
        )
    env = {**base_env(), **cluster.env}
    env["PATH"] = f"{cluster.path}{os.pathsep}{env['PATH']}"
    inside = cluster.command(arguments.command)
    os.execvpe(inside[0], inside, env)


def main() -> None:
    arguments = _parser().parse_args()
    try:
        arguments.action(LocalCluster(arguments.argo), arguments)
    except (Missing, NotStarted, KubectlError) as error:
        sys.exit(f"cluster: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=(__doc__ or "").split("\n")[0])
    actions = parser.add_subparsers(required=True, metavar="build|up|down|status|exec")
    for name, action in {"build": build, "up": up, "down": down, "status": status, "exec": execute}.items():
        command = actions.add_parser(name, help=action.__doc__, description=action.__doc__)
        command.set_defaults(action=action)
        command.add_argument("--argo", choices=ARGO_VERSIONS, default=ARGO_VERSIONS[0], help="its version")
        if action in (build, up):
            wanted = "what is wanted beside Argo Workflows; jobset brings dns with it"
            command.add_argument(
                "--with", dest="parts", action="append", default=[], choices=PARTS, help=wanted
            )
        if action is status:
            command.add_argument("--json", action="store_true", help="for programs")
        if action is execute:
            command.add_argument("command", nargs=argparse.REMAINDER, help="with its arguments")
    return parser


main()
