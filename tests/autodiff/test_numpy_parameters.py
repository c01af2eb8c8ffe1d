"""Every parameter of every NumPy function that an operation answers to, on calls from the samples of the operation."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.numpy.names import name_of
from autodiff.ops.applying import APPLYING
from autodiff.ops.constants import CONSTANTS
from autodiff.ops.creation import CREATING
from autodiff.ops.writing import WRITING
from autodiff.registry import Primitive, numpy_table
from docs.entries import entries, functions
from tests.samples import Call, calls_of

# Values that no sample has, since most operations refuse them.
VALUES: dict[str, Any] = {
    "dtype": np.float32, "keepdims": True, "initial": 2.0, "order": "F", "subok": True, "copy": True, "device": "cpu",
    "shape": (3,), "casting": "unsafe", "signature": "d->d", "axis": 0, "axes": (1, 0), "a_min": -1.0, "a_max": 1.0,
    "min": -1.0, "max": 1.0, "mode": "raise", "hermitian": True,
    "mean": 0.0, "x": np.arange(5.0), "y": np.arange(5.0), "weights": np.ones(3), "overwrite_input": True, "writeable": True,
    "n": 3, "norm": "ortho", "s": (2, 3), "full": False, "density": True, "range": None,
}  # fmt: skip
UFUNC = {"where": True, "casting": "same_kind", "order": "K", "dtype": None, "subok": True, "signature": None}
DECLARED = {function: entry for entry in [*entries(), *functions()] for function in entry.numpy}


@dataclass(frozen=True)
class Use:
    """A call of a NumPy function."""

    function: Any
    args: tuple[Any, ...]
    params: dict[str, Any]

    @staticmethod
    def of(function: Any, call: Call) -> Use:
        entry = DECLARED[function]
        variadic = isinstance(entry, Primitive) and entry.variadic
        if function is getattr(np, "astype", None):  # whose parameter is positional-only
            return Use(function, (*call.operands, *call.params.values()), {})
        return Use(function, (list(call.operands),) if variadic else call.operands, dict(call.params))

    @property
    def given(self) -> set[str]:
        """The parameters that are given by position, if NumPy tells its own."""
        try:
            return set(inspect.signature(self.function).bind(*self.args).arguments)
        except (TypeError, ValueError):
            return set()

    def on_tensors(self, requires_grad: bool, **params: Any) -> Any:
        rules = getattr(DECLARED.get(self.function), "rules", [])
        without = {i for i, rule in enumerate(rules) if rule is None}
        args = [_tensors(x, requires_grad and i not in without) for i, x in enumerate(self.args)]
        return self.function(*args, **{**self.params, **params})

    def on_arrays(self, **params: Any) -> Any:
        return self.function(*self.args, **{**self.params, **params})


def _tensors(x: Any, requires_grad: bool) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(_tensors(part, requires_grad) for part in x)
    return ad.Tensor(x, requires_grad) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def uses(function: Any) -> list[Use]:
    return [Use.of(function, call) for call in calls_of(DECLARED[function])]


def parameters(function: Any) -> dict[str, Any]:
    """Those of NumPy's signature that are not operands, with their defaults."""
    if isinstance(function, np.ufunc):
        return UFUNC
    try:
        found = inspect.signature(function).parameters
    except ValueError:  # some versions of NumPy do not tell
        return {}
    optional = {name: p.default for name, p in found.items() if p.default is not p.empty and p.kind is not p.POSITIONAL_ONLY}
    return optional | (UFUNC if function is np.clip else {})


def assert_same(found: Any, expected: Any) -> None:
    several = isinstance(expected, (list, tuple))
    for y, wanted in zip(found, expected, strict=True) if several else [(found, expected)]:
        if isinstance(wanted, (list, tuple)):
            assert_same(y, wanted)
            continue
        assert isinstance(y, ad.Tensor)
        assert y.dtype == wanted.dtype
        assert_allclose(y.numpy(), wanted, rtol=1e-6 if y.dtype == np.float32 else 1e-12, atol=1e-14)


