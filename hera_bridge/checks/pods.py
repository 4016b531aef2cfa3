"""Pods: what Kubernetes refuses only when a run makes one, which no dry run of a WorkflowTemplate tells.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..kubernetes_names import is_key, is_label, is_name, is_volume
from ..quantity import quantity
from .finding import Finding
from .workflow import Data, Workflow

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_EFFECTS = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_ADMIN = {"SYS_ADMIN", "CAP_SYS_ADMIN"}
_HIGHEST_PORT = 65535


def findings(workflow: Workflow) -> Iterator[Finding]:
    """What is wrong with the pods of templates, at the first of those that have it."""
    defaults, shared = workflow.spec.get("templateDefaults", {}), workflow.spec.get("volumes", [])
    places: dict[tuple[str, str], list[str]] = {}
    for name, template in workflow.by_name.items():
        for found in _of_template(_with_defaults(template, defaults), shared):
            places.setdefault(found, []).append(name)
    for (rule, message), names in places.items():
        more = f" (and in {len(names) - 1} more templates)" if len(names) > 1 else ""
        yield Finding(workflow.object, f"template {names[0]!r}", rule, message + more)


def _with_defaults(template: Data, defaults: Data) -> Data:
    if "container" not in template:
        return template
    return {**template, "container": {**defaults.get("container", {}), **template["container"]}}


def _of_template(template: Data, shared: list[Data]) -> Iterator[tuple[str, str]]:
    container = template.get("container", {})
    metadata = template.get("metadata", {})
    yield from _labels("label", metadata.get("labels", {}))
    yield from _labels("label of a node", template.get("nodeSelector", {}))
    yield from _keys("annotation", metadata.get("annotations", {}))
    yield from _tolerations(template.get("tolerations", []))
    yield from _volumes(template.get("volumes", []), shared, container.get("volumeMounts", []))
    yield from _resources(container.get("resources", {}))
    yield from _security(container.get("securityContext", {}))
    for source in container.get("envFrom", []):
        secret = source.get("secretRef", {}).get("name", "")
        if secret and not is_name(secret):
            yield "secret-name", f"{secret!r} is no name of a Secret"
    policy = container.get("imagePullPolicy", _PULL_POLICIES[0])
    if policy not in _PULL_POLICIES:
        yield "pull-policy", f"{policy!r} is none of {', '.join(_PULL_POLICIES)}"
    for port in container.get("ports", []):
        if not 1 <= port["containerPort"] <= _HIGHEST_PORT:
            yield "port", f"{port['containerPort']} is no port, which is 1 to {_HIGHEST_PORT}"


def _labels(what: str, given: Data) -> Iterator[tuple[str, str]]:
    yield from _keys(what, given)
    for key, value in given.items():
        if "{{" not in str(value) and not is_label(str(value)):
            yield "label-value", f"{value!r} cannot be the value of the {what} {key!r}"


def _keys(what: str, given: Data) -> Iterator[tuple[str, str]]:
    for key in given:
        if not is_key(key):
            yield "label-key", f"{key!r} cannot be the name of a {what}"


def _tolerations(given: list[Data]) -> Iterator[tuple[str, str]]:
    for each in given:
        operator, effect = each.get("operator", "Equal"), each.get("effect", "")
        if operator not in ("Equal", "Exists"):
            yield "toleration", f"the operator {operator!r} is none of Equal, Exists"
        if operator == "Exists" and each.get("value"):
            yield "toleration", f"with the operator Exists there is no value, such as {each['value']!r}"
        if operator == "Equal" and not each.get("key"):
            yield "toleration", "without a key the operator has to be Exists"
        if effect not in _EFFECTS:
            yield "toleration", f"{effect!r} is none of {', '.join(filter(None, _EFFECTS))}"
        if each.get("tolerationSeconds") is not None and effect != "NoExecute":
            yield "toleration", "tolerationSeconds is for the effect NoExecute alone"


def _volumes(volumes: list[Data], shared: list[Data], mounts: list[Data]) -> Iterator[tuple[str, str]]:
    names = [str(each.get("name", "")) for each in volumes]
    for name, count in Counter(names).items():
        if count > 1:
            yield "volume", f"there are {count} volumes {name!r}"
        if not is_volume(name):
            yield "volume", f"{name!r} is no name of a volume, which has small letters, digits and '-'"
    known = {*names, *(str(each.get("name", "")) for each in shared)}
    for path, count in Counter(str(each.get("mountPath", "")) for each in mounts).items():
        if count > 1:
            yield "mount", f"there are {count} mounts at {path!r}"
        if not path or ":" in path:
            yield "mount", f"{path!r} is no path to mount a volume at"
    for each in mounts:
        if each["name"] not in known:
            yield "mount", f"there is no volume {each['name']!r}"


def _resources(given: Data) -> Iterator[tuple[str, str]]:
    requests, limits = given.get("requests", {}), given.get("limits", {})
    for section, values in (("requests", requests), ("limits", limits)):
        for name, value in values.items():
            if (number := quantity(value)) is None or number < 0:
                yield "quantity", f"{section} of {name}: {value!r} is no quantity"
            elif _is_extended(name) and number != int(number):
                yield "quantity", f"{section} of {name}: {value!r} is not a whole number"
    for name in requests:
        least, most = quantity(requests[name]), quantity(limits.get(name))
        if least is not None and most is not None and least > most:
            yield "limit", f"{name}: the request {requests[name]} is above the limit {limits[name]}"
        if _is_extended(name) and least != most:
            yield "limit", f"{name}: request and limit have to be the same"


def _is_extended(resource: str) -> bool:
    """Whether a resource is none of Kubernetes' own, such as a vendor's GPUs."""
    return "/" in resource and not resource.split("/")[0].endswith("kubernetes.io")


def _security(context: Data) -> Iterator[tuple[str, str]]:
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            yield "security-context", "privileged does not go with allowPrivilegeEscalation: false"
        if _ADMIN & set(context.get("capabilities", {}).get("add", [])):
            yield "security-context", "CAP_SYS_ADMIN does not go with allowPrivilegeEscalation: false"
    if context.get("runAsNonRoot") and context.get("runAsUser") == 0:
        yield "security-context", "runAsUser: 0 does not go with runAsNonRoot"
