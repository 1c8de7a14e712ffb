"""Derived quantities that remember what they were derived from."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")
_using: ContextVar[set[str] | None] = ContextVar("using", default=None)


class derived(Generic[Value]):  # noqa: N801 - a decorator, named like cached_property
    """A cached property that records which other derived quantities of its object it read."""

    def __init__(self, function: Callable[[Any], Value]) -> None:
        self.function = function
        self.name = function.__name__
        self.__doc__ = function.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> derived[Value]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> derived[Value] | Value:
        if instance is None:
            return self
        reader = _using.get()
        if reader is not None:
            reader.add(self.name)
        store: dict[str, tuple[Value, frozenset[str]]] = instance.__dict__.setdefault("_derived", {})
        if self.name not in store:
            used: set[str] = set()
            token = _using.set(used)
            try:
                value = self.function(instance)
            finally:
                _using.reset(token)
            store[self.name] = (value, frozenset(used))
        return store[self.name][0]


def uses(instance: object, name: str) -> frozenset[str]:
    """The derived quantities that ``name`` read directly when it was derived."""
    getattr(instance, name)
    found: frozenset[str] = instance.__dict__["_derived"][name][1]
    return found
