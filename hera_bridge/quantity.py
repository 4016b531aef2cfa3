"""Quantities of Kubernetes as numbers.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

_UNITS = {"m": "0.001", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15", "E": "1e18"}
_UNITS |= {f"{unit}i": str(1024**power) for power, unit in enumerate("KMGTPE", start=1)}


def quantity(value: Any) -> Decimal | None:
    """A number with or without a unit; `None` when it is none.

    Example:
        >>> quantity("500m"), quantity("1Ki"), quantity("much")
        (Decimal('0.500'), Decimal('1024'), None)
    """
    text = str(value)
    unit = text.lstrip("0123456789.-")
    try:
        return Decimal(text.removesuffix(unit)) * Decimal(_UNITS[unit] if unit else 1)
    except (InvalidOperation, KeyError):
        return None
