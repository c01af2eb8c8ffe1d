"""Losses of predictions that are scores of classes, whose targets are the indices of classes, or probabilities of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from nn.functional.losses import REDUCTIONS, check, reals, reduce, shape_of, weights_of
from nn.functional.naming import of_real

__all__ = ["cross_entropy", "multi_margin_loss", "nll_loss"]

_IGNORED = -100  # the index that, as a target, does not count
_OUTSIDE = np.iinfo(np.intp).max  # out of every range
_SHORT = 20  # so many elements of a row at most are few to NumPy, which takes longer to begin with one than for them


# --- targets that are indices of classes -----------------------------------------------------------------------------------------


def _by_rows(caller: str, x: Any, target: Any, ignore_index: int | None = None) -> tuple[Any, Any]:
    """The scores as `(M, C)` and the indices as `(M,)`, with `_IGNORED` for those that do not count."""
    shape, target = x.shape, target if hasattr(target, "dtype") else np.asarray(target)
    if not shape or target.shape != (shape[:1] + shape[2:] if len(shape) > 1 else ()):
        raise ValueError(
            f"{caller}: the target has shape {target.shape} and the input has shape {shape}; wanted the indices of classes for an "
            "input of shape (N, C, ...) as (N, ...), or for one of shape (C,) as a number."
        )
    if not shape[min(1, len(shape) - 1)]:
        raise ValueError(f"{caller}: the input has shape {shape}, of no classes; wanted (N, C, ...) or (C,) with at least one.")
    if target.dtype.kind not in "iu":
        raise TypeError(
            f"{caller}: the target has dtype {target.dtype}; wanted integers, the indices of classes: target.astype(int)."
        )
    if ignore_index != _IGNORED:
        indices = extend.array_of(target).astype(np.intp)
        target = np.where(indices == _IGNORED, _OUTSIDE, indices)
        target = target if ignore_index is None else np.where(indices == ignore_index, _IGNORED, target)
    if len(shape) == 2:
        return x, target
    rows = np.moveaxis(x, 1, -1) if len(shape) > 2 else x
    return rows.reshape(-1, rows.shape[-1]), target.reshape(-1)


def _places(target: Any) -> tuple[Any, Any]:
    """Which indices count, and all as places: 0 for those that do not count; negative ones, without their sign, are outside."""
    indices = extend.array_of(target).astype(np.intp, casting="same_kind", copy=False)
    kept = indices != _IGNORED
    return kept, (indices & _OUTSIDE) * kept


def _picked(rows: Any, places: Any) -> Any:
    """The score of one class in each row."""
    if type(places) is not np.ndarray:  # so that places that are captured can choose
        rows = rows + np.zeros_like(places, dtype=rows.dtype)[:, np.newaxis]
    return rows[np.arange(len(rows)), places]


def _named(caller: str, compute: Callable[[], Any], target: Any, classes: int, ignore_index: int | None = None) -> Any:
    """What `compute` returns; an index that is out of range is an error that says which."""
    try:
        return compute()
    except IndexError:
        indices = np.asarray(extend.array_of(target))
        outside = (indices < 0) | (indices >= classes)
        where = tuple(np.argwhere(outside if ignore_index is None else outside & (indices != ignore_index))[0].tolist())
        which = f" {where[0] if len(where) == 1 else where}" if where else ""
        raise ValueError(
            f"{caller}: target{which} holds class {indices[where]}, but the input has {classes} classes, 0 to {classes - 1}."
        ) from None


# --- cross-entropy ---------------------------------------------------------------------------------------------------------------


def _largest(x: Any) -> Any:
    """The largest element of each row; where rows are short, by columns in a third of the time."""
    return np.maximum.reduce(x, axis=1) if x.shape[1] > _SHORT else np.maximum.reduce(x.T.copy(), axis=0)


def _exponentials(x: Any) -> tuple[Any, Any, Any]:
    """The scores of each row less the largest, the exponentials of that, and their sum: as a product, the fastest for any shape."""
    shifted = x - _largest(x)[:, np.newaxis]
    e = np.exp(shifted)
    return shifted, e, extend.product(e, np.ones(x.shape[1], x.dtype))


def _cross_entropy(reduction: str) -> Any:
    """The reduced `log Σ exp(x) - x[target]` of each row as one operation, in less than half of the time of the expression."""

    def forward(x: Any, target: Any, /) -> Any:
        kept, places = _places(target)
        shifted, _, total = _exponentials(x)
        y = np.where(kept, np.log(total) - _picked(shifted, places), 0)
        if reduction == "none":
            return y
        return np.add.reduce(y) / np.add.reduce(kept, dtype=x.dtype) if reduction == "mean" else np.add.reduce(y)

    def rule(g: Any, x: Any, target: Any) -> Any:
        kept, places = _places(target)
        _, e, total = _exponentials(x)
        part = np.where(kept, g / np.add.reduce(kept, dtype=x.dtype) if reduction == "mean" else g, 0)
        cotangent = e * (part / total)[:, np.newaxis]
        cotangent[np.arange(len(places)), places] -= part
        return cotangent

    return extend.primitive(
        of_real("cross_entropy", forward),
        {"x": rule},
        name={"mean": "mean cross-entropy", "sum": "sum of cross-entropies", "none": "cross-entropies"}[reduction],
        doc="""`log Σ exp(x[i]) - x[i, target[i]]` of the rows whose target is not -100: the mean, the sum, or all.""",
    )


_CROSS_ENTROPY = {reduction: _cross_entropy(reduction) for reduction in REDUCTIONS}


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """`-Σ_c q_c w_c log softmax(input)_c`, with the wanted probabilities `q`. As `torch.nn.functional.cross_entropy`.

    Args:
        input: a score for each class, the logits: `(N, C)`, `(N, C, d1, ...)`, or `(C,)` for one without a batch.
        target: the indices of the classes, integers: `(N,)`, `(N, d1, ...)`, or a number; then `q` is 1 for that class alone. Or
            `q` itself, in the shape of `input`, which may require a gradient.
        weight: `w`, of shape `(C,)`; all 1 if it is None.
        ignore_index: an index that, as a target, does not count: its row has gradient 0.
        reduction: `"mean"`, `"sum"` or `"none"`. The mean over indices is weighted: it is the sum divided by that of
            `w[target]`. That over probabilities is divided by the number of distributions. If all targets are ignored, it is NaN,
            as the mean over nothing is, with gradient 0.
        label_smoothing: the part of `q` that is taken from the target and given to all classes alike, from 0 to 1.

    The gradient of the mean by `input` is `(softmax - q) / N`.

    Raises:
        TypeError: `input` is complex, or indices are not integers.
        ValueError: an index is out of range, the shapes do not fit, or a setting is not what is wanted.

    >>> nn.functional.cross_entropy(ad.Tensor([[0.0, 0.0], [0.0, 100.0]]), ad.Tensor([1, 0]), reduction="none")
    Tensor([  0.69314718, 100.        ])
    """
    name = "cross_entropy"
    if reduction not in REDUCTIONS or label_smoothing:
        check(name, reduction=reduction, label_smoothing=label_smoothing)
    (x,), dtype = reals(name, input=input)
    if x.ndim and shape_of(target) == x.shape:
        return _of_probabilities(name, input, target, weight, reduction, label_smoothing)
    rows, classes = _by_rows(name, x, target, ignore_index)
    if weight is None and not label_smoothing:
        y = _named(name, lambda: _CROSS_ENTROPY[reduction](rows, classes), target, rows.shape[1], ignore_index)
        y = y.reshape(shape_of(target)) if reduction == "none" and x.ndim != 2 else y
        return y if y.dtype == dtype else y.astype(dtype)

    def values() -> Any:
        kept, places = _places(classes)
        weights = _weights(name, weight, rows, kept, places)
        if not label_smoothing:
            return _CROSS_ENTROPY["none"](rows, classes) * weights, weights
        q = (np.arange(rows.shape[1]) == places[:, np.newaxis]).astype(rows.dtype)
        return np.where(kept, _expected(name, rows, q, weight, label_smoothing), 0), weights

    y, weights = _named(name, values, target, rows.shape[1], ignore_index)
    return reduce(name, y.reshape(shape_of(target)), reduction, dtype, weights)


def _weights(caller: str, weight: Any, rows: Any, kept: Any, places: Any) -> Any:
    """The weight of each row, 0 if its index does not count; an IndexError if it is out of range."""
    count = rows.shape[1]
    w = np.ones_like(extend.array_of(rows), shape=count) if weight is None else weights_of(caller, weight, rows, (count,))
    return np.where(kept, w[places], 0)


def _expected(caller: str, x: Any, q: Any, weight: Any, label_smoothing: float) -> Any:
    """`-Σ q w log softmax(x)` over the last axis, in which a class that is impossible and not wanted has no part."""
    if label_smoothing:
        q = q * (1 - label_smoothing) + label_smoothing / x.shape[-1]
    log_p = ad.log_softmax(x)
    terms = q * np.where((q == 0) & (log_p == -np.inf), 0, log_p)
    return -np.sum(terms if weight is None else terms * weights_of(caller, weight, x, x.shape[-1:]), axis=-1)


def _of_probabilities(name: str, input: Any, target: Any, weight: Any, reduction: str, label_smoothing: float) -> Any:
    """The cross-entropy with a distribution over the classes for each target."""
    target = target if hasattr(target, "dtype") else np.asarray(target)
    if target.dtype.kind in "iub":
        raise TypeError(
            f"{name}: the target has the shape of the input and dtype {target.dtype}; wanted floating-point numbers, "
            "the probabilities of the classes: target.astype(float)."
        )
    (x, q), dtype = reals(name, input=input, target=target)
    if x.ndim > 2:
        x, q = np.moveaxis(x, 1, -1), np.moveaxis(q, 1, -1)
    return reduce(name, _expected(name, x, q, weight, label_smoothing), reduction, dtype)


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """`-w[target] input[target]`, with `input` the logarithms of the probabilities of classes. As `torch.nn.functional.nll_loss`.

    `cross_entropy` is that of `log_softmax(input)`, and says what the arguments and errors are.

    >>> nn.functional.nll_loss(np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([1, 0]), reduction="none")
    array([0.69314718, 1.38629436])
    """
    name = "nll_loss"
    (x,), dtype = reals(name, input=input)
    rows, classes = _by_rows(name, x, target, ignore_index)

    def values() -> Any:
        kept, places = _places(classes)
        weights = _weights(name, weight, rows, kept, places)
        return -np.where(kept, _picked(rows, places) * weights, 0), weights

    y, weights = _named(name, values, target, rows.shape[1], ignore_index)
    return reduce(name, y.reshape(shape_of(target)), reduction, dtype, weights)


def multi_margin_loss(input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> Any:
    """`Σ_c w[target] max(0, margin - input[target] + input[c])^p / C` over the other classes.

    As `torch.nn.functional.multi_margin_loss`.

    Args:
        input: a score for each class, `(N, C)` or `(C,)`.
        target: the indices of the classes, `(N,)` or a number.
        p: 1 or 2.
        margin: by how much the score of the target must exceed the others.
        weight: `w`, of shape `(C,)`; all 1 if it is None.
        reduction: `"mean"`, which is not weighted, `"sum"` or `"none"`.

    Errors are those of `cross_entropy`. A margin that is just kept has derivative 0.

    >>> nn.functional.multi_margin_loss(ad.Tensor([[1.0, 0.5, 3.0]]), ad.Tensor([0]))
    Tensor(1.16666667)
    """
    name = "multi_margin_loss"
    check(name, p=p)
    (x,), dtype = reals(name, input=input)
    if x.ndim > 2:
        raise ValueError(f"{name}: the input has shape {x.shape}; wanted (N, C) or (C,).")
    rows, classes = _by_rows(name, x, target)

    def values() -> Any:
        kept, places = _places(classes)
        weights = _weights(name, weight, rows, kept, places)
        others = np.arange(rows.shape[1]) != places[:, np.newaxis]
        short = ad.relu(margin - _picked(rows, places)[:, np.newaxis] + rows) * others
        return np.mean(short if p == 1 else np.square(short), axis=1) * weights

    y = _named(name, values, target, rows.shape[1])
    return reduce(name, y.reshape(shape_of(target)), reduction, dtype)
