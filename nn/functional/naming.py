"""Errors under the name of the function or module that was called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__: list[str] = []


@contextmanager
def errors_of(caller: str) -> Iterator[None]:
    """Let errors about values name `caller` instead of the operation that it calls."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{caller}: {str(error).partition(': ')[2]}") from None
