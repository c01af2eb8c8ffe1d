"""The domains of the arguments of a function, checked, and taken apart into leaves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from autodiff.testing.libraries import as_input, is_array
from autodiff.testing.search.domains import Reals, reals
from autodiff.testing.subject import is_floating
from autodiff.transforms.containers import Structure, flatten

__all__: list[str] = []


class Domains:
    """One domain for each argument of a function, each a leaf or a container of such.

    A leaf is `Reals`, a strategy, or a value that stays as it is. A point of the search is a value for each of them.

    Attributes:
        leaves: all of them, in order.
    """

    def __init__(self, domains: Sequence[Any]) -> None:
        if not domains:
            raise TypeError("find_gradient_error: no domains were given; wanted one for each argument of f, such as reals().")
        parts = [_flat(domain, f"domain {i}") for i, domain in enumerate(domains)]
        self._structures = [structure for _, structure in parts]
        leaves = [leaf for leaves, _ in parts for leaf in leaves]
        for leaf, path in leaves:
            if leaf is reals:
                raise TypeError(f"find_gradient_error: {path} is the function reals; wanted what it returns: reals().")
        self.leaves = tuple(leaf for leaf, _ in leaves)
        if not any(map(_gives_numbers, self.leaves)):
            given = ", ".join(map(repr, domains))
            raise TypeError(
                f"find_gradient_error: got {given}; wanted a domain to search, such as reals(low, high), or an array of floats."
            )

    def arguments(self, point: Sequence[Any]) -> tuple[Any, ...]:
        """What the function is called with at a point."""
        leaves = iter(point)
        return tuple(structure.rebuild(leaves) for structure in self._structures)


def is_strategy(x: Any) -> bool:
    """Whether `x` is a strategy of Hypothesis, which need not be installed for this."""
    strategies = sys.modules.get("hypothesis.strategies")
    return strategies is not None and isinstance(x, strategies.SearchStrategy)


def _flat(domain: Any, name: str) -> tuple[list[tuple[Any, str]], Structure]:
    """The leaves of a domain, which is one itself if there is nothing to be drawn in it."""
    try:
        leaves, structure = flatten(domain, name, is_array=_is_domain)
    except ValueError as error:
        raise ValueError(f"find_gradient_error: {error}") from None
    return (leaves, structure) if any(_is_domain(leaf) for leaf, _ in leaves) else ([(domain, name)], Structure())


def _is_domain(x: Any) -> bool:
    return isinstance(x, Reals) or x is reals or is_strategy(x)


def _gives_numbers(leaf: Any) -> bool:
    """Whether there is something to differentiate by in what a leaf gives; an empty list is a container of nothing."""
    return _is_domain(leaf) or any(is_floating(as_input(x)) for x, _ in flatten({"leaf": leaf}, "", is_array=is_array)[0])
