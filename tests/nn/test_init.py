"""Initial values: the distributions, by formula and beside PyTorch's; repeatable by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_array_equal

import autodiff as ad
import nn
from nn import init

N, M = 80, 200  # outputs and inputs of the weight
KERNEL = 3


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    nn.manual_seed(1234)
    yield
    nn.manual_seed(None)


def weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(np.full(shape or (N, M), np.nan))


def assert_uniform(x: np.ndarray, low: float, high: float) -> None:
    """The numbers look drawn uniformly from [low, high): 5 standard errors of the moments, and nearly touching the bounds."""
    n, width = x.size, high - low
    assert low <= x.min() < low + 20 * width / n
    assert high - 20 * width / n < x.max() < high
    assert abs(x.mean() - (low + high) / 2) < 5 * width / math.sqrt(12 * n)
    assert abs(x.var() / (width**2 / 12) - 1) < 5 * math.sqrt(0.8 / n)


def assert_normal(x: np.ndarray, mean: float, std: float) -> None:
    """The numbers look drawn from a normal distribution: 5 standard errors of the first four moments."""
    n = x.size
    z = (x - mean) / std
    assert abs(z.mean()) < 5 / math.sqrt(n)
    assert abs((z**2).mean() - 1) < 5 * math.sqrt(2 / n)
    assert abs((z**3).mean()) < 5 * math.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 5 * math.sqrt(96 / n)


def greatest_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The greatest difference of the two samples' distribution functions (Kolmogorov and Smirnov's)."""
    a, b = np.sort(a.ravel()), np.sort(b.ravel())
    points = np.concatenate([a, b])
    return float(np.abs(np.searchsorted(a, points, "right") / a.size - np.searchsorted(b, points, "right") / b.size).max())


# --- the formulas ---------------------------------------------------------------------------------------------------------------


def test_uniform() -> None:
    assert_uniform(init.uniform_(weight()).numpy(), 0, 1)
    assert_uniform(init.uniform_(weight(), -3.0, 5.0).numpy(), -3, 5)
    assert_uniform(init.uniform_(weight(), a=2.0, b=2.5).numpy(), 2, 2.5)


def test_normal() -> None:
    assert_normal(init.normal_(weight()).numpy(), 0, 1)
    assert_normal(init.normal_(weight(), mean=5.0, std=0.1).numpy(), 5, 0.1)


def test_constants() -> None:
    assert_array_equal(init.constant_(weight(2, 3), 0.3).numpy(), np.full((2, 3), 0.3))
    assert_array_equal(init.ones_(weight(2, 3)).numpy(), np.ones((2, 3)))
    assert_array_equal(init.zeros_(weight(2, 3)).numpy(), np.zeros((2, 3)))


@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_xavier(gain: float) -> None:
    bound = gain * math.sqrt(6 / (N + M))
    assert_uniform(init.xavier_uniform_(weight(), gain=gain).numpy(), -bound, bound)
    assert_normal(init.xavier_normal_(weight(), gain=gain).numpy(), 0, gain * math.sqrt(2 / (N + M)))


@pytest.mark.parametrize(
    ("settings", "gain"),
    [
        ({}, math.sqrt(2)),
        ({"a": math.sqrt(5)}, math.sqrt(1 / 3)),
        ({"nonlinearity": "relu"}, math.sqrt(2)),
        ({"nonlinearity": "tanh"}, 5 / 3),
        ({"nonlinearity": "linear", "a": 3.0}, 1.0),
    ],
    ids=str,
)
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", M), ("fan_out", N)])
def test_kaiming(settings: dict[str, Any], gain: float, mode: str, fan: int) -> None:
    std = gain / math.sqrt(fan)
    assert_uniform(init.kaiming_uniform_(weight(), mode=mode, **settings).numpy(), -math.sqrt(3) * std, math.sqrt(3) * std)
    assert_normal(init.kaiming_normal_(weight(), mode=mode, **settings).numpy(), 0, std)


def test_the_fans_of_a_convolution_count_the_kernel() -> None:
    shape = (40, 20, KERNEL, KERNEL)
    bound = math.sqrt(3) * math.sqrt(2 / (20 * KERNEL**2))
    assert_uniform(init.kaiming_uniform_(weight(*shape)).numpy(), -bound, bound)
    bound = math.sqrt(3) * math.sqrt(2 / (40 * KERNEL**2))
    assert_uniform(init.kaiming_uniform_(weight(*shape), mode="fan_out").numpy(), -bound, bound)
    assert_normal(init.xavier_normal_(weight(*shape)).numpy(), 0, math.sqrt(2 / (60 * KERNEL**2)))


