"""The command `python -m autodiff.testing module:function`: whether the gradient of the function is right."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from autodiff.testing.arguments import name_of, parameters
from autodiff.testing.check import check_gradient
from autodiff.testing.command_arguments import UsageError, described, limits, loaded, require_count, shape, value
from autodiff.testing.libraries import as_input
from autodiff.testing.report import GradientReport
from autodiff.testing.search.domains import Reals, reals
from autodiff.testing.search.find import find_gradient_error
from autodiff.testing.search.result import GradientSearch
from autodiff.testing.subject import is_floating

__all__: list[str] = []

EXIT = {"right": 0, "wrong": 1, "cannot tell": 3, "wrong dtype": 4}
USAGE = 2
INTERRUPTED, CLOSED = 130, 141  # 128 + the number of the signal, SIGINT and SIGPIPE, as a shell says of a program that it ended
EXAMPLES = """
Without --input, the gradient is searched for errors in a domain for each argument: by default all real numbers, of any shape for
which the function has a value.

examples:
  python -m autodiff.testing model:loss                     # autograd's gradient of loss, in model.py
  python -m autodiff.testing model:loss --gradient model:loss_gradient
  python -m autodiff.testing model:loss --gradient model:loss_gradient --input '[[1.0, 2.0]]' --input 0.5
  python -m autodiff.testing model:loss --vjp model:loss_vjp --input x.npy --html report.html
  python -m autodiff.testing models/model.py:Model.loss --reals 0,1 --shape n,3 --shape 3   # both arguments from 0 to 1

exit code: 0 if the gradient is right, 1 if it is wrong, 3 if the differences cannot tell, 2 for an error of use, 4 if its numbers
are right but of another type than the argument, 130 after Ctrl-C, with what was found until then, and 141 if what reads the output
closes it, as head does
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code.

    It is 0 for right, 1 for wrong, 2 for an error of use, 3 for cannot tell, 4 for right numbers of another type, 130 for Ctrl-C,
    and 141 for a closed pipe.

    Args:
        argv: its arguments; by default those of the process.

    >>> from autodiff.testing.command import main
    >>> main(["math:exp", "--gradient", "math:exp", "--reals", "-5,5", "--shape", "()", "--max-examples", "10"])
    No gradient error of exp found at ... points.
    0
    """
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # No output is left for the interpreter to flush at its exit, where that would be an error again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    return code


def _run(arguments: Sequence[str]) -> int:
    """The exit code, with what was found printed, and the message of an error of use."""
    try:
        options = _parser().parse_args(_joined(arguments))
        result = _result(options)
        try:
            print(result, flush=True)
        finally:
            if options.html:
                _write(options.html, result)
    except UsageError as error:
        print(f"python -m autodiff.testing: {error}", file=sys.stderr)
        return USAGE
    except SystemExit as stop:  # of the parser, with its message written
        return int(stop.code or 0)
    except KeyboardInterrupt as interrupt:
        print(*getattr(interrupt, "__notes__", ["interrupted"]), sep="\n")
        return INTERRUPTED
    return EXIT[result.verdict]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m autodiff.testing",
        description="Whether the gradient of a function is right, and if not, where.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    function: Any = {"type": loaded, "metavar": "module:function"}
    several: Any = {"action": "append", "default": []}
    add("function", **function, help="a function of a module, or of a file: directory/model.py:function")
    by_hand = parser.add_mutually_exclusive_group()
    by_hand.add_argument("--gradient", **function, help="its gradient(*inputs) by hand, if it returns one number")
    by_hand.add_argument("--vjp", **function, help="its vjp(cotangent, *inputs) by hand")
    by_hand.add_argument("--jvp", **function, help="its jvp(tangent, *inputs) by hand; autograd's if none is given")
    add("--input", **several, type=value, metavar="VALUE", help="once for each argument: numbers and lists, or a .npy file")
    add("--reals", **several, type=limits, metavar="LOW,HIGH", help="limits for all arguments, or once for each; or inf")
    add("--shape", **several, type=shape, metavar="SHAPE", help="for all or once for each: 4,3 or n,3 or (), or any")
    add("--order", type=int, choices=(1, 2), help="2: autograd's second derivatives as well")
    add("--seed", type=int, default=0, help="of the random numbers")
    add("--rtol", type=float, help="a relative difference to allow")
    add("--atol", type=float, help="an absolute difference to allow")
    add("--max-evaluations", type=int, metavar="N", help="of the function at one point")
    add("--max-examples", type=int, metavar="N", help="how many points the search checks")
    add("--max-seconds", type=float, default=60.0, metavar="S", help="how long the search may take; by default 60")
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
    f, inputs = options.function, [value for _, value in options.input]
    if inputs and (options.reals or options.shape):
        raise UsageError("--input is a point, --reals and --shape are for a search. Give one or the other.")
    for option in ("input", "reals", "shape"):
        require_count(f, f"--{option}", len(getattr(options, option)), each=option == "input")
    if inputs and not any(is_floating(as_input(value)) for value in inputs):
        given = " ".join(f"--input {text!r}" for text, _ in options.input)
        raise UsageError(f"{given} has integers only; wanted numbers to differentiate by, with a decimal point, such as 1.0.")
    named = ("gradient", "vjp", "jvp", "order", "rtol", "atol", "max_evaluations")
    settings = {name: getattr(options, name) for name in named if getattr(options, name) is not None}
    try:
        if inputs:
            return check_gradient(f, *inputs, rng=options.seed, **settings)
        budget = {"max_examples": options.max_examples, "max_seconds": options.max_seconds}
        return find_gradient_error(f, *_domains(f, options.reals, options.shape), **budget, seed=options.seed, **settings)
    except (Exception, SystemExit) as error:  # an exit would be taken for a verdict
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        raise UsageError(f"{described(error)}{notes}") from error


def _domains(f: Callable[..., Any], ends: list[tuple[float, float]], shapes: list[Any]) -> list[Reals]:
    """A domain for each argument."""
    taken, given = parameters(f), max(len(ends), len(shapes))
    count = given if given > 1 or taken is None else len(taken[0]) or given
    if not count:
        why = "it does not say how many arguments it has" if taken is None else "it has no argument that must be given"
        raise UsageError(f"no domain for {name_of(f)}: {why}. Give --reals or --shape once for each, or --input.")
    for name, found in (("--reals", ends), ("--shape", shapes)):
        if len(found) not in (0, 1, count):
            raise UsageError(f"{name} was given {len(found)} times, but there are {count} arguments; wanted it once, or for each.")
    ends, shapes = ends or [(-math.inf, math.inf)], shapes or [None]
    pairs = zip(ends * (count // len(ends)), shapes * (count // len(shapes)), strict=True)
    return [reals(low, high, shape=sides) for (low, high), sides in pairs]


def _write(path: str, result: GradientReport | GradientSearch) -> None:
    try:
        Path(path).write_text(result.to_html(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write --html {path}: {error}.") from error
