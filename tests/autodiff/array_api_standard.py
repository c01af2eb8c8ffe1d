"""The names of the array API standard 2024.12 (data-apis.org/array-api), and how its functions are called."""

from __future__ import annotations

import ast
from collections.abc import Iterator

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"
NUMBERS = "e inf nan newaxis pi"
MEMBERS = "dtype device mT ndim shape size T to_device"
OPERATORS = "add sub mul truediv floordiv pow mod matmul and or xor lshift rshift"  # beside these, reflected ones and updates
SPECIAL = """
    abs array_namespace bool complex dlpack dlpack_device eq float ge getitem gt index int invert le lt ne neg pos setitem
"""

# The functions by their parameters; "=0" is for any default.
FUNCTIONS = {
    "x, /": """
        abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor imag isfinite isinf isnan
        linalg.det linalg.eigh linalg.eigvalsh linalg.inv linalg.matrix_transpose linalg.slogdet linalg.svdvals log
        log10 log1p log2 logical_not matrix_transpose negative nonzero positive real reciprocal round sign signbit sin
        sinh sqrt square tan tanh trunc unique_all unique_counts unique_inverse unique_values
    """,
    "x1, x2, /": """
        add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign divide equal
        floor_divide greater greater_equal hypot less less_equal linalg.matmul linalg.outer linalg.solve logaddexp
        logical_and logical_or logical_xor matmul maximum minimum multiply nextafter not_equal pow remainder subtract
    """,
    "x, /, *, axis=0, keepdims=0": "all any argmax argmin count_nonzero max mean min",
    "x, /, *, n=0, axis=0, norm=0": "fft.fft fft.hfft fft.ifft fft.ihfft fft.irfft fft.rfft",
    "x, /, *, s=0, axes=0, norm=0": "fft.fftn fft.ifftn fft.irfftn fft.rfftn",
    "shape, *, dtype=0, device=0": "empty ones zeros",
    "x, /, *, dtype=0, device=0": "empty_like ones_like zeros_like",
    "x1, x2, /, *, axis=0": "linalg.cross linalg.vecdot vecdot",
    "arrays, /, *, axis=0": "concat stack",
    "n, /, *, d=0, dtype=0, device=0": "fft.fftfreq fft.rfftfreq",
    "type, /": "finfo iinfo",
    "x, /, *, axes=0": "fft.fftshift fft.ifftshift",
    "x, /, *, axis=0": "flip unstack",
    "x, /, *, axis=0, correction=0, keepdims=0": "std var",
    "x, /, *, axis=0, descending=0, stable=0": "argsort sort",
    "x, /, *, axis=0, dtype=0, include_initial=0": "cumulative_prod cumulative_sum",
    "x, /, *, axis=0, dtype=0, keepdims=0": "prod sum",
    "x, /, *, k=0": "tril triu",
    "x, /, *, rtol=0": "linalg.matrix_rank linalg.pinv",
    "x, /, axis": "expand_dims squeeze",
    "x, indices, /, *, axis=0": "take take_along_axis",
    "x1, x2, /, *, axes=0": "linalg.tensordot tensordot",
    "*arrays": "broadcast_arrays",
    "*arrays, indexing=0": "meshgrid",
    "*arrays_and_dtypes": "result_type",
    "condition, x1, x2, /": "where",
    "dtype, kind": "isdtype",
    "from_, to, /": "can_cast",
    "n_rows, n_cols=0, /, *, k=0, dtype=0, device=0": "eye",
    "obj, /, *, dtype=0, device=0, copy=0": "asarray",
    "shape, fill_value, *, dtype=0, device=0": "full",
    "start, /, stop=0, step=0, *, dtype=0, device=0": "arange",
    "start, stop, /, num, *, dtype=0, device=0, endpoint=0": "linspace",
    "x, /, *, axis=0, keepdims=0, ord=0": "linalg.vector_norm",
    "x, /, *, axis=0, n=0, prepend=0, append=0": "diff",
    "x, /, *, device=0, copy=0": "from_dlpack",
    "x, /, *, full_matrices=0": "linalg.svd",
    "x, /, *, keepdims=0, ord=0": "linalg.matrix_norm",
    "x, /, *, mode=0": "linalg.qr",
    "x, /, *, offset=0": "linalg.diagonal",
    "x, /, *, offset=0, dtype=0": "linalg.trace",
    "x, /, *, upper=0": "linalg.cholesky",
    "x, /, axes": "permute_dims",
    "x, /, fill_value, *, dtype=0, device=0": "full_like",
    "x, /, min=0, max=0": "clip",
    "x, /, shape": "broadcast_to",
    "x, /, shape, *, copy=0": "reshape",
    "x, /, shift, *, axis=0": "roll",
    "x, dtype, /, *, copy=0, device=0": "astype",
    "x, n, /": "linalg.matrix_power",
    "x, repeats, /, *, axis=0": "repeat",
    "x, repetitions, /": "tile",
    "x, source, destination, /": "moveaxis",
    "x1, x2, /, *, side=0, sorter=0": "searchsorted",
}
SIGNATURES = {name: parameters for parameters, names in FUNCTIONS.items() for name in names.split()}


def calls(parameters: str) -> Iterator[tuple[int, list[str]]]:
    """How a function may be called: with how many arguments by position, and which by name."""
    found = ast.parse(f"def f({parameters}): ...").body[0]
    assert isinstance(found, ast.FunctionDef)
    args = found.args
    positional = [*args.posonlyargs, *args.args]
    required = len(positional) - len(args.defaults)
    yield required, []
    for n in range(len(args.posonlyargs), len(positional) + 1):
        yield n, [a.arg for a in (*positional[n:], *args.kwonlyargs)]
    if args.vararg:
        yield 3, [a.arg for a in args.kwonlyargs]
