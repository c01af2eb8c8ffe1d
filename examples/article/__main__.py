"""The command line: `python -m examples.article`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

from examples.article import by_hand, compare, framework, pictures, report
from examples.article.compare import Comparison
from examples.article.systems import SYSTEMS, Run
from examples.checks import require
from examples.command import PROGRESS, Parser, add_plots, check_plots, positive, show_plots, status

__all__ = ["main"]

DESCRIPTION = """\
Train the networks of two "neural network from scratch" articles twice, by hand-written NumPy and by the framework, and compare.

  A1  a perceptron, on two half moons            B1  a hidden layer of three, for the OR gate
  A2  a hidden layer of four, on two half moons  B2  a single layer, for the OR gate
  B4  rules of thumb for a hidden layer's size   B3  a hidden layer of four, for the XOR gate"""

EPILOG = """\
exit status: 0 if by hand and framework agree, 1 if they do not, 2 if the call was wrong or a package is missing."""


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = Parser("python -m examples.article", description=DESCRIPTION, epilog=EPILOG, formatter_class=shape)
    names = [*SYSTEMS, "B4"]
    option = parser.add_argument
    option(
        "--only", metavar="NAME", nargs="+", action="extend", type=str.upper, choices=names, help="only these, for example A2 B3"
    )
    option("--epochs", metavar="N", type=positive, help="train for N epochs at most (the articles: 200,000; B2: 10,000)")
    add_plots(parser, "article")
    option("--explain", action="store_true", help="print the matrix of every term of the chain rule, for the first step of B1")
    sizes = ("INPUTS", "HIDDEN", "OUTPUTS")
    option("--sizes", metavar=sizes, nargs=3, type=positive, help="B4 for a network of these sizes; alone, it trains nothing")
    args = parser.parse_args(argv)
    args.only = [*(args.only or ([] if args.sizes else names)), *(["B4"] if args.sizes else [])]
    return args


@contextmanager
def progress(title: str, epochs: int) -> Any:
    """A progress bar that shows the current error; silent unless it is on a terminal."""
    from tqdm import tqdm

    with tqdm(total=epochs, desc=title, unit=" epochs", leave=False, disable=None) as bar:

        def show(epoch: int, error: float) -> None:
            bar.set_postfix(error=f"{error:.6f}", refresh=False)
            bar.update(epoch - bar.n)

        yield show


def run(name: str, most: int | None) -> Comparison:
    """Train one system in every way."""
    system = SYSTEMS[name]()
    epochs = min(system.epochs, most or system.epochs)

    def trained(way: str, train: Callable[..., Run], **options: Any) -> Run:
        with progress(f"{name} {way}", epochs) as show:
            return train(system, epochs, show, **options)

    hand = trained("by hand", by_hand.train)
    with_framework = trained("framework", framework.train)
    as_printed = trained("as printed", by_hand.train, as_printed=True) if system.mistaken else None
    return Comparison(system, epochs, hand, with_framework, as_printed, compare.compare_gradients(system))


def explain_first_step(matrices: bool) -> list[str]:
    """Print each term of the chain rule by hand and by autograd; return what they disagree on."""
    system = SYSTEMS["B1"]()
    terms = compare.compare_terms(system)
    print(report.terms_table(system, terms), end="\n\n")
    if matrices:
        print(report.matrices(terms), end="\n\n")
    wrong = [(term, apart) for term, _, apart in terms if not apart <= compare.GRADIENTS_WITHIN]
    return [f"B1: {term} by autograd differs by {apart:.1e} of its size" for term, apart in wrong]


def check_packages(names: list[str]) -> None:
    """Look for every package that the systems need, before the work is done."""
    if names:
        require(*PROGRESS)
    if "A1" in names or "A2" in names:
        require("sklearn.datasets", "scikit-learn", "sklearn", "the data of A1 and A2")


def show_all(args: argparse.Namespace, names: list[str]) -> int:
    """Print and draw everything; return the exit status."""
    if "B4" in args.only:
        for sizes in [args.sizes] if args.sizes else [(2, 4, 1), (2, 3, 1)]:
            print(report.size_table(*sizes), end="\n\n")
    complaints = explain_first_step(args.explain) if "B1" in names or args.explain else []
    results = [run(name, args.epochs) for name in names]
    for result in results:
        if len(result.system.x) == 4:
            print(report.truth_table(result), end="\n\n")
        if result.system.name == "B3":
            print(report.unseen_table(result), end="\n\n")
    if results:
        print(report.closing_table(results))
    complaints += [line for result in results for line in result.complaints()]
    for line in complaints:
        print(f"by hand and framework disagree: {line}", file=sys.stderr)
    show_plots(args, pictures.pictures, results)
    return 1 if complaints else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    args = arguments(argv)
    names = [name for name in SYSTEMS if name in args.only]

    def work() -> int:
        check_packages(names)
        check_plots(args, "article", bool(names))
        return show_all(args, names)

    return status("examples.article", work)


if __name__ == "__main__":
    sys.exit(main())
