"""Lists and dicts of modules or of parameters, and modules one after another."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import count, groupby
from typing import Any, Self

from nn.modules.module import Module
from nn.parameter import Parameter

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class Container(Module):
    """Attributes of one kind, modules or parameters, as something that has a length and can be iterated over."""

    kind: type = Module

    def _own(self) -> dict[str, Any]:
        """The parts by name."""
        return {name: value for name, value in vars(self).copy().items() if isinstance(value, self.kind)}

    def _made(self, name: str, value: Any) -> Any:
        """The part `name`, of what was given."""
        return value

    def _add(self, name: str, value: Any) -> None:
        self._register(name, self._made(name, value), self.kind)

    def __len__(self) -> int:
        return len(self._own())


class Listed(Container):
    """Parts in a row, as a list has them; their names are their places, unless they were given others."""

    def _made(self, name: str, value: Any) -> Any:
        if not isinstance(value, Module):
            kind, hint = type(value).__name__, "for example nn.Sigmoid() for nn.functional.sigmoid"
            if isinstance(value, type):
                kind, hint = f"the class {value.__name__}", f"made by calling it: {value.__name__}()"
            elif isinstance(value, (list, tuple)):
                hint = f"the parts one by one: {type(self).__name__}(*parts)"
            raise TypeError(f"{type(self).__name__}: part {name} is {kind}; wanted a Module, {hint}.")
        return value

    def _renew(self, values: Iterable[Any]) -> None:
        """Have these parts, named by their places, instead of those before."""
        made = {str(i): self._made(str(i), value) for i, value in enumerate(values)}
        for name in self._own():
            delattr(self, name)
        for name, value in made.items():
            self._register(name, value, self.kind)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._own().values())

    def __contains__(self, module: object) -> bool:
        return any(part is module for part in self)

    def __getitem__(self, index: int | slice) -> Any:
        parts = list(self._own().items())
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
            self._add(list(self._own())[index], module)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        del modules[index]
        self._renew(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end; return the container."""
        names = self._own()
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


class Named(Container):
    """Parts by name, as a dict has them."""

    def __getitem__(self, key: str) -> Any:
        return self._own()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._add(key, value)

    def __delitem__(self, key: str) -> None:
        delattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own())

    def __contains__(self, key: object) -> bool:
        return key in self._own()

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._own().keys()

    def values(self) -> ValuesView[Any]:
        """The parts."""
        return self._own().values()

    def items(self) -> ItemsView[str, Any]:
        """The names and the parts."""
        return self._own().items()

    def update(self, parts: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add parts, in the place of those that have the same names."""
        for key, value in dict(parts).items():
            self._add(key, value)

    def pop(self, key: str) -> Any:
        """Take the part `key` out, and return it."""
        value = self[key]
        del self[key]
        return value

    def clear(self) -> None:
        """Take out all."""
        for key in list(self):
            del self[key]


class ModuleDict(Named):
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


class ParameterList(Listed):
    """A list of parameters, which are found. As `torch.nn.ParameterList`.

    Args:
        values: parameters, or what parameters are made of.

    >>> nn.ParameterList([[1.0, 2.0], [3.0]])[1]
    Parameter([3.], requires_grad=True)
    """

    kind = Parameter

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(values)

    def _made(self, name: str, value: Any) -> Any:
        return value if isinstance(value, Parameter) else Parameter(value)

    def __repr__(self) -> str:
        return _of_parameters(self, enumerate(self))


class ParameterDict(Named):
    """A dict of parameters, which are found. As `torch.nn.ParameterDict`.

    Args:
        parameters: parameters, or what parameters are made of, by name.

    >>> list(nn.ParameterDict({"scale": 1.0, "shift": [0.0, 0.0]}))
    ['scale', 'shift']
    """

    kind = Parameter

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        self.update(parameters)

    def _made(self, name: str, value: Any) -> Any:
        return value if isinstance(value, Parameter) else Parameter(value)

    def __repr__(self) -> str:
        return _of_parameters(self, self.items())


def _of_parameters(container: Container, items: Iterable[tuple[Any, Any]]) -> str:
    """The types and shapes of the parameters in a container."""
    lines = [f"\n  ({name}): Parameter of dtype {p.dtype} and shape {p.shape}" for name, p in items]
    return f"{type(container).__name__}({''.join(lines)}" + ("\n)" if lines else ")")
