"""The random numbers that layers start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from autodiff import extend

__all__ = ["get_rng_state", "manual_seed", "set_rng_state"]

_generator: np.random.Generator | None = None  # made when it is first needed, since NumPy loads its random numbers only then


_instead: ContextVar[np.random.Generator | None] = ContextVar("nn_generator", default=None)  # in this thread or task


def generator() -> np.random.Generator:
    """The generator that initialization, dropout and shuffling draw from."""
    return _instead.get() or _generator or manual_seed(None)


@contextmanager
def drawing_from(rng: np.random.Generator) -> Iterator[None]:
    """Let `generator` be `rng` in a `with` block, in this thread or task alone."""
    token = _instead.set(rng)
    try:
        yield
    finally:
        _instead.reset(token)


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


def get_rng_state() -> dict[str, Any]:
    """The state of the random numbers of `nn`, to be saved. As `torch.get_rng_state`.

    >>> state = nn.get_rng_state()
    >>> first = nn.Linear(2, 1).weight
    >>> nn.set_rng_state(state)
    >>> bool((first == nn.Linear(2, 1).weight).all())
    True
    """
    return dict(generator().bit_generator.state)


def set_rng_state(state: Mapping[str, Any]) -> None:
    """Go on from a state that `get_rng_state` returned. As `torch.set_rng_state`.

    >>> nn.set_rng_state(nn.get_rng_state())
    """
    generator().bit_generator.state = state


extend.generators.append((generator, drawing_from))
