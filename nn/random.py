"""The random numbers that layers start from."""

from __future__ import annotations

import numpy as np

from autodiff import extend

__all__ = ["manual_seed"]

_generator: np.random.Generator | None = None  # made when it is first needed, since NumPy loads its random numbers only then


def generator() -> np.random.Generator:
    """The generator that initialization draws from."""
    return _generator or manual_seed(None)


def manual_seed(seed: int | None) -> np.random.Generator:
    """Start the random numbers of `nn` anew, so that a run can be repeated; return the generator. As `torch.manual_seed`.

    With None, they start from the operating system's randomness.

    >>> _ = nn.manual_seed(0)
    >>> first = nn.Linear(2, 1).weight
    >>> _ = nn.manual_seed(0)
    >>> bool((first == nn.Linear(2, 1).weight).all())
    True
    """
    global _generator
    _generator = np.random.default_rng(seed)
    return _generator


extend.generators.append(generator)
