"""Code to paste: the inputs, the functions and the call that failed, written down so that they give the same failure again."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.testing.check import check_gradient
from autodiff.testing.search.domains import Reals

__all__: list[str] = []


def code(
    f: Callable[..., Any], arguments: Sequence[Any], functions: Mapping[str, Callable[..., Any]], options: Mapping[str, Any]
) -> str:
    """Code that fails, with what it imports: `assert_gradient` at inputs, or `find_gradient_error` if some of them are domains.

    Args:
        f: the function under test.
        arguments: the inputs, or the domains.
        functions: the gradient under test, by the name of the option.
        options: other options of the call.
    """
    taken = {word for function in (f, *functions.values()) for word in _where(function)[1].split(".")}
    given = dict(zip(_parameter_names(f, len(arguments), taken), arguments, strict=True))
    passed = {name: x for name, x in given.items() if callable(x)}  # such as an activation function
    called = {"f": f, **functions, **passed}
    said = {name: _where(function)[1] or name for name, function in called.items()}
    parts = [said["f"], *(said.get(name, name) for name in given), *(f"{name}={said[name]}" for name in functions)]
    defaults = inspect.signature(check_gradient).parameters
    shown = {name: value for name, value in options.items() if isinstance(value, (int, float, tuple, list))}
    parts += [f"{name}={value!r}" for name, value in shown.items() if value != defaults[name].default]
    lines = [f"{name} = {literal(x)}" for name, x in given.items() if name not in passed]
    if any(isinstance(x, Reals) for x in arguments):
        return _with_imports("find_gradient_error, reals", [*lines, f"assert find_gradient_error({', '.join(parts)}).ok"], called)
    return _with_imports("assert_gradient", [*lines, f"assert_gradient({', '.join(parts)})"], called)


def point(f: Callable[..., Any], inputs: Sequence[Any]) -> str:
    """The inputs alone, by the names of the arguments."""
    names = _parameter_names(f, len(inputs), set())
    return "\n".join(f"{name} = {literal(x)}" for name, x in zip(names, inputs, strict=True))


def literal(x: Any) -> str:
    """An expression for `x` that gives the same again: numbers to the last digit, shape and dtype."""
    if isinstance(x, Tensor):
        return f"ad.Tensor({literal(unwrapped(x))})"
    if not isinstance(x, (np.ndarray, np.generic)):
        return repr(x)
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        return f"np.{x!r}" if type(x) is np.ndarray else repr(x)
    kind = "bool" if array.dtype.kind == "b" else f"np.{array.dtype}"
    implied = array.dtype in (np.dtype(np.float64), np.dtype(np.int64), np.dtype(bool))
    if not array.size:
        return f"np.zeros({array.shape}{'' if array.dtype == np.float64 else f', dtype={kind}'})"
    return f"np.array({_nested(array)}{'' if implied else f', dtype={kind}'})"


def _nested(array: np.ndarray) -> str:
    if array.ndim:
        return f"[{', '.join(_nested(part) for part in array)}]"
    text = str(array[()])  # the shortest that reads as the same number of this dtype
    return f"np.{text}" if text in ("nan", "inf") else "-np.inf" if text == "-inf" else text


def _parameter_names(f: Callable[..., Any], count: int, taken: set[str]) -> list[str]:
    """What the function calls its arguments."""
    try:
        parameters = [p for p in inspect.signature(f).parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):  # many functions written in C
        parameters = []
    names = [p.name for p in parameters[:count]]
    names += [f"x{i}" if count > 1 else "x" for i in range(len(names), count)]
    return [f"{name}_" if name in {*taken, "f", "gradient", "vjp", "jvp", "np", "ad"} else name for name in names]


def _with_imports(names: str, lines: Sequence[str], called: Mapping[str, Any]) -> str:
    """The lines, below what they need: imports, or a remark about functions that cannot be imported."""
    body = "\n".join(lines)
    modules: dict[str, set[str]] = {}
    remarks = []
    for key, function in called.items():
        module, expression = _where(function)
        if not expression:
            remarks.append(f"# {key} is {_described(function)}.")
        elif module not in ("__main__", "numpy"):
            modules.setdefault(module, set()).add(expression.split(".")[0])
    imports = ["import numpy as np"] if "np." in body else []
    imports += ["import autodiff as ad"] if "ad.Tensor(" in body else []
    imports += [f"from autodiff.testing import {names}"]
    imports += [f"from {module} import {', '.join(sorted(found))}" for module, found in modules.items()]
    return "\n".join([*imports, "", *remarks, body])


def _where(function: Any) -> tuple[str, str]:
    """The module that a function is in, and an expression for it; empty if it cannot be imported."""
    if isinstance(function, np.ufunc) or getattr(function, "__module__", "") == "numpy":
        name = getattr(function, "__name__", "")
        return ("numpy", f"np.{name}") if getattr(np, name, None) is function else ("", "")
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not path or not all(part.isidentifier() for part in f"{module}.{path}".split(".")):
        return "", ""
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    expression = path if found is function else f"{path}.function" if getattr(found, "function", None) is function else ""
    return (module, expression) if expression else ("", "")


def _described(function: Any) -> str:
    """A function that has no name to import it by, in words."""
    if isinstance(function, functools.partial):
        return f"functools.partial of {_described(function.func)}"
    name = getattr(function, "__qualname__", None) or f"an instance of {type(function).__qualname__}"
    code = getattr(function, "__code__", None)
    return f"{name}, line {code.co_firstlineno} of {code.co_filename.rsplit('/', 1)[-1]}" if code else name