def test_the_gains() -> None:
    assert init.calculate_gain("linear") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu") == pytest.approx(math.sqrt(2 / 1.0001))
    assert init.calculate_gain("leaky_relu", 0.2) == pytest.approx(math.sqrt(2 / 1.04))
    assert init.calculate_gain("leaky_relu", 0) == math.sqrt(2)


def orthonormal(rows: np.ndarray) -> bool:
    return np.allclose(rows @ rows.T, np.eye(len(rows)))


def test_orthogonal_weights_have_orthonormal_rows_or_columns_whichever_are_fewer() -> None:
    assert orthonormal(init.orthogonal_(weight(3, 5)).numpy())
    assert orthonormal(init.orthogonal_(weight(5, 3)).numpy().T)
    assert orthonormal(init.orthogonal_(weight(4, 2, 3, 3)).numpy().reshape(4, 18))
    assert orthonormal(init.orthogonal_(weight(3, 3), gain=2.0).numpy() / 2)


def test_all_rotations_are_equally_likely() -> None:
    first = np.array([init.orthogonal_(weight(2, 2)).numpy()[0] for _ in range(2000)])
    assert np.all(np.abs(first.mean(0)) < 5 * math.sqrt(0.5 / 2000))


def test_the_identity_and_the_kernels_that_change_nothing() -> None:
    assert_array_equal(init.eye_(weight(2, 3)).numpy(), np.eye(2, 3))
    x = np.random.default_rng(0).normal(size=(1, 4, 6, 6))
    kernels = init.dirac_(weight(4, 4, 3, 3))
    assert_array_equal(nn.functional.conv2d(x, kernels, padding=1).numpy(), x)
    in_groups = init.dirac_(weight(4, 2, 3, 3), groups=2)
    assert_array_equal(nn.functional.conv2d(x, in_groups, padding=1, groups=2).numpy(), x)


@pytest.mark.peer
@pytest.mark.parametrize(("shape", "groups"), [((3, 2, 4), 1), ((6, 2, 3, 2), 3), ((4, 5, 3, 3, 1), 2)])
def test_these_kernels_are_those_of_pytorch(torch: Any, shape: tuple[int, ...], groups: int) -> None:
    assert_array_equal(init.dirac_(weight(*shape), groups).numpy(), torch.nn.init.dirac_(torch.empty(shape), groups).numpy())


def test_sparse_weights_have_as_many_zeros_in_each_column() -> None:
    w = init.sparse_(weight(100, 60), 0.255, std=2.0).numpy()
    assert_array_equal((w == 0).sum(0), np.full(60, 26))
    assert len({tuple(column) for column in (w == 0).T}) == 60
    assert_normal(w[w != 0], 0, 2)


@pytest.mark.parametrize(("a", "b"), [(-1.0, 1.0), (2.0, math.inf), (-math.inf, -3.0), (5.0, 5.5)])
def test_truncated_normal_numbers_lie_between_their_ends(a: float, b: float) -> None:
    w = init.trunc_normal_(weight(), a=a, b=b).numpy()
    assert a <= w.min()
    assert w.max() <= b
    mass = 0.5 * (math.erf(b / math.sqrt(2)) - math.erf(a / math.sqrt(2)))
    mean = (math.exp(-a * a / 2) - math.exp(-b * b / 2)) / math.sqrt(2 * math.pi) / mass
    assert abs(w.mean() - mean) < 5 * w.std() / math.sqrt(w.size)


