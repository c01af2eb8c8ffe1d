"""Reports as HTML: a fragment for a notebook, and a page of its own.

No colour carries anything alone: each has a sign beside it. Colours are translucent, so that they read on light and on dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import prod

from autodiff.testing.report import GradientEntry, GradientReport, ReportVerdict
from autodiff.testing.table import NUMBERS, RANK, worst

__all__: list[str] = []

ROWS = 200  # of the table
LONGEST = 64  # axis that is drawn; longer ones of arguments with one axis are wrapped
SIGNS: dict[ReportVerdict, str] = {"right": "✓", "wrong": "✗", "cannot tell": "?", "wrong dtype": "✗"}
CLASSES: dict[ReportVerdict, str] = {"right": "right", "wrong": "wrong", "cannot tell": "unsure", "wrong dtype": "wrong"}

STYLE = """
.gradient-report { font: 14px/1.5 system-ui, sans-serif; max-width: 70em; }
.gradient-report h1, .gradient-report p, .gradient-report li { overflow-wrap: anywhere; }
.gradient-report h1 { font-size: 1.2em; margin: 0 0 .5em; }
.gradient-report p, .gradient-report ul { margin: .4em 0; }
.gradient-report code, .gradient-report td, .gradient-report th { font-family: ui-monospace, monospace; font-size: 12px; }
.gradient-report table { border-collapse: collapse; margin: .8em 0; }
.gradient-report th, .gradient-report td { padding: .15em .7em; text-align: left; border-bottom: 1px solid; }
.gradient-report th, .gradient-report td { border-color: rgba(128, 128, 128, .35); }
.gradient-report .number { text-align: right; font-variant-numeric: tabular-nums; }
.gradient-report .mark { padding: .1em .5em; border-radius: .3em; }
.gradient-report .mark.right { background: rgba(46, 160, 67, .22); }
.gradient-report .mark.wrong { background: rgba(229, 57, 53, .35); font-weight: 600; }
.gradient-report .mark.unsure { background: rgba(245, 158, 11, .32); }
.gradient-report .grids { display: flex; flex-wrap: wrap; gap: 1.5em; margin: .8em 0; }
.gradient-report figure { margin: 0; }
.gradient-report figcaption { font-size: 12px; margin-bottom: .3em; }
.gradient-report svg rect { stroke: rgba(128, 128, 128, .5); stroke-width: .5; }
.gradient-report svg .right { fill: rgba(46, 160, 67, .22); }
.gradient-report svg .wrong { fill: rgba(229, 57, 53, .6); }
.gradient-report svg .unsure { fill: rgba(245, 158, 11, .5); }
.gradient-report svg text { fill: currentColor; font: 10px system-ui, sans-serif; text-anchor: middle; pointer-events: none; }
.gradient-report .aside { opacity: .75; font-size: 12px; }
"""


def document(name: str, verdict: ReportVerdict, body: str) -> str:
    """What is known of the gradient of the function called `name`, as a document."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Gradient of {escape(name)}: {verdict}</title>\n"
        "<style>:root { color-scheme: light dark; } body { margin: 2em; font: 14px/1.5 system-ui, sans-serif; }</style>\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def fragment(report: GradientReport) -> str:
    """The report as part of a document."""
    parts = [f"<h1>{_mark(report.verdict)} {escape(report.summary)}</h1>"]
    parts += [f"<p>{escape(text)}</p>" for text in (report.by_argument, report.comparison) if text]
    parts += _list("Diagnosis", report.diagnosis)
    parts += _list("Besides", list(map(str, report.failures)))
    grids = [_grid(argument, entries) for argument, entries in sorted(_drawable(report.entries).items())]
    parts += [f'<div class="grids">{"".join(grids)}</div>'] if grids else []
    parts += _table(report)
    if report.autograd_error:
        parts.append(f'<p class="aside">Not compared with autograd: <code>{escape(report.autograd_error)}</code></p>')
    return f'<div class="gradient-report"><style>{STYLE}</style>\n' + "\n".join(parts) + "\n</div>"


