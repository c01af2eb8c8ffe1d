"""The same values and gradients as PyTorch, at random points, at ties and kinks, and at 0, infinity and NaN."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, basic_indices
from numpy.testing import assert_allclose, assert_array_equal
from registry_cases import CASES, Case

import autodiff as ad
from docs.entries import functions
from tests.samples import Call, calls_of

pytestmark = pytest.mark.peer


def _dims(axis: Any, x: Any) -> Any:
    return tuple(range(x.ndim)) if axis is None else axis


def _reduction(name: str) -> Callable[..., Any]:
    return lambda torch, x, axis=None, keepdims=False, **dtype: getattr(torch, name)(x, _dims(axis, x), keepdim=keepdims, **dtype)


def _plain(name: str) -> Callable[..., Any]:
    return lambda torch, *args: getattr(torch, name)(*args)


def _index(torch: Any, index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_index(torch, i) for i in index)
    return torch.from_numpy(index) if isinstance(index, np.ndarray) else index


def _setitem(torch: Any, x: Any, v: Any, index: Any, steps: Any = ()) -> Any:
    y = view = x.clone()
    for entry, params in steps:
        view = view.T if entry.name == "permute_dims" else view[_index(torch, params["index"])]
    view[_index(torch, index)] = v
    return y


def _reversing(index: Any) -> bool:
    """Whether an index has a negative step, which PyTorch does not take."""
    return any(isinstance(i, slice) and (i.step or 1) < 0 for i in (index if isinstance(index, tuple) else (index,)))


def _repeating(index: Any) -> bool:
    """Whether an index may name an element twice: which of the values assigned to it remains, PyTorch leaves open."""
    return any(isinstance(i, np.ndarray) and i.dtype != bool for i in (index if isinstance(index, tuple) else (index,)))


def _last(x: Any, axis: int) -> Any:
    return x.movedim(axis, -1)


def _cross(torch: Any, a: Any, b: Any, axisa: int, axisb: int, axisc: int) -> Any:
    return torch.linalg.cross(*torch.broadcast_tensors(_last(a, axisa), _last(b, axisb))).movedim(-1, axisc)


def _triangle(name: str) -> Callable[..., Any]:
    return lambda torch, x, k=0: getattr(torch, name)(x.expand(2 * x.shape) if x.ndim == 1 else x, k)


def _spread(name: str) -> Callable[..., Any]:
    def spread(torch: Any, x: Any, axis: Any = None, ddof: float = 0, correction: Any = None, keepdims: bool = False) -> Any:
        less = ddof if correction is None else correction
        return getattr(torch, name)(x, _dims(axis, x), correction=less, keepdim=keepdims)

    return spread


def _running(name: str) -> Callable[..., Any]:
    def running(torch: Any, x: Any, axis: Any = None) -> Any:
        return getattr(torch, name)(x.reshape(-1) if axis is None else x, axis or 0).values

    return running


def _along_one(name: str) -> Callable[..., Any]:
    """A function of one axis; several are made one."""

    def of(torch: Any, x: Any, axis: Any = -1) -> Any:
        if isinstance(axis, int):
            return getattr(torch, name)(x, axis)
        axes = _dims(axis, x)
        last = tuple(range(-len(axes), 0))
        moved = torch.movedim(x, axes, last)
        flat = moved.reshape(*moved.shape[: x.ndim - len(axes)], -1)
        return torch.movedim(getattr(torch, name)(flat, -1).reshape(moved.shape), last, axes)

    return of


def _in_a_row(name: str) -> Callable[..., Any]:
    """A function of the elements along one axis, or of all in a row."""
    return lambda torch, x, axis=None, **dtype: getattr(torch, name)(*((x.reshape(-1), 0) if axis is None else (x, axis)), **dtype)


def _prod(torch: Any, x: Any, axis: Any = None, keepdims: bool = False, **dtype: Any) -> Any:
    """PyTorch's is along one axis."""
    for i in sorted(i % x.ndim for i in (_dims(axis, x) if x.ndim == 0 or not isinstance(axis, int) else (axis,)))[::-1]:
        x = torch.prod(x, i, keepdim=keepdims, **dtype)
    return x


