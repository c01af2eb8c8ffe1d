"""Connectionist temporal classification: the loss of sequences whose alignment with their labels is not known."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import extend
from nn.functional.losses import check, reals, reduce

__all__ = ["ctc_loss"]


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:
    """`-log` of the sum of the probabilities of all paths that read as the labels. As `torch.nn.functional.ctc_loss`.

    A path has a class at each step; it is read by leaving out repetitions, and then blanks. The sum is that of the recurrence of
    A. Graves et al., "Connectionist Temporal Classification", 2006, whose steps are recorded: it has derivatives of any order.

    Args:
        log_probs: the logarithms of the probabilities of the classes at each step, `(T, N, C)`, or `(T, C)` for one sequence.
        targets: the labels, integers other than `blank`: `(N, S)`, or those of all sequences one after the other.
        input_lengths: how many steps of each sequence count, `(N,)`.
        target_lengths: how many labels of each sequence count, `(N,)`.
        blank: the class that stands for no label.
        reduction: `"mean"`, of the losses divided by the number of labels of each; `"sum"` or `"none"`.
        zero_infinity: whether sequences that are too short for their labels, whose loss is infinite, have loss 0.

    The gradient is the derivative by `log_probs`: minus the probability that a path is in that class at that step. PyTorch adds
    `exp(log_probs)`, which comes to the same before `log_softmax`. It is 0 where the loss is infinite.

    Raises:
        TypeError: `log_probs` is complex, or the others are not integers.
        ValueError: the shapes do not fit, a label or a length is out of range, or `reduction` is none of the three.

    >>> two_steps = ad.Tensor(np.log([[[0.5, 0.5]], [[0.5, 0.5]]]))
    >>> np.exp(-nn.functional.ctc_loss(two_steps, np.array([[1]]), [2], [1]))  # of the paths 01, 10 and 11
    Tensor(0.75)
    """
    name = "ctc_loss"
    check(name, reduction=reduction)
    (x,), dtype = reals(name, log_probs=log_probs)
    if x.ndim not in (2, 3):
        raise ValueError(f"{name}: log_probs has shape {x.shape}; wanted (T, N, C) or (T, C).")
    steps = x if x.ndim == 3 else x[:, np.newaxis]
    times = _lengths(name, "input_lengths", input_lengths, steps.shape[1], steps.shape[0])
    labels, lengths = _labels(name, steps.shape, targets, target_lengths, blank)
    losses = -_log_likelihood(steps, labels, times, lengths, blank)
    losses = np.where(losses == np.inf, 0, losses) if zero_infinity else losses
    if reduction == "mean":
        losses = losses / np.maximum(lengths, 1).astype(losses.dtype)
    return reduce(name, losses if x.ndim == 3 or reduction != "none" else losses[0], reduction, dtype)


def _integers(name: str, what: str, given: Any) -> Any:
    array = np.asarray(extend.array_of(given))
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name}: {what} has dtype {array.dtype}; wanted integers.")
    return array.astype(np.intp)


def _lengths(name: str, what: str, given: Any, count: int, most: int | None) -> Any:
    """How long each of `count` sequences is."""
    lengths = _integers(name, what, given)
    if lengths.size != count or lengths.ndim > 1:
        raise ValueError(f"{name}: {what} has shape {lengths.shape}; wanted ({count},), a length for each sequence.")
    if (lengths < 0).any() or (most is not None and (lengths > most).any()):
        raise ValueError(f"{name}: {what} are {lengths.tolist()}; wanted lengths from 0 to {most}.")
    return lengths.reshape(count)


def _labels(name: str, shape: tuple[int, ...], targets: Any, target_lengths: Any, blank: int) -> tuple[Any, Any]:
    """The labels of each sequence as `(N, S)`, with `blank` for those that do not count, and how many do."""
    _, count, classes = shape
    given = _integers(name, "targets", targets)
    padded = given.ndim == 2 or (given.ndim == 1 and count == 1)
    given = given.reshape(1, -1) if padded and given.ndim == 1 else given
    lengths = _lengths(name, "target_lengths", target_lengths, count, given.shape[1] if padded else given.size)
    if given.shape != ((count, given.shape[-1]) if padded else (lengths.sum(),)):
        raise ValueError(
            f"{name}: targets has shape {given.shape}; wanted ({count}, S), or ({lengths.sum()},), all labels one after the other."
        )
    size = given.shape[1] if padded else lengths.max(initial=0)
    counts = np.arange(size) < lengths[:, np.newaxis]
    labels = np.full((count, size), blank)
    labels[counts] = given[counts] if padded else given
    if not 0 <= blank < classes or ((labels < 0) | (labels >= classes) | ((labels == blank) & counts)).any():
        raise ValueError(f"{name}: wanted blank, which is {blank}, and the labels, which are others, from 0 to {classes - 1}.")
    return labels, lengths


def _log_likelihood(x: Any, labels: Any, times: Any, lengths: Any, blank: int) -> Any:
    """The logarithm of the probability of all paths that read as the labels, which have blanks before, between and after them."""
    count, size = labels.shape
    symbols = np.full((count, 2 * size + 1), blank)
    symbols[:, 1::2] = labels
    at = np.take_along_axis(x, np.broadcast_to(symbols, (len(x), *symbols.shape)), axis=2)
    skips = (symbols[:, 2:] != blank) & (symbols[:, 2:] != symbols[:, :-2])  # over the blank between two labels that differ
    none = np.full((count, min(2, symbols.shape[1])), -np.inf, x.dtype)
    y = np.where((np.arange(symbols.shape[1]) < 2) & (times > 0)[:, np.newaxis], at[0], -np.inf)
    for t in range(1, len(x)):
        from_one = np.concatenate([none[:, :1], y[:, :-1]], axis=1)
        from_two = np.concatenate([none, np.where(skips, y[:, :-2], -np.inf)], axis=1)
        reached = np.logaddexp(np.logaddexp(y, from_one), from_two) + at[t]
        y = np.where((t < times)[:, np.newaxis], reached, y)
    rows, last = np.arange(count), 2 * lengths
    y = np.logaddexp(y[rows, last], np.where(lengths > 0, y[rows, np.maximum(last - 1, 0)], -np.inf))
    return np.where((times == 0) & (lengths == 0), 0, y)  # nothing reads as nothing
