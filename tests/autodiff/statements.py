"""Tests that state derivatives of an operation where differences tell nothing: NaN, ties, errors where there is no derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import product
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., None])
MODULES = ("test_linalg_namespace", "test_special", "test_statistics", "test_numerics")
STATEMENTS: dict[str, list[Callable[..., None]]] = {}


def states(*names: str) -> Callable[[Test], Test]:
    """Declare a test as one that states derivatives of the operations `names`: a mistake in their rules is to fail it."""

    def declare(test: Test) -> Test:
        for name in names:
            STATEMENTS.setdefault(name, []).append(test)
        return test

    return declare


def statements_of(name: str) -> Iterator[partial[None]]:
    """The tests of an operation in `MODULES`, each with all of the values that it is to be called with."""
    for module in MODULES:
        import_module(module)
    for test in STATEMENTS.get(name, ()):
        marks = [mark.args for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
        for chosen in product(*[list(values) for _, values in marks]):
            arguments: dict[str, Any] = {}
            for (names, _), values in zip(marks, chosen, strict=True):
                arguments |= {names: values} if isinstance(names, str) else dict(zip(names, values, strict=True))
            yield partial(test, **arguments)
