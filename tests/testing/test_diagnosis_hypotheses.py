"""Each hypothesis on what is wrong with a gradient: told where its mistake was planted, and nothing told where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from collection_case import sigmoid, softmax
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff.testing import check_gradient

RNG = np.random.default_rng(31)
X, W, U, B, V = (RNG.normal(size=shape) for shape in ((5, 3), (3, 3), (3, 3), 3, 12))
GAMMA = np.array([1.5, -0.7, 0.4])
REPEATED = np.array([0, 2, 2, 1, 0])


@dataclass(frozen=True)
class Planted:
    """A function at a point, a wrong gradient, and what must be said of it."""

    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    said: tuple[str, ...]
    gradient: Callable[..., Any] | None = None
    vjp: Callable[..., Any] | None = None


def planted(f: Callable[..., Any], *inputs: Any, said: str | tuple[str, ...], **wrong: Any) -> Planted:
    return Planted(f, inputs, (said,) if isinstance(said, str) else said, **wrong)


def layers(w: Any, u: Any) -> Any:
    hidden = np.tanh(X @ w)
    return np.sum(np.exp(hidden @ u))


def by_layers(w: Any, u: Any, back: Any = None, slope: Callable[[Any], Any] = lambda a: 1 - a * a) -> tuple[Any, Any]:
    hidden = np.tanh(X @ w)
    delta = np.exp(hidden @ u)
    return X.T @ (delta @ (u.T if back is None else back) * slope(hidden)), hidden.T @ delta


def normalized(x: Any, gamma: Any, beta: Any) -> Any:
    return np.tanh(x / 2 * gamma + beta)


def by_normalized(g: Any, x: Any, gamma: Any, beta: Any, times: Any = None) -> tuple[Any, Any, Any]:
    delta = g * (1 - np.tanh(x / 2 * gamma + beta) ** 2)
    return delta * (gamma if times is None else times) / 2, (delta * x / 2).sum(0), delta.sum(0)


def regularized(w: Any, u: Any) -> Any:
    return layers(w, u) + 0.05 * (np.sum(w**2) + np.sum(u**2))


def decayed(decay: float) -> Callable[..., Any]:
    return lambda w, u: tuple(part + decay * p for part, p in zip(by_layers(w, u), (w, u), strict=True))


def in_a_block(theta: Any) -> Any:
    result = 2 * theta * np.exp(theta**2)
    result.reshape(-1)[4:8] *= 0.3
    return result


def linear(x: Any) -> Any:
    assert isinstance(x, np.ndarray)
    return W @ x


def overwritten(g: Any, x: Any) -> Any:
    result = np.zeros_like(x)
    result[REPEATED] = g * np.exp(x[REPEATED])
    return result


def of_softmax(slope: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda z: slope(2 * softmax(z), softmax(z))


def recurrent(w: Any, u: Any) -> Any:
    h = np.zeros(3)
    for x in X:
        h = np.tanh(w @ h + u @ x)
    return np.sum(h**2)


def by_recurrent(w: Any, u: Any, slope: Callable[[Any], Any] = lambda a: 1 - a * a, through: bool = True) -> tuple[Any, Any]:
    states = [np.zeros(3)]
    for x in X:
        states.append(np.tanh(w @ states[-1] + u @ x))
    g, by_w, by_u = 2 * states[-1], np.zeros((3, 3)), np.zeros((3, 3))
    for t in reversed(range(len(X))):
        delta = g * slope(states[t + 1])
        by_w, by_u, g = by_w + np.outer(delta, states[t]), by_u + np.outer(delta, X[t]), w.T @ delta * through
    return by_w, by_u


ONE = "The gradient equals the one with "
HERE = "of test_diagnosis_hypotheses.py: "
PLANTED = {
    "a matrix for its transpose inside of the chain": planted(
        layers,
        W,
        U,
        gradient=lambda w, u: by_layers(w, u, back=u),
        said=(
            f"The gradient by w{ONE[12:]}the second operand of matmul, of shape (3, 3), not transposed (",
            f"{HERE}return np.sum(np.exp(hidden @ u))).",
        ),
    ),
    "a factor that is another argument": planted(
        normalized,
        X,
        GAMMA,
        B,
        vjp=lambda g, x, gamma, beta: by_normalized(g, x, gamma, beta, times=1.0),
        said="the derivative of multiply by its first operand, which was forgotten (",
    ),
    "a factor that is another argument, of a function of arrays": planted(
        lambda x, gamma: np.asarray(np.tanh(x)).sum(0) @ gamma,
        X,
        GAMMA,
        gradient=lambda x, gamma: (1 - np.tanh(x) ** 2, np.tanh(x).sum(0)),
        said="The gradient by x is the numerical one divided by gamma (",
    ),
    "a factor twice": planted(
        normalized,
        X,
        GAMMA,
        B,
        vjp=lambda g, x, gamma, beta: by_normalized(g, x, gamma, beta, times=gamma**2),
        said="The gradient by x is the numerical one times gamma (",
    ),
    "a weight decay missing": planted(
        regularized, W, U, gradient=by_layers, said="lacks 0.1 times the argument itself: is a weight decay missing"
    ),
    "a weight decay with the wrong sign": planted(
        regularized, W, U, gradient=decayed(-0.1), said="The gradient lacks 0.2 times the argument itself"
    ),
    "a weight decay twice": planted(
        regularized, W, U, gradient=decayed(0.2), said="has 0.1 times the argument itself too much: is a"
    ),
    "the derivative by the logarithm": planted(
        lambda x: np.sum(np.sin(x)), V, gradient=lambda x: x * np.cos(x), said="is the numerical one times the argument"
    ),
    "divided by the argument": planted(
        lambda x: np.sum(np.sin(x)),
        V,
        gradient=lambda x: np.cos(x) / x,
        said="is the numerical one divided by the argument itself (",
    ),
    **{
        f"tanh' as {text}": planted(
            layers,
            W,
            U,
            gradient=lambda w, u, slope=slope: by_layers(w, u, slope=slope),
            said=(
                f"by w equals the one with {text} in the place of tanh'(z), where a = tanh(z) (",
                f"{HERE}hidden = np.tanh(X @ w)).",
            ),
        )
        for text, slope in {"a": lambda a: a, "1 - a": lambda a: 1 - a, "a (1 - a)": lambda a: a * (1 - a)}.items()
    },
    "a constant factor in a block": planted(
        lambda theta: np.sum(np.exp(theta**2)),
        V,
        gradient=in_a_block,
        said=(
            "by theta is wrong exactly at the 4 entries where the index is from 4 to 7",
            "there it is 0.3 times the numerical one.",
        ),
    ),
    "a constant factor in a block of a matrix": planted(
        lambda theta: np.sum(np.exp(theta**2)),
        V.reshape(2, 6),
        gradient=in_a_block,
        said="by theta is wrong exactly at the 4 entries where the index in the flat array is from 4 to 7",
    ),
    "a slice of an array of three axes": planted(
        lambda x: np.sum(np.exp(x)),
        V.reshape(2, 2, 3),
        gradient=lambda x: np.exp(x) + x**2 * np.array([0, 1, 0]),
        said="by x is wrong exactly at the 4 entries where the position along axis 2 is 1, and right at the 8 others",
    ),
    "the sum over two axes missing": planted(
        lambda b: np.sum((b + V.reshape(2, 2, 3)) ** 3),
        B,
        gradient=lambda b: 3 * (b + V.reshape(2, 2, 3)) ** 2,
        said="The gradient lacks the sum over the axes (0, 1); with it, it is the numerical one (",
    ),
    "a matrix for its transpose, in a function of arrays": planted(
        linear, B, vjp=lambda g, x: W @ g, said="The gradient is that of the Jacobian transposed, results and entries exchanged ("
    ),
    "arguments exchanged": planted(
        lambda w, u: np.sum(np.exp(w) * u),
        W,
        U,
        gradient=lambda w, u: (np.exp(w), np.exp(w) * u),
        said=("The gradient by w is the numerical one by u (", "The gradient by u is the numerical one by w ("),
    ),
    "repeated indices overwritten": planted(
        lambda x: np.exp(x[REPEATED]), V[:3], vjp=overwritten, said=f"{ONE}repeated indices overwritten in the place of added ("
    ),
    "not finite where smooth": planted(
        lambda x: np.sum(x * np.exp(-x)),
        np.array([0.0, 1.0, 2.0]),
        gradient=lambda x: x * np.exp(-x) / x - x * np.exp(-x),
        said="The gradient by x is not finite at 1 entry where f is smooth: 0/0, 0 times infinity, or 0 times log 0?",
    ),
    "the coupling of a softmax": planted(
        lambda z: np.sum(softmax(z) ** 2),
        X,
        gradient=of_softmax(lambda g, y: y * g),
        said=f"{ONE}y g in the place of y (g - Σ g y)",
    ),
    "the diagonal of a softmax": planted(
        lambda z: np.sum(softmax(z) ** 2),
        X,
        gradient=of_softmax(lambda g, y: y * (1 - y) * g),
        said=f"{ONE}y (1 - y) g in the place",
    ),
    "a softmax at its output": planted(
        lambda z: np.sum(softmax(z) ** 2),
        X,
        gradient=of_softmax(lambda g, y: g * softmax(y) * (1 - softmax(y))),
        said=f"{ONE}softmax'(softmax(z)) in the place of softmax'(z)",
    ),
    "a softmax forgotten": planted(
        lambda z: np.sum(softmax(z) ** 2), X, gradient=of_softmax(lambda g, y: g), said=f"{ONE}1 in the place of softmax'(z)"
    ),
    "the slope of a tanh for that of a sigmoid": planted(
        lambda z: np.sum(sigmoid(z) ** 2),
        X,
        gradient=lambda z: 2 * sigmoid(z) * (1 - sigmoid(z) ** 2),
        said=f"{ONE}1 - a² in the place of sigmoid'(z), where a = sigmoid(z) (",
    ),
    "a clip": planted(
        lambda x: np.sum(x**3),
        V,
        gradient=lambda x: np.clip(3 * x**2, 0.5, 1.0),
        said="The gradient is the numerical one clipped to the range from 0.5 to 1 (",
    ),
    "a path left out": planted(
        lambda x: np.sum(np.tanh(x) / (1 + x * x)),
        V,
        gradient=lambda x: (1 - np.tanh(x) ** 2) / (1 + x * x),
        said="The gradient equals the one without the derivative of divide by its second operand (",
    ),
    **{
        f"{share:g} times what flows back through a path": planted(
            lambda x: np.sum(np.tanh(x) * np.exp(x)),
            V,
            gradient=lambda x, share=share: np.exp(x) * (1 - np.tanh(x) ** 2 + share * np.tanh(x)),
            said=f"{ONE}{text} the derivative of exp (",
        )
        for share, text in {-1.0: "the wrong sign of", 2.0: "twice", 0.5: "half of"}.items()
    },
    **{
        f"{text} for the cotangent": planted(
            np.tanh,
            W,
            vjp=lambda g, x, other=other: other(g) * (1 - np.tanh(x) ** 2),
            said=f"{ONE}{text} in the place of the cotangent (",
        )
        for text, other in {
            "1": np.ones_like,
            "its sum": np.sum,
            "its mean": np.mean,
            "its absolute value": np.abs,
            "its square": np.square,
            "its opposite order along axis 1": np.fliplr,
            "its transpose": np.transpose,
        }.items()
    },
    "an activation in a loop": planted(
        recurrent,
        W / 2,
        U,
        gradient=lambda w, u: by_recurrent(w, u, slope=lambda a: 1 - a),
        said=(f"{ONE}1 - a in the place of tanh'(z), where a = tanh(z) (", "the tanhs of shape (3,), line "),
    ),
    "backpropagation through time cut off": planted(
        recurrent,
        W / 2,
        U,
        gradient=lambda w, u: by_recurrent(w, u, through=False),
        said="The gradient equals the one without the derivative of matmul by its second operand (",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_told(name: str) -> None:
    case = PLANTED[name]
    report = check_gradient(case.f, *case.inputs, gradient=case.gradient, vjp=case.vjp)
    assert report.verdict == "wrong"
    for said in case.said:
        assert said in " ".join(report.diagnosis)


RIGHT: dict[str, tuple[Callable[..., Any], tuple[Any, ...], Callable[..., Any]]] = {
    "layers": (layers, (W, U), by_layers),
    "regularized": (regularized, (W, U), decayed(0.1)),
    "recurrent": (recurrent, (W / 2, U), by_recurrent),
    "softmax": (lambda z: np.sum(softmax(z) ** 2), (X,), of_softmax(lambda g, y: y * (g - np.sum(g * y, -1, keepdims=True)))),
    "sigmoid": (lambda z: np.sum(sigmoid(z)), (X,), lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "clip": (lambda x: np.sum(x**3), (V,), lambda x: 3 * x**2),
    "number": (lambda x: np.sum(np.exp(x)), (0.5,), lambda x: np.exp(x)),
}


def as_tuple(parts: Any) -> tuple[Any, ...]:
    return parts if isinstance(parts, tuple) else (parts,)


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_said_of_a_right_gradient(name: str) -> None:
    f, inputs, gradient = RIGHT[name]
    report = check_gradient(f, *inputs, gradient=gradient)
    assert report.ok
    assert report.diagnosis == ()


@pytest.mark.long
@pytest.mark.parametrize("name", RIGHT)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1e-3, 1.0]), share=st.sampled_from([0.3, 1.0]))
@settings(max_examples=15, deadline=None)
def test_nothing_is_said_of_a_gradient_that_is_wrong_at_random(name: str, seed: int, size: float, share: float) -> None:
    f, inputs, gradient = RIGHT[name]
    rng = np.random.default_rng(seed)
    noises = [size * rng.normal(size=np.shape(x)) * (rng.random(np.shape(x)) < share) for x in inputs]
    noises[0] = np.where(noises[0] == 0, size * np.pi * rng.random(np.shape(inputs[0])), noises[0])

    def wrong(*arguments: Any) -> tuple[Any, ...]:
        parts = zip(as_tuple(gradient(*arguments)), noises, arguments, strict=True)
        return tuple(part + noise * np.cos(7 * x) for part, noise, x in parts)

    assert check_gradient(f, *inputs, gradient=wrong).diagnosis == ()


def test_a_diagnosis_costs_as_many_evaluations_as_the_check_or_250(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(w: Any, u: Any) -> Any:
        return np.cos(9 * w), by_recurrent(w, u)[1]

    both = check_gradient(recurrent, W / 2, U, gradient=wrong)
    monkeypatch.setattr("autodiff.testing.diagnosis.explanation.diagnose", lambda case, terms: ())
    check = check_gradient(recurrent, W / 2, U, gradient=wrong)
    assert check.diagnosis == both.diagnosis == ()
    assert check.evaluations < both.evaluations <= max(2 * check.evaluations, check.evaluations + 250)


def test_the_diagnosis_of_a_long_short_term_memory_takes_less_than_a_second() -> None:
    def gates(w: Any, u: Any) -> Any:
        h = c = np.zeros(3)
        for x in X[:3]:
            z = w @ x + u @ h
            kept = sigmoid(z)
            added = sigmoid(z + 1)
            shown = sigmoid(z - 1)
            c = kept * c + added * np.tanh(z + 2)
            h = shown * np.tanh(c)
        return np.sum(h)

    start = time.perf_counter()
    report = check_gradient(gates, W, U, gradient=lambda w, u: (np.cos(9 * w), np.sin(9 * u)))
    assert report.diagnosis == ()
    assert time.perf_counter() - start < 5  # on a machine that does other things as well
