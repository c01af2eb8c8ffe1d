"""How figures and tables are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["figure", "microseconds", "table"]


def figure(value: float) -> str:
    """Two digits that count, or all before the point.

    >>> [figure(value) for value in (0.0123, 0.456, 1.26, 12.6, 1234.5)]
    ['0.012', '0.46', '1.3', '13', '1,234']
    """
    return f"{value:,.{3 if value < 0.0995 else 2 if value < 0.995 else 1 if value < 9.95 else 0}f}"


def microseconds(value: float) -> str:
    """A time in a unit that suits it.

    >>> [microseconds(value) for value in (0.456, 12.6, 12_600, 1_260_000)]
    ['0.46 µs', '13 µs', '13 ms', '1.3 s']
    """
    for factor, unit in ((1.0, "µs"), (1e3, "ms")):
        if value < 999.5 * factor:
            return f"{figure(value / factor)} {unit}"
    return f"{figure(value / 1e6)} s"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int = 1) -> str:
    """A table in Markdown, with numbers at the right.

    >>> print(table(("a", "b"), [("x", "1")]))
    | a | b |
    | --- | ---: |
    | x | 1 |
    """
    rule = ["---" if i < numbers_from else "---:" for i in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
