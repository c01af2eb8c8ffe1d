"""The methods of a tensor: they take what those of an array take, and give what NumPy's functions give of tensors."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad

X = np.array([[0.5, -1.5, 2.5], [3.0, 1.0, -2.0]])
OF = {"choose": np.array([1, 0, 1]), "searchsorted": np.sort(X[0]), "squeeze": X[None]}  # the others are called of X

# What must be given.
REQUIRED: dict[str, tuple[Any, ...]] = {
    "argpartition": (1,), "astype": (np.float32,), "choose": ([X, 2 * X],), "compress": ([True, False],), "dot": (X.T,),
    "fill": (2.0,), "partition": (1,), "put": ([0, 1], [5.0, 6.0]), "repeat": (2,), "reshape": ((3, 2),), "searchsorted": ([1.0],),
    "swapaxes": (0, 1), "take": ([1, 0],),
}  # fmt: skip

# What may be given, other than the default, and what goes with it.
VALUES: dict[str, Any] = {
    "axis": 0, "casting": "same_kind", "copy": False, "correction": 1, "ddof": 1, "decimals": 1, "dtype": np.float32,
    "initial": 7.0, "keepdims": True, "kind": "stable", "max": 1.0, "min": -1.0, "mode": "wrap", "offset": 1, "order": "F",
    "out": None, "side": "right", "sorter": [0, 1, 2], "stable": True, "subok": False, "where": np.array([True, False, True]),
}  # fmt: skip
TOGETHER: dict[str, dict[str, Any]] = {
    "axis1": {"axis1": 1, "axis2": 0},
    "axis2": {"axis1": 1, "axis2": 0},
    "max-where": {"initial": -9.0},
    "min-where": {"initial": 9.0},
}

OF_FUNCTIONS = {"a_min", "a_max", "correction", "mean"}  # which no method of an array has

METHODS = [
    name
    for name, method in vars(np.ndarray).items()
    if name[0] != "_" and callable(method) and hasattr(ad.Tensor, name) and name not in ("item", "tolist", "to_device")
]
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in METHODS if hasattr(np, name) and name not in ("astype", "copy")},
    "compress": lambda x, condition, **params: np.compress(condition, x, **params),
    "flatten": np.ravel,
}


def optional(name: str) -> dict[str, Any]:
    """The optional parameters of the method of an array, with their defaults; some are told by NumPy's function alone."""
    try:
        found = dict(inspect.signature(getattr(np.ndarray, name)).parameters)
    except ValueError:  # versions of NumPy that tell nothing
        found = {} if name in ("conj", "conjugate") else dict(inspect.signature(getattr(np, name, lambda: None)).parameters)
    if any(p.kind is p.VAR_KEYWORD for p in found.values()):
        found |= {key: p for key, p in inspect.signature(getattr(np, name)).parameters.items() if key not in found}
    return {key: p.default for key, p in found.items() if p.default is not p.empty and key not in OF_FUNCTIONS}


def outcome(call: Callable[..., Any], name: str, of: type, *args: Any, **params: Any) -> Any:
    """Type, values and gradient of what a call gives, or its error; `out`, if it is given, is of the type `of`, and gets these."""
    leaf = ad.Tensor(OF.get(name, X), requires_grad=OF.get(name, X).dtype == float)
    x = leaf * 1
    if "out" in params:
        plain = getattr(OF.get(name, X), name)(*args, **{**params, "out": None})
        params["out"] = of(np.zeros_like(plain))
    try:
        y = call(x, *args, **params)
    except (TypeError, ValueError, IndexError, RuntimeError) as error:
        return type(error), re.sub(r"^np\.", "", str(error))
    y = x if y is None else y
    assert "out" not in params or y is params["out"]
    if isinstance(y, tuple):
        return [part.tolist() for part in y]
    if isinstance(y, ad.Tensor) and y.requires_grad:
        y.backward(np.arange(1.0, 1 + y.size).reshape(y.shape).astype(y.dtype))
    return y.dtype, y.tolist(), None if leaf.grad is None else leaf.grad.tolist()


def of_array(name: str, *args: Any, **params: Any) -> Any:
    """What the method of an array gives."""
    x = OF.get(name, X).copy()
    y = getattr(x, name)(*args, **params)
    return x if y is None else y


def call_of(name: str, parameter: str) -> dict[str, Any]:
    wanted = TOGETHER.get(parameter) or {parameter: VALUES[parameter], **TOGETHER.get(f"{name}-{parameter}", {})}
    return wanted if optional(name).keys() >= wanted.keys() else {}