# Those that have the same name and parameters there.
ARITHMETIC = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "pow",
    "negative",
    "positive",
    "reciprocal",
    "square",
    "sqrt",
    "hypot",
    "abs",
]
ROUNDING = ["sign", "floor", "ceil", "trunc", "fmod", "remainder", "copysign"]
EXPONENTIAL = ["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "sigmoid"]
TRIGONOMETRIC = ["sin", "cos", "tan", "asin", "acos", "atan", "atan2", "deg2rad", "rad2deg"]
TRIGONOMETRIC += ["sinh", "cosh", "tanh", "asinh", "acosh", "atanh"]
CHOOSING = ["relu", "maximum", "minimum", "fmax", "fmin", "where"]

TORCH: dict[str, Callable[..., Any]] = {
    **{name: _plain(name) for name in (*ARITHMETIC, *ROUNDING, *EXPONENTIAL, *TRIGONOMETRIC, *CHOOSING, "matmul")},
    "round": lambda torch, x, decimals=0: torch.round(x, decimals=decimals),
    "nan_to_num": lambda torch, x, **params: torch.nan_to_num(x, **params),
    "diagonal": lambda torch, x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2),
    "ravel": _plain("ravel"),
    "roll": lambda torch, x, shift, axis=None: torch.roll(x, shift, axis),
    "prod": _prod,
    "cumsum": _in_a_row("cumsum"),
    "cumprod": _in_a_row("cumprod"),
    "copy": _plain("clone"),
    "sum": _reduction("sum"),
    "mean": _reduction("mean"),
    "max": _reduction("amax"),
    "min": _reduction("amin"),
    "logsumexp": _reduction("logsumexp"),
    "nanmean": _reduction("nanmean"),
    "var": _spread("var"),
    "std": _spread("std"),
    **{name: _running(name) for name in ("cummax", "cummin")},
    "softmax": _along_one("softmax"),
    "log_softmax": _along_one("log_softmax"),
    "reshape": lambda torch, x, shape: x.reshape(shape),
    "permute_dims": lambda torch, x, axes=None: x.permute(tuple(reversed(range(x.ndim))) if axes is None else axes),
    "broadcast_to": lambda torch, x, shape: x.broadcast_to(shape),
    "expand_dims": lambda torch, x, axis: x.reshape(np.expand_dims(np.empty(tuple(x.shape)), axis).shape),
    "squeeze": lambda torch, x, axis=None: x.squeeze() if axis is None else x.squeeze(axis),
    "concat": lambda torch, *arrays, axis=0: torch.cat(
        [a.reshape(-1) for a in arrays] if axis is None else arrays, 0 if axis is None else axis
    ),
    "stack": lambda torch, *arrays, axis=0: torch.stack(arrays, axis),
    "vecdot": lambda torch, a, b, axis=-1: torch.linalg.vecdot(_last(a, axis), _last(b, axis)),
    "cross": lambda torch, a, b, axisa=-1, axisb=-1, axisc=-1, axis=None: _cross(
        torch, a, b, *((axisa, axisb, axisc) if axis is None else (axis,) * 3)
    ),
    "diagflat": lambda torch, x, k=0: torch.diagflat(x, k),
    **{name: _triangle(name) for name in ("tril", "triu")},
    "getitem": lambda torch, x, index: x[_index(torch, index)],
    "setitem": _setitem,
}


def comparable(case: Case) -> bool:
    index = case.params.get("index")
    if case.entry.name == "pow" and any(x.dtype == bool for x in case.arrays()):  # PyTorch's own rule fails there
        return False
    if case.entry.name in ("var", "std") and not all(x.size for x in case.arrays()):  # PyTorch warns of them
        return False
    if case.entry.name in ("cummax", "cummin") and not all(x.size for x in case.arrays()):  # an error of PyTorch's backward pass
        return False
    return case.entry.name in TORCH and not _reversing(index) and not (case.entry.name == "setitem" and _repeating(index))


