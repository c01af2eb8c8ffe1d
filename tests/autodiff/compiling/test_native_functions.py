"""exp, expm1, log, log1p and tanh of the printed C: how far from the truth, and right where there is no number."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from native_programs import needs_compiler

from autodiff.compiling.native import compiler
from autodiff.compiling.native.functions import PRELUDE, ULPS, functions

pytestmark = needs_compiler

TYPES = {"f": (np.float32, np.float64, "float"), "d": (np.float64, np.longdouble, "double")}
EACH = [pytest.param(name, kind, id=f"{name}-{kind}") for kind in ULPS for name in ULPS[kind]]
finer = pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="no type here is finer than float64")


@pytest.fixture(scope="module")
def compiled() -> ctypes.CDLL:
    text = PRELUDE + functions(" ".join(f"{name}_{kind}(" for kind in ULPS for name in ULPS[kind]))
    for kind, (_, _, c_type) in TYPES.items():
        for name in ULPS[kind]:
            text += f"void all_{name}_{kind}(const {c_type} *restrict x, {c_type} *restrict y, int64_t n)"
            text += f"{{ for (int64_t i = 0; i < n; i++) y[i] = {name}_{kind}(x[i]); }}\n"
    return compiler.library(text)


def applied(compiled: ctypes.CDLL, name: str, kind: str) -> Callable[[np.ndarray], np.ndarray]:
    def function(x: np.ndarray) -> np.ndarray:
        y = np.empty_like(x)
        getattr(compiled, f"all_{name}_{kind}")(*(ctypes.c_void_p(a.ctypes.data) for a in (x, y)), ctypes.c_int64(x.size))
        return y

    return function


def check(function: Callable[[np.ndarray], np.ndarray], name: str, kind: str, x: np.ndarray) -> None:
    """Within the stated error where the result is finite; infinite, not a number and signed as NumPy's elsewhere."""
    dtype, finer_type, _ = TYPES[kind]
    with np.errstate(all="ignore"):
        truth = getattr(np, name)(x.astype(finer_type))
        rounded = truth.astype(dtype)
    y = function(x)
    finite = np.isfinite(rounded)
    errors = np.abs(y[finite] - truth[finite]) / np.spacing(np.abs(rounded[finite]))
    assert errors.size == 0 or float(errors.max()) <= ULPS[kind][name], x[finite][errors.argmax()]
    np.testing.assert_array_equal(y[~finite], rounded[~finite])
    zero = rounded == 0
    np.testing.assert_array_equal(np.signbit(y[zero]), np.signbit(rounded[zero]))


@pytest.mark.parametrize(("name", "kind"), EACH)
def test_special_values(compiled: Any, name: str, kind: str) -> None:
    limits = np.finfo(TYPES[kind][0])
    numbers = [0.0, np.inf, np.nan, limits.max, limits.tiny, limits.smallest_subnormal, limits.eps, 1, 0.5, 2, 17, 88, 89, 90]
    numbers += [103, 104, 105, 150, 700, 709, 710, 745, 746, 1e4, np.log(float(limits.max)), np.log(float(limits.tiny))]
    x = np.array([sign * number for number in numbers for sign in (1, -1)], TYPES[kind][0])
    with np.errstate(all="ignore"):
        x = np.concatenate([x, np.nextafter(x, x.dtype.type(np.inf)), np.nextafter(x, x.dtype.type(-np.inf))])
        wanted = getattr(np, name)(x)
    y = applied(compiled, name, kind)(x)
    np.testing.assert_array_max_ulp(y[np.isfinite(wanted)], wanted[np.isfinite(wanted)], 4)
    np.testing.assert_array_equal(y[~np.isfinite(wanted)], wanted[~np.isfinite(wanted)])
    np.testing.assert_array_equal(np.signbit(y[wanted == 0]), np.signbit(wanted[wanted == 0]))


@pytest.mark.parametrize("name", ULPS["f"])
def test_float32_among_all(compiled: Any, name: str) -> None:
    check(applied(compiled, name, "f"), name, "f", np.arange(0, 2**32, 10_007, np.uint32).view(np.float32))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ULPS["f"])
def test_each_float32(compiled: Any, name: str) -> None:
    function = applied(compiled, name, "f")
    for begin in range(0, 2**32, 2**24):
        check(function, name, "f", np.arange(begin, begin + 2**24, dtype=np.uint64).astype(np.uint32).view(np.float32))


@finer
@pytest.mark.parametrize("name", ULPS["d"])
def test_a_sample_of_float64(compiled: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**64, 100_000, dtype=np.uint64).view(np.float64)
    sizes = [rng.normal(size=40_000) * size for size in (1e-300, 1e-8, 1e-3, 0.1, 1, 10, 100, 300)]
    check(applied(compiled, name, "d"), name, "d", np.concatenate([bits, *sizes, 1 + rng.normal(size=40_000) * 1e-3]))
