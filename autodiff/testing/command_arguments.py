"""What the command line names: functions in modules and files, values, and limits and shapes of domains."""

from __future__ import annotations

import ast
import importlib
import operator
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autodiff.testing.arguments import name_of, parameters
from autodiff.testing.report import counted

__all__: list[str] = []


class UsageError(Exception):
    """What the user gave cannot be used; the text says why."""


def described(error: BaseException) -> str:
    """An error as one line: one of ours by its text, one of the user's by its type, its text and its place."""
    if isinstance(error, UsageError) or str(error).startswith(("check_gradient: ", "find_gradient_error: ", "reals: ")):
        return str(error)
    here = str(Path(__file__).parent.parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith((here, importlib.__file__, "<"))]
    place = f", raised by {frames[-1].name} in line {frames[-1].lineno} of {frames[-1].filename}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def loaded(text: str) -> Callable[..., Any]:
    """The function that `module:name` or `file.py:name` names."""
    source, colon, path = text.rpartition(":")
    if not (source and colon and path):
        raise UsageError(f"{text!r} names no function; wanted module:function, such as model:loss, or model.py:loss.")
    module_name = _module_of(source) if source.endswith(".py") else source
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        hint = f" Did you mean the file, {source}.py:{path}?" if os.path.isfile(f"{source}.py") else ""
        raise UsageError(f"cannot import {source}: {described(error)}.{hint}") from error
    file = getattr(module, "__file__", None)
    if source.endswith(".py") and not (file and os.path.samefile(file, source)):
        raise UsageError(
            f"cannot import {source}: {module_name} is the module of {file or 'Python itself'}. Give the file another name."
        )
    try:
        function: Callable[..., Any] = operator.attrgetter(path)(module)
    except AttributeError:
        raise UsageError(f"module {module_name} has no {path}.") from None
    if not callable(function):
        raise UsageError(f"{text} is a {type(function).__name__}; wanted a function.")
    return function


def _module_of(source: str) -> str:
    """The name of the module in a file, whose directory, or that of the package it is in, is made importable."""
    file = Path(source).resolve()
    if not file.is_file():
        raise UsageError(f"cannot import {source}: there is no such file.")
    names, folder = [file.stem], file.parent
    while (folder / "__init__.py").exists():
        names.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return ".".join(names)


def value(text: str) -> tuple[str, Any]:
    """An input: an array of numbers, from a literal or a file, with its text."""
    if text.endswith(".npy"):
        try:
            return text, np.load(text, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read --input {text}: {error}.") from error
    try:
        value = ast.literal_eval(text.strip())
        array = np.asarray(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise UsageError(f"--input is {text!r}; wanted a number, lists of numbers of equal lengths, or a .npy file.")
    return text, value if isinstance(value, (bool, int)) else array


def require_count(f: Callable[..., Any], option: str, given: int, each: bool) -> None:
    """Raise an error if an option was given for too few or too many of the arguments; but once may be for all, unless `each`."""
    taken = parameters(f)
    if taken is None or not given or (given == 1 and not each):
        return
    required, optional, more = taken
    takes = ", ".join([*required, *(f"[{name}]" for name in optional), *["..."] * more]) or "no arguments"
    said = f"{name_of(f)} takes {takes}; {option} was given {counted(given, 'time')}"
    missing = required[given:]
    if missing:
        raise UsageError(f"{said}: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing.")
    if not more and given > len(required) + len(optional):
        raise UsageError(f"{said}: {given - len(required) - len(optional)} too many.")


def limits(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--reals is {text!r}; wanted two numbers, such as 0,1 or -inf,0.") from None
    return low, high


def shape(text: str) -> tuple[int | str, ...] | None:
    if text.strip() == "any":
        return None
    sides = [side.strip() for side in text.strip().strip("()").split(",")]
    if not all(re.fullmatch(r"\d+|[^\W\d]\w*", side) for side in sides if side):
        raise UsageError(f"--shape is {text!r}; wanted lengths and names, such as 4,3 or n,3, or () for a number, or any.")
    return tuple(int(side) if side.isdigit() else side for side in sides if side)