def both(
    torch: Any, f: Callable[..., Any], f_torch: Callable[..., Any], inputs: list[np.ndarray], g: np.ndarray
) -> tuple[Any, Any, Any, Any]:
    """The values and the gradients of `f` and of `f_torch`."""
    ours = [ad.Tensor(x, requires_grad=True) for x in inputs]
    theirs = [torch.tensor(x, requires_grad=True) for x in inputs]
    with np.errstate(all="ignore"):
        y = f(*ours)
        y.backward(g)
    z = f_torch(*theirs)
    z.backward(torch.tensor(g))
    gradients = [
        np.zeros(x.shape) if t.grad is None else t.grad.resolve_conj().numpy() for t, x in zip(theirs, inputs, strict=True)
    ]
    return y.numpy(), z.detach().numpy(), [t.grad.numpy() if t.grad is not None else np.zeros(t.shape) for t in ours], gradients


def assert_same(torch: Any, f: Callable[..., Any], f_torch: Callable[..., Any], inputs: list[np.ndarray], g: np.ndarray) -> None:
    value, expected, gradients, expected_gradients = both(torch, f, f_torch, inputs, g)
    assert value.shape == expected.shape
    assert_allclose(value, expected, rtol=1e-12, atol=1e-14)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        assert_allclose(gradient, wanted, rtol=1e-11, atol=1e-13)


def test_every_operation_that_pytorch_has_is_compared() -> None:
    names = {case.entry.name for case in CASES}
    assert set(TORCH) <= names
    assert len(TORCH) >= 30


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if comparable(case)])
def test_values_and_gradients_are_those_of_pytorch(case: Case, torch: Any) -> None:
    f, inputs = case.function()
    arrays, positions = case.arrays(), case.differentiable()
    params = {name: getattr(torch, value.name) if name == "dtype" else value for name, value in case.params.items()}

    def f_torch(*tensors: Any) -> Any:
        replaced = dict(zip(positions, tensors, strict=True))
        return TORCH[case.entry.name](torch, *[replaced.get(i, torch.tensor(x)) for i, x in enumerate(arrays)], **params)

    g = np.asarray(np.random.default_rng(0).normal(size=np.shape(f(*inputs))))
    assert_same(torch, f, f_torch, inputs, g)


def _einsum(torch: Any, *operands: Any, optimize: Any = False) -> Any:
    return torch.einsum(*operands)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "float_power": _plain("float_power"),
    "angle": lambda torch, z, deg=False: torch.rad2deg(torch.angle(z)) if deg else torch.angle(z),
    "nansum": _reduction("nansum"),
    "flip": lambda torch, x, axis=None: torch.flip(x, (axis,) if isinstance(axis, int) else _dims(axis, x)),
    "swapaxes": _plain("swapaxes"),
    "moveaxis": _plain("moveaxis"),
    "einsum": _einsum,
    "tensordot": lambda torch, a, b, axes=2: torch.tensordot(
        a, b, axes if isinstance(axes, int) else [[axis] if isinstance(axis, int) else axis for axis in axes]
    ),
    "inner": _plain("inner"),
    "vdot": lambda torch, a, b: torch.vdot(a.reshape(-1), b.reshape(-1)),
    "outer": lambda torch, a, b: torch.outer(a.reshape(-1), b.reshape(-1)),
    "kron": _plain("kron"),
    "diag": lambda torch, v, k=0: torch.diag(v, k),
    "trace": lambda torch, x, offset=0, axis1=0, axis2=1: x.diagonal(offset, axis1, axis2).sum(-1),
    "matrix_transpose": lambda torch, x: x.mT,
}


@pytest.mark.parametrize(
    ("name", "call"),
    [pytest.param(f.name, c, id=f"{f.name}-{k}") for f in functions() if f.name in FUNCTIONS for k, c in enumerate(calls_of(f))],
)
def test_values_and_gradients_of_functions_made_of_operations_are_those_of_pytorch(name: str, call: Call, torch: Any) -> None:
    places = [i for i, x in enumerate(call.operands) if isinstance(x, np.ndarray)]
    inputs = [call.operands[i] for i in places]

    def of(f: Callable[..., Any]) -> Callable[..., Any]:
        def g(*tensors: Any) -> Any:
            replaced = dict(zip(places, tensors, strict=True))
            return f(*[replaced.get(i, x) for i, x in enumerate(call.operands)], **call.params)

        return g

    ours, theirs = of(getattr(ad, name)), of(partial(FUNCTIONS[name], torch))
    g = np.asarray(np.random.default_rng(0).normal(size=np.shape(ours(*inputs))))
    assert_same(torch, ours, theirs, inputs, g)


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e-320, 700.0, -700.0])


