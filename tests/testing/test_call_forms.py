"""Functions that return more than a number, and calls that are refused or get a hint."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from autodiff.testing import check_gradient, find_gradient_error, reals

B = np.array([0.5, -1.5])


class Metres(np.ndarray):
    """Numbers with a unit."""


MASKED, MATRIX = np.ma.array(B, mask=[False, True]), B[None].view(np.matrix)
OTHER_ARRAYS: list[tuple[Any, str, Any]] = [
    (MASKED, "a MaskedArray, {}; wanted {}.filled(0), and the mask inside of f, such as np.where(mask, 0, ...).", np.ma.sum),
    (MATRIX, "a matrix, {}; wanted np.asarray({}), and `@` inside of f for its product.", lambda x: (x * x.T)[0, 0]),
    (B.view(Metres), "a Metres, {}; wanted np.asarray({}).", np.sum),
]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize(("x", "text", "number"), OTHER_ARRAYS, ids=["masked", "matrix", "with a unit"])
def test_an_array_with_operations_of_its_own_is_refused_unless_it_is_left_out(x: Any, text: str, number: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return float(number(x)) * np.sum(y**2)

    def gradient(x: Any, y: Any) -> Any:
        return float(number(x)) * 2 * y

    for argument, name in ((x, "x"), ([x], "x[0]")):
        said = text.format("whose operations are not those of arrays", name)
        with pytest.raises(TypeError, match=rf"^check_gradient: {re.escape(f'{name} is {said}')}$"):
            check_gradient(lambda x, y: np.sum(y), argument, B)
    for y in (B, B.astype(np.float32)):
        report = check_gradient(f, x, y, argnums=1, gradient=gradient)
        assert report.ok, str(report)
    search = find_gradient_error(f, x, reals(1, 2, shape=2), argnums=1, gradient=lambda x, y: 3 * gradient(x, y), max_examples=5)
    assert "is 3 times the numerical one" in str(search)
    assert f"# x is an instance of {type(x).__name__}.\n" in search.code


@pytest.mark.long
def test_what_a_library_does_not_make_numbers_of_is_refused_unless_it_is_left_out() -> None:
    jax = pytest.importorskip("jax")
    key = jax.random.key(0)

    def f(key: Any, x: Any) -> Any:
        return jax.numpy.sum(jax.numpy.sin(x) * jax.random.normal(key, x.shape))

    x = jax.numpy.asarray(B)
    report = check_gradient(f, key, x, argnums=1, gradient=jax.grad(f, 1))
    assert report.ok, str(report)
    with pytest.raises(
        TypeError, match=r"^check_gradient: key is no array of numbers \(.*PRNGKey.*\); leave it out by argnums=\.$"
    ):
        check_gradient(f, key, x, gradient=jax.grad(f, 1))


@pytest.mark.parametrize("z", [np.ones(2) * 1j, 1j, [1j, 2.0], np.complex128(1)])
def test_a_complex_argument_is_refused_unless_it_is_left_out(z: Any) -> None:
    def f(z: Any, x: Any) -> Any:
        return np.sum(np.abs(z * x))

    with pytest.raises(TypeError, match=r"check_gradient: z is complex; wanted real numbers\..*lambda a, b: f\(a \+ 1j \* b\)"):
        check_gradient(f, z, 2.0)
    assert check_gradient(f, z, 2.0, argnums=1, gradient=lambda z, x: np.sum(np.abs(z))).ok


def test_scipys_order_of_arguments_gets_a_hint() -> None:
    def rosen(x: Any) -> Any:
        return np.sum(x**2)

    def rosen_der(x: Any) -> Any:
        return 2 * x

    with pytest.raises(TypeError) as caught:
        check_gradient(rosen, rosen_der, B)
    hint = "The first input, rosen_der, is a function. Did you mean check_gradient(f, x, gradient=rosen_der)?"
    assert caught.value.__notes__ == [hint]
    assert check_gradient(lambda activation, x: np.sum(activation(x)), np.tanh, B).ok
    with pytest.raises(TypeError) as caught:
        check_gradient(rosen, "no function", B)
    assert not hasattr(caught.value, "__notes__")


def test_f_may_return_its_gradient() -> None:
    report = check_gradient(lambda x: (np.sum(x**2), 2 * x), B, gradient=True)
    assert report.ok
    assert report.entries[0].autograd is not None
    assert check_gradient(lambda x: (np.sum(x**2), 3 * x), B, gradient=True).verdict == "wrong"
    both = check_gradient(lambda p, x: (np.sum(p["w"] * x), {"w": x.copy()}), {"w": B}, B + 1, gradient=True, argnums=0)
    assert both.ok, str(both)


def test_f_may_return_other_things_besides() -> None:
    assert check_gradient(lambda x: (np.sum(x**2), {"norm": "other"}), B, has_aux=True).ok
    assert check_gradient(lambda x: (np.sum(x**2), None), B, has_aux=True, gradient=lambda x: 2 * x).ok
    assert check_gradient(lambda x: ((np.sum(x**2), "aux"), 2 * x), B, has_aux=True, gradient=True).ok


def test_a_search_takes_such_functions_too() -> None:
    found = find_gradient_error(lambda x: (np.sum(x**2), 3 * x), reals(-1, 1), gradient=True, max_examples=20)
    assert found.verdict == "wrong"
    assert "gradient=True" in found.code
    assert find_gradient_error(lambda x: (np.sum(x**2), 3 * x), reals(-1, 1), has_aux=True, max_examples=20).ok


@pytest.mark.parametrize("options", [{"gradient": True}, {"has_aux": True}])
def test_a_function_that_returns_no_pair_is_an_error(options: Any) -> None:
    with pytest.raises(TypeError, match=rf"dtype float64; wanted a pair, \(value, .*\), as {next(iter(options))}=True says"):
        check_gradient(lambda x: x * x, B, **options)
    with pytest.raises(TypeError, match="f returned a tuple of 3; wanted a pair"):
        check_gradient(lambda x: (1.0, x, x), B, **options)
    with pytest.raises(TypeError, match=r"f returned a tuple of 2; wanted .* pass gradient=True; if .*, has_aux=True"):
        check_gradient(lambda x: (np.sum(x * x), x), B)
