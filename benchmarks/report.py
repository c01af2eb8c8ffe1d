"""The page of results, and the table in the README, which is the same."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.formats import figure, microseconds, table
from benchmarks.processes import Found
from benchmarks.works import TABLE, WORKS

__all__ = ["CANDIDATES", "block", "embedded", "machine", "page", "summary"]

CANDIDATES = {
    "by hand": "hand-written NumPy, each array computed once",
    "products": "nothing but the step's products of matrices, into memory that is there",
    "eager": "`nn` or `autodiff` as they are",
    "compiled": "`ad.compile`",
    "native": '`ad.compile(backend="native")`',
    "native loop": "the same, many steps in a call",
    "PyTorch": "PyTorch, eager",
    "torch.compile": "PyTorch, its model compiled",
    "JAX": "a step by `jax.jit`",
    "JAX loop": "many steps in a call, by `jax.lax.fori_loop`",
    "autograd": "HIPS autograd",
    "MyGrad": "MyGrad",
    "scikit-learn": "`MLPClassifier`",
}
PEERS = {"PyTorch": "torch", "JAX": "jax", "autograd": "autograd", "MyGrad": "mygrad", "scikit-learn": "scikit-learn"}
BEGIN, END = "<!-- written by python -m benchmarks -->\n", "\n<!-- end -->"
METHOD = """\
Each candidate does the same work as the reference, from the same start, in a process of its own with the number of threads that is
stated; that both come to the same loss is checked first. They take turns, and what is given is the median, over the rounds, of the
time as a multiple of the reference's in the same round: less than 1 is faster. "-" is what is not installed, or does not
do the work. JAX does a chain of operations by `lax.scan`; to capture 100,000 of them for `ad.compile` would take far too long."""


def machine() -> str:
    """Processor and versions: what the figures depend on."""
    try:
        model = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[0]
    except (OSError, IndexError):
        model = platform.processor() or platform.machine()
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload]
    parts = [f"{model}, {os.cpu_count()} CPUs", f"Python {platform.python_version()}", f"NumPy {np.__version__} ({blas['name']})"]
    for name, distribution in PEERS.items():
        try:
            parts.append(f"{name} {version(distribution)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)


def cell(found: Found | None) -> str:
    """The ratio, if there is one."""
    if found is None or "missing" in found:
        return "-"
    return figure(found["ratio"][1]) if "ratio" in found else "failed"


def summary(results: Iterable[Found]) -> str:
    """The machine, and the table of all works: the reference's time, and each candidate's as a multiple of it."""
    by_work: dict[str, dict[str, Found]] = {}
    for found in results:
        if found["work"] in TABLE:
            by_work.setdefault(found["work"], {})[found["candidate"]] = found
    rows = {}
    for name, row in by_work.items():
        measured = [found for found in row.values() if "ratio" in found]
        reference = measured[0]["reference"] if measured else "-"
        time = microseconds(np.median([found["base"][1] for found in measured])) if measured else "-"
        work = WORKS[name]()
        rows[name] = [work.title, str(work.threads), f"{reference}, {time}"]
    shown = [found for row in by_work.values() for found in row.values() if "missing" not in found]
    others = {found["candidate"] for found in shown if found["candidate"] != found.get("reference")}
    columns = [name for name in CANDIDATES if name in others]
    lines = [rows[name] + [cell(row.get(column)) for column in columns] for name, row in by_work.items()]
    return f"{machine()}.\n\n{table(('a step, or as much as is stated', 'threads', 'reference', *columns), lines)}"


def details(results: Iterable[Found]) -> str:
    """Every pair, with the quartiles of the ratio."""
    rows = []
    for found in results:
        if "ratio" in found:
            low, median, high = map(figure, found["ratio"])
            of = found["reference"] if found["reference"] != found["candidate"] else "itself"
            spread = [median, f"{low} to {high}", of, str(found["rounds"])]
            rows.append([WORKS[found["work"]]().title, found["candidate"], microseconds(found["us"][1]), *spread])
    return table(("work", "candidate", "median time", "ratio", "its quartiles", "of", "rounds"), rows, numbers_from=2)


def failures(results: Iterable[Found]) -> str:
    """What did not work, and why."""
    return "\n".join(f"- {WORKS[r['work']]().title}, {r['candidate']}: {r['error']}" for r in results if "error" in r)


def page(results: list[Found], needs: Mapping[str, str], picture: str | None) -> str:
    """The page: the table of all works, the picture, what libraries need, and every pair."""
    names = {found["candidate"] for found in results}
    legend = "\n".join(f"- {name}: {text}" for name, text in CANDIDATES.items() if name in names)
    parts = ["# Results of `python -m benchmarks`", METHOD, block(summary(results)), legend]
    if failed := failures(results):
        parts += ["Failed:", failed]
    if picture:
        parts += ["## How the time grows", f"![Time of a step by width, depth, rows and length]({picture})"]
    for title, text in needs.items():
        parts += [f"## {title}", text]
    return "\n\n".join([*parts, "## Every pair", details(results)]) + "\n"


def block(text: str) -> str:
    """A text between the marks by which it is found again."""
    return f"{BEGIN}{text}{END}"


def embedded(document: str, text: str) -> str:
    """A document with this text between its marks."""
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: block(text), document, flags=re.DOTALL)