OF_ONE = [
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "square", "sigmoid", "sinc", "reciprocal", "positive"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "atanh", "deg2rad", "rad2deg", "nan_to_num"),
    *("relu", "abs", "sign", "floor", "ceil", "trunc", "round", "negative"),
]


@pytest.mark.parametrize("name", OF_ONE)
def test_functions_of_one_argument_at_special_values(name: str, torch: Any) -> None:
    points = SPECIAL[~np.isnan(SPECIAL)] if name in ("abs", "sign") else SPECIAL  # the sign of NaN is NaN, as NumPy's
    assert_same(torch, getattr(ad, name), getattr(torch, name), [points], np.linspace(0.5, 2, points.size))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "minimum", "float_power"])
def test_functions_of_two_arguments_at_special_values_and_ties(name: str, torch: Any) -> None:
    a, b = (x.ravel().copy() for x in np.meshgrid(SPECIAL, SPECIAL))
    assert_same(torch, getattr(ad, name), getattr(torch, name), [a, b], np.linspace(0.5, 2, a.size))


@pytest.mark.parametrize("exponents", [[0.0, 1.0, 2.0, 3.0, 0.5], [-1.0, -2.0, -0.5], [np.inf, -np.inf, np.nan]])
@pytest.mark.parametrize("bases", [[1.0, 2.5, 0.25], [0.0], [-1.0, -2.5], [np.inf], [np.nan]])
def test_powers_at_special_values(bases: list[float], exponents: list[float], torch: Any) -> None:
    x, p = (a.ravel().copy() for a in np.meshgrid(bases, exponents))
    assert_same(torch, ad.pow, torch.pow, [x, p], np.linspace(0.5, 2, x.size))


@pytest.mark.parametrize("p", [0, 1, 2, 3, -1, 0.0, 0.5, 1.5, -0.5])
def test_powers_with_a_number_as_exponent(p: float, torch: Any) -> None:
    x = np.array([0.0, 1.0, 2.5, -1.0, -2.5, np.inf, np.nan])
    assert_same(torch, lambda x: x**p, lambda x: x**p, [x], np.linspace(0.5, 2, x.size))


@pytest.mark.parametrize("base", [2.0, 1.0, 0.5])
def test_powers_of_a_number(base: float, torch: Any) -> None:
    p = np.array([0.0, 1.0, -1.0, 2.5, np.inf, -np.inf])
    assert_same(torch, lambda p: base**p, lambda p: base**p, [p], np.linspace(0.5, 2, p.size))


INF = np.inf


@pytest.mark.parametrize(
    "x",
    [
        [1000.0, 1000.0, 999.0],
        [-1000.0, -1001.0, -1002.0],
        [-INF, 0.0, 1.0],
        [INF, 0.0, 1.0],
        [np.nan, 0.0, 1.0],
        [INF, -INF, 0.0],
        [1.0, 1.0, 1.0],
    ],
)
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_at_special_values(x: list[float], keepdims: bool, torch: Any) -> None:
    values = np.array([x, [0.0, 1.0, 2.0]])
    g = np.array([0.5, 2.0]).reshape((2, 1) if keepdims else (2,))
    assert_same(
        torch,
        lambda t: ad.logsumexp(t, axis=1, keepdims=keepdims),
        lambda t: torch.logsumexp(t, 1, keepdim=keepdims),
        [values],
        g,
    )


