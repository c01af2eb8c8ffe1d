"""The table of translations: what nodes of ONNX an operation is made of.

A translation is called with the trace, the result for the example, and the operands and parameters of the call. It returns the name
of its result or a symbol, or None if it cannot say this call; the operation is then taken apart like one that has no translation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nn.export.indexing import getitem
from nn.export.tracing import Symbol, Trace, value_of
from nn.export.windows import conv_transpose, convolution, largest, pooled, unfold

__all__ = ["FUNCTIONS", "OPERATIONS", "REWRITINGS"]

Translation = Callable[..., Any]


def _elementwise(op: str, **attributes: Any) -> Translation:
    """One node, whose operands have the type of the result."""

    def translate(g: Trace, y: Any, *operands: Any) -> Any:
        return None if y.dtype.kind in "bc" else g.add(op, *(g.cast(x, y.dtype) for x in operands), **attributes)

    return translate


def _comparison(op: str, negated: bool = False) -> Translation:
    """One node of truth values, whose operands have the type that NumPy compares them in."""

    def translate(g: Trace, y: Any, *operands: Any) -> Any:
        dtype = np.result_type(*map(value_of, operands))
        result = g.add(op, *(g.cast(x, dtype) for x in operands))
        return g.add("Not", result) if negated else result

    return translate


def _logical(op: str, bitwise: str = "") -> Translation:
    """One node of truth values, or of the bits of integers."""

    def translate(g: Trace, y: Any, *operands: Any) -> Any:
        of_bits = bitwise and y.dtype.kind in "iu"
        return g.add(bitwise if of_bits else op, *(g.cast(x, y.dtype) for x in operands))

    return translate


def _axes(x: Any, axis: Any) -> np.ndarray:
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return np.array([int(a) % max(x.ndim, 1) for a in axes], np.int64)


def _reduction(op: str) -> Translation:
    """A reduction along axes, of one array."""

    def translate(g: Trace, y: Any, x: Any, axis: Any = None, keepdims: Any = False, **_: Any) -> Any:
        if y.dtype.kind in "bc":
            return None
        axes = _axes(x, axis)
        pool = None if keepdims else pooled(g, y, x, axes, op)
        if pool is not None or x.ndim == 0 or not axes.size:
            return pool or g.cast(x, y.dtype)
        return g.add(op, g.cast(x, y.dtype), axes, keepdims=int(keepdims is True))

    return translate


def _quantifier(op: str) -> Translation:
    """`all` and `any`, as the least and the largest of 0 and 1."""

    def translate(g: Trace, y: Any, x: Any, axis: Any = None, keepdims: Any = False, **_: Any) -> Any:
        numbers = g.cast(g.cast(x, bool), np.int32)
        reduced = g.add(op, numbers, _axes(x, axis), keepdims=int(keepdims is True))
        return g.add("Cast", reduced, to=np.dtype(bool))

    return translate


def _extreme_place(op: str) -> Translation:
    def translate(g: Trace, y: Any, x: Any, axis: Any = None, keepdims: Any = False, **_: Any) -> Any:
        if axis is None and keepdims is not True:
            x, axis = g.add("Reshape", x, np.array([-1])), 0
        return None if axis is None else g.add(op, x, axis=int(axis), keepdims=int(keepdims is True))

    return translate


def _reshape(g: Trace, y: Any, x: Any, **_: Any) -> Any:
    return g.add("Reshape", x, np.array(y.shape, np.int64))


def _along_axis(op: str) -> Translation:
    def translate(g: Trace, y: Any, x: Any, axis: Any = None, **_: Any) -> Any:
        return g.add(op, g.cast(x, y.dtype), axis=int(axis)) if isinstance(axis, (int, np.integer)) and x.ndim else None

    return translate


def _linear(g: Trace, y: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    x, weight = g.cast(x, y.dtype), g.cast(weight, y.dtype)
    biases = () if bias is None else (g.cast(bias, y.dtype),)
    if x.ndim == 2:
        return g.add("Gemm", x, weight, *biases, transB=1)
    product = g.add("MatMul", x, g.add("Transpose", weight, perm=[1, 0]))
    return g.add("Add", product, *biases) if biases else product


def _softmax(g: Trace, y: Any, x: Any, axis: Any = None) -> Any:
    """Softmax; of -inf alone it is 0 here, where that of ONNX is NaN: masks make such."""
    result = _along_axis("Softmax")(g, y, x, axis)
    floats = [array for array in (x.value, *g.constants.values()) if array.dtype.kind == "f"]
    if result is None or not any(np.any(np.isneginf(array)) for array in floats):
        return result
    return g.add("Where", g.add("IsNaN", result), np.zeros((), y.dtype), result)


def _concat(g: Trace, y: Any, arrays: Any, axis: Any = 0) -> Any:
    return None if axis is None else g.add("Concat", *(g.cast(x, y.dtype) for x in arrays), axis=int(axis))


def _stack(g: Trace, y: Any, arrays: Any, axis: int = 0) -> Any:
    axes = np.array([axis % y.ndim])
    parts = [g.add("Unsqueeze", g.cast(x, y.dtype), axes) for x in arrays]
    return g.add("Concat", *parts, axis=axis)


def _normal_distribution(g: Trace, y: Any, x: Any) -> Any:
    half, one = np.asarray(0.5, y.dtype), np.asarray(1, y.dtype)
    scaled = g.add("Mul", g.cast(x, y.dtype), np.asarray(math.sqrt(0.5), y.dtype))
    return g.add("Mul", g.add("Add", g.add("Erf", scaled), one), half)


def _logsigmoid(g: Trace, y: Any, x: Any) -> Any:
    return g.add("Neg", g.add("Softplus", g.add("Neg", g.cast(x, y.dtype))))


def _logaddexp(g: Trace, y: Any, a: Any, b: Any) -> Any:
    a, b = g.cast(a, y.dtype), g.cast(b, y.dtype)
    distance = g.add("Neg", g.add("Abs", g.add("Sub", a, b)))
    return g.add("Add", g.add("Max", a, b), g.add("Softplus", distance))


def _triangle(upper: int) -> Translation:
    return lambda g, y, x, k=0: g.add("Trilu", x, np.array(k), upper=upper)


def _square(g: Trace, y: Any, x: Any) -> Any:
    return g.add("Mul", x, x)


def _rounding(op: str) -> Translation:
    """A rounding, which leaves integers what they are."""

    def translate(g: Trace, y: Any, x: Any, decimals: int = 0) -> Any:
        if decimals or y.dtype.kind not in "iuf":
            return None
        return _copy(g, y, x) if y.dtype.kind != "f" else g.add(op, x)

    return translate


def _of_integers(op: Callable[[Trace, Any, Any], Any]) -> Translation:
    """A translation for integers alone."""

    def translate(g: Trace, y: Any, a: Any, b: Any) -> Any:
        return op(g, g.cast(a, y.dtype), g.cast(b, y.dtype)) if y.dtype.kind in "iu" else None

    return translate


def _quotient(g: Trace, a: Any, b: Any) -> Any:
    """`a // b` of integers, which is below where the division of ONNX is nearer to 0."""
    return g.add("Div", g.add("Sub", a, g.add("Mod", a, b)), b)


def _cumsum(g: Trace, y: Any, x: Any, axis: Any = None, **_: Any) -> Any:
    return None if axis is None else g.add("CumSum", g.cast(x, y.dtype), np.array(axis))


def _copy(g: Trace, y: Any, x: Any, **_: Any) -> Any:
    return Symbol(g, x.name, x.value)


def _where(g: Trace, y: Any, condition: Any, a: Any, b: Any) -> Any:
    return g.add("Where", g.cast(condition, bool), g.cast(a, y.dtype), g.cast(b, y.dtype))


OPERATIONS: dict[str, Translation] = {
    **{"add": _elementwise("Add"), "subtract": _elementwise("Sub"), "multiply": _elementwise("Mul"), "divide": _elementwise("Div")},
    **{"negative": _elementwise("Neg"), "abs": _elementwise("Abs"), "sign": _elementwise("Sign"), "pow": _elementwise("Pow")},
    **{"sqrt": _elementwise("Sqrt"), "reciprocal": _elementwise("Reciprocal"), "square": _square, "positive": _copy},
    **{"maximum": _elementwise("Max"), "minimum": _elementwise("Min"), "relu": _elementwise("Relu")},
    **{"exp": _elementwise("Exp"), "log": _elementwise("Log"), "sigmoid": _elementwise("Sigmoid")},
    **{"floor": _rounding("Floor"), "ceil": _rounding("Ceil"), "round": _rounding("Round"), "fmod": _elementwise("Mod", fmod=1)},
    **{name: _elementwise(name.capitalize()) for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")},
    **{name: _elementwise(name.capitalize()) for name in ("asinh", "acosh", "atanh")},
    **{"ndtr": _normal_distribution, "erf": _elementwise("Erf"), "logsigmoid": _logsigmoid, "logaddexp": _logaddexp},
    **{"sum": _reduction("ReduceSum"), "mean": _reduction("ReduceMean"), "prod": _reduction("ReduceProd")},
    **{"max": _reduction("ReduceMax"), "min": _reduction("ReduceMin"), "cumsum": _cumsum},
    **{"remainder": _of_integers(lambda g, a, b: g.add("Mod", a, b)), "floor_divide": _of_integers(_quotient)},
    **{"softmax": _softmax, "log_softmax": _along_axis("LogSoftmax")},
    **{"linear": _linear, "linear with bias": _linear},
    "matmul": lambda g, y, a, b: g.add("MatMul", g.cast(a, y.dtype), g.cast(b, y.dtype)),
    **dict.fromkeys(("reshape", "ravel", "squeeze", "expand_dims"), _reshape),
    "permute_dims": lambda g, y, x, axes=None: g.add("Transpose", x, perm=[int(a) % x.ndim for a in axes or range(x.ndim)[::-1]]),
    "broadcast_to": lambda g, y, x, **_: g.add("Expand", x, np.array(y.shape, np.int64)),
    "astype": lambda g, y, x, **_: g.cast(x, y.dtype) if x.dtype != y.dtype else _copy(g, y, x),
    **{"copy": _copy, "concat": _concat, "stack": _stack, "where": _where, "getitem": getitem},
    **{"tril": _triangle(0), "triu": _triangle(1)},
    **{"convolution": convolution, "conv_transpose": conv_transpose, "largest": largest, "unfold": unfold},
}

FUNCTIONS: dict[str, Translation] = {
    **{"equal": _comparison("Equal"), "not_equal": _comparison("Equal", negated=True)},
    **{"less": _comparison("Less"), "less_equal": _comparison("LessOrEqual")},
    **{"greater": _comparison("Greater"), "greater_equal": _comparison("GreaterOrEqual")},
    **{"logical_and": _logical("And"), "logical_or": _logical("Or"), "logical_xor": _logical("Xor")},
    "logical_not": _logical("Not"),
    **{"bitwise_and": _logical("And", "BitwiseAnd"), "bitwise_or": _logical("Or", "BitwiseOr")},
    **{"bitwise_xor": _logical("Xor", "BitwiseXor"), "invert": _logical("Not", "BitwiseNot")},
    **{"isnan": lambda g, y, x: g.add("IsNaN", x), "isinf": lambda g, y, x: g.add("IsInf", x)},
    "isfinite": lambda g, y, x: g.add("Not", g.add("Or", g.add("IsNaN", x), g.add("IsInf", x))),
    **{"all": _quantifier("ReduceMin"), "any": _quantifier("ReduceMax")},
    **{"argmax": _extreme_place("ArgMax"), "argmin": _extreme_place("ArgMin")},
}


def _norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    sizes = np.abs(x)
    if np.isinf(ord):
        return (np.max if ord > 0 else np.min)(sizes, axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(sizes, axis=axis, keepdims=keepdims)
    return np.sum(sizes**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _variance(x: Any, axis: Any = None, ddof: Any = 0, correction: Any = None, keepdims: bool = False) -> Any:
    squares = (x - np.mean(x, axis=axis, keepdims=True)) ** 2
    total, mean = np.sum(squares, axis=axis, keepdims=keepdims), np.mean(squares, axis=axis, keepdims=keepdims)
    less = ddof if correction is None else correction
    n = x.size // max(total.size, 1)
    return mean if less == 0 else total / (n - less)


def _log_of_sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    top = np.max(x, axis=axis, keepdims=True)
    result = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return result if keepdims else np.max(result, axis=axis)  # of one element


def _rolled(x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.reshape(_rolled(np.reshape(x, -1), shift, 0), x.shape)
    for steps, along in zip(*np.atleast_1d(*np.broadcast_arrays(shift, axis)), strict=True):
        first = x.shape[along] - int(steps) % max(x.shape[along], 1)
        index = (slice(None),) * (int(along) % x.ndim)
        x = np.concatenate([x[(*index, slice(first, None))], x[(*index, slice(None, first))]], axis=int(along))
    return x


REWRITINGS: dict[str, Callable[..., Any]] = {
    "log1p": lambda x: np.log(x + 1),
    "expm1": lambda x: np.exp(x) - 1,
    "exp2": lambda x: np.exp(x * math.log(2)),
    "log2": lambda x: np.log(x) / math.log(2),
    "log10": lambda x: np.log(x) / math.log(10),
    "cbrt": lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
    "hypot": lambda a, b: np.sqrt(a * a + b * b),
    "floor_divide": lambda a, b: np.floor(a / b),
    "remainder": lambda a, b: a - np.floor(a / b) * b,
    "trunc": lambda x: np.sign(x) * np.floor(np.abs(x)),
    "deg2rad": lambda x: x * (math.pi / 180),
    "rad2deg": lambda x: x * (180 / math.pi),
    "logsumexp": _log_of_sum,
    "roll": _rolled,
    "vecdot": lambda a, b, axis=-1: np.sum(a * b, axis=axis),
    "var": _variance,
    "std": lambda x, **params: np.sqrt(_variance(x, **params)),
    "vector_norm": _norm,
}