# --- beside PyTorch -------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
@pytest.mark.parametrize("nonlinearity", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv2d", "conv_transpose3d"])
@pytest.mark.parametrize("param", [None, 0.3, 0])
def test_the_gains_are_those_of_pytorch(torch: Any, nonlinearity: str, param: float | None) -> None:
    assert init.calculate_gain(nonlinearity, param) == torch.nn.init.calculate_gain(nonlinearity, param)


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "uniform": lambda init, w: init.uniform_(w, -1.0, 3.0),
    "normal": lambda init, w: init.normal_(w, 2.0, 0.5),
    "xavier_uniform": lambda init, w: init.xavier_uniform_(w),
    "xavier_uniform with gain": lambda init, w: init.xavier_uniform_(w, 2.0),
    "xavier_normal": lambda init, w: init.xavier_normal_(w, gain=0.5),
    "kaiming_uniform": lambda init, w: init.kaiming_uniform_(w),
    "kaiming_uniform of Linear": lambda init, w: init.kaiming_uniform_(w, math.sqrt(5)),
    "kaiming_uniform fan_out": lambda init, w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
    "kaiming_normal": lambda init, w: init.kaiming_normal_(w, 0.2, "fan_in", "leaky_relu"),
    "kaiming_normal tanh": lambda init, w: init.kaiming_normal_(w, nonlinearity="tanh"),
    "trunc_normal": lambda init, w: init.trunc_normal_(w),
    "trunc_normal on one side": lambda init, w: init.trunc_normal_(w, 1.0, 0.5, 0.9, 3.0),
    "trunc_normal far away": lambda init, w: init.trunc_normal_(w, -1.0, 0.5, 0.0, 0.7),
}


@pytest.mark.peer
@pytest.mark.parametrize("shape", [(50, 200), (20, 50, 2, 5)], ids=["matrix", "convolution"])
@pytest.mark.parametrize("call", CALLS)
def test_ten_thousand_numbers_are_distributed_as_those_of_pytorch(torch: Any, call: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    ours = values(CALLS[call](init, weight(*shape)))
    theirs = values(CALLS[call](torch.nn.init, torch.empty(shape, dtype=torch.float64)))
    assert greatest_difference(ours, theirs) < 0.03  # by chance once in 4,000 seeds


@pytest.mark.peer
def test_the_comparison_of_distributions_notices_an_error_of_ten_percent(torch: Any) -> None:
    ours = values(init.kaiming_uniform_(weight(50, 200)))
    theirs = values(torch.nn.init.kaiming_uniform_(torch.empty(50, 200)))
    assert greatest_difference(1.1 * ours, theirs) > 0.03


@pytest.mark.peer
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 10_000), (3, 4_000), (100, 100), (2_000, 5)])
def test_linear_starts_as_that_of_pytorch(torch: Any, inputs: int, outputs: int) -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(inputs, outputs), torch.nn.Linear(inputs, outputs)
    assert greatest_difference(values(ours.weight), values(theirs.weight)) < 0.03
    if outputs > 1000:
        assert greatest_difference(values(ours.bias), values(theirs.bias)) < 0.045


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 10_000), (4, 5_000), (100, 3_000), (3_000, 2_000)])
def test_linear_starts_uniformly_between_plus_and_minus_one_over_the_root_of_its_inputs(inputs: int, outputs: int) -> None:
    layer = nn.Linear(inputs, outputs)
    bound = 1 / math.sqrt(inputs)
    assert_uniform(layer.weight.numpy(), -bound, bound)
    assert_uniform(layer.bias.numpy(), -bound, bound)


def test_reset_parameters_draws_anew_in_place() -> None:
    layer = nn.Linear(3, 4)
    before = values(layer.weight), values(layer.bias)
    parameters = layer.weight, layer.bias
    layer.reset_parameters()
    assert (layer.weight is parameters[0], layer.bias is parameters[1]) == (True, True)
    assert not np.any(before[0] == values(layer.weight))
    assert not np.any(before[1] == values(layer.bias))


# --- in place -------------------------------------------------------------------------------------------------------------------


FILLS: dict[str, Callable[[Any], Any]] = {
    "uniform_": init.uniform_,
    "normal_": init.normal_,
    "constant_": lambda tensor: init.constant_(tensor, 0.5),
    "zeros_": init.zeros_,
    "ones_": init.ones_,
    "xavier_uniform_": init.xavier_uniform_,
    "xavier_normal_": init.xavier_normal_,
    "kaiming_uniform_": init.kaiming_uniform_,
    "kaiming_normal_": init.kaiming_normal_,
    "trunc_normal_": init.trunc_normal_,
    "orthogonal_": init.orthogonal_,
    "eye_": init.eye_,
    "sparse_": lambda tensor: init.sparse_(tensor, 0.5),
}
each_fill = pytest.mark.parametrize("fill", FILLS.values(), ids=list(FILLS))


