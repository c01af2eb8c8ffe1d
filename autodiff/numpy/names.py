"""How NumPy's functions are called in errors, and what to do about one that has no derivative rule."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

__all__: list[str] = []

# What to use instead of functions that have no meaning for tensors.
INSTEAD = {
    "np.in1d": "np.isin",
    "np.spacing": "np.finfo(x.dtype).eps * np.abs(x)",
    "scipy.special.zeta": "ad.special.zeta(x, q)",  # SciPy's is no ufunc
    "scipy.special.yn": "scipy.special.yv",
}
_LIKE = {  # what to use instead of functions that make arrays, and ask a tensor only if it is their `like`
    **{"np.arange": "ad.arange", "np.array": "ad.array", "np.full": "ad.full"},
    **dict.fromkeys(("np.asanyarray", "np.asarray", "np.ascontiguousarray", "np.asfortranarray", "np.require"), "ad.asarray"),
    **dict.fromkeys(("np.frombuffer", "np.fromfile", "np.fromiter", "np.fromstring", "np.genfromtxt"), "ad.Tensor(array)"),
    **dict.fromkeys(("np.fromfunction", "np.identity", "np.loadtxt", "np.tri"), "ad.Tensor(array)"),
}
_OF_PYTHON = "NumPy's own functions: np.sin for math.sin, np.where for `if`; or np.apply_along_axis"


def name_of(function: Any) -> str:
    """`function` as one writes it: np.linalg.svd, scipy.special.expit."""
    module, name = _place_of(function)
    return f"{module}.{name}".replace("numpy", "np", 1) if module else name


def _place_of(function: Any) -> tuple[str, str]:
    """The module of `function`, the public one if it is there as well, or nothing; and its name."""
    name: str = getattr(function, "__name__", type(function).__name__)
    module: str = getattr(function, "__module__", None) or _module_of(function, name) or ""
    package = module.partition("._")[0]
    return package if _members(package).get(name) is function else module, name


def _members(module: str) -> dict[str, Any]:
    """What is in a module, if that is loaded."""
    return getattr(sys.modules.get(module), "__dict__", {})


def _module_of(function: Any, name: str) -> str | None:
    """The module that has `function` under `name`: most ufuncs don't know theirs. None is imported to find out."""
    for module_name in ("numpy", "scipy.special", *list(sys.modules)):
        if _members(module_name).get(name) is function:
            return module_name
    return None


def _public(function: Any) -> Any:
    """The function that calls `function`, if this is a private one of a private module; else itself.

    `scipy.special.zeta` calls `_riemann_zeta`, and `lambertw` calls `_lambertw`: the name ends with the public one.
    """
    module, name = _place_of(function)
    package, is_private, _ = module.partition("._")
    ends = [name[i + 1 :] for i, sign in enumerate(name) if sign == "_"] if is_private else []
    return next((public for end in ends if callable(public := _members(package).get(end))), function)


def missing(function: Any) -> TypeError:
    """The error about a function that means nothing for tensors."""
    public = _public(function)
    name, arguments = name_of(public), operand_names(public)
    if name in INSTEAD:
        return _without_rule(name, INSTEAD[name])
    if name in _LIKE:
        return TypeError(f"{name}: like= is not supported for a Tensor. Leave it out, and use {_LIKE[name]} for a Tensor.")
    if isinstance(function, np.ufunc) and not "".join(function.types).strip("O->"):  # made by np.frompyfunc
        return _without_rule(name, _OF_PYTHON)
    rules = ", ".join(f'"{a}": lambda g, {", ".join(arguments)}: ...' for a in arguments)
    if public is not function:  # which NumPy does not ask what it is to do
        return _without_rule(name, f"the function that extend.primitive({name}, {{{rules}}}) returns")
    return TypeError(
        f"{name} has no derivative rule for a Tensor. Add one with extend.primitive({name}, {{{rules}}}, numpy=[{name}]), "
        "or leave the graph first: tensor.detach().numpy()."
    )


def _without_rule(name: str, instead: str) -> TypeError:
    return TypeError(
        f"{name} has no derivative rule for a Tensor. Use {instead}, or leave the graph first: tensor.detach().numpy()."
    )


def operand_names(function: Any) -> list[str]:
    """What the arrays among the arguments of `function` are called."""
    if isinstance(function, np.ufunc):
        return ["x"] if function.nin == 1 else [chr(ord("a") + i) for i in range(function.nin)]
    try:
        return list(inspect.signature(function).parameters)[:1]
    except ValueError:  # written in C, without a signature
        return ["x"]
