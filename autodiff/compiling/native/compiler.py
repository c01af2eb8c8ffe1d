"""Compiling C, once for each text: what was compiled lies in the user's cache folder."""

from __future__ import annotations

import atexit
import ctypes
import functools
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np

__all__ = ["CompilerError", "NoCompiler", "blas", "library", "vector_bytes"]

# Each operation is rounded as NumPy's: no -ffast-math. That nobody looks at errno or at the flags of the processor lets a compiler
# use vectors; whole numbers wrap around.
_FLAGS = [
    "-std=c11",
    "-O3",
    "-march=native",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fwrapv",
    "-fopenmp-simd",
    "-shared",
    "-fPIC",
    "-pipe",
]


class NoCompiler(RuntimeError):
    """There is no C compiler."""


class CompilerError(RuntimeError):
    """The C compiler failed."""


def compiler() -> list[str]:
    """The command of the C compiler: `$CC`, the system's, or the one that comes with `ziglang`."""
    wanted = os.environ.get("CC", "")
    for command in [wanted] if wanted else ["cc", "gcc", "clang"]:
        words = shlex.split(command)
        if words and shutil.which(words[0]):
            return [str(shutil.which(words[0])), *words[1:]]
    if not wanted and importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    tried = f"$CC, {wanted!r}, was not found" if wanted else "neither cc, gcc nor clang was found, nor the package ziglang"
    raise NoCompiler(f"compile: the native back end needs a C compiler, but {tried}. Install one: pip install 'chainrule[native]'.")


@functools.cache
def processor() -> str:
    """What the machine code is for."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = platform.processor()
    lines = [line for line in text.splitlines() if line.lower().startswith(("flags", "features", "model name", "cpu part"))]
    return "\n".join([platform.machine(), *(sorted(set(lines)) or [text])])


def vector_bytes() -> int:
    """How long the vectors of the processor are."""
    words = processor().split()
    return 64 if "avx512f" in words else 32 if "avx" in words else 16


@functools.cache
def blas() -> tuple[int, int, int]:
    """Where the products of float32 and of float64 matrices are in NumPy's BLAS, and its integers' bits; 0, 0, 0 if unknown."""
    package = Path(np.__file__).parent
    for folder in (package.parent / "numpy.libs", package / ".dylibs", package / ".libs"):
        for path in sorted(folder.glob("*openblas*")):
            for prefix, suffix, bits in (("scipy_", "64_", 64), ("", "64_", 64), ("scipy_", "", 32), ("", "", 32)):
                try:
                    opened = ctypes.CDLL(str(path))
                    single, double = (getattr(opened, f"{prefix}cblas_{kind}gemm{suffix}") for kind in "sd")
                except (OSError, AttributeError):
                    continue
                return *(int(ctypes.cast(f, ctypes.c_void_p).value or 0) for f in (single, double)), bits  # type: ignore[return-value]
    return 0, 0, 0


def cache_folder() -> Path:
    """The folder for what was compiled, which nobody else can write to; a temporary one if there can be none."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    folder = (Path(home) if os.path.isabs(home) else Path.home() / ".cache") / "chainrule"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _private(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    except OSError:
        pass
    return _temporary_folder()


def _private(folder: Path) -> bool:
    state = folder.lstat()
    own = not hasattr(os, "geteuid") or state.st_uid == os.geteuid()
    return stat.S_ISDIR(state.st_mode) and own and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@functools.cache
def _temporary_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="chainrule-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


_loaded: dict[str, ctypes.CDLL] = {}


def library(text: str) -> ctypes.CDLL:
    """The compiled text, loaded: from this process, from the cache, or compiled now."""
    command = compiler()
    program = Path(command[0]).resolve()
    files = [program, *(Path(str(found.origin)) for found in [_module(command)] if found)]
    version = f"{command} {[(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]}"
    key = hashlib.sha256("\0".join([text, version, *_FLAGS, processor()]).encode()).hexdigest()[:32]
    if key not in _loaded:
        _loaded[key] = _cached(key) or _compiled(command, text, key)
    return _loaded[key]


def _module(command: list[str]) -> ModuleSpec | None:
    """The module of Python that a command runs."""
    return importlib.util.find_spec(command[2]) if command[1:2] == ["-m"] and len(command) > 2 else None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _cached(key: str) -> ctypes.CDLL | None:
    """One that was compiled before, if it is whole: its name ends in the hash of what is in it."""
    for path in _candidates(key):
        try:
            if path.stem == f"{key}-{_digest(path)}":
                return ctypes.CDLL(str(path))
            path.unlink()
        except OSError:
            continue
    return None


def _candidates(key: str) -> Iterator[Path]:
    try:
        yield from cache_folder().glob(f"{key}-*.so")
    except OSError:
        return


def _compiled(command: list[str], text: str, key: str) -> ctypes.CDLL:
    reason = ""
    for folder in dict.fromkeys([cache_folder(), _temporary_folder()]):
        try:
            handle, name = tempfile.mkstemp(suffix=".part", dir=folder)
            os.close(handle)
            part = Path(name)
        except OSError as error:
            reason = str(error)
            continue
        try:
            reason = _run(command, text, part)
            if not reason:
                whole = folder / f"{key}-{_digest(part)}.so"
                part.replace(whole)
                return ctypes.CDLL(str(whole))
        except OSError as error:
            reason = str(error)
        finally:
            part.unlink(missing_ok=True)
    raise CompilerError(f"compile: the C compiler {shlex.join(command)} failed:\n{reason}")


def _run(command: list[str], text: str, result: Path) -> str:
    """Compile into a file; what is wrong, if something is."""
    line = [*command, *_FLAGS, "-x", "c", "-", "-o", str(result), "-lm"]
    done = subprocess.run(line, input=text, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr[-2000:] or f"exit status {done.returncode}"