@each_fill
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_fills_the_tensor_in_place_and_returns_it(fill: Callable[[Any], Any], dtype: Any) -> None:
    tensor = nn.Parameter(np.full((4, 3), np.nan, dtype))
    array = tensor.data
    assert fill(tensor) is tensor
    assert np.shares_memory(tensor.data, array)
    assert tensor.dtype == dtype
    assert np.all(np.isfinite(array))
    assert tensor.requires_grad
    assert tensor.is_leaf


@each_fill
def test_each_fills_a_tensor_that_is_no_parameter(fill: Callable[[Any], Any]) -> None:
    tensor = ad.Tensor(np.full((4, 3), np.nan))
    assert np.all(np.isfinite(fill(tensor).numpy()))


@each_fill
def test_each_fills_an_empty_weight(fill: Callable[[Any], Any]) -> None:
    assert fill(nn.Parameter(np.empty((0, 3)))).shape == (0, 3)
    assert fill(nn.Parameter(np.empty((3, 0)))).shape == (3, 0)


@each_fill
def test_a_tensor_that_was_computed_cannot_be_filled(fill: Callable[[Any], Any]) -> None:
    with pytest.raises(RuntimeError, match="detach"):
        fill(nn.Parameter(np.ones((4, 3))) * 2)


@each_fill
def test_a_fill_between_forward_and_backward_is_noticed(fill: Callable[[Any], Any]) -> None:
    tensor = nn.Parameter(np.full((4, 3), 2.0))
    loss = (tensor**2).sum()
    fill(tensor)
    with pytest.raises(RuntimeError, match="backward"):
        loss.backward()


def test_a_model_can_be_filled_by_apply() -> None:
    def start(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            init.constant_(module.weight, 0.5)
            init.zeros_(module.bias)

    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)).apply(start)
    assert {float(value) for p in model.parameters() for value in p.numpy().ravel()} == {0.0, 0.5}


# --- errors ---------------------------------------------------------------------------------------------------------------------


def test_an_unknown_nonlinearity_is_an_error() -> None:
    text = (
        "calculate_gain: 'gauss' is not known; wanted one of ['conv1d', 'conv2d', 'conv3d', "
        "'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d', 'leaky_relu', 'linear', 'relu', 'selu', 'sigmoid', 'tanh']."
    )
    with error(ValueError, text):
        init.calculate_gain("gauss")
    tensor = nn.Parameter(np.ones((2, 2)))
    with error(ValueError, text):
        init.kaiming_uniform_(tensor, nonlinearity="gauss")
    assert_array_equal(tensor.numpy(), np.ones((2, 2)))


