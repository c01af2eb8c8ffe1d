"""Every entry of the registry with every one of its samples, as inputs to compute with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from docs.entries import entries
from tests.samples import Call, calls_of


def _each_with_each(a: Any, b: Any) -> Any:
    """The products of the elements of each column of `a` with those of the same column of `b`."""
    return a[..., :, None, :] * b[..., None, :, :]


DETERMINED: dict[str, Callable[..., Any]] = {
    "eigh": lambda w, v: (w, _each_with_each(v, np.conj(v))),
    "svd": lambda u, s, vh: (
        s,
        _each_with_each(u, np.conj(u)),
        _each_with_each(u[..., : s.shape[-1]], vh[..., : s.shape[-1], :].mT),
    ),
}


@dataclass(frozen=True)
class Case:
    """One sample of one entry."""

    entry: Any
    number: int
    call: Call

    @property
    def name(self) -> str:
        return f"{self.entry.name}-{self.number}"

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.call.params)

    def arrays(self, dtype: Any = float) -> list[np.ndarray]:
        """The operands, in memory of their own, with elements of type `dtype` where they are floats."""
        given = map(np.array, self.call.operands)
        return [x.astype(dtype) if x.dtype.kind == "f" else x for x in given]

    def of(self, function: Callable[..., Any], arrays: Any) -> Any:
        """What `function` gives for `arrays` and the parameters of this sample, as one array of real numbers."""
        return _in_one(self.results(function, arrays))

    def results(self, function: Callable[..., Any], arrays: Any) -> Any:
        """What `function` gives, which may be complex, or several arrays."""
        if function is getattr(np, "astype", None):  # whose parameter is positional-only
            return function(*arrays, *self.params.values())
        return function(list(arrays), **self.params) if self.entry.variadic else function(*arrays, **self.params)

    def operation(self, arrays: Any) -> Any:
        """What the public function gives; of complex vectors, whose phases could be any, what does not depend on these."""

        def determined(*operands: Any, **params: Any) -> Any:
            y = self.entry.call(*operands, **params)
            vectors = self.entry.name in DETERMINED and isinstance(y, tuple) and y[-1].dtype.kind == "c"
            return DETERMINED[self.entry.name](*y) if vectors else y

        return self.of(determined, arrays)

    def differentiable(self) -> list[int]:
        """The positions of the arrays that have a gradient."""
        arrays = self.arrays()
        return [i for i, x in enumerate(arrays) if x.dtype.kind == "f" and (self.entry.variadic or self.entry.rules[i] is not None)]

    def function(self) -> tuple[Callable[..., Any], list[np.ndarray]]:
        """The operation as a function of the differentiable arrays alone, and these arrays."""
        arrays, positions = self.arrays(), self.differentiable()

        def f(*inputs: Any) -> Any:
            replaced = dict(zip(positions, inputs, strict=True))
            return self.operation([replaced.get(i, x) for i, x in enumerate(arrays)])

        return f, [arrays[i] for i in positions]

    def complex_arrays(self) -> list[np.ndarray]:
        """The operands, with imaginary parts where they are floats."""
        rng = np.random.default_rng(1)
        return [x + 1j * rng.uniform(0.1, 0.5, x.shape) if x.dtype.kind == "f" else x for x in self.arrays()]

    def takes_complex(self) -> bool:
        """Whether NumPy takes complex numbers for the operands of this sample."""
        try:
            with np.errstate(all="raise"):
                self.of(self.entry.forward, self.complex_arrays())
        except (TypeError, FloatingPointError):
            return False
        few = all(x.size < 1000 for x in self.arrays())  # of many, a step changes which is the largest
        return few and bool(self.differentiable())

    def function_of_parts(self) -> tuple[Callable[..., Any], list[np.ndarray]]:
        """The parts of what the operation makes of complex numbers, as a function of their real and imaginary parts, and these."""
        f, _ = self.function()
        inputs = [x for i, x in enumerate(self.complex_arrays()) if i in self.differentiable()]

        def of_parts(*parts: Any) -> Any:
            n = len(inputs)
            y = f(*(a + 1j * b for a, b in zip(parts[:n], parts[n:], strict=True)))
            return np.stack([np.real(y), np.imag(y)])

        return of_parts, [x.real.copy() for x in inputs] + [x.imag.copy() for x in inputs]


def _in_one(results: Any) -> Any:
    """Several results end to end, those without a derivative left out, and complex numbers as pairs."""
    if isinstance(results, (tuple, list)):
        return np.concatenate([np.ravel(_in_one(y)) for y in results if y.dtype.kind in "fc"])
    return np.stack([np.real(results), np.imag(results)]) if results.dtype.kind == "c" else results


def cases_of(entry: Any) -> list[Case]:
    return [Case(entry, number, call) for number, call in enumerate(calls_of(entry))]


def leaves_of(case: Case, arrays: list[np.ndarray]) -> list[Any]:
    """The arrays, with leaves in the place of the differentiable ones."""
    differentiable = case.differentiable()
    return [ad.Tensor(x, requires_grad=True) if i in differentiable else x for i, x in enumerate(arrays)]


def cotangent(y: Any, seed: int = 0) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).normal(size=y.shape).astype(y.dtype))


def gradients(case: Case, arrays: list[np.ndarray], g: np.ndarray) -> list[np.ndarray]:
    operands = leaves_of(case, arrays)
    case.operation(operands).backward(g)
    return [t.grad.numpy() for t in operands if isinstance(t, ad.Tensor)]


def check_in_float16(case: Case) -> None:
    """Assert that the gradients of float16 arrays are float16, and those of the same arrays in float64 but for rounding.

    So they are to be wherever they can be written, between the ends of the range of float16: the cotangent is small in turn, and so
    large that it or a gradient is nearly the largest number. Of what is broadcast the copies are taken, whose gradients are not
    added up: a sum can be written of numbers that cannot. Of what NumPy does not compute in float16 nothing is asked.
    """
    narrow = case.arrays(np.float16)
    if not takes_float16(case):
        return
    if case.entry.elementwise:
        narrow = [x.copy() for x in np.broadcast_arrays(*narrow)]
    wide = [x.astype(float) if x.dtype.kind == "f" else x for x in narrow]
    g = cotangent(np.asarray(case.operation(wide)))
    largest = max(float(np.max(np.abs(x), initial=0)) for x in (g, *gradients(case, wide, g)))
    for scale in (1, 1 / 1024, 60_000 / (largest or 1)):
        scaled = (scale * g).astype(np.float16)
        for found, expected in zip(gradients(case, narrow, scaled), gradients(case, wide, scaled.astype(float)), strict=True):
            assert found.dtype == np.float16
            bound = 8 * HALF.eps * np.max(np.abs(expected), initial=0) + HALF.smallest_subnormal
            np.testing.assert_allclose(found, expected, rtol=0, atol=bound)


def takes_float16(case: Case) -> bool:
    """Whether NumPy takes float16 for the operands, as its linear algebra does not: then that is the error."""
    try:
        case.of(case.entry.forward, case.arrays(np.float16))
    except TypeError as error:
        with pytest.raises(TypeError, match=re.escape(str(error))):
            case.operation(leaves_of(case, case.arrays(np.float16)))
        return "float16 is unsupported in linalg" not in str(error)
    return True


HALF = np.finfo(np.float16)
ENTRIES = entries()
CASES = [case for entry in ENTRIES for case in cases_of(entry)]

each_entry = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
QUICK = 2  # samples of each operation in the quick tests
each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[pytest.mark.long] if case.number >= QUICK else []) for case in CASES]
)


def strided(x: np.ndarray) -> np.ndarray:
    wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), np.nan if x.dtype.kind == "f" else False).astype(x.dtype) if x.ndim else x
    if x.ndim:
        wide[..., ::2] = x
    return wide[..., ::2] if x.ndim else x


LAYOUTS = {
    "transposed": lambda x: np.array(x, order="F"),
    "strided": strided,
    "reversed": lambda x: x[::-1].copy()[::-1] if x.ndim else x,
    "read-only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
}
