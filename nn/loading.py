"""Families of names that are loaded when one of them is first used, so that importing `nn` takes no time."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__: list[str] = []


def homes(families: Mapping[str, str]) -> dict[str, str]:
    """The module of each name, for the names of each module."""
    return {name: module for module, names in families.items() for name in names.split()}


def loader(package: str, names: Mapping[str, str], modules: tuple[str, ...] = ()) -> Callable[[str], Any]:
    """`__getattr__` of a package: a module, or a name of one of its modules, which stays in the package from then on."""

    def load(name: str) -> Any:
        if name in modules:
            return importlib.import_module(f"{package}.{name}")
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{names[name]}"), name)
        setattr(importlib.import_module(package), name, value)
        return value

    return load
