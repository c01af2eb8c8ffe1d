"""Sums of products over axes that several arrays have in common: the product of matrices and all that is like it.

What is to be done follows from subscripts and shapes alone. It is found out once, as a `_Term`, and kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.composites import composite
from autodiff.lists import in_one
from autodiff.ops.arithmetic import multiply
from autodiff.ops.indexing import as_array_like
from autodiff.ops.products import matmul, misfit
from autodiff.ops.reductions import sum
from autodiff.ops.shaping import astype, diagonal, permute_dims, reshape, squeeze
from autodiff.ops.subscripts import Labels, lengths, parsed, resolved, separated

__all__ = ["dot", "einsum", "inner", "tensordot"]

Shape = tuple[int, ...]
_plans = lru_cache(maxsize=1000)


class _Term(NamedTuple):
    """An array to be computed: the labels of its axes, their lengths, and how it is made `of` the operands."""

    labels: Labels
    shape: Shape
    of: Callable[[Sequence[Any]], Any]

    @property
    def lengths(self) -> dict[Any, int]:
        return dict(zip(self.labels, self.shape, strict=True))


def _operand(k: int, labels: Labels, shape: Shape) -> _Term:
    return _Term(labels, shape, lambda operands: operands[k])


def _then(term: _Term, labels: Labels, shape: Shape, operation: Callable[..., Any], *params: Any) -> _Term:
    """What `operation` makes of the array."""
    return _Term(labels, shape, lambda operands: operation(term.of(operands), *params))


def _without(term: _Term, axes: Sequence[int], operation: Callable[..., Any]) -> _Term:
    """What `operation` makes of the array, without these axes."""
    left = [i for i in range(len(term.labels)) if i not in axes]
    labels, shape = tuple(term.labels[i] for i in left), tuple(term.shape[i] for i in left)
    return _then(term, labels, shape, operation, tuple(axes)) if axes else term


def _total(x: Any, axes: tuple[int, ...]) -> Any:
    total = sum(x, axes)
    return total if total.dtype == x.dtype else astype(total, x.dtype)  # of integers and booleans


def _arranged(term: _Term, groups: Sequence[Sequence[Any]]) -> _Term:
    """The array with one axis for each of `groups`, made of those of the labels in it that it has; of length 1 if it has none."""
    own = [[label for label in group if label in term.labels] for group in groups]
    labels = tuple(label for group in own for label in group)
    order = tuple(term.labels.index(label) for label in labels)
    if order != tuple(range(len(order))):
        term = _then(term, labels, tuple(term.shape[i] for i in order), permute_dims, order)
    shape = tuple(math.prod(term.lengths[label] for label in group) for group in own)
    return term if term.shape == shape else _then(term, tuple(map(tuple, own)), shape, reshape, shape)


def _reduced(term: _Term, keep: Iterable[Any]) -> _Term:
    """The array with one axis for each of its labels in `keep`: a diagonal for one that it has twice, sums over the others."""
    while repeated := [label for label in term.labels if term.labels.count(label) > 1]:
        label = repeated[0]
        i = term.labels.index(label)
        j = term.labels.index(label, i + 1)
        others = [k for k in range(len(term.labels)) if k not in (i, j)]
        labels, shape = (tuple(x[k] for k in [*others, i]) for x in (term.labels, term.shape))
        term = _then(term, labels, shape, diagonal, 0, i, j)
    return _without(term, [i for i, label in enumerate(term.labels) if label not in keep], _total)


def _product(a: _Term, b: _Term, keep: Labels) -> _Term:
    """The sum of products over the labels that are not in `keep`, with the others in the order that they have there."""
    a, b = _reduced(a, (*keep, *b.labels)), _reduced(b, (*keep, *a.labels))
    labels = tuple(label for label in keep if label in a.labels or label in b.labels)
    length, each = a.lengths | b.lengths, [[label] for label in labels]
    shape = tuple(length[label] for label in labels)
    summed = [label for label in a.labels if label not in keep]
    if not summed:
        left, right = _arranged(a, each), _arranged(b, each)
        return _Term(labels, shape, lambda operands: multiply(left.of(operands), right.of(operands)))
    stack = [label for label in labels if label in a.labels and label in b.labels]
    rows = [label for label in labels if label not in b.labels]
    columns = [label for label in labels if label not in a.labels]
    leading, order = [[label] for label in stack], (*stack, *rows, *columns)
    left, right = _arranged(a, [*leading, rows, summed]), _arranged(b, [*leading, summed, columns])
    product = _Term(order, (*left.shape[:-1], right.shape[-1]), lambda operands: matmul(left.of(operands), right.of(operands)))
    whole = tuple(length[label] for label in order)
    return _arranged(product if product.shape == whole else _then(product, order, whole, reshape, whole), each)


def _path(terms: Sequence[_Term], output: Labels, optimize: Any) -> list[tuple[int, ...]]:
    """Which arrays to multiply, one step after another: each takes some away from a list and appends their product."""
    if len(terms) <= 2:
        return [tuple(range(len(terms)))]
    number = {label: k for k, label in enumerate(dict.fromkeys(label for term in terms for label in term.labels))}
    given: list[Any] = []
    for term in terms:  # of the array only the shape counts
        given += np.broadcast_to(0.0, term.shape), [number[label] for label in term.labels]
    how = "greedy" if optimize is False else list(optimize) if isinstance(optimize, tuple) else optimize
    steps = np.einsum_path(*given, [number[label] for label in output], optimize=how)[0]
    return [positions for positions in steps if not isinstance(positions, str)]


def _multiplied(terms: list[_Term], output: Labels, path: Sequence[tuple[int, ...]]) -> _Term:
    """The product of all, in the order of `path`, summed over what `output` lacks."""
    for positions in path:
        product, *others = [terms.pop(i) for i in sorted(positions, reverse=True)][::-1]
        while others:
            factor, *others = others
            later = [label for term in (*others, *terms) for label in term.labels]
            product = _product(product, factor, tuple(dict.fromkeys((*output, *later))))
        terms.append(product)
    return _arranged(_reduced(terms[0], output), [[label] for label in output])


@_plans
def _einsum(subscripts: Any, shapes: tuple[Shape, ...], optimize: Any) -> _Term:
    inputs, output = resolved(*parsed(subscripts, len(shapes)), shapes)
    length = lengths(inputs, shapes)
    terms = []
    for k, (labels, shape) in enumerate(zip(inputs, shapes, strict=True)):
        broadcast = [i for i, label in enumerate(labels) if shape[i] == 1 != length.get(label, 1)]
        terms.append(_without(_operand(k, labels, shape), broadcast, squeeze))
    return _multiplied(terms, output, _path(terms, output, optimize))


def _hashable(optimize: Any) -> Any:
    return tuple(map(_hashable, optimize)) if isinstance(optimize, (list, tuple)) else optimize


@composite(numpy=[np.einsum])
def einsum(subscripts: Any, /, *operands: Any, optimize: Any = False) -> Any:
    """The products of elements, summed over the axes whose letters the result lacks. As `numpy.einsum`.

    `einsum("ij,jk->ik", a, b)` is `a @ b`. Without `->`, the result has the letters that occur once, in the order of the alphabet.
    A letter that one array has twice stands for its diagonal, and `...` for the axes without letters, which are broadcast. With
    numbers for letters it is `einsum(a, [0, 1], b, [1, 2], [0, 2])`.

    Two arrays at a time are multiplied, as matrices are. With more than two, `optimize` says in which order, as in
    `numpy.einsum_path`; "greedy" if it is False. One array gives a view of it, if nothing is summed up.

    Raises:
        ValueError: subscripts that are no letters, do not fit the axes of an array, or stand for different lengths.

    >>> a, b = ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 10.0])
    >>> ad.einsum("ij,j->i", a, b)
    Tensor([21., 43.])
    >>> ad.einsum("ii", a)
    Tensor(5.)
    """
    given, labels = separated(subscripts, operands)
    arrays = [as_array_like(x) for x in given]
    types = {x.dtype for x in arrays}
    if len(types) > 1:
        dtype = np.result_type(*types)
        arrays = [x if x.dtype == dtype else astype(x, dtype) for x in arrays]
    y = _einsum(labels, tuple([x.shape for x in arrays]), _hashable(optimize)).of(arrays)
    return permute_dims(y, tuple(range(y.ndim))) if y is arrays[0] else y  # a view, and not the array itself


@_plans
def _summed_over(name: str, a: Shape, b: Shape, left: Sequence[int], right: Sequence[int]) -> _Term:
    """The sum of products over the axes `left` of the first array and `right` of the second: of the other axes, in their order."""
    n, m = len(a), len(b)
    left, right = normalize_axis_tuple(left, n, "axes"), normalize_axis_tuple(right, m, "axes")
    if [a[i] for i in left] != [b[j] for j in right]:
        raise ValueError(
            f"{name}: the shapes are {a} and {b}; wanted as many and equally long axes of each to be summed over, "
            f"but axes {left} meet {right}."
        )
    labels = list(range(n, n + m))
    for i, j in zip(left, right, strict=True):
        labels[j] = i
    keep = (*(i for i in range(n) if i not in left), *(label for label in labels if label >= n))
    return _product(_operand(0, tuple(range(n)), a), _operand(1, tuple(labels), b), keep)


@composite(numpy=[np.tensordot, np.linalg.tensordot])
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The products summed over some axes of `a` and as many of `b`; their others follow one another. As `numpy.tensordot`.

    `axes` is how many: the last ones of `a` and the first ones of `b`; or a pair, of those of `a` and of those of `b`.

    Raises:
        ValueError: the axes are not equally long, or not there.

    >>> ad.tensordot(ad.Tensor([[1.0, 2.0]]), ad.Tensor([3.0, 4.0]), 1)
    Tensor([11.])
    >>> ad.tensordot(np.ones((2, 3, 4)), np.ones((4, 5, 2)), ([0, 2], [2, 0])).shape
    (3, 5)
    """
    a, b = as_array_like(a), as_array_like(b)
    listed = np.iterable(axes)
    if listed and len(axes) == 2:
        left, right = (tuple(each) if np.iterable(each) else (each,) for each in axes)
    elif not listed and 0 <= axes <= min(a.ndim, b.ndim):
        left, right = tuple(range(-axes, 0)), tuple(range(axes))
    else:
        raise ValueError(
            f"tensordot: axes is {axes} and the shapes are {a.shape} and {b.shape}; wanted a number of axes that each has, "
            "or a pair: axes of the first and as many of the second."
        )
    return _summed_over("tensordot", a.shape, b.shape, left, right).of((a, b))


