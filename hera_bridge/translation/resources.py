"""What a pod asks of its node: processors, memory, disk, GPUs.

https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
"""

from __future__ import annotations

from hera.workflows import models
from hera.workflows.models.io.k8s.apimachinery.pkg.api.resource import Quantity

from metaflow_provider.plan import Step

from .attributes import mapping, number, refusal, whole_number


def resources(step: Step) -> models.ResourceRequirements:
    """The resources of a step's container, as stock Metaflow writes them: memory and disk in megabytes.

    Raises:
        Refusal: a quantity that is no number, or a quality of service that Kubernetes does not have.
    """
    attributes = step.compute.attributes
    asked = {
        "cpu": number(step, "cpu"),
        "memory": f"{number(step, 'memory')}M",
        "ephemeral-storage": f"{number(step, 'disk')}M",
    }
    extended = {name: str(count) for name, count in mapping(step, "extended_resources").items()}
    limits = {**(asked if _guaranteed(step) else {}), **extended}
    if attributes.get("gpu") is not None:
        limits[f"{attributes['gpu_vendor']}.com/gpu".lower()] = str(whole_number(step, "gpu"))
    return models.ResourceRequirements(
        requests=_quantities({**asked, **extended}), limits=_quantities(limits) if limits else None
    )


def _quantities(texts: dict[str, str]) -> dict[str, Quantity]:
    return {name: Quantity(root=text) for name, text in texts.items()}


def _guaranteed(step: Step) -> bool:
    quality = str(step.compute.attributes.get("qos") or "burstable").lower()
    if quality not in ("burstable", "guaranteed"):
        raise refusal(step, f"qos={quality} is not a quality of service", "use Burstable or Guaranteed")
    return quality == "guaranteed"