PARAMETERS = [pytest.param(name, parameter, id=f"{name}-{parameter}") for name in METHODS for parameter in optional(name)]


@pytest.mark.parametrize("of", [np.asarray, ad.Tensor])
@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_a_method_gives_what_the_function_gives(name: str, parameter: str, of: Any) -> None:
    if name not in FUNCTIONS or (parameter != "out" and of is ad.Tensor):
        return
    params = call_of(name, parameter)
    method = outcome(lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs), name, of, *REQUIRED.get(name, ()), **params)
    assert method == outcome(FUNCTIONS[name], name, of, *REQUIRED.get(name, ()), **params)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_a_method_gives_what_that_of_an_array_gives_or_says_that_it_does_not(name: str, parameter: str) -> None:
    params = call_of(name, parameter)
    x, args = ad.Tensor(OF.get(name, X)), REQUIRED.get(name, ())
    try:
        y = getattr(x, name)(*args, **params)
    except (TypeError, ValueError) as error:
        if not re.match(rf"np\.\w+: {parameter}= is not supported for a Tensor\. \w", str(error)):
            with pytest.raises(type(error)):
                of_array(name, *args, **params)
        return
    y = x if y is None else y
    expected = of_array(name, *args, **params)
    assert y.dtype == expected.dtype
    assert_array_equal(y, expected)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "choose"])  # an array takes more than one for choices
def test_parameters_by_position_are_those_of_an_array(name: str) -> None:
    defaults = [value for key, value in optional(name).items() if "no value" not in repr(value)]
    for count in range(len(defaults) + 1):
        args = (*REQUIRED.get(name, ()), *defaults[:count])
        try:
            expected = of_array(name, *args)
        except (TypeError, ValueError):  # those that follow are given by name alone
            return
        x = ad.Tensor(OF.get(name, X))
        y = getattr(x, name)(*args)
        assert_array_equal(x if y is None else y, expected)


def test_a_parameter_that_nobody_has_is_an_error_about_the_method() -> None:
    with pytest.raises(TypeError, match=r"^sum: got an unexpected keyword argument 'axes'\. It is called as sum\(x, /, axis=None"):
        ad.Tensor(X).sum(axes=0)
    with pytest.raises(TypeError, match=r"^take: missing a required argument: 'indices'\. It is called as take\(x, indices"):
        ad.Tensor(X).take()


def test_an_error_of_the_operation_itself_is_not_taken_for_a_parameter_that_it_lacks() -> None:
    with pytest.raises(TypeError, match=r"no gradient flows through int64 values"):
        ad.Tensor(X, requires_grad=True).astype(int)
    with pytest.raises(TypeError, match="Cannot cast"):
        ad.Tensor(X).take([0.5])


def test_astype_casts_as_it_is_told() -> None:
    x = ad.Tensor(X)
    with pytest.raises(TypeError, match=r"Cannot cast array data from dtype\('float64'\) to dtype\('float32'\) .* 'safe'"):
        x.astype(np.float32, casting="safe")
    assert x.astype(np.float32, "F").data.flags.f_contiguous
    assert np.shares_memory(x.astype(float, casting="safe", copy=False).data, x.data)


def test_a_constant_function_writes_to_nothing_that_it_is_given_by_position() -> None:
    out = ad.Tensor([False, False, False])
    with pytest.raises(TypeError, match=r"all: out= is not supported\. Into an array: np\.all\(x, out=array\)\."):
        ad.all(ad.Tensor(X), 0, out)
    with pytest.raises(TypeError, match=r"less: out= is not supported\. Into an array: np\.less\(x, out=array\)\."):
        ad.less(ad.Tensor(X[0]), 0.0, out)
    assert out.tolist() == [False, False, False]
    assert np.argmax(ad.Tensor(X), None, None).item() == np.argmax(X)


def test_what_pytorch_means_by_the_same_method_is_an_error_that_says_what_it_is_here() -> None:
    x = ad.Tensor(np.zeros((2, 3, 4)))
    with pytest.raises(
        ValueError,
        match=r"^transpose: the axes are \(1, 2\), of a tensor of shape \(2, 3, 4\); wanted each once\. "
        r"To swap two, as PyTorch's method does: np\.swapaxes\(x, 1, 2\)\.$",
    ):
        x.transpose(1, 2)
    with pytest.raises(ValueError, match=r"^transpose: the axes are \(1, 2, 5\), .* wanted each once\.$"):
        x.transpose(1, 2, 5)
    with pytest.raises(TypeError, match=r"^flatten: order is 1; wanted 'C'\. .* in one: x\.reshape\(\*x\.shape\[:1\], -1\)\.$"):
        x.flatten(1)
