"""Code to paste: the inputs, the functions and the call that failed, written down so that they give the same failure again."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.core.tensor import Tensor, unwrapped
from autodiff.testing.arguments import argument_names
from autodiff.testing.check import check_gradient
from autodiff.testing.libraries import has_own_operations, is_array
from autodiff.transforms.containers import Step, flatten, parts_of, text_of

__all__: list[str] = []


def code(
    f: Callable[..., Any], inputs: Sequence[Any], functions: Mapping[str, Callable[..., Any]], options: Mapping[str, Any]
) -> str:
    """Code that fails, with what it imports.

    Args:
        f: the function under test.
        inputs: what it is called with.
        functions: the gradient under test, by the name of the option.
        options: other options of the call.
    """
    called = {"f": f, **functions}
    said = {name: _where(function)[1] or name for name, function in called.items()}
    taken = {word for expression in said.values() for word in expression.split(".")}
    named = _named(f, inputs, taken)
    given = {name: literal(x, name, called) for name, x in named.items()}
    passed = {name: given[name] for name, x in named.items() if callable(x)}  # such as an activation function
    parts = [said["f"], *(passed.get(name, name) for name in named), *(f"{name}={said[name]}" for name in functions)]
    defaults = inspect.signature(check_gradient).parameters
    shown = {name: value for name, value in options.items() if isinstance(value, (int, float, tuple, list))}
    parts += [f"{name}={value!r}" for name, value in shown.items() if value != defaults[name].default]
    lines = [f"{name} = {text}" for name, text in given.items() if name not in passed and text != name]
    objects = {name: x for name, x in named.items() if given[name] == name}
    held = [leaf for name, x in objects.items() for leaf in flatten(x, name, is_array=is_array)[0]]
    lines += [f"{path} = {literal(x)}" for x, path in held if path not in objects and isinstance(x, np.ndarray)]
    return _with_imports([*lines, f"assert_gradient({', '.join(parts)})"], called)


def point(f: Callable[..., Any], inputs: Sequence[Any]) -> str:
    """The inputs alone, by the names of the arguments."""
    return "\n".join(f"{name} = {literal(x, name)}" for name, x in _named(f, inputs, set()).items())


def literal(x: Any, path: str = "x", called: dict[str, Any] | None = None) -> str:
    """An expression for `x` that gives the same again: numbers to the last digit, shape and dtype, and containers of them.

    Args:
        x: what to write.
        path: how Python leads to it.
        called: where the functions, classes and objects that it takes are added, by their names.
    """
    called = {} if called is None else called
    if isinstance(x, Tensor):
        return f"ad.Tensor({literal(unwrapped(x))})"
    if isinstance(x, (np.ndarray, np.generic)) and not has_own_operations(x):
        return _array(x)
    parts = parts_of(x)
    if parts is not None:
        return _container(x, {step: literal(part, path + text_of(step), called) for step, part in parts}, called)
    return _called(x, re.sub(r"\W+", "_", path).strip("_"), called) if _is_opaque(x) else repr(x)


def _container(x: Any, parts: Mapping[Step, str], called: dict[str, Any]) -> str:
    """An expression for a container, of expressions for its parts."""
    if isinstance(x, dict):
        text = f"{{{', '.join(f'{key!r}: {part}' for (_, key), part in parts.items())}}}"
    elif isinstance(x, list):
        text = f"[{', '.join(parts.values())}]"
    elif isinstance(x, tuple) and not hasattr(x, "_fields"):
        text = f"({', '.join(parts.values())}{',' if len(parts) == 1 else ''})"
    else:
        text = ", ".join(f"{name}={part}" for (_, name), part in parts.items())
    return text if type(x) in (dict, list, tuple) else f"{_called(type(x), type(x).__name__, called)}({text})"


def _is_opaque(x: Any) -> bool:
    """Whether no expression is known for an object: a function, one that says so itself, or one that holds arrays."""
    return callable(x) or has_own_operations(x) or repr(x).startswith("<") or flatten(x, "", is_array=is_array)[0] != [(x, "")]


def _called(x: Any, name: str, called: dict[str, Any]) -> str:
    """What a function, a class or another object is called in code: its own name, if it can be imported, or the one given."""
    called[name] = x
    return _where(x)[1] or name


def _array(x: Any) -> str:
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


def _named(f: Callable[..., Any], inputs: Sequence[Any], taken: set[str]) -> dict[str, Any]:
    """The inputs by what the function calls its arguments, other than what is taken."""
    numbered = [f"x{i}" for i in range(len(inputs))] if len(inputs) > 1 else ["x"]
    names = [own if own.isidentifier() else x for own, x in zip(argument_names(f, len(inputs)), numbered, strict=True)]
    unlike = {*taken, "f", "gradient", "vjp", "jvp", "np", "ad"}
    return {f"{name}_" if name in unlike else name: x for name, x in zip(names, inputs, strict=True)}


def _with_imports(lines: Sequence[str], called: Mapping[str, Any]) -> str:
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
    imports += ["from autodiff.testing import assert_gradient"]
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
    found: Any = functools.reduce(lambda x, name: getattr(x, name, None), path.split("."), sys.modules.get(module))
    expression = path if found is function else f"{path}.function" if getattr(found, "function", None) is function else ""
    return (module, expression) if expression else ("", "")


def _described(function: Any) -> str:
    """A function that has no name to import it by, in words."""
    if isinstance(function, functools.partial):
        return f"functools.partial of {_described(function.func)}"
    name = getattr(function, "__qualname__", None) or f"an instance of {type(function).__qualname__}"
    code = getattr(function, "__code__", None)
    return f"{name}, line {code.co_firstlineno} of {code.co_filename.rsplit('/', 1)[-1]}" if code else name
