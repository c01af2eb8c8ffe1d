"""The table of the numbers that were compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autodiff.testing.report import GradientEntry

__all__: list[str] = []

ROWS = 20
NUMBERS = ("gradient given", "by hand", "autograd", "numerical", "bound")  # the columns that are flush right
RANK = {"right": 0, "cannot tell": 1, "wrong": 2}


def table(entries: Sequence[GradientEntry]) -> list[str]:
    """The lines of a table of the worst entries."""
    if not entries:
        return []
    header, shown, more = worst(entries, ROWS)
    rows = [header, *(cells for _, cells in shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(header, row, widths, strict=True)
        lines.append("  ".join(cell.rjust(n) if name in NUMBERS else cell.ljust(n) for name, cell, n in cells).rstrip())
    return [*lines, more] if more else lines


def worst(entries: Sequence[GradientEntry], count: int) -> tuple[list[str], list[tuple[GradientEntry, list[str]]], str]:
    """The header of a table of the worst entries, these and their cells, and what to say of the others.

    The wrong ones come first, by how much they are off, relatively, then the others by their bound.
    """
    order = sorted(entries, key=lambda e: (-RANK[e.verdict], -(e.relative_error if e.verdict == "wrong" else e.excess)))
    shown, others = order[:count], order[count:]
    header, *rows = columns_of(shown, entries)
    right = ", all right" if all(entry.verdict == "right" for entry in others) else ""
    return header, list(zip(shown, rows, strict=True)), f"... and {len(others)} more{right}" if others else ""


def columns_of(shown: Sequence[GradientEntry], entries: Sequence[GradientEntry]) -> list[list[str]]:
    """The table of the entries `shown`, header first, with the columns that tell anything about all the `entries`."""
    three = any(entry.autograd is not None for entry in entries)
    columns: list[tuple[str, bool, Callable[[GradientEntry], str]]] = [
        ("order", any(entry.order > 1 for entry in entries), lambda e: str(e.order)),
        ("argument", True, lambda e: e.argument),
        ("index", True, lambda e: str(e.index)),
        ("output", any(entry.output != () for entry in entries), lambda e: str(e.output)),
        ("by hand" if three else "gradient given", True, lambda e: f"{e.given:.10g}"),
        ("autograd", three, lambda e: "" if e.autograd is None else f"{e.autograd:.10g}"),
        ("numerical", True, lambda e: f"{e.numerical:.10g}"),
        ("bound", True, lambda e: f"{e.bound:.1e}"),
        ("verdict", True, lambda e: f"{e.verdict} ({e.note})" if e.note else e.verdict),
    ]
    kept = [(name, cell) for name, is_kept, cell in columns if is_kept]
    return [[name for name, _ in kept], *([cell(entry) for _, cell in kept] for entry in shown)]
