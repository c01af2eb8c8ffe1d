"""Works side by side with peers: `python -m benchmarks` writes a page of tables and a picture, and the table in the README.

What is chosen by `--works` or `--peers`, or measured by `--quick`, is only printed, unless there is `--out`.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.picture import draw
from benchmarks.processes import measured
from benchmarks.resources import needs
from benchmarks.works import TABLE, WORKS
from benchmarks.works.scaling import LINES, PANELS

HERE = Path(__file__).parent
RESULTS, README = HERE / "results", HERE.parent / "README.md"
CHOICES = (*TABLE, *(panel.name for panel in PANELS), "resources")


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few rounds of each, to see that all runs")
    parser.add_argument("--works", nargs="+", choices=CHOICES, default=CHOICES, metavar="work", help=", ".join(CHOICES))
    parser.add_argument(
        "--peers", nargs="+", choices=tuple(report.CANDIDATES), default=tuple(report.CANDIDATES), help="what is measured"
    )
    parser.add_argument("--out", type=Path, help="the folder for page and picture")
    options = parser.parse_args(arguments)
    chosen = options.quick or options.out or (options.works, options.peers) != (CHOICES, tuple(report.CANDIDATES))
    options.whole = not chosen
    options.out = RESULTS if options.whole else options.out
    options.panels = [panel for panel in PANELS if panel.name in options.works]
    if options.out and options.panels and importlib.util.find_spec("matplotlib") is None:
        parser.error("the picture needs matplotlib: pip install 'chainrule[plot]'")
    return options


def pairs(options: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """A process for each pair of the table, and for each line of a panel."""
    jobs = [(name, [work]) for work in TABLE if work in options.works for name in options.peers if name in TABLE[work]().makes]
    for panel in PANELS:
        if panel.name in options.works:
            for line in LINES:
                works = [work for work in panel.works if line in WORKS[work]().makes]
                jobs += [(line, works)] if works and line in options.peers else []
    return jobs


def main(arguments: list[str] | None = None) -> None:
    """Measure, and write or print what is found."""
    options = options_of(arguments)
    if not options.quick and hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5:
        print("Others use this machine: threads that wait for each other will be slowed down by far.", file=sys.stderr)
    jobs = pairs(options)
    beside, along = (0.02, 0.02) if options.quick else (0.8, 0.25)  # seconds for a pair of the table, and for a point of a line
    results = measured([job for job in jobs if job[1][0] in TABLE], beside)
    results += measured([job for job in jobs if job[1][0] not in TABLE], along)
    found = needs(options.peers, repeats=1 if options.quick else 5) if "resources" in options.works else {}
    if options.out is None:
        print(report.page(results, found, None), end="")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    picture = draw(options.panels, results, options.out / "scaling.png") if options.panels else None
    (options.out / "README.md").write_text(report.page(results, found, picture))
    if options.whole:
        README.write_text(report.embedded(README.read_text(), report.summary(results)))


if __name__ == "__main__":
    main()