FUNCTIONS = [function for function in DECLARED if uses(function)]
PARAMETERS = [
    pytest.param(f, name, id=f"{name_of(f)}-{name}")
    for f in FUNCTIONS
    for name in parameters(f)
    if name != "out" and not (name == "where" and getattr(f, "signature", None))  # of ufuncs of vectors and matrices
]


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize(("function", "name"), PARAMETERS)
def test_each_parameter_means_what_it_means_to_numpy_or_is_an_error(function: Any, name: str, requires_grad: bool) -> None:
    known = uses(function)
    with_it = [use for use in known if name in use.params]
    use = (with_it or known)[0]
    if name in use.given:
        return  # by its position
    value = use.params[name] if with_it else np.array(True) if name == "where" else VALUES[name]
    extra = {name: value, **({"initial": 2.0} if function in (np.max, np.min) and name == "where" else {})}
    try:
        y = use.on_tensors(requires_grad, **extra)
    except TypeError as error:
        if not re.match(rf"{re.escape(name_of(function))}: {name}= is not supported for a Tensor\. \w", str(error)):
            with pytest.raises((TypeError, ValueError)):
                use.on_arrays(**extra)
        return
    except (ValueError, IndexError):
        with pytest.raises((ValueError, IndexError, TypeError)):
            use.on_arrays(**extra)
        return
    assert_same(y, use.on_arrays(**extra))


@pytest.mark.parametrize(("function", "name"), PARAMETERS)
def test_each_parameter_at_its_default_is_accepted(function: Any, name: str) -> None:
    default = parameters(function)[name]
    for use in uses(function):
        if name not in {*use.given, *use.params} and "no value" not in repr(default):
            assert_same(use.on_tensors(True, **{name: default}), use.on_arrays())
            return


@pytest.mark.parametrize("function", [pytest.param(f, id=name_of(f)) for f in FUNCTIONS if not isinstance(f, np.ufunc)])
def test_all_parameters_by_position_or_by_name_are_the_same_to_tensors_as_to_arrays(function: Any) -> None:
    for use in uses(function):
        try:
            bound = inspect.signature(function).bind(*use.args, **use.params)
        except ValueError:
            return
        kinds = {name: p.kind for name, p in bound.signature.parameters.items()}
        if set(kinds.values()) & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
            return
        by_name = Use(function, (), dict(bound.arguments))
        try:
            by_name.on_arrays()
        except (TypeError, ValueError):
            return  # some take arguments by position only, and do not tell
        tensors = {name: _tensors(x, True) for name, x in by_name.params.items()}
        assert_same(function(**tensors), use.on_arrays())
        assert_same(function(*_tensors(bound.args, True), **bound.kwargs), use.on_arrays())


AXES = ["axis", "axis1", "axis2", "axes", "source", "destination"]
WITH_AXES = [pytest.param(f, name, id=f"{name_of(f)}-{name}") for f in FUNCTIONS for name in parameters(f) if name in AXES]


@pytest.mark.parametrize("axis", [7, -7, (0, 7), (0, 0), (0,), "a", 0.5], ids=repr)
@pytest.mark.parametrize(("function", "name"), WITH_AXES)
def test_a_wrong_axis_is_an_error_as_it_is_of_arrays(function: Any, name: str, axis: Any) -> None:
    use = next((use for use in uses(function) if name in use.params), uses(function)[0])
    try:
        use.on_arrays(**{name: axis})
    except (TypeError, ValueError, IndexError):
        wanted = (TypeError, ValueError, IndexError)
    else:
        return
    for requires_grad in (True, False):
        with pytest.raises(wanted):
            use.on_tensors(requires_grad, **{name: axis})
    public = Use(numpy_table[function], use.args, use.params)
    if name in inspect.signature(public.function).parameters:
        with pytest.raises(wanted):
            public.on_tensors(True, **{name: axis})


def test_every_operation_that_answers_to_numpy_is_tried() -> None:
    others = {*CONSTANTS, *CREATING, *FUNCTIONS, *WRITING, *APPLYING}
    assert [name_of(f) for f in numpy_table if f not in others] == []