@given(
    x=arrays(float, array_shapes(min_dims=2, max_dims=3, max_side=5), elements=st.floats(-10, 10), unique=True),
    q=st.lists(st.floats(0, 1), min_size=1, max_size=3),
    axis=st.sampled_from([None, 0, 1]),
    method=st.sampled_from(["linear", "lower", "higher", "midpoint", "nearest"]),
)
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantiles_are_those_of_pytorch(torch: Any, name: str, x: np.ndarray, q: Any, axis: Any, method: str) -> None:
    fractions = torch.tensor(q, dtype=torch.float64)
    assert_same(
        torch,
        lambda t: getattr(ad, name)(t, q, axis, method=method),
        lambda t: getattr(torch, name)(t, fractions, axis, interpolation=method),
        [x],
        np.ones(np.shape(np.quantile(x, q, axis))),
    )


@pytest.mark.parametrize(("mode", "padding"), [("full", 2), ("valid", 0), ("same", 1)])
def test_a_correlation_is_the_convolution_of_pytorch(torch: Any, mode: str, padding: int) -> None:
    rng = np.random.default_rng(0)
    a, v = rng.normal(size=6), rng.normal(size=3)
    conv = torch.nn.functional.conv1d
    g = rng.normal(size=np.correlate(a, v, mode).shape)
    assert_same(
        torch, lambda a, v: np.correlate(a, v, mode), lambda a, v: conv(a[None], v[None, None], padding=padding)[0], [a, v], g
    )


@pytest.mark.parametrize("edge_order", [1, 2])
def test_slopes_are_those_of_pytorch(torch: Any, edge_order: int) -> None:
    rng = np.random.default_rng(0)
    f, t, g = rng.normal(size=(3, 5)), np.cumsum(rng.uniform(0.5, 1, 5)), rng.normal(size=(3, 5))

    def theirs(f: Any) -> Any:
        return torch.gradient(f, spacing=(torch.tensor(t),), dim=1, edge_order=edge_order)[0]

    assert_same(torch, lambda f: np.gradient(f, t, axis=1, edge_order=edge_order), theirs, [f], g)


@pytest.mark.parametrize("name", ["max", "min"])
@given(x=arrays(float, array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.sampled_from([0.0, 1.0, 2.0])), data=st.data())
def test_ties_of_extremes_are_shared_as_in_pytorch(torch: Any, name: str, x: np.ndarray, data: Any) -> None:
    ours, theirs = getattr(ad, name), getattr(torch, f"a{name}")
    axis = data.draw(
        st.one_of(
            st.none(), st.integers(-x.ndim, x.ndim - 1), st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True).map(tuple)
        )
    )
    g = np.random.default_rng(0).normal(size=np.shape(ours(x, axis=axis)))
    assert_same(torch, lambda t: ours(t, axis=axis), lambda t: theirs(t, _dims(axis, t)), [x], np.asarray(g))


@given(x=arrays(float, array_shapes(max_dims=2, max_side=4), elements=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, np.inf, -np.inf])))
def test_clip_is_that_of_pytorch_inside_and_outside(torch: Any, x: np.ndarray) -> None:
    inside = x[(x != 0.0) & (x != 1.0)]  # at the limits each has its own convention
    assert_same(torch, lambda t: ad.clip(t, 0.0, 1.0), lambda t: torch.clamp(t, 0.0, 1.0), [inside], np.ones(inside.shape))


@given(data=st.data(), shape=array_shapes(max_dims=3, max_side=4))
def test_reading_and_replacing_parts(torch: Any, data: Any, shape: tuple[int, ...]) -> None:
    index = data.draw(basic_indices(shape, allow_newaxis=True, max_dims=5).filter(lambda i: not _reversing(i)))
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    part = np.asarray(rng.normal(size=x[index].shape))
    assert_same(torch, lambda t: t[index], lambda t: t[index], [x], part)

    def replaced(t: Any, v: Any) -> Any:
        y = t * 2
        y[index] = v
        return y * y

    assert_same(torch, replaced, replaced, [x, part], np.asarray(rng.normal(size=shape)))


