"""The flow's code package: built once, its address known before it is uploaded."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .datastore import check_address
from .generated import is_generated

if TYPE_CHECKING:
    from metaflow_provider.plan.model import CodePackage

# Holds user name, Python's patch version and git state: not what is deployed.
_INFO_FILE = ".mf_meta/INFO"


@dataclass(frozen=True)
class BuiltPackage:
    """A package that is not in the datastore yet."""

    description: CodePackage
    blob: bytes

    def same_as(self, sha: str, flow_datastore: Any) -> BuiltPackage:
        """This package under the address of another one, if that is in the datastore with the same files.

        Metaflow's INFO file names user, Python and git state, so the same files have many addresses.
        """
        own = self.description
        if sha in ("", own.sha) or not _holds(flow_datastore, sha, own.digest):
            return self

        def moved(text: str) -> str:
            return text.replace(f"{own.sha[:2]}/{own.sha}", f"{sha[:2]}/{sha}")

        commands = tuple(map(moved, own.commands))
        return replace(self, description=replace(own, url=moved(own.url), sha=sha, commands=commands))

    def upload(self, flow_datastore: Any) -> None:
        """Save it; does nothing if the datastore has it, or another package with the same files is used."""
        if hashlib.sha1(self.blob).hexdigest() != self.description.sha:
            return
        flow_datastore.save_data([self.blob], len_hint=1)


def _holds(flow_datastore: Any, sha: str, digest: str) -> bool:
    """Whether the datastore has a package of these files at this address."""
    store = flow_datastore.ca_store
    path = store._storage_impl.path_join(store._prefix, sha[:2], sha)
    if not all(store._storage_impl.is_file([path])):
        return False
    [(_, blob)] = flow_datastore.load_data([sha], force_raw=True)
    return hashlib.sha1(blob).hexdigest() == sha and files_digest(blob) == digest


def build_package(state: Any, *, for_containers: bool = False) -> BuiltPackage:
    """Pack the flow. Metaflow makes the environment of conda, pypi and uv steps on the way.

    Args:
        state: the `obj` of a click command of Metaflow's.
        for_containers: the description says how a container fetches the package.

    Raises:
        Refusal: the datastore's root is no address.
    """
    check_address(state.flow_datastore)
    from metaflow.package import MetaflowPackage

    from metaflow_provider.plan.model import CodePackage

    class Package(MetaflowPackage):
        """Without generated files: they hold the package's address, which would change with every one."""

        def _user_code_tuples(self) -> Iterator[tuple[str, str]]:
            found = super()._user_code_tuples()
            return ((path, name) for path, name in found if not is_generated(path))

    state.package = package = Package(
        state.flow, state.environment, state.echo, suffixes=state.package_suffixes, flow_datastore=None
    )
    blob = bytes(package.blob)
    sha = hashlib.sha1(blob).hexdigest()
    store = state.flow_datastore.ca_store
    path = store._storage_impl.path_join(store._prefix, sha[:2], sha)
    exports = MetaflowPackage.get_post_extract_env_vars(package.package_metadata, dest_dir="{dir}")
    url = store._storage_impl.full_uri(path)
    commands = _container_commands(state, url, package.package_metadata) if for_containers else ()
    description = CodePackage(
        url=url,
        sha=sha,
        digest=files_digest(blob),
        metadata=package.package_metadata,
        exports={name.removesuffix(":"): value for name, value in exports.items()},
        commands=commands,
    )
    return BuiltPackage(description, blob)


def _container_commands(state: Any, url: str, metadata: str) -> tuple[str, ...]:
    """Metaflow's bash lines that fetch and unpack the package, without those that keep logs."""
    from metaflow.mflog import BASH_FLUSH_LOGS, BASH_MFLOG

    lines = state.environment.get_package_commands(url, state.flow_datastore.TYPE, metadata)
    return tuple(line for line in lines if line not in (BASH_MFLOG, BASH_FLUSH_LOGS))


def files_digest(blob: bytes) -> str:
    """sha256 over names and contents of the packed files, without Metaflow's INFO."""
    with tarfile.open(fileobj=io.BytesIO(blob)) as archive:
        hashes = {
            member.name: hashlib.sha256(content.read()).hexdigest()
            for member in archive
            if member.name != _INFO_FILE and (content := archive.extractfile(member)) is not None
        }
    return hashlib.sha256(
        "".join(f"{name}\0{hashes[name]}\n" for name in sorted(hashes)).encode()
    ).hexdigest()
