"""Guards: noticing that an array whose value the backward pass needs has been overwritten since.

autodiff knows of the writes that it makes itself. Arrays that others hold, such as the user's data, are compared by content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__: list[str] = []

SMALL = 4096  # bytes: up to this size, the fingerprint of an array is its content
_WEIGHTS = np.arange(1, 513, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)  # odd numbers, spread evenly


def fingerprint(array: Any) -> Any:
    """Something that differs when the content of `array` differs.

    Small arrays: their bytes. Larger ones, in one pass at memory speed: the sum, modulo 2**64, of the content as integers,
    weighted by odd numbers, for each run of 512. A single changed element always changes it, as do elements that
    change places.
    """
    if array.nbytes <= SMALL:
        return array.tobytes()
    raw = array.ravel(order="K").view(np.uint8)
    whole = raw.size // 4096 * 4096
    return (raw[:whole].view(np.uint64).reshape(-1, 512) @ _WEIGHTS).tobytes() + raw[whole:].tobytes()


def find_guards(values: Sequence[Any], parents: Sequence[Any]) -> Any:
    """The arrays among the saved `values` that others could write to, with the fingerprints of their content."""
    return [
        (value, fingerprint(value))
        for value, parent in zip(values, parents, strict=True)
        if type(value) is np.ndarray and (parent is None or parent.exposed)
    ] or None


def is_unchanged(guards: Any) -> bool:
    """Whether the content of every guarded array is what it was."""
    for array, content in guards:  # noqa: SIM110 (a loop is faster than a generator)
        if (array.tobytes() if array.nbytes <= SMALL else fingerprint(array)) != content:
            return False
    return True
