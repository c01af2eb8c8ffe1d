"""Hooks: functions that are called whenever a module is, or when gradients pass it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend

__all__: list[str] = []


class Handle:
    """What registering a hook returns: `remove()` takes the hook away. Also usable in a `with` block, which does so at its end."""

    def __init__(self, hooks: dict[Any, Any], hook: Callable[..., Any]) -> None:
        self._hooks = hooks
        hooks[self] = hook

    def remove(self) -> None:
        """Take the hook away; nothing if that is done already."""
        self._hooks.pop(self, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooks:
    """The hooks of a module, by kind, in the order in which they were registered."""

    def __init__(self) -> None:
        self.before: dict[Handle, Callable[..., Any]] = {}
        self.after: dict[Handle, Callable[..., Any]] = {}
        self.before_backward: dict[Handle, Callable[..., Any]] = {}
        self.after_backward: dict[Handle, Callable[..., Any]] = {}

    def __deepcopy__(self, memo: Any) -> Hooks:
        return type(self)()  # a copy of a module is nobody's to watch

    def __reduce__(self) -> Any:
        return type(self), ()

    def call(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`module.forward(*args, **kwargs)`, with all hooks."""
        for hook in [*self.before.values()]:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        seen: dict[str, Any] = {}
        if self.after_backward:
            args = _told_of_gradients(args, lambda g: self._after_backward(module, g, seen))
        result = module.forward(*args, **kwargs)
        for hook in [*self.after.values()]:
            changed = hook(module, args, result)
            result = result if changed is None else changed
        if not self.after_backward and not self.before_backward:
            return result
        several = isinstance(result, tuple)
        told = _told_of_gradients(result if several else (result,), lambda g: self._before_backward(module, g, seen))
        return told if several else told[0]

    def _before_backward(self, module: Any, gradients: tuple[Any, ...], seen: dict[str, Any]) -> tuple[Any, ...]:
        for hook in [*self.before_backward.values()]:
            gradients = _replaced(gradients, hook(module, gradients), "grad_output")
        seen["gradients"] = gradients
        return gradients

    def _after_backward(self, module: Any, gradients: tuple[Any, ...], seen: dict[str, Any]) -> tuple[Any, ...]:
        for hook in [*self.after_backward.values()]:
            gradients = _replaced(gradients, hook(module, gradients, seen["gradients"]), "grad_input")
        return gradients


class Hooked:
    """What a module has for registering hooks."""

    _hooks: Hooks | None = None

    def register_forward_pre_hook(self, hook: Callable[[Any, tuple[Any, ...]], Any]) -> Handle:
        """Call `hook(module, args)` before each call; what it returns, if not None, replaces the arguments. As in PyTorch.

        Return a handle, whose `remove()` takes the hook away; as all that follow.
        """
        return self._add_hook("before", hook)

    def register_forward_hook(self, hook: Callable[[Any, tuple[Any, ...], Any], Any]) -> Handle:
        """Call `hook(module, args, output)` after each call; what it returns, if not None, replaces the output. As in PyTorch.

        >>> layer = nn.ReLU()
        >>> handle = layer.register_forward_hook(lambda module, args, output: print(module, args, output))
        >>> _ = layer(np.array([-1.0, 2.0]))
        ReLU() (array([-1.,  2.]),) [0. 2.]
        >>> handle.remove()
        """
        return self._add_hook("after", hook)

    def register_full_backward_pre_hook(self, hook: Callable[[Any, tuple[Any, ...]], Any]) -> Handle:
        """Call `hook(module, grad_output)` when the gradients by the output are known; it may return others. As in PyTorch."""
        return self._add_hook("before_backward", hook)

    def register_full_backward_hook(self, hook: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Any]) -> Handle:
        """Call `hook(module, grad_input, grad_output)` when the gradients by the inputs are known; it may return others.

        As in PyTorch, but that the gradients are those of the tensors that require one. Without such an input it is not called.
        """
        return self._add_hook("after_backward", hook)

    def _add_hook(self, kind: str, hook: Callable[..., Any]) -> Handle:
        if not callable(hook):
            raise TypeError(f"{type(self).__name__}: the hook is {type(hook).__name__}; wanted a function.")
        self._hooks = self._hooks or Hooks()
        return Handle(getattr(self._hooks, kind), hook)


def _replaced(gradients: tuple[Any, ...], new: Any, what: str) -> tuple[Any, ...]:
    """What a hook returned in the place of the `gradients`, if anything."""
    if new is None:
        return gradients
    replaced: tuple[Any, ...] = new if isinstance(new, tuple) else (new,)
    given, wanted = [np.shape(g) for g in replaced], [np.shape(g) for g in gradients]
    if given != wanted:
        raise ValueError(f"backward hook: it returned gradients of shapes {given} as {what}; wanted {wanted}.")
    return replaced


_pass_on = extend.primitive(
    lambda arrays, /, tell: tuple(x + 0 for x in arrays),
    {"*arrays": lambda g, tell: list(tell(g))},
    name="gradient hook",
    doc="""The arrays themselves. `tell` is given the cotangents, and returns those to go on with.""",
)


def _told_of_gradients(values: tuple[Any, ...], hook: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> tuple[Any, ...]:
    """The same values, where `hook` is called with the gradients, as tensors, of those that have one."""
    places = [i for i, value in enumerate(values) if isinstance(value, ad.Tensor) and value.requires_grad]

    def tell(gradients: tuple[Any, ...]) -> tuple[Any, ...]:
        recorded = any(isinstance(g, ad.Tensor) for g in gradients)
        given = hook(tuple(g if isinstance(g, ad.Tensor) else ad.asarray(g) for g in gradients))
        return given if recorded else tuple(extend.array_of(g) for g in given)

    told = list(values)
    for i, tensor in zip(places, _pass_on([values[i] for i in places], tell=tell) if places else (), strict=True):
        told[i] = tensor
    return tuple(told)
