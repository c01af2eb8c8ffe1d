"""Plain tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["table"]


def table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Columns under a header, the first `left` of them aligned to the left."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    edges = ["<"] * left + [">"] * (len(header) - left)
    pattern = "  " + "  ".join(f"{{:{edge}{width}}}" for edge, width in zip(edges, widths, strict=True))
    return "\n".join(pattern.format(*line).rstrip() for line in lines)
