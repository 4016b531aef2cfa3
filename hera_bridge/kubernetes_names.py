"""What Kubernetes takes for names of objects, labels and volumes.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

from __future__ import annotations

import re

_OBJECT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VOLUME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def is_name(text: str) -> bool:
    """Whether an object can have this name."""
    return _OBJECT.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Whether a label can have this value."""
    return _LABEL.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Whether a label or an annotation can have this name."""
    return _KEY.fullmatch(text) is not None


def is_volume(text: str) -> bool:
    """Whether a volume can have this name."""
    return _VOLUME.fullmatch(text) is not None
