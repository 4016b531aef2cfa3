"""Puts a function in the place of one of moto's."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_out_of_modules: list[tuple[str, Any]] = []


def replaces(owner: Any) -> Callable[[Function], Function]:
    """Let the decorated function take the place of the one of the same name in a class or module of moto.

    Raises:
        AttributeError: moto has no such function.

    Example:
        @replaces(StateTaskService)
        def _normalise_parameters(self: Any, parameters: dict[str, Any]) -> None: ...
    """

    def put(function: Function) -> Function:
        old = getattr(owner, function.__name__)
        if isinstance(owner, ModuleType):
            _out_of_modules.append((function.__name__, old))
        if isinstance(inspect.getattr_static(owner, function.__name__), staticmethod):
            setattr(owner, function.__name__, staticmethod(function))
        else:
            setattr(owner, function.__name__, function)
        return function

    return put


def adds(owner: Any) -> Callable[[Function], Function]:
    """Give a class of moto the decorated function, which it has not."""

    def put(function: Function) -> Function:
        setattr(owner, function.__name__, function)
        return function

    return put


def check_bindings() -> None:
    """See to it that no module of moto had bound a function before its place was taken.

    Raises:
        RuntimeError: one had.
    """
    for module in [module for name, module in sys.modules.items() if name.startswith("moto.stepfunctions.")]:
        for name, old in _out_of_modules:
            if getattr(module, name, None) is old:
                raise RuntimeError(f"{module.__name__} had bound {name} before it was replaced")
