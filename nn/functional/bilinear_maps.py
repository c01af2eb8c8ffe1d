"""Bilinear maps of pairs of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.functional.naming import not_real

__all__ = ["bilinear"]


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """`y[o] = Σ input1[i] weight[o, i, j] input2[j] + bias[o]`. As `torch.nn.functional.bilinear`.

    Args:
        input1: `(..., in1_features)`.
        input2: `(..., in2_features)`, with the same axes before the last.
        weight: `(out_features, in1_features, in2_features)`.
        bias: `(out_features,)`, or None for none.

    Returns:
        `(..., out_features)`.

    Raises:
        TypeError: one of them is complex.
        ValueError: the shapes do not fit.

    >>> nn.functional.bilinear(np.array([1.0, 2.0]), np.array([3.0, 4.0]), ad.Tensor([[[1.0, 0.0], [0.0, 10.0]]]))
    Tensor([83.])
    """
    shapes = np.shape(input1), np.shape(input2), np.shape(weight)
    (*lead, n), (*others, m), at = [shape or (-1,) for shape in shapes]
    if len(at) != 3 or lead != others or (n, m) != at[1:]:
        raise ValueError(
            f"bilinear: the inputs have shapes {shapes[0]} and {shapes[1]}, and the weight has shape {at}; wanted "
            "(..., in1_features), (..., in2_features) and (out_features, in1_features, in2_features)."
        )
    if bias is not None and np.shape(bias) != at[:1]:
        raise ValueError(f"bilinear: the bias has shape {np.shape(bias)}, but the weight has shape {at}; wanted {at[:1]}.")
    if np.result_type(input1, input2, weight).kind == "c":
        raise TypeError(f"bilinear: {not_real(input1=input1, input2=input2, weight=weight)}")
    o = at[0]
    forms = np.reshape(np.matmul(input1, np.reshape(np.moveaxis(weight, 0, 1), (n, o * m))), (*lead, o, m))
    y = np.matmul(forms, np.expand_dims(input2, -1))[..., 0]
    return y if bias is None else y + bias
