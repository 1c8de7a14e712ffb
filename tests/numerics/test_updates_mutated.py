"""Errors planted in the updates are noticed: each operator, number, comparison and branch is changed once.

So the comparison with the references can fail, and no part of an update goes without it.
"""

import ast
import importlib
import inspect
import sys
from functools import cache

import pytest

from numerics import UPDATES
from tests.numerics.references import departure_from, reference, walk_data

MODULES = ("update", "sgd", "adam", "sign", "trust")
SWAPPED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Gt: ast.LtE,
    ast.And: ast.Or,
}
FREE = ("w.shape[:-1]",)
"""What is free: zeros of fewer axes broadcast to the same."""

EXAMPLES = {
    "sgd": [{}],
    "sgdm": [{"momentum": 0.8, "dampening": 0.3}],
    "sgdw": [{"momentum": 0.8, "dampening": 0.3}],
    "nesterov": [{"momentum": 0.8}],
    "nesterovw": [{"momentum": 0.8}],
    "rmsprop": [{"beta2": 0.9, "eps": 1e-3}, {"beta2": None}],
    "adam_l2": [{"beta1": 0.7, "beta2": 0.9, "eps": 1e-3}, {"beta1": 0.7, "beta2": None}],
    "nadam_l2": [
        {"beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "momentum_decay": 0.5},
        {"beta1": 0.7, "beta2": None, "momentum_decay": 0.5, "at_step": 3},
        {"beta1": 0.7, "beta2": None},
    ],
    "lion": [{"beta1": 0.7, "beta2": 0.9}],
    "signsgd": [{}],
    "signum": [{"beta1": 0.7}],
    "ngd": [{"beta1": 0.7}],
    "lars": [{"momentum": 0.7, "trust": 0.3}],
    "lamb": [{"beta1": 0.7, "beta2": 0.9, "eps": 1e-3}, {"beta1": 0.7, "beta2": None}],
}
EXAMPLES |= dict.fromkeys(("adam_l2_tensor", "adamw_tensor"), EXAMPLES["adam_l2"][:1])
EXAMPLES |= {"rmspropw": EXAMPLES["rmsprop"], "adamw": EXAMPLES["adam_l2"], "nadamw": EXAMPLES["nadam_l2"]}


def changes(node):
    """Functions that each plant one error in a copy of the node."""
    operator = getattr(node, "op", None) or (getattr(node, "ops", None) or [None])[0]
    swapped = SWAPPED.get(type(operator))
    if swapped and isinstance(node, ast.Compare):
        yield lambda n: setattr(n, "ops", [swapped()])
    elif swapped:
        yield lambda n: setattr(n, "op", swapped())
    if isinstance(node, ast.IfExp):
        yield lambda n: n.__dict__.update(body=n.orelse, orelse=n.body)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda n: setattr(n, "value", not n.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield lambda n: setattr(n, "value", n.value + 1)


def free(tree):
    """Nodes that no step depends on: decorators, messages, and the defaults of fields, which every example gives."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                yield from ast.walk(decorator)
            for field in node.body if node.name != "State" else ():
                if isinstance(field, ast.AnnAssign) and not isinstance(getattr(field.value, "value", None), bool):
                    yield from ast.walk(field)
        if isinstance(node, ast.Raise):
            yield from ast.walk(node)
        if isinstance(node, ast.expr) and ast.unparse(node) in FREE:
            yield from ast.walk(node)


def source_of(module):
    """The text of a module of updates."""
    return inspect.getsource(importlib.import_module(f"numerics.updates.{module}"))


@cache
def unaltered(module):
    """A module of updates compiled as it is."""
    return compile(source_of(module), f"numerics.updates.{module}", "exec")


def mutants(module):
    """(what was changed, the module's tree with it) for every error that can be planted in a module."""
    text = source_of(module)
    tree = ast.parse(text)
    without = {id(node) for node in free(tree)}
    for i, node in enumerate(ast.walk(tree)):
        for k in range(0 if id(node) in without else len(list(changes(node)))):
            mutated = ast.parse(text)
            target = list(ast.walk(mutated))[i]
            list(changes(target))[k](target)
            yield f"{ast.unparse(node)} -> {ast.unparse(target)} at line {getattr(node, 'lineno', '?')}", mutated


def classes_with(monkeypatch, module, tree):
    """The updates' classes by name, one module of theirs replaced by a tree."""
    classes = {}
    codes = {name: unaltered(name) for name in MODULES}
    with monkeypatch.context() as patched:
        for name in MODULES:
            whole = f"numerics.updates.{name}"
            fresh = type(sys)(whole)
            patched.setitem(sys.modules, whole, fresh)
            exec(compile(tree, whole, "exec") if name == module else codes[name], vars(fresh))  # noqa: S102
            classes |= vars(fresh)
    return classes


def data():
    """Where every walk begins, and its gradients."""
    w, gradients, mean_squares = walk_data(seed=3)
    # Signs of zero show what a division by a sign does; a factor of the whole argument of a sign shows nowhere.
    gradients[0, :, 0] = 0
    # A gradient of length zero shows what a division by its length does.
    gradients[1, 0] = 0
    return w, gradients, mean_squares


@cache
def references(optimizer):
    """Hyper-parameters of every example with the reference's walk."""
    every = [{"lr": 0.2, "wd": 0.3, **example} for example in EXAMPLES[optimizer]]
    return [(hyper, reference(optimizer, hyper)(*data(), **hyper)) for hyper in every]


def noticed(classes, module):
    """Whether an optimizer of the module, or of any where all build on it, fails or leaves its reference."""
    for optimizer in EXAMPLES:
        if module not in ("update", UPDATES[optimizer].__module__.rpartition(".")[2]):
            continue
        for hyper, theirs in references(optimizer):
            try:
                update = classes[UPDATES[optimizer].__name__](**hyper)
                if not departure_from(theirs, update, data()) < 1e-6:
                    return True
            except Exception:
                return True
    return False


@pytest.mark.parametrize("module", MODULES)
def test_without_a_planted_error_nothing_is_noticed(monkeypatch, module):
    """The updates loaded the same way but unchanged walk with their references."""
    assert EXAMPLES.keys() == UPDATES.keys()
    assert not noticed(classes_with(monkeypatch, module, ast.parse(source_of(module))), module)


@pytest.mark.parametrize(("module", "least"), [("update", 20), ("sgd", 14), ("adam", 50), ("sign", 18), ("trust", 18)])
def test_every_planted_error_is_noticed(monkeypatch, module, least):
    """No single change of a step leaves all walks where they were; ``least`` keeps the list from running dry."""
    found = list(mutants(module))
    assert len(found) >= least
    survived = [what for what, tree in found if not noticed(classes_with(monkeypatch, module, tree), module)]
    assert not survived, survived