def _mark(verdict: ReportVerdict, note: str = "") -> str:
    text = f"{verdict} ({note})" if note else verdict
    return f'<span class="mark {CLASSES[verdict]}">{SIGNS[verdict]} {escape(text)}</span>'


def _list(title: str, sentences: Sequence[str]) -> list[str]:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return [f"<p><strong>{title}</strong></p><ul>{items}</ul>"] if sentences else []


def _table(report: GradientReport) -> list[str]:
    """The worst entries, as in a terminal, but more of them."""
    if not report.entries:
        return []
    header, shown, more = worst(report.entries, ROWS)
    classes = [' class="number"' if name in NUMBERS else "" for name in header]
    lines = ["<tr>" + "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(header, classes, strict=True)) + "</tr>"]
    for entry, row in shown:
        cells = [f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row[:-1], classes[:-1], strict=True)]
        lines.append(f"<tr>{''.join(cells)}<td>{_mark(entry.verdict, entry.note)}</td></tr>")
    return ["<table>" + "\n".join(lines) + "</table>", *([f'<p class="aside">{more}</p>'] if more else [])]


def _drawable(entries: Sequence[GradientEntry]) -> dict[str, dict[tuple[int, ...], list[GradientEntry]]]:
    """The arguments with one axis or two of which every entry was compared, and their entries by index."""
    found: dict[str, dict[tuple[int, ...], list[GradientEntry]]] = {}
    for entry in entries:
        if isinstance(entry.index, tuple) and 1 <= len(entry.index) <= 2:
            name = entry.argument + (", second derivatives" if entry.order > 1 else "")
            found.setdefault(name, {}).setdefault(entry.index, []).append(entry)
    return {name: places for name, places in found.items() if _is_whole(places)}


def _is_whole(places: dict[tuple[int, ...], list[GradientEntry]]) -> bool:
    shape = _shape(places)
    return prod(shape) == len(places) > 1 and (len(shape) == 1 or max(shape) <= LONGEST) and len(places) <= LONGEST**2


def _shape(places: dict[tuple[int, ...], list[GradientEntry]]) -> tuple[int, ...]:
    return tuple(max(axis) + 1 for axis in zip(*places, strict=True))


def _grid(name: str, places: dict[tuple[int, ...], list[GradientEntry]]) -> str:
    """A picture of an argument: a cell for each entry, with the verdict on the worst of its derivatives."""
    shape = _shape(places)
    columns = min(shape[-1], LONGEST)
    rows = shape[0] if len(shape) == 2 else -(-shape[0] // columns)
    side = 16 if max(rows, columns) <= 32 else 10
    cells = []
    for index, entries in places.items():
        row, column = index if len(index) == 2 else divmod(index[0], columns)
        entry = max(entries, key=lambda e: (RANK[e.verdict], e.excess))
        x, y = column * side, row * side
        cells.append(
            f'<g><title>{escape(_tooltip(entry))}</title><rect class="{CLASSES[entry.verdict]}" x="{x}" y="{y}" width="{side}" '
            f'height="{side}"/>'
        )
        if entry.verdict != "right" and side > 10:
            cells.append(f'<text x="{x + side / 2:g}" y="{y + side / 2 + 3.5:g}">{SIGNS[entry.verdict]}</text>')
        cells.append("</g>")
    width, height = columns * side, rows * side
    wrong = sum(any(entry.verdict == "wrong" for entry in entries) for entries in places.values())
    size = " by ".join(map(str, shape))
    return (
        f"<figure><figcaption>{escape(name)}, {size}: {wrong} of {len(places)} wrong</figcaption>"
        f'<svg width="{width + 1}" height="{height + 1}" viewBox="-0.5 -0.5 {width + 1} {height + 1}" role="img" '
        f'aria-label="{escape(name)}: {wrong} of {len(places)} entries wrong">{"".join(cells)}</svg></figure>'
    )


def _tooltip(entry: GradientEntry) -> str:
    where = f"{entry.index}" if entry.output == () else f"{entry.index}, output {entry.output}"
    text = f"{where}: {entry.verdict}, given {entry.given:.10g}, numerical {entry.numerical:.10g}"
    return f"{text} ({entry.note})" if entry.note else text
