"""Modules that compute a function of `nn.functional`: what it takes beside its inputs are their attributes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from nn.functional.naming import under
from nn.modules.module import Module

__all__: list[str] = []


class FunctionModule(Module):
    """A module whose `forward` is `function(*inputs, ...)`, where the other arguments are the attributes of the same names.

    A subclass says which function, and how many of its arguments are inputs: `class Linear(FunctionModule, function=linear)`. Its
    constructor sets the attributes. Errors name the class.
    """

    function: Callable[..., Any]
    _settings: tuple[inspect.Parameter, ...]

    def __init_subclass__(cls, function: Callable[..., Any] | None = None, inputs: int = 1, **kwargs: Any) -> None:
        """Find out what `function` takes beside its first `inputs`."""
        super().__init_subclass__(**kwargs)
        if function is not None:
            parameters = tuple(p.replace(annotation=p.empty) for p in inspect.signature(function).parameters.values())
            cls.function, cls._settings = staticmethod(function), parameters[inputs:]
            cls.forward = _forward(cls, function, parameters[:inputs], [p.name for p in cls._settings])  # type: ignore[method-assign]

    def extra_repr(self) -> str:
        """The settings that are not what they are by default."""
        values = ((s, getattr(self, s.name)) for s in self._settings)
        return ", ".join(f"{s.name}={value!r}" for s, value in values if s.default is s.empty or value != s.default)


class Stateless(FunctionModule):
    """A module that has nothing but settings: its constructor takes the arguments of its function that are no inputs.

    `training`, which every module has, is none of them.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Have the signature that follows from the function."""
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "_settings"):
            cls.__signature__ = inspect.Signature(cls._chosen())  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        chosen = self._chosen()
        given = _bound(type(self).__name__, chosen, args, kwargs)
        for setting in chosen:
            setattr(self, setting.name, given.get(setting.name, setting.default))

    @classmethod
    def _chosen(cls) -> list[inspect.Parameter]:
        """What is chosen when it is made."""
        return [setting for setting in cls._settings if setting.name != "training"]


class Described(Stateless):
    """A stateless module whose text shows all settings, as PyTorch's does: `inplace` only if it is true."""

    def extra_repr(self) -> str:
        """The settings."""
        values = {setting.name: getattr(self, setting.name) for setting in self._chosen()}
        return ", ".join(f"{name}={value!r}" for name, value in values.items() if name != "inplace" or value)


_FORWARD = """
def forward(self{inputs}):
    try:
        return function({given})
    except (TypeError, ValueError, AttributeError) as error:
        raise told(self, error, {names}) from None
"""


def _forward(cls: type, function: Callable[..., Any], inputs: Sequence[inspect.Parameter], settings: list[str]) -> Any:
    """`forward(self, *inputs)` of the modules of `function`, written out, as fast as by hand: each layer of each step calls it."""
    names = [p.name for p in inputs]
    text = _FORWARD.format(
        inputs="".join(f", {p.name}" + (f"=defaults[{p.name!r}]" if p.default is not p.empty else "") for p in inputs),
        given=", ".join([*names, *(f"self.{name}" for name in settings)]),
        names=", ".join(names),
    )
    scope = {"function": function, "told": _told, "defaults": {p.name: p.default for p in inputs}}
    exec(compile(text, f"{__file__}: {cls.__name__}.forward", "exec"), scope)  # where it is told who called, it is no user's code
    forward: Any = scope["forward"]
    forward.__qualname__, forward.__module__ = f"{cls.__qualname__}.forward", cls.__module__
    forward.__doc__ = f"Compute the function of the input{'s' * (len(names) != 1)}."
    return forward


def _told(module: Module, error: Exception, *inputs: Any) -> Exception:
    """`error` in the name of the class of `module`, with what may be the reason: an attribute that it lacks, or several inputs."""
    if any(isinstance(input, tuple) and any(hasattr(part, "ndim") for part in input) for input in inputs):
        return TypeError(
            f"{type(module).__name__}: the input is a tuple; wanted a tensor or array. Recurrent layers return the output and the "
            "state, attention the output and the weights: take the first, output, _ = layer(x)."
        )
    if isinstance(error, (TypeError, ValueError)):
        return under(type(module).__name__, error)
    if getattr(error, "obj", None) is not module:
        return error
    name = getattr(error, "name", "")
    return AttributeError(
        f"{type(module).__name__} has no attribute {name!r}. If a base class sets it, __init__ must call super().__init__(...)."
    )


def _bound(name: str, parameters: Sequence[inspect.Parameter], args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments of a call, by the names of the parameters."""
    signature = inspect.Signature([p.replace(kind=p.POSITIONAL_OR_KEYWORD) for p in parameters])
    try:
        return signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"{name}: {error}. It is called as {name}{signature}.") from None
