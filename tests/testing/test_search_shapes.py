"""What is drawn from a domain, and how what was found is written down."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autodiff as ad
from autodiff.testing import find_gradient_error, reals
from autodiff.testing.search.hunt import Hunt
from autodiff.testing.search.reproduction import literal

pytestmark = pytest.mark.long

DRAWS = 400


def drawn(*domains: Any) -> list[tuple[Any, ...]]:
    """What a search looks at that finds nothing."""
    found: list[tuple[Any, ...]] = []
    Hunt(domains, lambda inputs: found.append(inputs) or "right", DRAWS, max_seconds=math.inf)(seed=0)
    return found


def test_any_shape_has_up_to_three_axes_of_one_to_four() -> None:
    shapes = [x.shape for (x,) in drawn(reals())]
    assert {len(shape) for shape in shapes} == {0, 1, 2, 3}
    assert {side for shape in shapes for side in shape} == {1, 2, 3, 4}
    matrices = [shape for shape in shapes if len(shape) == 2]
    assert any(rows == 1 < columns for rows, columns in matrices)
    assert any(columns == 1 < rows for rows, columns in matrices)


def test_any_shapes_of_several_arguments_broadcast_together() -> None:
    pairs = {(x.shape, y.shape) for x, y in drawn(reals(), reals())}
    for first, second in pairs:
        np.broadcast_shapes(first, second)
    assert any(first == second and len(first) > 1 for first, second in pairs)
    assert any(first == () != second for first, second in pairs)
    assert any(len(first) == len(second) and first != second for first, second in pairs)
    assert any(len(first) != len(second) and 1 in first for first, second in pairs)


def test_a_name_is_the_same_length_in_all_arguments() -> None:
    lengths = set()
    for x, w, b, z in drawn(reals(shape=("n", "d")), reals(shape=("d", 3)), reals(shape=3), reals(shape=("n", "n"))):
        assert (x.shape[1], 3, (3,), (len(x), len(x))) == (w.shape[0], w.shape[1], b.shape, z.shape)
        lengths.add(x.shape)
    assert {n for n, _ in lengths} == {d for _, d in lengths} == {1, 2, 3, 4, 5}
    assert any(n != d for n, d in lengths)


def test_of_all_real_numbers_zeros_equal_small_large_and_ordinary_ones_are_drawn() -> None:
    (x,) = drawn(reals(shape=(4,)))[0]
    rows = np.array([x for (x,) in drawn(reals(shape=(4,)))])
    assert x.dtype == np.float64
    for part in (rows == 0, rows == 1, rows == -30, rows > 1e3, rows < -1e3, (rows != 0) & (np.abs(rows) < 1e-5)):
        assert part.any()
    assert np.mean([len(set(row)) < 4 for row in rows]) > 0.1
    assert np.mean((np.abs(rows) > 0.01) & (np.abs(rows) < 5)) > 0.5


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-5, 5), (-math.inf, 0), (2.5, 2.6), (100, math.inf), (-1e4, 1e4), (0.1, 0.3), (-2, -2), (1e-3, 1)]
)
def test_numbers_lie_between_the_ends_which_are_drawn_themselves(low: float, high: float, dtype: Any) -> None:
    domain = reals(low, high, shape=(3,), dtype=dtype)
    numbers = np.concatenate([x for (x,) in drawn(domain)])
    assert numbers.dtype == dtype
    assert all(low <= float(x) <= high for x in numbers)
    for end in (low, high):
        if math.isfinite(end):
            assert np.isclose(numbers.astype(float), end, rtol=1e-3, atol=0).any()
    assert low == high or len(set(numbers.tolist())) > 20


def test_a_wide_domain_is_drawn_from_as_a_whole() -> None:
    rows = np.array([x for (x,) in drawn(reals(-1000, 1000, shape=(4,)))])
    assert np.histogram(rows, np.arange(-1000, 1001, 100))[0].all()


@pytest.mark.parametrize("low", [100.0, 1e300])
def test_numbers_are_drawn_from_domains_far_away(low: float) -> None:
    for domain, sign in ((reals(low, shape=3), 1), (reals(high=-low, shape=3), -1)):
        numbers = sign * np.concatenate([x for (x,) in drawn(domain)])
        assert (numbers >= low).all()
        assert np.isfinite(numbers).all()
        assert len(set(numbers)) > 20


def test_a_fixed_shape_may_be_empty() -> None:
    assert {x.shape for (x,) in drawn(reals(shape=(0, 3)))} == {(0, 3)}
    assert find_gradient_error(np.sum, reals(shape=(0, 3)), gradient=np.ones_like, max_examples=3).ok


def test_a_domain_is_written_as_it_is_made() -> None:
    for text in (
        "reals(-np.inf, np.inf)",
        "reals(0.0, 1.0, shape=('n', 3))",
        "reals(-1.0, np.inf, shape=(), dtype=np.float32)",
    ):
        assert repr(eval(text, {"np": np, "reals": reals})) == text


ERRORS: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ValueError, r"low is 2 and high is 1; wanted low <= high. Did you mean reals\(1, 2\)\?", lambda: reals(2, 1)),
    (ValueError, "high is nan; wanted a number, or infinity for no limit", lambda: reals(0, math.nan)),
    (ValueError, "there is no number of dtype float64 from inf to inf", lambda: reals(math.inf)),
    (ValueError, "there is no number of dtype float16 from 100000.0", lambda: reals(1e5, 1e6, dtype=np.float16)),
    (ValueError, "there is no number of dtype float32 from 0.1 to 0.1", lambda: reals(0.1, 0.1, dtype=np.float32)),
    (TypeError, "low is 'a'; wanted a number", lambda: reals("a")),
    (TypeError, "low is None; wanted a number", lambda: reals(None)),
    (TypeError, "dtype is int64; wanted float16, float32 or float64", lambda: reals(dtype=int)),
    (TypeError, r"shape is 'n'; wanted a tuple of lengths and names", lambda: reals(shape="n")),
    (TypeError, r"shape is \(2.5,\), with 2.5 for a length; wanted an int or a name", lambda: reals(shape=(2.5,))),
    (ValueError, r"shape is \(-1,\), with -1 for a length; wanted an int from 0 on, or a name", lambda: reals(shape=(-1,))),
    (ValueError, "with -2 for a length", lambda: reals(shape=-2)),
    (ValueError, "with '' for a length", lambda: reals(shape=("",))),
]


@pytest.mark.parametrize(("kind", "text", "call"), ERRORS, ids=[text for _, text, _ in ERRORS])
def test_a_bad_domain_is_an_error_that_says_what_was_wanted(kind: type[Exception], text: str, call: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=f"reals: {text}" if text.startswith(("low", "high", "dtype", "shape", "there")) else text):
        call()


DTYPES = st.one_of(
    arrays.floating_dtypes(sizes=(16, 32, 64), endianness="="), arrays.integer_dtypes(endianness="="), st.just(np.dtype(bool))
)


@given(arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)))
def test_a_literal_gives_the_same_array_again_to_the_last_bit(array: np.ndarray) -> None:
    again = eval(literal(array), {"np": np})
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(again, array)
    assert np.array_equal(np.signbit(again), np.signbit(array)) or array.dtype.kind != "f" or np.isnan(array).any()


def test_literals_read_well() -> None:
    assert literal(np.array([[1.0, -0.0], [0.1, 1e-8]])) == "np.array([[1.0, -0.0], [0.1, 1e-08]])"
    assert literal(np.array([0.1], np.float32)) == "np.array([0.1], dtype=np.float32)"
    assert literal(np.zeros((0, 3))) == "np.zeros((0, 3))"
    assert literal(np.zeros((2, 0), np.float32)) == "np.zeros((2, 0), dtype=np.float32)"
    assert literal(np.array(2.0)) == "np.array(2.0)"
    assert literal(np.array([True, False])) == "np.array([True, False])"
    assert literal(np.array([np.nan, np.inf, -np.inf])) == "np.array([np.nan, np.inf, -np.inf])"
    assert literal(ad.Tensor([1.0])) == "ad.Tensor(np.array([1.0]))"
    assert (literal(3), literal("sum"), literal([0.5, 1.0])) == ("3", "'sum'", "[0.5, 1.0]")


def square(x: Any) -> Any:
    return np.sum(x**2)


def wrong(x: np.ndarray) -> np.ndarray:
    return x.copy()


class Wrong:
    """A gradient that is a method."""

    @staticmethod
    def gradient(x: np.ndarray) -> np.ndarray:
        return x.copy()


def test_code_to_paste_imports_the_functions_and_fails() -> None:
    code = find_gradient_error(square, reals(1, 2, dtype=np.float32), gradient=wrong, seed=7).code
    assert code == (
        "import numpy as np\n"
        "from autodiff.testing import assert_gradient\n"
        f"from {__name__} import square, wrong\n"
        "\n"
        "x = np.array(1.0, dtype=np.float32)\n"
        "assert_gradient(square, x, gradient=wrong, rng=7)"
    )
    with pytest.raises(AssertionError, match="The gradient of square is wrong"):
        exec(code, {})


def test_code_to_paste_names_methods_ufuncs_and_functions_without_a_name() -> None:
    assert find_gradient_error(np.square, reals(), vjp=np.multiply).code.endswith("assert_gradient(np.square, x, vjp=np.multiply)")
    code = find_gradient_error(square, reals(), gradient=Wrong.gradient, rtol=1e-3).code
    assert f"from {__name__} import Wrong, square\n" in code
    assert code.endswith("assert_gradient(square, x, gradient=Wrong.gradient, rtol=0.001)")
    with pytest.raises(AssertionError):
        exec(code, {})
    code = find_gradient_error(lambda gradient: np.sum(gradient**3), reals(), gradient=lambda x: x.copy()).code
    assert "# f is test_code_to_paste_names_methods_ufuncs_and_functions_without_a_name.<locals>.<lambda>, line " in code
    assert code.endswith("assert_gradient(f, gradient_, gradient=gradient)")