@composite(numpy=[np.inner])
def inner(a: Any, b: Any) -> Any:
    """The sum of products over the last axes: `a: (..., k)`, `b: (*n, k)`, result `(..., *n)`. As `numpy.inner`.

    With a number it is the product.

    Raises:
        ValueError: the last axes are not equally long.

    >>> ad.inner(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 10.0]))
    Tensor([21., 43.])
    """
    a, b = in_one(a), in_one(b)
    if not np.ndim(a) or not np.ndim(b):
        return multiply(a, b)
    return _summed_over("inner", np.shape(a), np.shape(b), (-1,), (-1,)).of((a, b))


@composite(numpy=[np.dot])
def dot(a: Any, b: Any) -> Any:
    """The sum over the last axis of `a` and the last but one of `b`, or its only one. As `numpy.dot`.

    `a: (..., k)`, `b: (*n, k, m)`, result `(..., *n, m)`: unlike in `matmul`, every vector of `a` meets every one of `b`.
    With a number it is the product.

    Raises:
        ValueError: the two axes are not equally long.

    >>> ad.dot(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    Tensor(11.)
    >>> ad.dot(np.ones((2, 5)), np.ones((3, 5, 4))).shape
    (2, 3, 4)
    """
    a, b = in_one(a), in_one(b)
    a_shape, b_shape = np.shape(a), np.shape(b)
    if not a_shape or not b_shape:
        return multiply(a, b)
    k = b_shape[-2:][0]
    if a_shape[-1] != k:
        raise misfit("dot", a, b, f"(..., k) and (..., k, n), or (k,), but {a_shape[-1]} elements meet {k}")
    if len(b_shape) <= 2:
        return matmul(a, b)
    return _summed_over("dot", a_shape, b_shape, (-1,), (-2,)).of((a, b))
