"""Another entry in the place of one of the registry, wherever it is called: through the seam that every call passes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from autodiff.core.backward import Parts
from autodiff.extend import Primitive
from autodiff.modes import interpreting


def changed(entry: Primitive, **attributes: Any) -> Primitive:
    """A copy of an entry with other attributes."""
    new = copy.copy(entry)
    vars(new).update(attributes)
    return new


def with_rules(entry: Primitive, **formulas: Callable[..., Any]) -> Primitive:
    """A copy of an entry with other derivative rules for some of its arguments."""
    new = Primitive(entry.forward, {**entry.formulas, **formulas}, entry.name)
    names = ("formulas", "rules", "joint", "keeps", "shapes_asked", "params_asked", "reuses")
    return changed(entry, **{name: getattr(new, name) for name in names})


def with_mistake(entry: Primitive, position: int, mistake: Callable[[Any], Any]) -> Primitive:
    """A copy of an entry in which `mistake` was made in one rule, as the engine calls it."""
    if entry.scatter is not None:
        adjoint = mistake(entry.scatter)
        return changed(entry, rules=[lambda g, saved: Parts(g, saved[-1], saved[-2], adjoint)])
    if entry.joint is not None:
        return changed(entry, joint=mistake(entry.joint))
    return changed(entry, rules=[mistake(rule) if i == position else rule for i, rule in enumerate(entry.rules)])


def planted(entry: Primitive, wrong: Primitive) -> AbstractContextManager[None]:
    """Whatever calls `entry` calls `wrong`."""
    return interpreting(lambda called, operands, params: (wrong if called is entry else called).apply(operands, params))
