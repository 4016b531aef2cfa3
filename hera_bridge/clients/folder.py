"""A folder of files, for those who deploy with kubectl, Kustomize, Argo CD or Flux."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from metaflow_provider.plan import Refusal

from .kinds import SECRET, Object, kind_of, name_of
from .yaml_text import to_yaml

KUSTOMIZATION = "kustomization.yaml"
_HEADER = "# Written by metaflow-orchestrators: edits are lost when the flow is compiled again.\n"


def write_objects(objects: Iterable[Object], folder: Path) -> list[Path]:
    """Write a file for each object, and one that lists them for Kustomize; returns the files.

    Files of earlier calls that are not written any more are removed; other people's stay. Secrets are not
    written.

    Args:
        objects: of a flow.
        folder: is made when it is not there.

    Raises:
        Refusal: the folder cannot be written to, or holds a file of that name that is somebody else's.

    Example:
        >>> [path.name for path in write_objects(bundle.objects(), Path("deploy"))]
        ['workflowtemplate-train.yaml', 'cronworkflow-train.yaml', 'kustomization.yaml']
    """
    texts = {_file(each): to_yaml(each) for each in objects if kind_of(each) is not SECRET}
    listed = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(texts),
    }
    texts[KUSTOMIZATION] = to_yaml(listed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in texts:
            _refuse_foreign(folder / name)
        for path in folder.glob("*.yaml"):
            if path.name not in texts and _is_ours(path):
                path.unlink()
        for name, text in texts.items():
            (folder / name).write_text(_HEADER + text, encoding="utf-8")
    except OSError as error:
        raise Refusal(
            f"the folder {folder} cannot be written to: {error.strerror}", remedy="choose another"
        ) from None
    return [folder / name for name in texts]


def _file(manifest: Object) -> str:
    return f"{kind_of(manifest).name.lower()}-{name_of(manifest)}.yaml"


def _refuse_foreign(path: Path) -> None:
    if path.exists() and not _is_ours(path):
        raise Refusal(
            f"{path} is there already, and was not written by metaflow-orchestrators",
            remedy="choose another folder, or remove the file",
        )


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline() == _HEADER