@pytest.mark.long
def test_second_derivatives_at_special_values(torch: Any) -> None:
    points = np.array([0.0, 1.0, -1.0, 2.5])
    for ours, theirs in (
        (lambda t: t**3, lambda t: t**3),
        (lambda t: t**2, lambda t: t**2),
        (lambda t: t**1, lambda t: t**1),
        (ad.relu, torch.relu),
        (ad.abs, torch.abs),
        (ad.sigmoid, torch.sigmoid),
        (ad.tanh, torch.tanh),
        (lambda t: ad.logsumexp(t) * t, lambda t: torch.logsumexp(t, 0) * t),
    ):
        x, z = ad.Tensor(points, requires_grad=True), torch.tensor(points, requires_grad=True)
        with np.errstate(all="ignore"):
            ours(x).sum().backward(create_graph=True)
            g, x.grad = x.grad, None
            if g.requires_grad:
                (g * g).sum().backward()
        (h,) = torch.autograd.grad(theirs(z).sum(), z, create_graph=True)
        expected = torch.zeros_like(z)
        if h.requires_grad:
            expected = expected + torch.autograd.grad((h * h).sum(), z)[0]
        assert_allclose(g.numpy(), h.detach().numpy(), rtol=1e-12)
        assert_allclose(np.zeros(4) if x.grad is None else x.grad.numpy(), expected.detach().numpy(), rtol=1e-11, atol=1e-14)


def test_float32_values_are_those_of_pytorch_to_the_last_bits(torch: Any) -> None:
    x = np.random.default_rng(0).normal(size=(50, 20)).astype(np.float32)
    for name in ("exp", "tanh", "sigmoid", "relu", "abs"):
        value, expected, (gradient,), (wanted,) = both(torch, getattr(ad, name), getattr(torch, name), [x], np.ones_like(x))
        assert value.dtype == gradient.dtype == np.float32
        assert_allclose(value, expected, rtol=5e-7)
        assert_allclose(gradient, wanted, rtol=1e-5, atol=1e-7)


def test_the_graph_semantics_are_those_of_pytorch(torch: Any) -> None:
    def network(make: Callable[[Any], Any], tanh: Callable[[Any], Any]) -> list[Any]:
        x = make(np.array([[1.0, -2.0], [0.5, 3.0]]))
        w = make(np.array([[0.1, 0.2], [0.3, -0.4]]))
        h = tanh(x @ w)
        seen: list[Any] = []
        h.register_hook(lambda g: seen.append(np.array(g.tolist())) or g * 2)
        h.retain_grad()
        x.register_hook(lambda g: g + 1)
        loss = (h * h).sum() + h[0].sum() + (x[1] * w[0, 0]).sum()
        loss.backward(retain_graph=True)
        loss.backward()
        return [x.grad.tolist(), w.grad.tolist(), h.grad.tolist(), *seen]

    ours = network(lambda a: ad.Tensor(a, requires_grad=True), ad.tanh)
    theirs = network(lambda a: torch.tensor(a, requires_grad=True), torch.tanh)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b, rtol=1e-12)


def test_indices_by_arrays_that_repeat_add_up_as_in_pytorch(torch: Any) -> None:
    x, index = np.arange(6.0).reshape(3, 2), np.array([0, 2, 0, 0])
    value, expected, (gradient,), (wanted,) = both(
        torch, lambda t: t[index], lambda t: t[torch.from_numpy(index)], [x], np.arange(8.0).reshape(4, 2)
    )
    assert_array_equal(value, expected)
    assert_array_equal(gradient, wanted)


# --- complex numbers -----------------------------------------------------------------------------------------------------------

TAKE_COMPLEX = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "negative",
    "exp",
    "log",
    "sqrt",
    "square",
    "tanh",
    "sigmoid",
    "abs",
    "where",
)
TAKE_COMPLEX += (
    "pow",
    "matmul",
    "copy",
    "sum",
    "mean",
    "reshape",
    "permute_dims",
    "broadcast_to",
    "concat",
    "stack",
    "getitem",
    "setitem",
)
PARTS: dict[str, Callable[..., Any]] = {
    "real": lambda torch, x: x.real,
    "imag": lambda torch, x: x.imag,
    "conj": lambda torch, x: x.conj().resolve_conj(),
    "sign": lambda torch, x: torch.sgn(x),
}
COMPLEX = {**{name: TORCH[name] for name in TAKE_COMPLEX}, **PARTS}


