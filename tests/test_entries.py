"""Finding a function as it is written in its file."""

import ast
import functools
from collections.abc import Callable
from typing import Any

import pytest

from autodiff.registry import registry
from docs.entries import entries, text, written


def passed(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@passed
def decorated(g: Any) -> Any:
    return g * 5


def plain(g: Any, *, axis: Any = None) -> Any:
    """Have a docstring."""
    total = sum(part for part in [g])
    return total if axis is None else -total


FIRST, SECOND = lambda g: g, lambda g: -g
OUTER: Callable[..., Any] = lambda h: lambda g: g * h
ALIKE = [lambda g: g * 2, (lambda g: g * 2), lambda g, y: (g * 2, y)]
LONG = lambda g, x: (
    g  # a comment
    * x.sum(lambda e: e + 1)
)
ACCENTED = {"é": lambda g: "é" + g, "ü": lambda g: g + "ü"}


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (FIRST, "g"),
        (SECOND, "-g"),
        (OUTER, "lambda g: g * h"),
        (OUTER(2), "g * h"),
        (ALIKE[0], "g * 2"),
        (ALIKE[1], "g * 2"),
        (ALIKE[2], "(g * 2, y)"),
        (LONG, "g * x.sum(lambda e: e + 1)"),
        (ACCENTED["é"], "'é' + g"),
        (ACCENTED["ü"], "g + 'ü'"),
        (plain, "plain"),
        (decorated, "decorated"),
        (passed(SECOND), "-g"),
        (functools.partial(plain, axis=1), "partial(plain, axis=1)"),
        (functools.partial(functools.partial(SECOND), 3), "partial(-g, 3)"),
    ],
)
def test_a_function_is_found_as_it_is_written(function: Any, line: str) -> None:
    assert text(function) == line


def test_a_wrapper_is_found_itself() -> None:
    node = written(decorated)
    assert isinstance(node, ast.FunctionDef)
    assert node.name == "wrapper"


def test_alike_lambdas_are_told_apart_by_their_places() -> None:
    places = [(node.lineno, node.col_offset) for node in map(written, ALIKE)]
    assert len(set(places)) == 3


def test_a_function_without_a_file_is_an_error() -> None:
    with pytest.raises(OSError, match="could not get source code"):
        written(eval("lambda g: g"))


@pytest.mark.usefixtures("registry_as_it_was")
def test_the_entries_are_those_of_the_packages() -> None:
    from autodiff import extend

    extend.primitive(lambda x, /: x, {"x": lambda g: g}, name="of a user")
    assert registry["of a user"].module == __name__
    names = [entry.name for entry in entries()]
    assert "of a user" not in names
    assert {"add", "stack", "linear"} <= set(names)
