"""Sequences of several lengths in one batch. As `torch.nn.utils.rnn`, but for packed sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["pad_sequence"]

_PACKED = ("PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "unpack_sequence")


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Any:
    """Sequences `(L, ...)` of several lengths as one array `(longest, N, ...)`, with `batch_first` `(N, longest, ...)`.

    As `torch.nn.utils.rnn.pad_sequence`.

    Args:
        sequences: arrays or tensors, equal in all axes but the first.
        batch_first: whether the first axis of the result is the batch.
        padding_value: what fills up the shorter ones.
        padding_side: where: `"right"`, which is after their ends, or `"left"`.

    Raises:
        ValueError: there is no sequence, they do not fit together, or `padding_side` is neither.

    >>> nn.utils.rnn.pad_sequence([np.array([1.0, 2.0]), np.array([3.0])], batch_first=True)
    array([[1., 2.],
           [3., 0.]])
    """
    shapes = [np.shape(x) for x in sequences]
    if not shapes or () in shapes or len({shape[1:] for shape in shapes}) > 1:
        raise ValueError(f"pad_sequence: the shapes are {shapes}; wanted one or more (L, ...), equal but for L.")
    if padding_side not in ("left", "right"):
        raise ValueError(f"pad_sequence: padding_side is {padding_side!r}; wanted 'left' or 'right'.")
    longest = max(shape[0] for shape in shapes)
    padded = []
    for x, shape in zip(sequences, shapes, strict=True):
        missing = longest - shape[0]
        widths = ((missing, 0) if padding_side == "left" else (0, missing), *((0, 0),) * (len(shape) - 1))
        padded.append(np.pad(x, widths, constant_values=padding_value))
    return np.stack(padded, axis=0 if batch_first else 1)


def __getattr__(name: str) -> Any:
    if name in _PACKED:
        raise AttributeError(
            f"nn.utils.rnn.{name}: there are no packed sequences here. Pad with pad_sequence, leave what follows the ends out of "
            "the loss (multiply by a mask), and take the last output of sequence n, of length l, as output[l - 1, n]."
        )
    raise AttributeError(f"module 'nn.utils.rnn' has no attribute {name!r}")
