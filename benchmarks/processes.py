"""The processes in which pairs are measured, and the number of threads that each may use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.formats import figure
from benchmarks.works import WORKS

__all__ = ["Found", "measured", "run"]

TIMEOUT = 180  # seconds that a process may take beyond its rounds
Found = dict[str, Any]  # a line of `benchmarks.pair`


def limited(threads: int) -> dict[str, str]:
    """The environment of a process that computes on so many threads, in every library."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "PJRT_NPROC")
    flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    return {**os.environ, **dict.fromkeys(names, str(threads)), "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


def run(module: str, *arguments: str, threads: int, timeout: float = TIMEOUT) -> tuple[str, str]:
    """What a process prints, and why it failed, if it did."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    try:
        done = subprocess.run(command, env=limited(threads), capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as expired:
        return (expired.stdout or b"").decode(), f"it took more than {timeout:.0f} seconds"
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return done.stdout, f"status {done.returncode}: {last}" if done.returncode else ""


def beside(candidate: str, works: list[str], seconds: float) -> list[Found]:
    """What is found of a candidate in works that use as many threads."""
    timeout = TIMEOUT + 10 * seconds * len(works)
    threads = WORKS[works[0]]().threads
    out, failure = run("pair", candidate, *works, "--seconds", str(seconds), threads=threads, timeout=timeout)
    found = [json.loads(line) for line in out.splitlines()]
    return found + [{"work": name, "candidate": candidate, "error": failure} for name in works[len(found) :]]


def told(found: Found) -> str:
    """A line for those who wait."""
    if "ratio" in found:
        return f"{found['us'][1]:.4g} µs, {figure(found['ratio'][1])} of {found['reference']}"
    return str(found.get("error") or found.get("missing"))


def measured(jobs: list[tuple[str, list[str]]], seconds: float) -> list[Found]:
    """What is found of candidates in works, each of these in a process, one after the other."""
    results = []
    for i, (candidate, works) in enumerate(jobs, 1):
        for found in beside(candidate, works, seconds):
            print(f"[{i}/{len(jobs)}] {found['work']}, {candidate}: {told(found)}", file=sys.stderr, flush=True)
            results.append(found)
    return results
