"""The error about a call whose arguments don't fit."""

from __future__ import annotations

import inspect
from typing import Any

__all__: list[str] = []


def check_call(name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise the TypeError about a call of `name` that does not fit its signature, and say how it is called."""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        bare = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
        raise TypeError(f"{name}: {error}. It is called as {name}{inspect.Signature(bare)}.") from None
