"""The command `python -m autodiff.testing module:function`: whether the gradient of the function is right."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autodiff.testing.check import check_gradient
from autodiff.testing.report import GradientReport
from autodiff.testing.search.domains import Reals, reals
from autodiff.testing.search.find import find_gradient_error
from autodiff.testing.search.result import GradientSearch
from autodiff.testing.subject import as_input, is_floating

__all__: list[str] = []

EXIT = {"right": 0, "wrong": 1, "cannot tell": 3}
USAGE = 2
EXAMPLES = """
Without --input, the gradient is searched for errors in a domain for each argument: by default all real numbers, of any shape for
which the function has a value.

examples:
  python -m autodiff.testing model:loss                     # autograd's gradient of loss, in model.py
  python -m autodiff.testing model:loss --gradient model:loss_gradient
  python -m autodiff.testing model:loss --gradient model:loss_gradient --input '[[1.0, 2.0]]' --input 0.5
  python -m autodiff.testing model:loss --vjp model:loss_vjp --input x.npy --html report.html
  python -m autodiff.testing model:loss --reals 0,1 --shape n,3 --shape 3   # both arguments from 0 to 1

exit code: 0 if the gradient is right, 1 if it is wrong, 3 if the differences cannot tell, 2 for an error of use
"""


class UsageError(Exception):
    """What the user gave cannot be used; the text says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: 0 right, 1 wrong, 2 an error of use, 3 cannot tell.

    Args:
        argv: its arguments; by default those of the process.

    >>> from autodiff.testing.command import main
    >>> main(["math:exp", "--gradient", "math:exp", "--reals", "-5,5", "--shape", "()", "--max-examples", "10"])
    No gradient error of exp found at ... points.
    0
    """
    arguments = sys.argv[1:] if argv is None else argv
    try:
        options = _parser().parse_args(_joined(arguments))
    except SystemExit as stop:  # with its message written
        return int(stop.code or 0)
    try:
        result = _result(options)
        print(result)
        if options.html:
            _write(options.html, result)
    except UsageError as error:
        print(f"python -m autodiff.testing: {error}", file=sys.stderr)
        return USAGE
    return EXIT[result.verdict]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m autodiff.testing",
        description="Whether the gradient of a function is right, and if not, where.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("function", metavar="module:function", help="the function; the current directory is searched for the module")
    by_hand = parser.add_mutually_exclusive_group()
    by_hand.add_argument("--gradient", metavar="module:function", help="its gradient(*inputs) by hand, if it returns one number")
    by_hand.add_argument("--vjp", metavar="module:function", help="its vjp(cotangent, *inputs) by hand")
    by_hand.add_argument("--jvp", metavar="module:function", help="its jvp(tangent, *inputs) by hand; autograd's if none is given")
    add("--input", action="append", default=[], metavar="VALUE", help="once for each argument: numbers and lists, or a .npy file")
    add("--reals", action="append", default=[], metavar="LOW,HIGH", help="limits for all arguments, or once for each; or inf")
    add("--shape", action="append", default=[], metavar="SHAPE", help="for all or once for each: 4,3 or n,3 or (), or any")
    add("--order", type=int, choices=(1, 2), help="2: autograd's second derivatives as well")
    add("--seed", type=int, default=0, help="of the random numbers")
    add("--rtol", type=float, help="a relative difference to allow")
    add("--atol", type=float, help="an absolute difference to allow")
    add("--max-evaluations", type=int, metavar="N", help="of the function at one point")
    add("--max-examples", type=int, metavar="N", help="how many points the search checks")
    add("--html", metavar="FILE", help="where to write the report as a page of HTML")
    return parser


def _joined(arguments: Sequence[str]) -> list[str]:
    """The arguments, in which a negative number after an option is not taken for another option."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] in ("--reals", "--input") and re.match(r"-[\d.i]", argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _result(options: argparse.Namespace) -> GradientReport | GradientSearch:
    """The check at a point, or the search."""
    if options.input and (options.reals or options.shape):
        raise UsageError("--input is a point, --reals and --shape are for a search. Give one or the other.")
    f = _loaded(options.function)
    functions = {name: _loaded(getattr(options, name)) for name in ("gradient", "vjp", "jvp") if getattr(options, name)}
    settings = {name: getattr(options, name) for name in ("order", "rtol", "atol", "max_evaluations")}
    settings = {name: value for name, value in settings.items() if value is not None} | functions
    inputs = [_value(text) for text in options.input]
    if inputs and not any(is_floating(as_input(value)) for value in inputs):
        given = " ".join(f"--input {text!r}" for text in options.input)
        raise UsageError(f"{given} has integers only; wanted numbers to differentiate by, with a decimal point, such as 1.0.")
    domains = [] if inputs else _domains(f, options)
    try:
        if inputs:
            return check_gradient(f, *inputs, rng=options.seed, **settings)
        return find_gradient_error(f, *domains, max_examples=options.max_examples, seed=options.seed, **settings)
    except (Exception, SystemExit) as error:  # an exit would be taken for a verdict
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        raise UsageError(f"{_described(error)}{notes}") from error


