"""Modules made of other modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nn.modules.module import Module

__all__ = ["Sequential"]


_CALL = Module.__call__


class Sequential(Module):
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
        named = (
            modules[0].items()
            if len(modules) == 1 and isinstance(modules[0], dict)
            else ((str(i), m) for i, m in enumerate(modules))
        )
        for name, module in named:
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: part {name} is {type(module).__name__}; wanted a Module, "
                    "for example nn.Sigmoid() for nn.functional.sigmoid."
                )
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """Compute the modules in turn."""
        for module in self._chain:  # which usually needs no more than forward(): one call less for each part
            input = module.forward(input) if type(module).__call__ is _CALL else module(input)
        return input

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self.__dict__["_chain"] = tuple(self._modules().values())

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self.__dict__["_chain"] = tuple(self._modules().values())

    def __len__(self) -> int:
        return len(self._modules())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules().values())

    def __getitem__(self, index: int | slice) -> Module:
        parts = list(self._modules().items())
        return Sequential(dict(parts[index])) if isinstance(index, slice) else parts[index][1]
