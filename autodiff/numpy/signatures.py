"""How the parameters of NumPy's functions map to those of the operations that they call.

By default NumPy's first parameters are those that the operation requires, in its order, and any other is the one of the same
name; one that the operation lacks is refused unless it has the value that NumPy would take anyway. `_DIFFERENCES` has what differs,
`_REASONS` what to do instead of a refused parameter. A binding is made of it when a function is first called.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autodiff import ops
from autodiff.conversions import loses_gradient
from autodiff.core.tensor import Tensor, unwrapped
from autodiff.numpy import compositions
from autodiff.numpy.names import name_of
from autodiff.numpy.outputs import mask_of, would_lose, written
from autodiff.ops.constants import CONSTANTS
from autodiff.ops.indexing import as_array_like

__all__: list[str] = []


@dataclass(frozen=True)
class Difference:
    """What does not follow from the names of the parameters of a NumPy function.

    `parameters` is a function with NumPy's signature, where some version of NumPy does not tell its own. `renamed` has our names of
    NumPy's parameters, `refused` reasons for refusing some. `composition` takes, under NumPy's names, what the operation lacks.
    """

    parameters: Callable[..., Any] | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    composition: Callable[..., Any] | None = None


_MISSING: Any = inspect.Parameter.empty
_NO_VALUE: Any = inspect.signature(np.sum).parameters["keepdims"].default  # what NumPy takes for "not given"
_NO_FIELDS = "A tensor has no fields to sort by: leave it out."
_GENERAL = "Leave it out: of a Hermitian matrix the result is one as well, but for rounding."

_DIFFERENCES: dict[Any, Difference] = {
    np.bincount: Difference(lambda x, /, weights=None, minlength=0: None),
    np.clip: Difference(renamed={"a_min": "min", "a_max": "max"}),
    np.concatenate: Difference(lambda arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind": None),
    np.copyto: Difference(lambda dst, src, casting="same_kind", where=True: None),
    np.dot: Difference(lambda a, b, out=None: None),
    np.einsum: Difference(lambda subscripts, /, *operands, out=None, dtype=None, order="K", casting="safe", optimize=False: None),
    np.inner: Difference(lambda a, b, /: None),
    np.linalg.pinv: Difference(refused={"hermitian": _GENERAL}),
    np.linalg.svd: Difference(refused={"hermitian": _GENERAL}),
    np.linspace: Difference(composition=compositions.linspace),
    **dict.fromkeys((np.max, np.amax), Difference(composition=compositions.max)),
    np.mean: Difference(composition=compositions.mean),
    **dict.fromkeys((np.min, np.amin), Difference(composition=compositions.min)),
    np.pad: Difference(ops.pad, renamed={"array": "x"}),  # NumPy's does not tell its options
    np.partition: Difference(refused={"order": _NO_FIELDS}),
    np.prod: Difference(composition=compositions.prod),
    np.putmask: Difference(lambda a, /, mask, values: None),
    np.ravel: Difference(refused={"order": "The elements are taken row by row; for column by column: np.ravel(x.T)."}),
    np.reshape: Difference(
        refused={"order": "The elements are taken row by row; for column by column: np.reshape(x.T, shape[::-1]).T."}
    ),
    np.sort: Difference(refused={"order": _NO_FIELDS}),
    np.std: Difference(composition=compositions.std),
    np.sum: Difference(composition=compositions.sum),
    np.var: Difference(composition=compositions.var),
    np.vdot: Difference(lambda a, b, /: None),
    np.vecdot: Difference(renamed={"axis": "axis"}),
    np.where: Difference(lambda condition, x=_MISSING, y=_MISSING, /: None, composition=compositions.where),
}

_CONVERT = "Convert first: x.astype(dtype)."
_REASONS = {
    "casting": _CONVERT,
    "copy": "The result is a copy; to change a tensor itself: x[...] = value.",
    "device": "Everything is on the CPU: leave it out.",
    "dtype": _CONVERT,
    "initial": "Compute with it afterwards.",
    "mean": "It is computed again: leave it out.",
    "order": "For another layout in memory, copy the result: np.copy(result, order).",
    "signature": _CONVERT,
    "subok": "The result is a Tensor: leave it out.",
    "weights": "For a weighted mean: np.average.",
    "where": "Choose among the results: np.where(mask, result, other), or give the others: out=tensor.",
}
_NO_REASON = "Leave it out, or leave the graph first: tensor.detach().numpy()."


def _ufunc(
    *, out: Any = None, where: Any = True, casting: Any = "same_kind", order: Any = "K", dtype: Any = None, subok: Any = True,
    signature: Any = None,
) -> None:  # fmt: skip
    """What every ufunc takes beside its operands."""


_UFUNC = inspect.signature(_ufunc).parameters


class Binding:
    """A NumPy function and the one that it calls for tensors: `call` passes on a call of the one as a call of the other.

    From `least` to `most` arguments by position, and the keywords in `same`, mean the same to both. A constant function is NumPy's
    own and takes all that it takes; so does one that takes any keywords.
    """

    __slots__ = (
        *("_difference", "_numpys", "_required", "_takes_all", "_targets"),
        *("function", "least", "meaning", "most", "positional", "same"),
    )

    def __init__(self, function: Any, meaning: Callable[..., Any]) -> None:
        self.function, self.meaning = function, meaning
        self._difference = _DIFFERENCES.get(function, Difference())
        found = inspect.signature(meaning).parameters
        ours = {name: p for name, p in found.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
        self._takes_all = function in CONSTANTS or any(p.kind is p.VAR_KEYWORD for p in found.values())
        self._required = [name for name, p in ours.items() if p.default is p.empty]
        self._numpys = _parameters(function, self._difference, self._required)
        by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.positional = [name for name, p in self._numpys.items() if p.kind in by_position]
        named = {name: name for name in self._numpys if name in ours}
        self._targets = {**named, **dict(zip(self.positional, self._required, strict=False)), **self._difference.renamed}
        self.same = {name for name in named if ours[name].kind is not inspect.Parameter.POSITIONAL_ONLY}
        if function in CONSTANTS:
            self.least = 0
            self.most = self.positional.index("out") if "out" in self.positional else 1 << 30
        else:
            expected = [name for name, p in ours.items() if p.kind in by_position]
            self.least = len(self._required)
            same = [self._targets.get(name) == to for name, to in zip(self.positional, expected, strict=False)]
            any_number = any(p.kind is p.VAR_POSITIONAL for p in found.values()) and all(same)
            self.most = 1 << 30 if any_number else (*same, False).index(False)

    def call(self, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What a call that is not the usual one means: with keywords, or with parameters that the operation lacks."""
        given = {**dict(zip(self.positional, args, strict=False)), **kwargs}
        if given.get("out") is not None:
            return self._into(given["out"], args, kwargs)
        if self._takes_all:
            return self.meaning(*args, **kwargs)
        given = {name: value for name, value in given.items() if value is not _NO_VALUE}
        ours = {self._targets[name]: value for name, value in given.items() if name in self._targets}
        others = [name for name in given if name not in self._targets and not self._is_default(name, given[name])]
        if others or any(name not in ours for name in self._required):
            return self._beyond(given, others)
        if sum(name in self._targets for name in given) > len(ours):
            raise TypeError(f"{name_of(self.function)}: a parameter is given twice, under two names.")
        return self.meaning(*[ours.pop(name) for name in self._required], *args[len(self.positional) :], **ours)

    def _beyond(self, given: dict[str, Any], others: list[str]) -> Any:
        """What a call means that has these `others` among its parameters, or lacks some."""
        composition = self._difference.composition
        known: Any = {} if composition is None else inspect.signature(composition).parameters
        for name in others:
            if name not in known:
                reason = self._difference.refused.get(name, _REASONS.get(name, _NO_REASON))
                raise TypeError(f"{name_of(self.function)}: {name}= is not supported for a Tensor. {reason}")
        if composition is None:
            missing = ", ".join(name for name, target in self._targets.items() if target in self._required and name not in given)
            raise TypeError(f"{name_of(self.function)}: {missing} is not given.")
        return composition(**{name: value for name, value in given.items() if name in known})

    def _into(self, out: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What a call that writes its results to `out` means: to tensors, a recorded write; to arrays, NumPy's own call."""
        outs = out if isinstance(out, tuple) else (out,)
        name = name_of(self.function)
        if any(isinstance(x, Tensor) for x in outs):
            return self._into_tensors(name, outs, args, kwargs)
        if self.function not in CONSTANTS and any(map(loses_gradient, _leaves((args, *kwargs.values())))):
            raise would_lose(name)
        if isinstance(out, tuple) and len(out) == 1 and args and out[0] is args[0] and _is_window(out[0]):
            # `w.data -= step`: Python computes w.data.__isub__(step) and then assigns the result to w.data. The array is a
            # read-only view of the tensor's, so nothing can be written to it; but the statement only needs the result.
            kwargs = {key: value for key, value in kwargs.items() if key != "out"}
        return self.function(*unwrapped(tuple(args)), **{key: unwrapped(value) for key, value in kwargs.items()})

    def _into_tensors(self, name: str, outs: tuple[Any, ...], args: Any, kwargs: Mapping[str, Any]) -> Any:
        """The results, written to tensors; with `where=`, only the elements that are chosen are computed, and have an influence."""
        place = self.positional.index("out") if "out" in self.positional else len(args)
        kwargs = {**dict(zip(self.positional[place + 1 :], args[place + 1 :], strict=False)), **kwargs}
        args, where = args[:place], kwargs.get("where", True)
        kwargs = {key: value for key, value in kwargs.items() if key != "out"}
        elementwise = isinstance(self.function, np.ufunc) and self.function.signature is None
        if where is True or not elementwise or any(x is None for x in outs):
            return written(name, outs, self.call(args, kwargs), broadcast=elementwise)
        shape = outs[0].shape
        mask = np.broadcast_to(mask_of(name, where), shape)
        chosen = [ops.getitem(ops.broadcast_to(as_array_like(x), shape), mask) for x in args]
        kwargs.pop("where")
        return written(name, outs, self.call(chosen, kwargs), mask)

    def _is_default(self, name: str, value: Any) -> bool:
        default = self._numpys[name].default if name in self._numpys else _UFUNC[name].default if name in _UFUNC else _MISSING
        return value is default or (type(value) is type(default) and bool(value == default))


def _parameters(function: Any, difference: Difference, required: list[str]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a NumPy function; none if it does not tell them."""
    if isinstance(function, np.ufunc):
        return {**{name: inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in required}, **_UFUNC}
    try:
        return inspect.signature(difference.parameters or function).parameters
    except ValueError:  # written in C
        return {}


def _is_window(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.base is not None and not array.flags.writeable


def _leaves(x: Any) -> list[Any]:
    return [leaf for part in x for leaf in _leaves(part)] if isinstance(x, (list, tuple)) else [x]


_bindings: dict[Any, Binding] = {}


def binding_of(function: Any, meaning: Callable[..., Any]) -> Binding:
    """The binding of `function`, made anew if it has come to mean something else."""
    binding = _bindings.get(function)
    if binding is None or binding.meaning is not meaning:
        binding = _bindings[function] = Binding(function, meaning)
    return binding