@pytest.mark.parametrize("fill", [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_a_weight_of_fewer_than_two_axes_has_no_fans(fill: Callable[[Any], Any], shape: tuple[int, ...]) -> None:
    with error(ValueError, f"init: fan-in and fan-out need a weight of two or more axes, but the tensor has shape {shape}."):
        fill(nn.Parameter(np.ones(shape)))


@pytest.mark.parametrize(
    ("fill", "text"),
    [
        (lambda: init.orthogonal_(weight(3)), "orthogonal_: the tensor has shape (3,); wanted two or more axes."),
        (lambda: init.eye_(weight(3)), "eye_: the tensor has shape (3,); wanted two axes."),
        (lambda: init.sparse_(weight(3), 0.5), "sparse_: the tensor has shape (3,); wanted two axes."),
        (lambda: init.sparse_(weight(), 2), "sparse_: sparsity is 2; wanted a fraction, 0 to 1."),
        (
            lambda: init.dirac_(weight(3, 3)),
            "dirac_: the tensor has shape (3, 3); wanted three to five axes, (out_channels, in_channels / groups, *kernel).",
        ),
        (
            lambda: init.dirac_(weight(3, 3, 3), groups=2),
            "dirac_: groups is 2 and there are 3 kernels; wanted a divisor of their number.",
        ),
        (
            lambda: init.trunc_normal_(weight(), a=1.0, b=1.0),
            "trunc_normal_: std is 1.0, a is 1.0 and b is 1.0; wanted std above 0 and a below b.",
        ),
    ],
)
def test_a_tensor_or_setting_that_does_not_fit_is_an_error(fill: Callable[[], Any], text: str) -> None:
    with error(ValueError, text):
        fill()


@pytest.mark.parametrize("fill", [init.kaiming_uniform_, init.kaiming_normal_])
def test_an_unknown_mode_is_an_error(fill: Callable[..., Any]) -> None:
    with error(ValueError, "init: mode is 'fan_avg'; wanted 'fan_in' or 'fan_out'."):
        fill(nn.Parameter(np.ones((2, 2))), mode="fan_avg")


@pytest.mark.parametrize(
    "fill",
    [lambda t: init.uniform_(t, 1.0, 0.0), lambda t: init.normal_(t, 0.0, -1.0)],
    ids=["uniform from 1 to 0", "deviation -1"],
)
def test_a_distribution_that_there_is_not_is_an_error(fill: Callable[[Any], Any]) -> None:
    tensor = nn.Parameter(np.ones(3))
    with pytest.raises(ValueError, match=r"high - low|scale"):
        fill(tensor)
    assert_array_equal(tensor.numpy(), np.ones(3))


@pytest.mark.parametrize("fill", [init.uniform_, init.normal_, lambda t: init.constant_(t, 0.5)], ids=["uniform", "normal", "0.5"])
def test_whole_numbers_are_not_filled_with_fractions(fill: Callable[[Any], Any]) -> None:
    tensor = ad.Tensor(np.full((4, 4), 7))
    with pytest.raises((TypeError, ValueError), match="int64"):
        fill(tensor)
    assert_array_equal(tensor.numpy(), np.full((4, 4), 7))


@each_fill
def test_an_array_in_the_place_of_the_tensor_is_a_type_error(fill: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="ndarray"):
        fill(np.ones((4, 3)))


# --- seeds ----------------------------------------------------------------------------------------------------------------------


def drawn(seed: int) -> list[np.ndarray]:
    nn.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    return [values(p) for p in model.parameters()]


def test_the_same_seed_gives_the_same_numbers() -> None:
    for a, b in zip(drawn(5), drawn(5), strict=True):
        assert_array_equal(a, b)


def test_another_seed_gives_other_numbers() -> None:
    for a, b in zip(drawn(5), drawn(6), strict=True):
        assert not np.any(a == b)


def test_each_layer_is_drawn_anew() -> None:
    assert not np.any(values(nn.Linear(3, 4).weight) == values(nn.Linear(3, 4).weight))


def test_the_seed_does_not_touch_numpys_own_random_numbers() -> None:
    state = np.random.get_state()[1].copy()
    drawn(5)
    assert_array_equal(np.random.get_state()[1], state)


def test_manual_seed_returns_the_generator() -> None:
    generator = nn.manual_seed(5)
    assert isinstance(generator, np.random.Generator)
    assert_array_equal(generator.uniform(size=3), np.random.default_rng(5).uniform(size=3))


def test_float32_is_drawn_from_the_same_numbers_as_float64() -> None:
    nn.manual_seed(5)
    half = nn.Linear(3, 4, dtype=np.float32)
    nn.manual_seed(5)
    assert_array_equal(values(half.weight), values(nn.Linear(3, 4).weight).astype(np.float32))


@pytest.mark.parametrize("value", [1j, np.complex128(1j), np.array([1j, 2.0])])
def test_complex_values_are_an_error(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^init: the values are complex; wanted real numbers\.$"):
        nn.init.constant_(nn.Parameter([1.0, 2.0]), value)


@pytest.mark.parametrize("initialize", [nn.init.zeros_, nn.init.normal_, nn.init.xavier_uniform_, nn.init.orthogonal_])
def test_what_is_no_tensor_is_an_error_and_of_an_array_one_that_says_what_to_give(initialize: Any) -> None:
    layer = nn.Linear(3, 3)
    with pytest.raises(TypeError, match=r"^init: got ndarray; wanted a tensor .* which is read-only here: layer\.weight\.$"):
        initialize(layer.weight.data)
    with pytest.raises(TypeError, match=r"^init: got list; wanted a tensor of floating point, such as an nn\.Parameter\.$"):
        initialize([[1.0]])
    with pytest.raises(TypeError, match=r"^init: got a tensor of dtype int64; wanted a tensor of floating point"):
        initialize(ad.Tensor([[1, 2], [3, 4]]))
