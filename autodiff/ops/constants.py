"""Functions that have no derivative: their results are booleans, integers, types, or do not depend on the values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.core.tensor import is_foreign, unwrapped, wrap
from autodiff.registry import numpy_table

__all__ = [
    *("all", "allclose", "any", "argmax", "argmin", "argpartition", "argwhere", "array_equal"),
    *("bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor"),
    *("can_cast", "count_nonzero", "digitize", "empty_like", "equal", "flatnonzero", "greater", "greater_equal"),
    *("isclose", "iscomplex", "iscomplexobj", "isfinite", "isin", "isinf", "isnan", "isreal", "isrealobj"),
    *("less", "less_equal", "lexsort", "logical_and", "logical_not", "logical_or", "logical_xor", "ndim", "nonzero", "not_equal"),
    *("ones_like", "result_type", "searchsorted", "shape", "signbit", "size", "zeros_like"),
]

CONSTANTS: set[Any] = set()  # all of NumPy's functions that are declared here


def as_it_is(result: Any) -> Any:
    """A result that is no array, or a tuple of arrays."""
    return result


def constant(
    function: Any,
    what: str = "",
    call: str = "",
    gives: str = "",
    signature: Callable[..., Any] | None = None,
    finish: Callable[[Any], Any] = wrap,
) -> Callable[..., Any]:
    """Declare that NumPy's `function` of tensors is what it is of their arrays, and `finish` makes of that.

    The public function has the parameters of `signature`, and takes what else NumPy's takes. Its documentation says `what` it is,
    and what an example, a `call` of it, `gives`.
    """
    CONSTANTS.add(function)

    def constant_function(*args: Any, **kwargs: Any) -> Any:
        for x in args:
            if is_foreign(x):
                return function(*args, **kwargs)
        if kwargs.get("out") is not None:
            raise TypeError(f"{public.__name__}: out= is not supported. Into an array: np.{function.__name__}(x, out=array).")
        return finish(function(*map(unwrapped, args), **{key: unwrapped(value) for key, value in kwargs.items()}))

    numpy_table[function] = constant_function
    module = getattr(function, "__module__", None) or "numpy"  # most ufuncs don't know theirs
    public: Any = constant_function
    public.__module__ = module.replace("numpy", "autodiff")
    public.__name__ = public.__qualname__ = call.partition("(")[0].rpartition(".")[2] or function.__name__
    public.__doc__ = f"{what}. As `{module}.{function.__name__}`.\n\n    >>> {call}\n    {gives}\n    "
    public.__wrapped__ = signature or (_of_one if getattr(function, "nin", 1) == 1 else _of_two)
    return constant_function


# Signatures that several share.
def _of_one(x: Any, /) -> None: ...
def _of_two(a: Any, b: Any, /) -> None: ...
def _reducing(x: Any, /, axis: Any = None, *, keepdims: Any = False) -> None: ...
def _like(x: Any, /, dtype: Any = None, *, device: Any = None) -> None: ...
def _close(a: Any, b: Any, /, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: Any = False) -> None: ...


# Comparisons, and what is true of each element.
equal = constant(np.equal, "Whether `a` equals `b`", "ad.equal(ad.Tensor([1.0, 2.0]), 2.0)", "Tensor([False,  True])")
not_equal = constant(np.not_equal, "Whether `a` differs from `b`", "ad.not_equal(ad.Tensor([1, 2]), 2)", "Tensor([ True, False])")
less = constant(np.less, "Whether `a < b`", "ad.less(ad.Tensor([1.0, 2.0]), 2.0)", "Tensor([ True, False])")
less_equal = constant(np.less_equal, "Whether `a <= b`", "ad.less_equal(ad.Tensor([1.0, 3.0]), 2.0)", "Tensor([ True, False])")
greater = constant(np.greater, "Whether `a > b`", "ad.greater(ad.Tensor([1.0, 3.0]), 2.0)", "Tensor([False,  True])")
greater_equal = constant(
    np.greater_equal, "Whether `a >= b`", "ad.greater_equal(ad.Tensor([1.0, 2.0]), 2.0)", "Tensor([False,  True])"
)
isclose = constant(
    np.isclose,
    "Whether `abs(a - b) <= atol + rtol * abs(b)`, or the infinities are the same",
    "ad.isclose(ad.Tensor([1.0, 2.0]), 1.000001)",
    "Tensor([ True, False])",
    _close,
)
isfinite = constant(
    np.isfinite,
    "Whether each element is neither infinite nor NaN",
    "ad.isfinite(ad.Tensor([1.0, np.inf]))",
    "Tensor([ True, False])",
)
isinf = constant(np.isinf, "Whether each element is infinite", "ad.isinf(ad.Tensor([1.0, np.inf]))", "Tensor([False,  True])")
isnan = constant(np.isnan, "Whether each element is NaN", "ad.isnan(ad.Tensor([1.0, np.nan]))", "Tensor([False,  True])")
isreal = constant(np.isreal, "Whether each imaginary part is 0", "ad.isreal(ad.Tensor([1.0, 1j]))", "Tensor([ True, False])")
iscomplex = constant(
    np.iscomplex, "Whether each imaginary part is not 0", "ad.iscomplex(ad.Tensor([1.0, 1j]))", "Tensor([False,  True])"
)
signbit = constant(
    np.signbit, "Whether the sign is negative, as that of -0.0 is", "ad.signbit(ad.Tensor([0.0, -0.0]))", "Tensor([False,  True])"
)
isin = constant(
    np.isin,
    "Whether each element of `x` is one of those of `elements`",
    "ad.isin(ad.Tensor([1.0, 2.0]), [2.0, 3.0])",
    "Tensor([False,  True])",
    lambda x, elements, assume_unique=False, invert=False, *, kind=None: ...,
)

# Logic: of truth values, and of the bits of integers.
logical_and = constant(np.logical_and, "Whether both are true", "ad.logical_and(ad.Tensor([0, 1]), True)", "Tensor([False,  True])")
logical_or = constant(np.logical_or, "Whether either is true", "ad.logical_or(ad.Tensor([0, 1]), False)", "Tensor([False,  True])")
logical_xor = constant(
    np.logical_xor, "Whether one alone is true", "ad.logical_xor(ad.Tensor([0, 1]), True)", "Tensor([ True, False])"
)
logical_not = constant(
    np.logical_not, "Whether each element is false", "ad.logical_not(ad.Tensor([0, 1]))", "Tensor([ True, False])"
)
bitwise_and = constant(np.bitwise_and, "The bits that both have", "ad.bitwise_and(ad.Tensor([5, 6]), 3)", "Tensor([1, 2])")
bitwise_or = constant(np.bitwise_or, "The bits that either has", "ad.bitwise_or(ad.Tensor([5, 6]), 3)", "Tensor([7, 7])")
bitwise_xor = constant(np.bitwise_xor, "The bits that one alone has", "ad.bitwise_xor(ad.Tensor([5, 6]), 3)", "Tensor([6, 5])")
bitwise_invert = constant(np.invert, "The bits that `x` has not", "ad.bitwise_invert(ad.Tensor([5, -1]))", "Tensor([-6,  0])")
bitwise_left_shift = constant(
    np.left_shift, "The bits of `a`, moved up by `b` places", "ad.bitwise_left_shift(ad.Tensor([5, 6]), 1)", "Tensor([10, 12])"
)
bitwise_right_shift = constant(
    np.right_shift, "The bits of `a`, moved down by `b` places", "ad.bitwise_right_shift(ad.Tensor([5, 6]), 1)", "Tensor([2, 3])"
)

# Reductions.
all = constant(np.all, "Whether all elements along `axis` are true", "ad.all(ad.Tensor([0.0, 1.0]))", "Tensor(False)", _reducing)
any = constant(np.any, "Whether any element along `axis` is true", "ad.any(ad.Tensor([0.0, 1.0]))", "Tensor(True)", _reducing)
count_nonzero = constant(
    np.count_nonzero, "How many elements along `axis` are not 0", "ad.count_nonzero(ad.Tensor([0.0, 1.0]))", "Tensor(1)", _reducing
)
argmax = constant(
    np.argmax,
    "The place of the first largest element along `axis`, or in a row",
    "ad.argmax(ad.Tensor([1.0, 3.0, 2.0]))",
    "Tensor(1)",
    _reducing,
)
argmin = constant(
    np.argmin,
    "The place of the first smallest element along `axis`, or in a row",
    "ad.argmin(ad.Tensor([1.0, 3.0, 2.0]))",
    "Tensor(0)",
    _reducing,
)
allclose = constant(
    np.allclose, "Whether `isclose` is true of all elements", "ad.allclose(ad.Tensor([1.0]), 1.000001)", "True", _close, as_it_is
)
array_equal = constant(
    np.array_equal,
    "Whether the shapes and all elements are equal",
    "ad.array_equal(ad.Tensor([1.0]), [1.0])",
    "True",
    lambda a, b, /, equal_nan=False: ...,
    as_it_is,
)

# Places of elements.
nonzero = constant(
    np.nonzero,
    "The places of the elements that are not 0, as one array for each axis",
    "ad.nonzero(ad.Tensor([0.0, 3.0, 4.0]))",
    "(Tensor([1, 2]),)",
    finish=lambda places: tuple(map(wrap, places)),
)
flatnonzero = constant(
    np.flatnonzero,
    "The places in a row of the elements that are not 0",
    "ad.flatnonzero(ad.Tensor([0.0, 3.0, 4.0]))",
    "Tensor([1, 2])",
)
argwhere = constant(
    np.argwhere, "The places of the elements that are not 0, one a row", "ad.argwhere(ad.Tensor([0.0, 3.0]))", "Tensor([[1]])"
)
argpartition = constant(
    np.argpartition,
    "The places of the elements in an order in which those at the places `kth` are as if sorted",
    "ad.argpartition(ad.Tensor([3.0, 1.0, 2.0]), 0)[0]",
    "Tensor(1)",
    lambda x, /, kth, axis=-1, kind="introselect", order=None: ...,
)
lexsort = constant(
    np.lexsort,
    "The places in the order of the last of the `keys`, of equal ones in that of the one before it, and so on",
    "ad.lexsort((ad.Tensor([2.0, 1.0, 0.0]), ad.Tensor([0, 0, 1])))",
    "Tensor([1, 0, 2])",
    lambda keys, axis=-1: ...,
)
searchsorted = constant(
    np.searchsorted,
    "The places in the sorted vector `a` before which (after equal ones with `side='right'`) the elements of `v` belong",
    "ad.searchsorted(ad.Tensor([1.0, 3.0]), [0.0, 2.0])",
    "Tensor([0, 1])",
    lambda a, v, /, side="left", sorter=None: ...,
)
digitize = constant(
    np.digitize,
    "The number of the interval between the edges `bins` in which each element lies",
    "ad.digitize(ad.Tensor([0.5, 2.5]), [1.0, 2.0])",
    "Tensor([0, 2])",
    lambda x, bins, right=False: ...,
)

# Arrays of the shape and type of another.
zeros_like = constant(
    np.zeros_like, "Zeros of the shape and type of `x`", "ad.zeros_like(ad.Tensor([1.0, 2.0]))", "Tensor([0., 0.])", _like
)
ones_like = constant(
    np.ones_like, "Ones of the shape and type of `x`", "ad.ones_like(ad.Tensor([1.0, 2.0]))", "Tensor([1., 1.])", _like
)
empty_like = constant(
    np.empty_like, "Any values in the shape and type of `x`", "ad.empty_like(ad.Tensor([1.0, 2.0])).shape", "(2,)", _like
)

# Shapes and types.
shape = constant(np.shape, "The lengths of the axes", "ad.shape(ad.Tensor([1.0, 2.0]))", "(2,)", finish=as_it_is)
ndim = constant(np.ndim, "The number of axes", "ad.ndim(ad.Tensor([1.0, 2.0]))", "1", finish=as_it_is)
size = constant(
    np.size,
    "The number of elements, or the length of `axis`",
    "ad.size(ad.Tensor([1.0, 2.0]))",
    "2",
    lambda x, /, axis=None: ...,
    as_it_is,
)
isrealobj = constant(np.isrealobj, "Whether the type is not complex", "ad.isrealobj(ad.Tensor([1.0]))", "True", finish=as_it_is)
iscomplexobj = constant(
    np.iscomplexobj, "Whether the type is complex", "ad.iscomplexobj(ad.Tensor([1.0]))", "False", finish=as_it_is
)
result_type = constant(
    np.result_type,
    "The type of what is computed with these arrays, numbers and types",
    "ad.result_type(ad.Tensor([1.0], dtype=ad.float32), 2.0)",
    "dtype('float32')",
    lambda *arrays_and_dtypes: ...,
    as_it_is,
)
can_cast = constant(
    np.can_cast,
    "Whether numbers of the type `from_`, or of that of this array, can be ones of the type `to` by the rule `casting`",
    "ad.can_cast(ad.float32, ad.float64)",
    "True",
    lambda from_, to, /, casting="safe": ...,
    as_it_is,
)

# Under NumPy's names alone.
_TENSORS: list[Any] = [
    *(np.isneginf, np.isposinf, np.nanargmax, np.nanargmin, np.packbits, np.unpackbits, np.bitwise_count, np.gcd, np.lcm),
]
_OTHERS: list[Any] = [
    *(np.einsum_path, np.array_repr, np.array_str, np.array2string, np.save, np.savez, np.savez_compressed, np.savetxt),
    *(np.array_equiv, np.common_type, np.min_scalar_type, np.may_share_memory, np.shares_memory),
    *(np.ix_, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.unravel_index, np.ravel_multi_index),
]
for _function in _TENSORS:
    constant(_function)
for _function in _OTHERS:
    constant(_function, finish=as_it_is)
