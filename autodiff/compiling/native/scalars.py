"""How a number is written in C: types, literals, and the expression of each ufunc for one element."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

__all__ = ["C_TYPES", "IDENTITIES", "OPERATORS", "cast", "expression", "literal"]

C_TYPES: dict[np.dtype[Any], str] = {
    **{np.dtype("f4"): "float", np.dtype("f8"): "double", np.dtype("?"): "uint8_t"},
    **{np.dtype(f"{sign}{size}"): f"{name}{8 * size}_t" for sign, name in (("i", "int"), ("u", "uint")) for size in (1, 2, 4, 8)},
}

OPERATORS: dict[Any, Any] = {
    **{operator.add: np.add, operator.sub: np.subtract, operator.mul: np.multiply, operator.truediv: np.divide},
    **{operator.neg: np.negative, operator.pos: np.positive, operator.abs: np.absolute, operator.pow: np.power},
}

_ANY: dict[Any, str] = {
    **{np.add: "{0} + {1}", np.subtract: "{0} - {1}", np.multiply: "{0} * {1}", np.negative: "-{0}", np.positive: "{0}"},
    **{np.less: "{0} < {1}", np.greater: "{0} > {1}", np.less_equal: "{0} <= {1}", np.greater_equal: "{0} >= {1}"},
    **{np.equal: "{0} == {1}", np.not_equal: "{0} != {1}", np.square: "{0} * {0}", np.conjugate: "{0}"},
    **{np.logical_and: "{0} && {1}", np.logical_or: "{0} || {1}", np.logical_not: "!{0}", np.logical_xor: "!{0} != !{1}"},
    # Not a number, if either is; of zeros the second, as NumPy's on vectors. Compilers use vectors for chains of this form.
    np.maximum: "{0} <= {1} ? {1} : {1} != {1} ? {1} : {0}",
    np.minimum: "{0} >= {1} ? {1} : {1} != {1} ? {1} : {0}",
    np.clip: "clip({0}, {1}, {2})",
    np.sign: "{0} != {0} ? {0} : ({0} > 0) - ({0} < 0)",
}
_WHOLE: dict[Any, str] = {
    **{np.bitwise_and: "{0} & {1}", np.bitwise_or: "{0} | {1}", np.bitwise_xor: "{0} ^ {1}", np.invert: "~{0}"},
    **{np.absolute: "{0} < 0 ? -{0} : {0}"},
}
_BOOL: dict[Any, str] = {np.add: "{0} | {1}", np.multiply: "{0} & {1}", np.invert: "!{0}", np.absolute: "{0}"}
_FLOAT: dict[Any, str] = {
    **{np.divide: "{0} / {1}", np.reciprocal: "1 / {0}", np.isnan: "{0} != {0}", np.isfinite: "{0} - {0} == 0"},
    **{np.isinf: "{0} - {0} != 0 && {0} == {0}", np.fmax: "{0} >= {1} || {1} != {1} ? {0} : {1}"},
    **{np.fmin: "{0} <= {1} || {1} != {1} ? {0} : {1}", np.signbit: "signbit({0}) != 0"},
    **{np.deg2rad: f"{{0}} * {math.pi / 180!r}", np.rad2deg: f"{{0}} * {180 / math.pi!r}"},
    **{np.radians: f"{{0}} * {math.pi / 180!r}", np.degrees: f"{{0}} * {180 / math.pi!r}"},
    np.logaddexp: "{0} == {1} ? {0} + LN2 : ({0} > {1} ? {0} : {1}) + LOG1P(EXP(-FABS({0} - {1})))",
    np.heaviside: "{0} != {0} ? {0} : {0} > 0 ? 1 : {0} < 0 ? 0 : {1}",
}
_OWN: dict[Any, str] = {
    np.exp: "exp",
    np.expm1: "expm1",
    np.log: "log",
    np.log1p: "log1p",
    np.tanh: "tanh",
}  # branch-free, in functions.py
_LIBRARY: dict[Any, str] = {
    **{np.absolute: "fabs", np.fabs: "fabs", np.sqrt: "sqrt", np.cbrt: "cbrt", np.sin: "sin", np.cos: "cos", np.tan: "tan"},
    **{np.arcsin: "asin", np.arccos: "acos", np.arctan: "atan", np.sinh: "sinh", np.cosh: "cosh", np.arcsinh: "asinh"},
    **{np.arccosh: "acosh", np.arctanh: "atanh", np.exp2: "exp2", np.log2: "log2", np.log10: "log10", np.floor: "floor"},
    **{np.ceil: "ceil", np.trunc: "trunc", np.rint: "rint", np.power: "pow", np.float_power: "pow", np.arctan2: "atan2"},
    **{np.hypot: "hypot", np.copysign: "copysign", np.fmod: "fmod", np.nextafter: "nextafter"},
}

_BY_NAME = {  # of SciPy
    **{"erf": "erf({0})", "erfc": "erfc({0})", "gammaln": "lgamma({0})", "expit": "1 / (1 + EXP(-{0}))"},
    "ndtr": f"erfc({{0}} * {-(0.5**0.5)!r}) / 2",
}

IDENTITIES: dict[Any, Any] = {
    **{np.add: 0, np.multiply: 1, np.logical_or: False, np.logical_and: True},
    **{np.maximum: -math.inf, np.minimum: math.inf, np.bitwise_or: 0},
}


def expression(ufunc: np.ufunc, dtype: np.dtype[Any]) -> str | None:
    """The expression for one element, of operands {0}, {1} that have the type; None if there is none."""
    if ufunc is np.clip:
        upper = _ANY[np.maximum].format("{0}", "{1}")
        return _ANY[np.minimum].format(f"({upper})", "{2}")
    for table, kinds in ((_BOOL, "b"), (_WHOLE, "biu"), (_FLOAT, "f")):
        if dtype.kind in kinds and ufunc in table:
            return _of_kind(table[ufunc], dtype)
    if dtype.kind == "f" and ufunc.__name__ in _BY_NAME:
        return _of_kind(_BY_NAME[ufunc.__name__], dtype)
    if dtype.kind == "f" and ufunc in _OWN:
        return f"{_OWN[ufunc]}_{dtype.char}({_places(ufunc)})"
    if dtype.kind == "f" and ufunc in _LIBRARY:
        return f"{_LIBRARY[ufunc]}{'f' if dtype.char == 'f' else ''}({_places(ufunc)})"
    return None if dtype.kind == "b" and ufunc in (np.subtract, np.negative) else _ANY.get(ufunc)


def _of_kind(text: str, dtype: np.dtype[Any]) -> str:
    """With the functions of the type."""
    single = dtype.char == "f"
    for name, of_type in {"LN2": literal(math.log(2), dtype), "LOG1P": f"log1p_{dtype.char}", "EXP": f"exp_{dtype.char}"}.items():
        text = text.replace(name, of_type)
    for name in ("erfc", "erf", "lgamma"):
        text = text.replace(f"{name}(", f"{name}{'f' if single else ''}(")
    return text.replace("FABS", "fabsf" if single else "fabs")


def _places(ufunc: np.ufunc) -> str:
    return ", ".join(f"{{{i}}}" for i in range(ufunc.nin))


def literal(x: Any, dtype: np.dtype[Any]) -> str:
    """A number, exactly."""
    if dtype.kind == "f":
        number = float(np.asarray(x).astype(dtype))
        suffix = "f" if dtype.itemsize == 4 else ""
        if not math.isfinite(number):
            return "NAN" if math.isnan(number) else "INFINITY" if number > 0 else "-INFINITY"
        text = f"{number:.1f}{suffix}" if number == int(number) and abs(number) < 1e6 else f"{number!r}{suffix}"
        return text if suffix == "" or float(np.float32(text[:-1])) == number else f"{number.hex()}{suffix}"
    number = int(np.asarray(x).astype(dtype))
    if dtype.kind == "u":
        return f"{number}u" if dtype.itemsize < 8 else f"{number}ull"
    return f"{number}" if abs(number) < 2**31 else f"{number}ll" if number > -(2**63) else "INT64_MIN"


def cast(text: str, given: np.dtype[Any], wanted: np.dtype[Any]) -> str:
    """An expression of one type as one of another, as `astype` does it."""
    if given == wanted:
        return text
    return f"({text} != 0)" if wanted.kind == "b" else f"({C_TYPES[wanted]}){text}"
