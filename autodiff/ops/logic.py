"""Comparisons, logic, and what is true of elements: constant functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.ops.constants import as_it_is, constant

__all__ = ["all", "allclose", "any", "array_equal"]
__all__ += ["bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor"]
__all__ += ["count_nonzero", "equal", "greater", "greater_equal"]
__all__ += ["isclose", "iscomplex", "isfinite", "isin", "isinf", "isnan", "isreal", "less", "less_equal"]
__all__ += ["logical_and", "logical_not", "logical_or", "logical_xor", "not_equal", "signbit"]


# --- comparisons, and what is true of each element -------------------------------------------------------------------------------


@constant(np.equal)
def equal(a: Any, b: Any, /) -> Any:
    """Whether `a` equals `b`. As `numpy.equal`.

    >>> ad.equal(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([False,  True])
    """


@constant(np.not_equal)
def not_equal(a: Any, b: Any, /) -> Any:
    """Whether `a` differs from `b`. As `numpy.not_equal`.

    >>> ad.not_equal(ad.Tensor([1, 2]), 2)
    Tensor([ True, False])
    """


@constant(np.less)
def less(a: Any, b: Any, /) -> Any:
    """Whether `a < b`. As `numpy.less`.

    >>> ad.less(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([ True, False])
    """


@constant(np.less_equal)
def less_equal(a: Any, b: Any, /) -> Any:
    """Whether `a <= b`. As `numpy.less_equal`.

    >>> ad.less_equal(ad.Tensor([1.0, 3.0]), 2.0)
    Tensor([ True, False])
    """


@constant(np.greater)
def greater(a: Any, b: Any, /) -> Any:
    """Whether `a > b`. As `numpy.greater`.

    >>> ad.greater(ad.Tensor([1.0, 3.0]), 2.0)
    Tensor([False,  True])
    """


@constant(np.greater_equal)
def greater_equal(a: Any, b: Any, /) -> Any:
    """Whether `a >= b`. As `numpy.greater_equal`.

    >>> ad.greater_equal(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([False,  True])
    """


@constant(np.isclose)
def isclose(a: Any, b: Any, /, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: Any = False) -> Any:
    """Whether `abs(a - b) <= atol + rtol * abs(b)`, or the infinities are the same. As `numpy.isclose`.

    >>> ad.isclose(ad.Tensor([1.0, 2.0]), 1.000001)
    Tensor([ True, False])
    """


@constant(np.isfinite)
def isfinite(x: Any, /) -> Any:
    """Whether each element is neither infinite nor NaN. As `numpy.isfinite`.

    >>> ad.isfinite(ad.Tensor([1.0, np.inf]))
    Tensor([ True, False])
    """


@constant(np.isinf)
def isinf(x: Any, /) -> Any:
    """Whether each element is infinite. As `numpy.isinf`.

    >>> ad.isinf(ad.Tensor([1.0, np.inf]))
    Tensor([False,  True])
    """


@constant(np.isnan)
def isnan(x: Any, /) -> Any:
    """Whether each element is NaN. As `numpy.isnan`.

    >>> ad.isnan(ad.Tensor([1.0, np.nan]))
    Tensor([False,  True])
    """


@constant(np.isreal)
def isreal(x: Any, /) -> Any:
    """Whether each imaginary part is 0. As `numpy.isreal`.

    >>> ad.isreal(ad.Tensor([1.0, 1j]))
    Tensor([ True, False])
    """


@constant(np.iscomplex)
def iscomplex(x: Any, /) -> Any:
    """Whether each imaginary part is not 0. As `numpy.iscomplex`.

    >>> ad.iscomplex(ad.Tensor([1.0, 1j]))
    Tensor([False,  True])
    """


@constant(np.signbit)
def signbit(x: Any, /) -> Any:
    """Whether the sign is negative, as that of -0.0 is. As `numpy.signbit`.

    >>> ad.signbit(ad.Tensor([0.0, -0.0]))
    Tensor([False,  True])
    """


@constant(np.isin)
def isin(x: Any, elements: Any, assume_unique: Any = False, invert: Any = False, *, kind: Any = None) -> Any:
    """Whether each element of `x` is one of those of `elements`. As `numpy.isin`.

    >>> ad.isin(ad.Tensor([1.0, 2.0]), [2.0, 3.0])
    Tensor([False,  True])
    """


# --- logic: of truth values, and of the bits of integers -------------------------------------------------------------------------


@constant(np.logical_and)
def logical_and(a: Any, b: Any, /) -> Any:
    """Whether both are true. As `numpy.logical_and`.

    >>> ad.logical_and(ad.Tensor([0, 1]), True)
    Tensor([False,  True])
    """


@constant(np.logical_or)
def logical_or(a: Any, b: Any, /) -> Any:
    """Whether either is true. As `numpy.logical_or`.

    >>> ad.logical_or(ad.Tensor([0, 1]), False)
    Tensor([False,  True])
    """


@constant(np.logical_xor)
def logical_xor(a: Any, b: Any, /) -> Any:
    """Whether one alone is true. As `numpy.logical_xor`.

    >>> ad.logical_xor(ad.Tensor([0, 1]), True)
    Tensor([ True, False])
    """


@constant(np.logical_not)
def logical_not(x: Any, /) -> Any:
    """Whether each element is false. As `numpy.logical_not`.

    >>> ad.logical_not(ad.Tensor([0, 1]))
    Tensor([ True, False])
    """


@constant(np.bitwise_and)
def bitwise_and(a: Any, b: Any, /) -> Any:
    """The bits that both have. As `numpy.bitwise_and`.

    >>> ad.bitwise_and(ad.Tensor([5, 6]), 3)
    Tensor([1, 2])
    """


@constant(np.bitwise_or)
def bitwise_or(a: Any, b: Any, /) -> Any:
    """The bits that either has. As `numpy.bitwise_or`.

    >>> ad.bitwise_or(ad.Tensor([5, 6]), 3)
    Tensor([7, 7])
    """


@constant(np.bitwise_xor)
def bitwise_xor(a: Any, b: Any, /) -> Any:
    """The bits that one alone has. As `numpy.bitwise_xor`.

    >>> ad.bitwise_xor(ad.Tensor([5, 6]), 3)
    Tensor([6, 5])
    """


@constant(np.invert)
def bitwise_invert(x: Any, /) -> Any:
    """The bits that `x` has not. As `numpy.invert`.

    >>> ad.bitwise_invert(ad.Tensor([5, -1]))
    Tensor([-6,  0])
    """


@constant(np.left_shift)
def bitwise_left_shift(a: Any, b: Any, /) -> Any:
    """The bits of `a`, moved up by `b` places. As `numpy.left_shift`.

    >>> ad.bitwise_left_shift(ad.Tensor([5, 6]), 1)
    Tensor([10, 12])
    """


@constant(np.right_shift)
def bitwise_right_shift(a: Any, b: Any, /) -> Any:
    """The bits of `a`, moved down by `b` places. As `numpy.right_shift`.

    >>> ad.bitwise_right_shift(ad.Tensor([5, 6]), 1)
    Tensor([2, 3])
    """


# --- what is true of all elements ------------------------------------------------------------------------------------------------


@constant(np.all)
def all(x: Any, /, axis: Any = None, *, keepdims: Any = False) -> Any:
    """Whether all elements along `axis` are true. As `numpy.all`.

    >>> ad.all(ad.Tensor([0.0, 1.0]))
    Tensor(False)
    """


@constant(np.any)
def any(x: Any, /, axis: Any = None, *, keepdims: Any = False) -> Any:
    """Whether any element along `axis` is true. As `numpy.any`.

    >>> ad.any(ad.Tensor([0.0, 1.0]))
    Tensor(True)
    """


@constant(np.count_nonzero)
def count_nonzero(x: Any, /, axis: Any = None, *, keepdims: Any = False) -> Any:
    """How many elements along `axis` are not 0. As `numpy.count_nonzero`.

    >>> ad.count_nonzero(ad.Tensor([0.0, 1.0]))
    Tensor(1)
    """


@constant(np.allclose, as_it_is)
def allclose(a: Any, b: Any, /, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: Any = False) -> Any:
    """Whether `isclose` is true of all elements. As `numpy.allclose`.

    >>> ad.allclose(ad.Tensor([1.0]), 1.000001)
    True
    """


@constant(np.array_equal, as_it_is)
def array_equal(a: Any, b: Any, /, equal_nan: Any = False) -> Any:
    """Whether the shapes and all elements are equal. As `numpy.array_equal`.

    >>> ad.array_equal(ad.Tensor([1.0]), [1.0])
    True
    """
