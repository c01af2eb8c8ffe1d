"""Borders around an array."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad

__all__ = ["pad"]

_AS_IN_NUMPY = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """`x` with a border. As `torch.nn.functional.pad`; `np.pad` counts the axes from the first, and has more modes.

    Args:
        input: of any shape; `(N, C, ...)` or `(C, ...)`, if `mode` is not `"constant"`.
        pad: how many elements stand before and after the last axis, then before and after the one before it, and so on: a pair for
            each axis with a border, or one number for all but the first two. With `"constant"`, so many are cut off if negative.
        mode: `"constant"`; or `x` continued: `"reflect"` about the first and last element, `"replicate"` by them, `"circular"`
            from the other end.
        value: what a constant border consists of; 0 if not given.

    The derivative by an element is the sum of those of all places that show it.

    Raises:
        ValueError: `pad` is no list of pairs, there are more than axes, or more elements of a border than there is to continue.

    >>> nn.functional.pad(ad.Tensor([[1.0, 2.0]]), (1, 0))
    Tensor([[0., 1., 2.]])
    >>> nn.functional.pad(ad.Tensor([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect")
    Tensor([[3., 2., 1., 2., 3., 2.]])
    """
    shape = np.shape(input)
    pairs = _pairs(pad, shape)
    widths = [(0, 0)] * (len(shape) - len(pairs)) + pairs[::-1]
    if mode == "constant":
        cut = tuple(slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(shape, widths, strict=True))
        kept = ad.asarray(input)[cut] if any(n < 0 for pair in pairs for n in pair) else input
        return ad.pad(kept, [(max(before, 0), max(after, 0)) for before, after in widths], constant_values=value or 0)
    if mode not in _AS_IN_NUMPY:
        raise ValueError(f"pad: mode is {mode!r}; wanted one of {['constant', *_AS_IN_NUMPY]}.")
    if value is not None:
        raise ValueError(f"pad: value is {value} and mode is {mode!r}; wanted no value, which is for 'constant'.")
    _require_something_to_continue(mode, shape, pairs, widths)
    return ad.pad(input, widths, mode=_AS_IN_NUMPY[mode])


def _pairs(pad: Any, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    given: list[Any] = [pad] * (2 * max(len(shape) - 2, 0)) if isinstance(pad, (int, np.integer)) else list(pad)
    if len(given) % 2 or len(given) > 2 * len(shape) or not all(isinstance(n, (int, np.integer)) for n in given):
        raise ValueError(
            f"pad: pad is {pad} and the input has shape {shape}; wanted whole numbers in pairs, before and after, for at most "
            f"{len(shape)} axes, the last axis first."
        )
    return list(zip(given[::2], given[1::2], strict=True))


def _require_something_to_continue(mode: str, shape: tuple[int, ...], pairs: list[Any], widths: list[Any]) -> None:
    if len(shape) - len(pairs) not in (1, 2):
        raise ValueError(
            f"pad: pad has {len(pairs)} pairs, mode is {mode!r}, and the input has shape {shape}; wanted a pair for each axis "
            f"but those of the batch, which it may lack, and of the channels."
        )
    for n, pair in zip(shape, widths, strict=True):
        most = {"reflect": n - 1, "circular": n, "replicate": max(pair, default=0) if n else 0}[mode]
        if not all(0 <= width <= most for width in pair) and pair != (0, 0):
            raise ValueError(
                f"pad: a border has {pair} elements, mode is {mode!r}, and the axis has {n}; wanted 0 to {max(most, 0)}."
            )