def complex_cases() -> list[Any]:
    known = [case for case in CASES if case.entry.name in COMPLEX and case.takes_complex()]
    return [pytest.param(case, id=case.name) for case in known if case.entry.name in PARTS or comparable(case)]


@pytest.mark.parametrize("case", complex_cases())
def test_gradients_by_complex_numbers_are_those_of_pytorch(case: Case, torch: Any) -> None:
    arrays, positions = case.complex_arrays(), case.differentiable()

    def f(*inputs: Any) -> Any:
        replaced = dict(zip(positions, inputs, strict=True))
        return case.results(case.entry.call, [replaced.get(i, x) for i, x in enumerate(arrays)])

    def f_torch(*tensors: Any) -> Any:
        replaced = dict(zip(positions, tensors, strict=True))
        return COMPLEX[case.entry.name](torch, *[replaced.get(i, torch.tensor(x)) for i, x in enumerate(arrays)], **case.params)

    inputs = [arrays[i] for i in positions]
    assert_same(torch, f, f_torch, inputs, cotangent_of(f(*inputs)))


def cotangent_of(y: Any) -> np.ndarray:
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(2, *np.shape(y)))
    return np.asarray(parts[0] + 1j * parts[1] if np.iscomplexobj(y) else parts[0])


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide", "pow", "matmul"])
@pytest.mark.parametrize("real", [0, 1])
def test_a_real_operand_beside_a_complex_one_has_the_real_gradient_of_pytorch(operation: str, real: int, torch: Any) -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.uniform(0.5, 2, (2, 2)) + (0 if i == real else 1j * rng.uniform(0.5, 2, (2, 2))) for i in range(2)]

    def f_torch(*operands: Any) -> Any:  # whose matmul takes no operands of two types
        return TORCH[operation](torch, *(operands if operation != "matmul" else [x + 0j for x in operands]))

    assert_same(torch, getattr(ad, operation), f_torch, inputs, cotangent_of(inputs[0] + inputs[1]))


def test_the_graph_semantics_of_complex_numbers_are_those_of_pytorch(torch: Any) -> None:
    def gradients(make: Callable[[Any], Any], exp: Callable[[Any], Any]) -> list[Any]:
        z, w, x = (
            make(np.array([[1.0 + 2.0j, -2.0], [0.5j, 3.0 - 1.0j]])),
            make(np.array([0.1 - 0.2j, 0.3j])),
            make(np.array([2.0, -1.0])),
        )
        h = exp(z @ w) * x
        seen: list[Any] = []
        h.register_hook(lambda g: seen.append(np.array(g.tolist())) or g * (2 - 1j))
        h.retain_grad()
        z.register_hook(lambda g: g + 1j)
        loss = (abs(h) ** 2).sum() + h[0].imag + (z[1] * w[0].conj()).real.sum()
        loss.backward(retain_graph=True)
        loss.backward()
        return [z.grad.tolist(), w.grad.tolist(), x.grad.tolist(), h.grad.tolist(), *seen]

    ours = gradients(leaf, ad.exp)
    theirs = gradients(lambda a: torch.tensor(a, requires_grad=True), torch.exp)
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b, rtol=1e-12)


def test_second_derivatives_by_complex_numbers_are_those_of_pytorch(torch: Any) -> None:
    data = np.array([1.0 + 2.0j, -2.0 + 0.5j, 0.3 - 1.0j])

    def f(z: Any, exp: Callable[[Any], Any]) -> Any:
        return (abs(exp(z) * z - z.conj()) ** 3).sum() + (z**3).imag.sum()

    z, x = leaf(data), torch.tensor(data, requires_grad=True)
    f(z, ad.exp).backward(create_graph=True)
    g, z.grad = z.grad, None
    (h,) = torch.autograd.grad(f(x, torch.exp), x, create_graph=True)
    assert_allclose(g.detach().numpy(), h.detach().numpy(), rtol=1e-12)
    (abs(g) ** 2).sum().backward()
    (abs(h) ** 2).sum().backward()
    assert_allclose(z.grad.numpy(), x.grad.numpy(), rtol=1e-11)


def leaf(data: Any) -> Any:
    return ad.Tensor(data, requires_grad=True)
