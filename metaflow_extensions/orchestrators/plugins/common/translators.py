"""The class that decides what becomes of each step, where a setting names one."""

from __future__ import annotations

import importlib
from typing import TypeVar

from metaflow_provider.plan import Refusal

T = TypeVar("T")


def named_translator(setting: str, text: str | None, default: type[T], public_name: str) -> type[T]:
    """The translator class of a setting, or the default.

    Args:
        setting: its name, such as `METAFLOW_SFN_TRANSLATOR`.
        text: its value, as `module:Class`.
        default: class to derive from.
        public_name: what users import that as.

    Raises:
        Refusal: the setting does not name a translator.
    """
    if not text:
        return default
    module, _, name = text.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever the user's module does
        raise Refusal(
            f"{setting} is {text}, which cannot be imported: {error}", remedy="name a class as module:Class"
        ) from None
    if not (isinstance(found, type) and issubclass(found, default)):
        raise Refusal(
            f"{setting} names {text}, which is no translator", remedy=f"derive it from {public_name}"
        )
    return found
