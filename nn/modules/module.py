"""Module: a function with parameters, made of other modules."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

import autodiff as ad
from nn.modules.finding import parameters_in, part_of
from nn.modules.hooks import Hooked
from nn.parameter import Parameter

__all__ = ["Module"]


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find in the state, and what it found there but not in the module."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module(Hooked):
    """The base of all layers, losses and networks. As `torch.nn.Module`.

    A subclass makes its parameters and parts in `__init__`, as attributes, and computes in `forward`; calling the module calls
    `forward`. Attributes that are a `Parameter` or a `Module` are found by `parameters()`, `state_dict()` and so on, in the order
    in which they were first assigned.

    >>> class Scale(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = nn.Parameter(2.0)
    ...
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> Scale()(ad.Tensor([1.0, 2.0]))
    Tensor([2., 4.], grad_fn=<multiply>)
    """

    training = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; each subclass defines it."""
        raise TypeError(f"{type(self).__name__} has no forward(). Define what it computes: def forward(self, x): ...")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute `forward`, with the hooks that are registered."""
        return self.forward(*args, **kwargs) if self._hooks is None else self._hooks.call(self, args, kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        old = vars(self).get(name)
        for kind, what in ((Parameter, "parameter"), (Module, "module")):
            if isinstance(old, kind) and not (value is None or isinstance(value, kind)):
                raise TypeError(
                    f"{type(self).__name__}.{name} is a {what}, but was given {type(value).__name__}, which would not be trained. "
                    + (
                        f"Assign an nn.Parameter, or set its values: module.{name}.data = array."
                        if what == "parameter"
                        else "Assign a module."
                    )
                )
        if isinstance(value, Module):
            self._refuse_cycle(name, value)
        if isinstance(value, (Parameter, Module)) and name not in self._parts:
            vars(self).pop(name, None)  # its place among the parts is that of now, not that of the attribute before
            self._parts.add(name)
        super().__setattr__(name, value)

    def _refuse_cycle(self, name: str, module: Module) -> None:
        """Raise if `module`, about to be the attribute `name`, contains this one: every walk over the parts would be endless."""
        for path, part in module.named_modules(name):
            if part is self:
                raise ValueError(
                    f"{type(self).__name__}.{name}: modules cannot contain each other, but {path} is this very module. "
                    f"To refer to a module without containing it, keep a weak reference: self.{name} = weakref.ref(module)."
                )

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...  # of any attribute; at run time, there is none: it would slow down all of them

    def __delattr__(self, name: str) -> None:
        self._parts.discard(name)
        self._persistence.pop(name, None)
        super().__delattr__(name)

    @property
    def _parts(self) -> set[str]:
        """The names of attributes that are, or were, a parameter or a module: each keeps its place."""
        names: set[str] = vars(self).setdefault("_part_names", set())
        return names

    @property
    def _persistence(self) -> dict[str, bool]:
        """The names of the buffers, and whether each is saved."""
        names: dict[str, bool] = vars(self).setdefault("_buffer_names", {})
        return names

    # --- what it is made of

    def _modules(self) -> dict[str, Module]:
        """The modules among the attributes, also those that stand there under several names."""
        attributes = vars(self).copy()  # which is made at once: another thread may set an attribute meanwhile
        return {name: value for name, value in attributes.items() if isinstance(value, Module)}

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules among the attributes, each once, with their names."""
        seen: set[int] = set()
        for name, module in self._modules().items():
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules among the attributes."""
        return (module for _, module in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """The module itself, its children, theirs, and so on, each once, with dotted names."""
        seen: set[int] = set()
        stack = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module
                stack += [(f"{name}.{child}" if name else child, part) for child, part in reversed(list(module.named_children()))]

    def modules(self) -> Iterator[Module]:
        """The module itself, its children, theirs, and so on, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters, each once, with dotted names: its own first, then those of its parts if `recurse`.

        Trained parameters in a list, tuple or dict are not found, nor are those of modules in one: it is a warning that some are
        there, and an error (TypeError) if there are no others.

        >>> [name for name, _ in nn.Sequential(nn.Linear(2, 4), nn.Sigmoid()).named_parameters()]
        ['0.weight', '0.bias']
        """
        seen: set[int] = set()
        found, containers = set(), []
        for name, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            found.add(id(module))
            for attribute, value in vars(module).copy().items():
                path = f"{name}.{attribute}" if name else attribute
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    yield path, value
                elif isinstance(value, (list, tuple, dict)):
                    containers.append((path, value))
        hiding = [(path, c) for path, c in containers if any(p.requires_grad for p in parameters_in(c, seen | found))]
        if recurse and hiding:
            text = (
                f"{type(self).__name__}: {', '.join(f'{path} is a {type(c).__name__}' for path, c in hiding)}, in which parameters "
                "are not found, so they would not be trained or saved. Use nn.ModuleList, nn.ParameterList or a dict of theirs."
            )
            if not seen:
                raise TypeError(text)
            warnings.warn(text, stacklevel=2)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once: what an optimizer is given."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the attribute `name`; None says that there is none."""
        self._register(name, param, Parameter)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make `module` the attribute `name`."""
        self._register(name, module, Module)

    def _register(self, name: str, value: Any, kind: type) -> None:
        where = type(self).__name__
        if not (value is None or isinstance(value, kind)):
            raise TypeError(f"{where}: {name} is {type(value).__name__}; wanted a {kind.__name__} or None.")
        if not isinstance(name, str) or not name or "." in name or hasattr(type(self), name):
            raise ValueError(
                f"{where}: a part cannot have the name {name!r}: it must not be empty, have dots, or mean something else."
            )
        setattr(self, name, value)
        self._parts.add(name)

    def register_buffer(self, name: str, tensor: ad.Tensor | None, persistent: bool = True) -> None:
        """Make `tensor`, which is not trained, an attribute: running statistics, for example. As in PyTorch.

        With `persistent`, it is in `state_dict`. None says that there is none.
        """
        if isinstance(tensor, Parameter) or (isinstance(tensor, ad.Tensor) and tensor.requires_grad):
            raise TypeError(f"{type(self).__name__}: the buffer {name} would be trained; use register_parameter, or detach().")
        self._register(name, tensor, ad.Tensor)
        self._persistence[name] = persistent

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, ad.Tensor]]:
        """The buffers, each once, with dotted names: its own first, then those of its parts if `recurse`."""
        seen: set[int] = set()
        for name, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for attribute in module._persistence:
                value = vars(module).get(attribute)
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{name}.{attribute}" if name else attribute, value

    def buffers(self, recurse: bool = True) -> Iterator[ad.Tensor]:
        """The buffers, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The part with the dotted name `target`, itself for `""`.

        >>> nn.Sequential(nn.Linear(2, 4), nn.Sigmoid()).get_submodule("1")
        Sigmoid()
        """
        part: Module = self
        for name in target.split(".") if target else ():
            parts = part._modules()
            part = parts[name] if name in parts else part_of(self, "part", target, {n: m for n, m in self.named_modules() if n})
        return part

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with the dotted name `target`."""
        return part_of(self, "parameter", target, dict(self.named_parameters()))

    def get_buffer(self, target: str) -> ad.Tensor:
        """The buffer with the dotted name `target`."""
        return part_of(self, "buffer", target, dict(self.named_buffers()))

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` with each of the parts, then with this module; return it."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # --- modes and types

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all parts, which layers such as dropout look at; return the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set `training` to False here and in all parts; return the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether the parameters are trained; return the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with `set_to_none=False` set them to zero instead."""
        for parameter in self.parameters():
            parameter.grad = None if set_to_none or parameter.grad is None else ad.Tensor(np.zeros_like(parameter.grad.data))

    def to(self, *args: Any, dtype: Any = None, device: Any = None) -> Self:
        """Convert parameters, their gradients and buffers to another floating-point type, in place; return the module.

        A device may be given as well: `"cpu"`, the only one there is. Buffers of integers stay as they are.
        """
        for value in (*args, device):
            if isinstance(value, str) and value.partition(":")[0] in ("cpu", "cuda", "mps", "xpu"):
                if value.partition(":")[0] != "cpu":
                    raise ValueError(f"{type(self).__name__}.to: the device is {value!r}; wanted 'cpu', where NumPy computes.")
            elif value is not None:
                dtype = value
        if dtype is None:
            return self
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"{type(self).__name__}.to: dtype is {np.dtype(dtype)}; wanted floating point.")
        for parameter in self.parameters():
            if parameter.dtype != dtype:
                grad, parameter.grad = parameter.grad, None
                parameter.data = parameter.data.astype(dtype)
                parameter.grad = None if grad is None else grad.detach().astype(dtype)
        for module in self.modules():
            for name, buffer in module.named_buffers(recurse=False):
                if buffer.dtype.kind == "f":
                    setattr(module, name, buffer.astype(dtype))
        return self

    def float(self) -> Self:
        """Convert to float32; return the module."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Convert to float64; return the module."""
        return self.to(np.float64)

    def half(self) -> Self:
        """Convert to float16; return the module."""
        return self.to(np.float16)

    def cpu(self) -> Self:
        """Return the module, which is where NumPy computes."""
        return self

    # --- saving and loading

    def state_dict(self) -> dict[str, ad.Tensor]:
        """A copy of every parameter and persistent buffer, by its dotted name.

        PyTorch's shares memory with the module; this is a copy, so that a state kept as the best one stays what it was.

        >>> nn.Linear(2, 1, bias=False).load_state_dict({"weight": [[1.0, 2.0]]})
        IncompatibleKeys(missing_keys=[], unexpected_keys=[])
        """
        list(self.parameters())  # which says so if it does not find some
        return {name: ad.Tensor(tensor.detach()) for name, tensor in self._all_state().items()}

    def _all_state(self) -> dict[str, ad.Tensor]:
        """Parameters and persistent buffers by every name: a shared one is listed under each, as PyTorch's state dicts do."""
        found: dict[str, ad.Tensor] = {name: value for name, value in vars(self).copy().items() if isinstance(value, Parameter)}
        buffers = {name: vars(self)[name] for name, persistent in self._persistence.items() if persistent}
        found |= {name: buffer for name, buffer in buffers.items() if buffer is not None}
        for name, child in self._modules().items():
            found |= {f"{name}.{key}": value for key, value in child._all_state().items()}
        return found

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Set the parameters to the values of `state_dict`, which are tensors or arrays by dotted name.

        Args:
            state_dict: what `state_dict` returned, here or in PyTorch.
            strict: whether a key that is missing or not expected is an error.

        Raises:
            RuntimeError: keys are missing or not expected, or a shape differs; nothing has been changed then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: the state is {type(state_dict).__name__}; wanted a dict of arrays by dotted name.")
        own = self._all_state()
        missing, unexpected = [k for k in own if k not in state_dict], [k for k in state_dict if k not in own]
        arrays = {k: _as_array(state_dict[k]) for k in own if k in state_dict}
        problems = [f"missing keys: {', '.join(missing)}"] if missing and strict else []
        problems += [f"unexpected keys: {', '.join(unexpected)}"] if unexpected and strict else []
        problems += [
            f"{key} has shape {array.shape} but the module's has shape {own[key].shape}"
            for key, array in arrays.items()
            if array.dtype.kind in "biuf" and array.shape != own[key].shape
        ]
        problems += [
            f"{key} has dtype {array.dtype}; wanted real numbers" for key, array in arrays.items() if array.dtype.kind not in "biuf"
        ]
        if problems:
            raise RuntimeError(f"load_state_dict: the state does not fit {type(self).__name__}: {'; '.join(problems)}.")
        for key, array in arrays.items():
            own[key].writable()[...] = array
        return IncompatibleKeys(missing, unexpected)

    # --- how it looks

    def extra_repr(self) -> str:
        """What stands between the brackets of the `repr` of a module without parts."""
        return ""

    def __repr__(self) -> str:
        parts = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules().items()]
        own = self.extra_repr()
        if not parts:
            return f"{type(self).__name__}({own})"
        lines = ([own] if own else []) + parts
        return f"{type(self).__name__}(" + "".join(f"\n  {line}" for line in lines) + "\n)"


def _as_array(value: Any) -> np.ndarray:
    """`value` as an array; of objects if it is no array of numbers."""
    try:
        return np.asarray(value.detach() if isinstance(value, ad.Tensor) else value)
    except (ValueError, TypeError):
        return np.array(None)
