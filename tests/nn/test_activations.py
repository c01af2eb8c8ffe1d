"""Nonlinearities at special points, with settings that are wrong, and without SciPy."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F

ELEMENTWISE = [
    *("celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu"),
    *("relu6", "rrelu", "selu", "sigmoid", "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink"),
]
# The derivative at each kink.
KINKS = {
    "relu": {0: 0},
    "relu6": {0: 0, 6: 0},
    "leaky_relu": {0: 0.01},
    "elu": {0: 1},
    "celu": {0: 1},
    "selu": {0: 1.0507009873554805 * 1.6732632423543772},
    "hardtanh": {-1: 0, 1: 0},
    "hardsigmoid": {-3: 0, 3: 0},
    "hardswish": {-3: 0, 3: 1},
    "hardshrink": {-0.5: 0, 0.5: 0},
    "softshrink": {-0.5: 0, 0.5: 0},
    "softsign": {0: 1},
}
FAR = np.array([-1e30, -1e4, -800.0, -30.0, 30.0, 800.0, 1e4, 1e30])


def derivative(f: Any, x: Any) -> np.ndarray:
    return values(ad.grad(lambda x: f(x).sum())(ad.Tensor(x)))


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


# --- values and derivatives -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINKS)
def test_the_derivative_at_a_kink_is_the_stated_one(name: str) -> None:
    kinks = KINKS[name]
    assert_allclose(derivative(getattr(F, name), np.array([*kinks], float)), [*kinks.values()], rtol=1e-15)


@pytest.mark.peer
@pytest.mark.parametrize("name", KINKS)
def test_the_derivative_at_a_kink_is_that_of_pytorch(torch: Any, name: str) -> None:
    x = torch.tensor([*KINKS[name]], dtype=torch.float64, requires_grad=True)
    getattr(torch.nn.functional, name)(x).sum().backward()
    assert_allclose([*KINKS[name].values()], values(x.grad), rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_far_from_0_values_and_derivatives_are_finite_and_do_not_overflow(name: str, dtype: Any) -> None:
    x = FAR.astype(dtype) if name != "gelu" else FAR[1:-1].astype(dtype)
    f = getattr(F, name)
    assert np.isfinite(f(x)).all()
    assert np.isfinite(derivative(f, x)).all()


@pytest.mark.parametrize("name", ["elu", "gelu", "leaky_relu", "mish", "relu", "selu", "silu", "softplus"])
def test_rectifiers_are_bounded_below_and_grow_as_their_argument_does(name: str) -> None:
    f = getattr(F, name)
    assert_allclose(f(np.array([40.0, 800.0])), np.array([40.0, 800.0]) * (1.0507009873554805 if name == "selu" else 1))
    assert f(np.linspace(-40, 0, 100)).min() > -2


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_stays_nan(name: str) -> None:
    assert np.isnan(getattr(F, name)(np.array([np.nan]))).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_numbers_and_lists_are_arrays(name: str) -> None:
    f = getattr(F, name)
    assert_array_equal(f([0.25, -2.0]), f(np.array([0.25, -2.0])))
    assert f(0.25) == f(np.array([0.25]))[0]


def test_functions_that_are_limits_of_others() -> None:
    x = normal(100)
    assert_array_equal(F.leaky_relu(x, 0.0), F.relu(x))
    assert_array_equal(F.threshold(x, 0.0, 0.0), F.relu(x))
    assert_array_equal(F.hardshrink(x, 0.0), x)
    assert_array_equal(F.softshrink(x, 0.0), x)
    assert_array_equal(F.elu(x, 0.5), np.where(x > 0, x, 0.5 * F.elu(x)))
    assert_allclose(F.celu(x, 0.5), F.elu(2 * x) / 2)
    assert_allclose(F.softplus(x, beta=100.0), F.relu(x), atol=0.01)
    assert_allclose(F.softplus(x, beta=2.0), -F.logsigmoid(-2 * x) / 2)
    assert_allclose(F.mish(x), x * np.tanh(F.softplus(x)))
    assert_allclose(F.gelu(x), F.gelu(x, approximate="tanh"), atol=1e-3)
    assert_allclose(F.hardswish(x), x * F.hardsigmoid(x))
    assert_array_equal(F.relu6(x), np.minimum(F.relu(x), 6))


def test_softplus_is_its_argument_above_the_threshold() -> None:
    assert_array_equal(F.softplus(np.array([1.5, 10.0]), threshold=1.0), [1.5, 10.0])
    assert_array_equal(derivative(lambda x: F.softplus(x, threshold=1.0), np.array([1.5])), [1.0])


@pytest.mark.parametrize("beta", [1.0, 0.5])
@pytest.mark.parametrize("name", ["softplus", "logsigmoid", "mish", "gelu", "silu"])
def test_second_derivatives_are_those_of_the_first(name: str, beta: float) -> None:
    def f(x: Any) -> Any:
        return getattr(F, name)(beta * x).sum()

    h, x = 1e-5, np.linspace(-3, 3, 13)
    second = values(ad.grad(lambda x: ad.grad(f)(x).sum())(ad.Tensor(x)))
    assert_allclose(second, (derivative(f, x + h) - derivative(f, x - h)) / (2 * h), atol=1e-8)


def test_gelu_keeps_its_digits_far_to_the_left() -> None:
    x = np.array([-5.0, -10.0, -30.0])
    assert_allclose(F.gelu(x), [t / 2 * math.erfc(-t / math.sqrt(2)) for t in x], rtol=1e-12)


# --- settings -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: nn.CELU(0), "CELU: alpha is 0, by which x is divided; wanted another number, such as 1.0."),
        (lambda: nn.GELU("erf"), "GELU: approximate is 'erf'; wanted 'none' or 'tanh'."),
        (lambda: nn.Hardtanh(1, 1), "Hardtanh: min_val is 1 and max_val is 1; wanted min_val below max_val."),
        (lambda: nn.RReLU(2, 1), "RReLU: lower is 2 and upper is 1; wanted lower at most upper."),
        (lambda: nn.Softplus(0), "Softplus: beta is 0, by which the logarithm is divided; wanted another number, such as 1.0."),
        (lambda: nn.Softshrink(-1), "Softshrink: lambd is -1; wanted a number that is 0 or more."),
        (lambda: nn.PReLU(0), "PReLU: num_parameters is 0; wanted a whole number, 1 or more."),
        (
            lambda: nn.PReLU(3)(normal(2, 4)),
            "PReLU: the weight has shape (3,) and the input has shape (2, 4); wanted (1,) or (4,), a slope for each channel.",
        ),
        (
            lambda: nn.GLU()(normal(2, 3)),
            "GLU: the input has shape (2, 3) and dim is -1; wanted an axis of an even number of elements.",
        ),
        (
            lambda: nn.GLU(2)(normal(2, 4)),
            "GLU: the input has shape (2, 4) and dim is 2; wanted an axis of an even number of elements.",
        ),
        (lambda: nn.Softmax2d()(normal(2, 3)), "Softmax2d: the input has shape (2, 3); wanted (N, C, H, W) or (C, H, W)."),
        (lambda: nn.Softmax(2)(normal(2, 3)), "Softmax: dim is 2 and the input has shape (2, 3); wanted one of its 2 axes."),
        (
            lambda: nn.LogSoftmax()(normal(2, 3)),
            "LogSoftmax: dim is not given. It is the axis along which the result sums to 1: dim=-1 for the last. "
            "(PyTorch, with a warning, takes dim=1 for the input's 2 axes.)",
        ),
        (lambda: F.gumbel_softmax(normal(2), tau=0), "gumbel_softmax: tau is 0; wanted a number above 0."),
        (
            lambda: F.gumbel_softmax(normal(2), dim=1),
            "gumbel_softmax: dim is 1 and the input has shape (2,); wanted one of its 1 axes.",
        ),
    ],
)
def test_what_is_wrong_is_an_error(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()


@pytest.mark.parametrize("name", ["elu", "hardtanh", "leaky_relu", "logsigmoid", "mish", "softplus", "softshrink", "threshold"])
def test_complex_numbers_are_an_error(name: str) -> None:
    settings = {"threshold": 0.0, "value": 0.0} if name == "threshold" else {}
    text = "the input has dtype complex128; wanted real numbers, such as np.real(x), np.imag(x) or np.abs(x)."
    with error(TypeError, f"{name}: {text}"):
        getattr(F, name)(ad.Tensor([1.0 + 2.0j]), **settings)
    with error(TypeError, f"LogSigmoid: {text}"):
        nn.LogSigmoid()(np.array([1j]))


def test_softmax_takes_the_type_to_compute_in() -> None:
    x = ad.Tensor(np.array([0, 1]))
    assert F.softmax(x, dim=0, dtype=np.float32).dtype == np.float32
    assert_allclose(values(F.log_softmax(x, 0, np.float64)), np.log(F.softmax(np.array([0.0, 1.0]), 0)))
    assert_allclose(F.softmin(normal(3), 0), F.softmax(-normal(3), 0))


# --- what is learned and what is drawn ------------------------------------------------------------------------------------------


def test_slopes_that_are_drawn_lie_between_their_ends_and_are_repeated_by_the_seed() -> None:
    x = np.full(1000, -1.0, np.float32)
    nn.manual_seed(0)
    y = F.rrelu(x, 0.25, 0.5, training=True)
    nn.manual_seed(0)
    assert_array_equal(nn.RReLU(0.25, 0.5)(x), y)
    assert y.dtype == np.float32
    assert (y >= -0.5).all()
    assert (y <= -0.25).all()
    assert np.unique(y).size > 900
    assert F.rrelu(np.array([-1.0]), 0.25, 0.5).tolist() == [-0.375]


def test_the_derivative_of_a_drawn_slope_is_that_slope() -> None:
    x = ad.Tensor(normal(50), requires_grad=True)
    y = F.rrelu(x, training=True)
    y.sum().backward()
    assert_allclose(values(x.grad), values(y) / values(x))


def test_a_choice_is_one_of_the_places_with_the_derivative_of_the_soft_one() -> None:
    logits = ad.Tensor(normal(4, 3), requires_grad=True)
    nn.manual_seed(0)
    hard = F.gumbel_softmax(logits, tau=0.5, hard=True, dim=0)
    nn.manual_seed(0)
    soft = F.gumbel_softmax(logits, tau=0.5, dim=0)
    assert_allclose(np.sort(values(hard), axis=0), [[0] * 3, [0] * 3, [0] * 3, [1] * 3], atol=1e-15)
    assert_array_equal(values(hard).argmax(0), values(soft).argmax(0))
    weights = normal(4, 3)
    (hard * weights).sum().backward()
    of_hard, logits.grad = values(logits.grad), None
    (soft * weights).sum().backward()
    assert_allclose(of_hard, values(logits.grad))


def test_choices_are_as_frequent_as_their_probabilities() -> None:
    nn.manual_seed(0)
    p = np.array([0.5, 0.3, 0.2])
    choices = F.gumbel_softmax(np.broadcast_to(np.log(p), (20000, 3)), hard=True)
    assert_allclose(choices.mean(0), p, atol=0.015)


# --- without SciPy --------------------------------------------------------------------------------------------------------------

WITHOUT_SCIPY = """
import sys
sys.modules["scipy"] = None
import numpy as np
import autodiff as ad, nn
x = np.linspace(-37, 37, 1001)
t = ad.Tensor(x, requires_grad=True)
y = nn.GELU()(t)
y.sum().backward()
assert nn.functional.gelu(x.astype(np.float32)).dtype == np.float32
assert nn.functional.gelu(0.5) == nn.functional.gelu(np.array([0.5]))[0]
assert ad.grad(ad.grad(nn.functional.gelu))(0.0) > 0.79
np.save(sys.argv[1], [y.numpy(), t.grad.numpy()])
"""


def test_gelu_is_the_same_without_scipy(tmp_path: Path) -> None:
    file = tmp_path / "found.npy"
    subprocess.run([sys.executable, "-c", WITHOUT_SCIPY, str(file)], check=True)
    x = np.linspace(-37, 37, 1001)
    y, g = np.load(file)
    assert_allclose(y, F.gelu(x), rtol=1e-13)
    assert_allclose(g, derivative(F.gelu, x), rtol=1e-12, atol=1e-15)
