"""What a library needs besides time: to be imported, to be installed, and for training."""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from benchmarks.formats import table
from benchmarks.processes import run
from benchmarks.works import WORKS

__all__ = ["import_seconds", "needs"]

COSTLY = "large"  # the work of which the memory is measured


@dataclass(frozen=True)
class Library:
    """What is installed for a library besides NumPy, and what is imported to train a network by it."""

    name: str
    imports: str
    distributions: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # ours, which may run from where they are developed

    @property
    def installed(self) -> bool:
        """Whether it is there."""
        return all(importlib.util.find_spec(name.split(".")[0]) for name in self.imports.split(", "))

    def bytes(self) -> int:
        """The size of the installed files, without bytecode."""
        files = [Path(str(file.locate())) for name in self.distributions for file in files_of(name)]
        for package in self.packages:
            for directory in importlib.util.find_spec(package).submodule_search_locations:  # type: ignore[union-attr]
                files += Path(directory).rglob("*")
        return sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file())


def files_of(name: str) -> Iterable:
    """The files of a distribution; none if a library does without it here."""
    try:
        return distribution(name).files or ()
    except PackageNotFoundError:
        return ()


TORCH = ("torch", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "fsspec", "filelock", "typing_extensions")
LIBRARIES = (
    Library("`autodiff` and `nn`", "autodiff, nn", packages=("autodiff", "nn")),
    Library("PyTorch", "torch", TORCH),
    Library("JAX", "jax, jax.numpy", ("jax", "jaxlib", "ml_dtypes", "opt_einsum", "scipy")),
    Library("autograd", "autograd, autograd.numpy", ("autograd",)),
    Library("MyGrad", "mygrad", ("mygrad", "typing_extensions")),
    Library("scikit-learn", "sklearn.neural_network", ("scikit-learn", "scipy", "joblib", "threadpoolctl", "narwhals")),
)


def import_seconds(imports: str, repeats: int) -> tuple[float, float]:
    """How long importing NumPy takes, and how much longer importing these takes: medians, in fresh processes."""

    def seconds(names: str) -> float:
        timed = f"import time; start = time.perf_counter(); import {names}; print(time.perf_counter() - start)"
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run([sys.executable, "-c", timed], env=environment, capture_output=True, text=True, check=True)
        return float(done.stdout)

    seconds(imports)  # so that the bytecode is there
    pairs = [(seconds("numpy"), seconds(imports)) for _ in range(repeats)]
    return statistics.median(a for a, _ in pairs), statistics.median(b - a for a, b in pairs)


def to_import(repeats: int) -> str:
    """What importing and installing each library takes."""
    rows = []
    for library in LIBRARIES:
        if library.installed:
            print(f"importing {library.imports}", file=sys.stderr, flush=True)
            numpy, own = import_seconds(library.imports, repeats)
            rows.append([library.name, f"{own * 1e3:,.0f} ms", f"{library.bytes() / 1e6:,.1f} MB"])
    head = ("besides NumPy", "import", "installed, with what it requires")
    return f"NumPy itself takes {numpy * 1e3:.0f} ms.\n\n{table(head, rows)}"


def to_train(candidates: Iterable[str]) -> str:
    """How much memory training takes."""
    work = WORKS[COSTLY]()
    rows = []
    for name in candidates:
        if name in work.makes and name != "products":
            print(f"memory, {name}", file=sys.stderr, flush=True)
            out, failure = run("memory", COSTLY, name, threads=work.threads)
            figures = ["failed", failure, ""] if failure else [f"{int(size) / 1e6:,.0f} MB" for size in out.split()]
            rows += [[name, *figures]] if figures else []  # none, if it is not installed
    text = (
        f"{work.title}: the peak of the process, and how far the first steps, in which programs are captured and compiled,\n"
        "and later ones rise above what is held when network and data are made."
    )
    return f"{text}\n\n{table(('candidate', 'process', 'first steps', 'later steps'), rows)}"


def needs(candidates: Iterable[str], repeats: int) -> dict[str, str]:
    """Texts by their titles."""
    return {"Import and size": to_import(repeats), "Memory": to_train(candidates)}
