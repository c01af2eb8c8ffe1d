"""Native code computes what the program means: to the last bit where each operation is rounded once, else to rounding."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native_programs import assert_agrees, classifier_step, needs_compiler, regression_step, traced

from autodiff.compiling import native
from autodiff.compiling.native import scheduling
from autodiff.program import evaluate

pytestmark = needs_compiler

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6))
Y = RNG.normal(size=(20, 6))
COLUMN = RNG.normal(size=(20, 1))
ROW = RNG.normal(size=6)
WHOLE = RNG.integers(-3, 4, size=(20, 6))
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-310, -1e-310, 1e308, -1e308, 1.0, -1.0, 710.0, -750.0, 0.5])

EXACT: list[tuple[Callable[..., Any], list[np.ndarray]]] = [
    (lambda x, y: x * y - y / x, [X, Y]),
    (lambda x, c, r: (x + c) * r, [X, COLUMN, ROW]),
    (lambda x: np.sqrt(np.abs(x)) ** 2, [X]),
    (lambda x, y: np.where(x > y, x, 0), [X, Y]),
    (lambda x: x.T[2, 3:9] + x[:6, 2] - x[::-1][:6, -1], [X]),
    (lambda x: x.reshape(4, 30).T.reshape(-1), [X]),
    (lambda x: x.astype(np.float32).astype(np.int64), [X * 10]),
    (lambda n: (n & 3) * 2 - (n == 1), [WHOLE]),
    (lambda n: (-n.astype(np.int8)) * np.int8(100), [WHOLE]),
    (lambda x, n: x[n[:, 0], n[:, 1]], [X, WHOLE]),
    (lambda x, n: x[:, n[:4]], [X, WHOLE]),
    (lambda x, n: np.take(x, n, axis=0), [X, WHOLE]),
    (lambda x, y: np.concatenate([x, y], axis=1), [X, Y]),
    (lambda x, y: np.stack([x, y], axis=1), [X, Y]),
    (lambda x: np.max(x, axis=1) - np.min(x), [X]),
    (lambda x: (np.any(x > 2, axis=0), np.all(x < 2)), [X]),
    (lambda x: (np.argmax(x, axis=1), np.argmin(x, axis=0), np.argmax(x)), [X]),
    (lambda n: np.sum(n, axis=0) * np.prod(n), [WHOLE]),
    (lambda x: np.zeros_like(x) + np.ones_like(x, shape=(6,)) + np.full_like(x, 3), [X]),
    (lambda x: (x[:0].sum(axis=0), x[:0] * 2, x[:, :0] @ x.T[:0]), [X]),
    (lambda x: np.clip(x, -0.5, 0.5), [X]),
    (lambda x: np.maximum(x, 0) * np.sign(x) + np.floor(x), [SPECIAL]),
    (lambda x, y: (np.maximum(x[:, None], y), np.minimum(x[:, None], y), x[:, None] < y, x[:, None] + y), [SPECIAL, SPECIAL]),
    (lambda x: (np.max(x[2:]), np.min(x), np.isnan(x), np.isinf(x), np.isfinite(x), np.signbit(x)), [SPECIAL]),
]
ROUNDED: list[tuple[Callable[..., Any], list[np.ndarray]]] = [
    (lambda x: np.exp(x) + np.log(np.abs(x)) * np.tanh(x), [X]),
    (lambda x: np.expm1(x) - np.log1p(np.abs(x)) + np.sin(x), [X]),
    (lambda x: (np.sum(x, axis=0), np.mean(x, axis=1, keepdims=True), np.sum(x), x.prod(axis=1)), [X]),
    (lambda x: np.sum(x), [RNG.random(100_003).astype(np.float32)]),
    (lambda x, y: (x @ y.T, x.T @ y, x @ y[0], x[0] @ y.T, x[0] @ y[0], x[0].dot(y[1])), [X, Y]),
    (lambda x, y: x @ y, [RNG.normal(size=(3, 1, 5, 7)), RNG.normal(size=(2, 7, 4))]),
    (lambda x, y: np.vecdot(x, y), [X, Y]),
    (lambda x: (np.var(x), np.std(x, axis=0, ddof=1), np.cumsum(x, axis=0), np.cumprod(x, axis=1), np.cumsum(x)), [X]),
    (lambda x: np.sum(np.lib.stride_tricks.sliding_window_view(x, (3, 2)), axis=(2, 3)), [X]),
    (lambda x, y: (np.logaddexp(x, y), np.max(x, axis=0, initial=0.5), np.tril(x @ y.T), np.triu(x, 2)), [X, Y]),
    (lambda x: (np.exp(x), np.expm1(x), np.log(x), np.log1p(x), np.tanh(x), 1 / (1 + np.exp(-x))), [SPECIAL]),
    (lambda x: (np.exp(x), np.expm1(x), np.log(x), np.log1p(x), np.tanh(x)), [SPECIAL.clip(-3e38, 3e38).astype(np.float32)]),
]


@pytest.mark.parametrize("dtype", [None, np.float32])
@pytest.mark.parametrize("which", range(len(EXACT)))
def test_what_is_rounded_once_is_the_same_to_the_last_bit(which: int, dtype: Any) -> None:
    function, arrays = EXACT[which]
    if dtype is not None:
        with np.errstate(all="ignore"):
            arrays = [x.astype(dtype) if x.dtype.kind == "f" else x for x in arrays]
    assert_agrees(function, arrays, units=0)


@pytest.mark.parametrize("which", range(len(ROUNDED)))
def test_sums_products_and_functions_are_the_same_but_for_rounding(which: int) -> None:
    assert_agrees(*ROUNDED[which], units=64)


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [(1, 1, 1), (1, 37, 1), (1, 8, 17), (33, 1, 32), (2, 3, 5), (7, 37, 17), (16, 8, 32), (33, 37, 5), (33, 3, 1), (16, 1, 17)],
)
def test_products_of_any_shape_and_order(m: int, k: int, n: int) -> None:
    def products(x: Any, y: Any, xt: Any, yt: Any) -> Any:
        return x @ y, xt.T @ y, x @ yt.T, xt.T @ yt.T, (x + 1) @ (y - 1), ((x @ y) * 2).T @ x

    x, y = RNG.normal(size=(m, k)), RNG.normal(size=(k, n)).astype(np.float32)
    assert_agrees(products, [x, y, x.T.copy(), y.T.copy()], units=64)


def test_large_products_and_those_without_blas_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = RNG.normal(size=(70, 800)), RNG.normal(size=(330, 800))
    calls = [lambda x, y: x @ y.T, lambda x, y: (x @ y.T).T @ x, lambda x, y: (x + 1).T @ (y[:70] * 2), lambda x, y: x.T @ x]
    for call in calls:
        assert_agrees(call, [x, y], units=256)
    monkeypatch.setattr(native.compiler, "blas", lambda: (0, 0, 0))
    for call in calls:
        assert_agrees(call, [x, y], units=256)


def test_writes_give_the_array_after_them() -> None:
    def write(x: Any, n: Any) -> Any:
        y = x.copy()
        y[n[:, 0] & 3, n[:, 1]] = x[:, 0]  # the last of several writes to a place counts
        y[2:4] = 7.0
        y[:, 1] += x[:, 2]
        y[y > 1] = 0.0
        np.add.at(y, (n[:, 0], n[:, 1]), x[:, 3])
        return y, x * 2

    assert_agrees(write, [X, np.abs(WHOLE)], units=0)


def test_python_floats_do_not_decide_types() -> None:
    assert_agrees(lambda x, rate: (x * rate, rate * 2 - 1, x / (rate + 1)), [X.astype(np.float32), 0.1], units=0)


@pytest.mark.parametrize("step", [regression_step, classifier_step])
def test_training_steps(step: Any) -> None:
    program, arrays = step()
    compiled = native.build(program)
    for got, wanted in zip(compiled(arrays), evaluate(program, arrays), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4 if got.dtype == np.float32 else 1e-12, atol=1e-7)


def test_a_step_that_writes_its_parameters_is_many_steps_by_evaluate() -> None:
    program, arrays = regression_step()
    mine, theirs = [[x.copy() if isinstance(x, np.ndarray) else x for x in arrays] for _ in range(2)]
    compiled = native.build(program, into={1: 3, 2: 4})
    for _ in range(7):
        compiled(mine)
    done, outputs = compiled.repeat(30, mine)
    for _ in range(37):
        loss, theirs[3], theirs[4], *_ = evaluate(program, theirs)
    assert done == 30
    assert outputs[1] is mine[3]
    np.testing.assert_allclose(outputs[0], loss, rtol=1e-10)
    np.testing.assert_allclose(mine[3], theirs[3], rtol=1e-10)


def _expressions(depth: int) -> st.SearchStrategy[Callable[..., Any]]:
    leaves = st.sampled_from([lambda x, y, c, r: x, lambda x, y, c, r: y, lambda x, y, c, r: c, lambda x, y, c, r: r])
    if not depth:
        return leaves
    inner = _expressions(depth - 1)
    one = st.sampled_from(
        [
            *(np.tanh, np.exp, np.negative, np.square, lambda a: a * 0.5, lambda a: np.maximum(a, 0)),
            *(lambda a: a.sum(axis=0) if a.ndim else a, lambda a: a.max(axis=-1, keepdims=True) if a.ndim else a),
            *(lambda a: np.mean(a), lambda a: a[..., ::-1] if a.ndim else a, lambda a: np.log1p(np.square(a))),
        ]
    )
    two = st.sampled_from([np.add, np.subtract, np.multiply, np.maximum, lambda a, b: np.where(a > b, a, b)])
    unary = st.builds(lambda f, a: lambda *args: f(a(*args)), one, inner)
    binary = st.builds(lambda f, a, b: lambda *args: _joined(f, a(*args), b(*args)), two, inner, inner)
    product = st.builds(lambda a, b: lambda *args: _product(a(*args), b(*args)), inner, inner)
    return unary | binary | product | leaves


def _joined(function: Callable[..., Any], a: Any, b: Any) -> Any:
    fitting = all(m == n or 1 in (m, n) for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False))
    return function(a, b) if fitting else function(a, a)


def _product(a: Any, b: Any) -> Any:
    a, b = (x if x.ndim == 2 else np.ones_like(x, shape=(1, 1)) * x for x in (a, b))
    return np.tanh(a) @ np.tanh(b).T if a.shape[1] == b.shape[1] else np.tanh(a).T @ np.tanh(b) if a.shape[0] == b.shape[0] else a


@settings(max_examples=30)
@given(st.lists(_expressions(3), min_size=1, max_size=3), st.sampled_from([np.float64, np.float32]))
def test_programs_that_are_drawn(functions: list[Callable[..., Any]], dtype: Any) -> None:
    arrays = [(0.5 * x).astype(dtype) for x in (X[:16, :5], Y[:16, :5], COLUMN[:16], ROW[:5])]
    assert_agrees(lambda *args: [f(*args) for f in functions], arrays, units=4096)


@pytest.mark.parametrize(
    "name", ["model[0].weight", "double", "exp", "i0", "größe", "0", "*/", "x_", "v1", "term", "at", "INFINITY", ""]
)
def test_inputs_of_any_name(name: str) -> None:
    arrays = [X, np.abs(WHOLE)]
    program = traced(lambda x, n: (np.exp(x).sum(), x[n[:, 0], n[:, 1]], x @ x.T), arrays, [name, f"{name}_"])
    for got, wanted in zip(native.build(program)(arrays), evaluate(program, arrays), strict=True):
        np.testing.assert_allclose(got, wanted)


# --- what it refuses, and mistakes ------------------------------------------------------------------------------------------------


def test_reasons_name_what_c_cannot_say() -> None:
    program = traced(lambda x: (np.partition(x, 2), np.sort(x) + 1), [X])
    reasons = native.unsupported(program)
    assert [reason.split("  # ")[0] for reason in reasons] == ["v1 = np.partition(x0, 2)", "v2 = np.sort(x0)"]
    with pytest.raises(native.Unsupported, match=r"compile: C cannot say `v1 = np.partition\(x0, 2\)"):
        native.build(program)
    assert native.unsupported(traced(lambda x: x * 2, [X])) == []
    assert "complex128" in native.unsupported(traced(lambda x: x * 2, [X * 1j]))[0]


def test_an_overlap_in_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def overlapping(*args: Any) -> Any:
        placed, length = scheduling.plan_arena(*args)
        return dict.fromkeys(placed, 0), length

    monkeypatch.setattr(native.library, "plan_arena", overlapping)
    with pytest.raises(AssertionError):
        assert_agrees(lambda x, y: (x @ y.T) @ (x @ x.T) + np.exp(y @ y.T), [X, Y], units=4096)


def test_a_loop_that_comes_too_early_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_may_lie_in", lambda *args: True)
    program = traced(lambda x, y: [x + y, np.exp(x.T)], [X, Y])
    x, wanted = X.copy(), evaluate(program, [X, Y])
    native.build(program, into={0: 0})([x, Y])
    np.testing.assert_array_equal(x, wanted[0])
    program = traced(lambda x, y: [y * 1, x * 1, (x[::-1] + y)], [X, Y])
    arrays = [X.copy(), Y.copy()]
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(native.build(program, into={0: 0})(arrays)[2], evaluate(program, [X, Y])[2])


def test_a_wrong_polynomial_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = native.printing.functions
    monkeypatch.setattr(native.printing, "functions", lambda used: right(used).replace("0x1.5555555555557p-3", "0x1.5555p-3"))
    with pytest.raises(AssertionError):
        assert_agrees(np.exp, [X], units=64)
