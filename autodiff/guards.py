"""Guards: noticing that an array whose value the backward pass needs has been overwritten since.

autodiff knows of the writes that it makes itself. Arrays that others hold, such as the user's data, are compared by content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__: list[str] = []

SMALL = 4096  # bytes: up to this size, the fingerprint of an array is its content


def _spread(n: int) -> np.ndarray:
    """`n` odd numbers of 64 bits without any regularity (the SplitMix64 generator)."""
    z = np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z | np.uint64(1)


_WEIGHTS = _spread(SMALL // 4)


def fingerprint(array: Any) -> Any:
    """Something that differs when the content of `array` differs.

    Small arrays: their bytes. Larger ones, in one pass: for each run of 4096 bytes, the sum of its 32-bit words, weighted by fixed
    random 64-bit numbers, modulo 2**64 (multilinear hashing; Lemire and Kaser, 2014): a change goes unnoticed once in 2**32.
    """
    if array.nbytes <= SMALL:
        return array.tobytes()
    raw = array.ravel(order="K").view(np.uint8)
    whole = raw.size // SMALL * SMALL
    words = raw[:whole].view(np.uint32).reshape(-1, SMALL // 4)
    return np.einsum("ij,j->i", words, _WEIGHTS).tobytes() + raw[whole:].tobytes()


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
