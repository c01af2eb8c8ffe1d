"""What the command lines of all examples have in common: `--out`, `--no-plots`, errors in one line, the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from examples.checks import Unusable, check_writable, require
from examples.drawing import write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DATA", "PROGRESS", "Example", "Parser", "add_plots", "check_plots", "positive", "run", "show_plots", "status"]

# A module, the package that has it, the extra that installs it, and what it is for.
DATA = ("sklearn.datasets", "scikit-learn", "sklearn", "the data")
PROGRESS = ("tqdm", "tqdm", "progress", "the progress bar")
PLOTS = ("matplotlib", "matplotlib", "plot", "drawing (--no-plots does without)")


class Example(NamedTuple):
    """A program that learns something from data, says how well, and draws it."""

    name: str
    about: str | None
    epochs: int
    learn: Callable[[int], Any]
    report: Callable[[Any], str]
    pictures: Callable[[Any], Iterator[tuple[str, Figure]]]
    needs: Sequence[tuple[str, str, str, str]] = (DATA,)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def positive(text: str) -> int:
    """A whole number, 1 or more."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return number


def add_plots(parser: argparse.ArgumentParser, name: str) -> None:
    """The options about pictures."""
    default = Path("out") / name
    parser.add_argument("--out", metavar="FOLDER", type=Path, help=f"where to write the pictures (default: {default.as_posix()})")
    parser.add_argument("--no-plots", action="store_true", help="write no pictures")


def check_plots(args: argparse.Namespace, name: str, plots: bool = True) -> None:
    """Settle whether and where pictures are written, before any work is done."""
    args.plots = plots and not args.no_plots
    if args.plots:
        require(*PLOTS)
    if args.plots or args.out:
        args.out = args.out or Path("out") / name
        check_writable(args.out)


def show_plots(args: argparse.Namespace, pictures: Callable[[Any], Iterator[tuple[str, Figure]]], result: Any) -> None:
    """Write the pictures, if they are wanted, and say where they are."""
    if args.plots:
        print("\nPictures", *write(pictures(result), args.out), sep="\n  ")


def status(program: str, work: Callable[[], int]) -> int:
    """The exit status of the work, and 2 if it cannot be done for a reason that is told in a line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Greek letters shows a question mark
    try:
        return work()
    except Unusable as error:
        print(f"python -m {program}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"python -m {program}: interrupted", file=sys.stderr)
        return 130


def run(example: Example, argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    program = f"examples.{example.name}"
    parser = Parser(f"python -m {program}", description=example.about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", metavar="N", type=positive, default=example.epochs, help="train for N epochs (%(default)s)")
    add_plots(parser, example.name)
    args = parser.parse_args(argv)

    def work() -> int:
        for package in example.needs:
            require(*package)
        check_plots(args, example.name)
        result = example.learn(args.epochs)
        print(example.report(result))
        show_plots(args, example.pictures, result)
        return 0

    return status(program, work)