def _described(error: BaseException) -> str:
    """An error as one line: one of ours by its text, one of the user's by its type, its text and its place."""
    if str(error).startswith(("check_gradient: ", "find_gradient_error: ")):
        return str(error)
    here = str(Path(__file__).parent.parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith((here, importlib.__file__, "<"))]
    place = f", raised by {frames[-1].name} in line {frames[-1].lineno} of {frames[-1].filename}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _loaded(text: str) -> Callable[..., Any]:
    """The function that `module:name` names."""
    module_name, colon, path = text.partition(":")
    if not (module_name and colon and path):
        raise UsageError(f"{text!r} names no function; wanted module:function, such as model:loss.")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        name = re.sub(r"^(\./)+|\.py$", "", module_name).replace("/", ".")
        hint = "" if name == module_name else f" Did you mean {name}:{path}, the module's name?"
        raise UsageError(f"cannot import {module_name}: {_described(error)}.{hint}") from error
    for name in path.split("."):
        if not hasattr(found, name):
            raise UsageError(f"module {module_name} has no {path}.")
        found = getattr(found, name)
    if not callable(found):
        raise UsageError(f"{text} is a {type(found).__name__}; wanted a function.")
    function: Callable[..., Any] = found
    return function


def _value(text: str) -> Any:
    """An input: an array of numbers, from a literal or a file."""
    if text.endswith(".npy"):
        try:
            return np.load(text, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read --input {text}: {error}.") from error
    try:
        value = ast.literal_eval(text.strip())
        array = np.asarray(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise UsageError(f"--input is {text!r}; wanted a number, lists of numbers of equal lengths, or a .npy file.") from error
    if array.dtype.kind not in "biuf":
        raise UsageError(f"--input is {text!r}; wanted a number, lists of numbers of equal lengths, or a .npy file.")
    return value if isinstance(value, (bool, int)) else array


def _domains(f: Callable[..., Any], options: argparse.Namespace) -> list[Reals]:
    """A domain for each argument."""
    limits, shapes = [_limits(text) for text in options.reals], [_shape(text) for text in options.shape]
    count = max(len(limits), len(shapes))
    if count < 2:
        count = _arity(f, count)
    for name, given in (("--reals", limits), ("--shape", shapes)):
        if len(given) not in (0, 1, count):
            raise UsageError(f"{name} was given {len(given)} times, but there are {count} arguments; wanted it once, or for each.")
    try:
        pairs = zip((limits or [(-math.inf, math.inf)]) * count, (shapes or [None]) * count, strict=False)
        return [reals(low, high, shape=shape) for (low, high), shape in list(pairs)[:count]]
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from error


def _arity(f: Callable[..., Any], default: int) -> int:
    """How many arguments a function must be given; `default`, unless it is 0, if it does not say."""
    if isinstance(f, np.ufunc):
        return f.nin
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        if default:
            return default
        raise UsageError(
            "the function does not say how many arguments it has. Give --reals or --shape once for each, or --input."
        ) from None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    count = sum(p.kind in positional and p.default is p.empty for p in parameters) or default
    if not count:
        raise UsageError("the function has no argument that must be given. Give --reals or --shape once for each, or --input.")
    return count


def _limits(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--reals is {text!r}; wanted two numbers, such as 0,1 or -inf,0.") from None
    return low, high


def _shape(text: str) -> tuple[int | str, ...] | None:
    if text.strip() == "any":
        return None
    sides = [side.strip() for side in text.strip().strip("()").split(",")]
    if not all(re.fullmatch(r"\d+|[^\W\d]\w*", side) for side in sides if side):
        raise UsageError(f"--shape is {text!r}; wanted lengths and names, such as 4,3 or n,3, or () for a number, or any.")
    return tuple(int(side) if side.isdigit() else side for side in sides if side)


def _write(path: str, result: GradientReport | GradientSearch) -> None:
    try:
        Path(path).write_text(result.to_html(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write --html {path}: {error}.") from error
