"""Modules made of other modules."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import count, groupby
from typing import Any, Self

from nn.modules.module import Module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class Listed(Module):
    """Modules in a row, as a list has them; their names are their places, unless they were given others."""

    def _add(self, name: str, module: Any) -> None:
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__}: part {name} is {type(module).__name__}; wanted a Module, "
                "for example nn.Sigmoid() for nn.functional.sigmoid."
            )
        self.add_module(name, module)

    def _renew(self, modules: Iterable[Any]) -> None:
        """Have these modules, named by their places, instead of those before."""
        modules = list(modules)
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(f"{type(self).__name__}: part {i} is {type(module).__name__}; wanted a Module.")
        for name in self._modules():
            delattr(self, name)
        for i, module in enumerate(modules):
            self._add(str(i), module)

    def __len__(self) -> int:
        return len(self._modules())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules().values())

    def __contains__(self, module: object) -> bool:
        return any(part is module for part in self)

    def __getitem__(self, index: int | slice) -> Any:
        parts = list(self._modules().items())
        if not isinstance(index, slice):
            return parts[index][1]
        result = type(self).__new__(type(self))
        for name, module in parts[index]:
            result._add(name, module)
        return result

    def __setitem__(self, index: int | slice, module: Any) -> None:
        if isinstance(index, slice):
            modules = list(self)
            modules[index] = list(module)
            self._renew(modules)
        else:
            self._add(list(self._modules())[index], module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        self._renew(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end; return the container."""
        names = self._modules()
        self._add(next(str(i) for i in count(len(names)) if str(i) not in names), module)  # a part of another has names from there
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end; return the container."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module in front of the one at `index`; return the container."""
        modules = list(self)
        modules.insert(index, module)
        self._renew(modules)
        return self

    def pop(self, index: int) -> Module:
        """Take the module at `index` out, and return it."""
        module: Module = self[index]
        del self[index]
        return module


_CALL = Module.__call__


class Sequential(Listed):
    """Modules one after another, each given what the one before returned. As `torch.nn.Sequential`.

    Args:
        modules: the modules, or one dict of them by name.

    >>> nn.Sequential(nn.Linear(2, 4), nn.Sigmoid())
    Sequential(
      (0): Linear(in_features=2, out_features=4, bias=True)
      (1): Sigmoid()
    )
    """

    _chain: tuple[Module, ...] = ()  # the parts, made again when they change, so that a call has nothing to look for

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        by_name = len(modules) == 1 and isinstance(modules[0], dict)
        for name, module in modules[0].items() if by_name else enumerate(modules):
            self._add(str(name), module)

    def forward(self, input: Any) -> Any:
        """Compute the modules in turn."""
        for module in self._chain:  # which usually needs no more than forward(): one call less for each part
            plain = type(module).__call__ is _CALL and module._hooks is None
            input = module.forward(input) if plain else module(input)
        return input

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self.__dict__["_chain"] = tuple(self._modules().values())

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self.__dict__["_chain"] = tuple(self._modules().values())


class ModuleList(Listed):
    """A list of modules whose parameters are found. As `torch.nn.ModuleList`.

    Args:
        modules: the modules.

    >>> layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def __repr__(self) -> str:
        """The modules, equal ones in a row told once."""
        lines, place = [], 0
        for text, equal in groupby(map(repr, self)):
            n = len(list(equal))
            lines.append(f"({place}): {text}" if n == 1 else f"({place}-{place + n - 1}): {n} x {text}")
            place += n
        inner = "".join("\n  " + line.replace("\n", "\n  ") for line in lines)
        return f"{type(self).__name__}({inner}" + ("\n)" if lines else ")")


class ModuleDict(Module):
    """A dict of modules whose parameters are found. As `torch.nn.ModuleDict`.

    Args:
        modules: the modules by name, as a dict or as pairs.

    >>> heads = nn.ModuleDict({"mean": nn.Linear(4, 1), "scale": nn.Linear(4, 1)})
    >>> heads["mean"](np.ones(4)).shape
    (1,)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        super().__init__()
        self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules()[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._modules())

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules())

    def __contains__(self, key: object) -> bool:
        return key in self._modules()

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules().keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules().values()

    def items(self) -> ItemsView[str, Module]:
        """The names and the modules."""
        return self._modules().items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, in the place of those that have the same names."""
        for key, module in dict(modules).items():
            self.add_module(key, module)

    def pop(self, key: str) -> Module:
        """Take the module `key` out, and return it."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take out all."""
        for key in list(self):
            del self[key]
