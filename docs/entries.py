"""The entries of the registry that the packages declare, and their rules as they are written in the source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import nn
from autodiff.composites import Composite, composites
from autodiff.numpy.namespaces import load_all
from autodiff.registry import Primitive, registry

load_all()
for _name in nn.__all__:
    getattr(nn, _name)  # some modules declare entries, and are loaded when they are first used

OWN = ("autodiff.", "nn.")  # modules that declare operations; users and tests declare others


def entries() -> list[Primitive]:
    """The entries of the packages, in the order in which they are declared."""
    return [entry for entry in registry.values() if entry.module.startswith(OWN)]


def functions() -> list[Composite]:
    """The functions of the packages that are made of those operations."""
    return [function for function in composites.values() if function.module.startswith(OWN)]


def written(function: Any) -> ast.FunctionDef | ast.Lambda:
    """A function as it is written in its file.

    It is the innermost one there that holds all the places from which the instructions of `function` come: its name and its line do
    not tell, since a line may hold several lambdas.
    """
    code = function.__code__
    # Instructions that stem from no expression have no column, or none but 0.
    starts = [(line, column) for line, _, column, end in code.co_positions() if line and column is not None and end]
    ends = [(line, end) for _, line, _, end in code.co_positions() if line and end]
    found = None
    for node in ast.walk(_parsed("".join(inspect.findsource(function)[0]))):  # from the outside in
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            first, *_, last = (node.body, node.body) if isinstance(node, ast.Lambda) else (node.body[0], node.body[-1])
            if (first.lineno, first.col_offset) <= min(starts) and max(ends) <= (last.end_lineno, last.end_col_offset):
                found = node
    if found is None:
        raise ValueError(f"written: {function.__qualname__} is not found in {code.co_filename}, which may have changed since.")
    return found


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def text(rule: Callable[..., Any]) -> str:
    """A rule in a line: what a lambda computes, or a function's name, with what a `partial` has given it."""
    if isinstance(rule, partial):
        given = [*map(repr, rule.args), *(f"{name}={value!r}" for name, value in rule.keywords.items())]
        return f"partial({', '.join([text(rule.func), *given])})"
    node = written(inspect.unwrap(rule))
    return ast.unparse(node.body) if isinstance(node, ast.Lambda) else node.name
