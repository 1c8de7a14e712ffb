"""Derived quantities that remember what they were derived from.

A quantity is known by a label: ``owner.name`` for a property, with its rule's name for the owner if it belongs to a
built-in rule, and ``module.name`` or ``rule.name`` for a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar, overload

Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")
_using: ContextVar[set[str] | None] = ContextVar("using", default=None)
_reads: dict[str, set[str]] = {}


def note(label: str) -> None:
    """Say that a quantity is read."""
    reader = _using.get()
    if reader is not None and label:
        reader.add(label)


@contextmanager
def reading() -> Iterator[set[str]]:
    """Labels of what is read inside, directly."""
    used: set[str] = set()
    token = _using.set(used)
    try:
        yield used
    finally:
        _using.reset(token)


def uses(label: str) -> frozenset[str]:
    """The labels that a quantity read directly when it was derived; empty where it was not derived yet."""
    return frozenset(_reads.get(label, ()))


class derived(Generic[Value]):  # noqa: N801 - a decorator, named like cached_property
    """A cached property that records which other derived quantities it read."""

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
        label = f"{_owner(getattr(instance, 'rule', None)) or owner.__name__}.{self.name}"
        note(label)
        store: dict[str, Value] = instance.__dict__.setdefault("_derived", {})
        if self.name not in store:
            with reading() as used:
                store[self.name] = self.function(instance)
            _reads.setdefault(label, set()).update(used)
        return store[self.name]


def recorded(function: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
    """A function whose readers are known to have read it; outermost where it is cached too.

    What it read is that of all its calls together. An ``origin`` of the value is set to the label, for values that are
    made once and used later.
    """
    module, own = function.__module__.rpartition(".")[2], function.__qualname__

    @wraps(function)
    def call(*arguments: Arguments.args, **named: Arguments.kwargs) -> Value:
        rule = _owner(arguments[0]) if arguments else ""
        label = f"{rule}.{own}" if rule else own if "." in own else f"{module}.{own}"
        note(label)
        with reading() as used:
            value = function(*arguments, **named)
        _reads.setdefault(label, set()).update(used)
        if hasattr(value, "origin"):
            object.__setattr__(value, "origin", label)
        return value

    return call


def _owner(rule: object) -> str:
    """The name of a built-in rule; that of a rule made from one says so."""
    name = getattr(rule, "name", None)
    if not (isinstance(name, str) and hasattr(rule, "drive")):  # numbers need no SymPy, so no type of a rule
        return ""
    from theory.optimizers import OPTIMIZERS

    return name if OPTIMIZERS.get(name) is rule else f"like {name}"
