"""Windows that slide over an array: convolutions by their definition, adjoints, pooling, and what PyTorch makes of the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient
from autodiff.windows import convolutions


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


def normal(*shape: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(sum(shape)).normal(size=shape))


@dataclass(frozen=True)
class Geometry:
    """Axes, windows on them, and how these lie."""

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    params: dict[str, Any]

    @property
    def out(self) -> tuple[int, ...]:
        return tuple(np.shape(ad.windows.unfold(np.zeros(self.sizes), self.window, **self.params))[len(self.sizes) :])

    @property
    def rest(self) -> tuple[int, ...]:
        """How many elements no window reaches at the end of each axis."""
        each = zip(self.sizes, self.window, *self.params.values(), strict=True)
        return tuple((size + sum(p) - d * (k - 1) - 1) % stride for size, k, stride, p, d in each)

    def elements(self) -> Any:
        """For each place of a window and each of its elements, where it lies on the axes, if it lies there."""
        for p in np.ndindex(*self.out):
            for k in np.ndindex(*self.window):
                steps = zip(p, self.params["stride"], k, self.params["dilation"], self.params["padding"], strict=True)
                i = tuple(a * stride + b * dilation - before for a, stride, b, dilation, (before, _) in steps)
                if all(0 <= at < size for at, size in zip(i, self.sizes, strict=True)):
                    yield p, k, i


@st.composite
def geometries(draw: Callable[..., Any]) -> Geometry:
    n = draw(st.integers(1, 3))

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(n))

    window, stride, dilation = each(1, 3), each(1, 3), each(1, 2)
    padding = tuple(zip(each(0, 2), each(0, 2), strict=True))
    least = [d * (k - 1) + 1 - sum(p) for k, d, p in zip(window, dilation, padding, strict=True)]
    sizes = tuple(max(1, m) + more for m, more in zip(least, each(0, 3), strict=True))
    return Geometry(sizes, window, {"stride": stride, "padding": padding, "dilation": dilation})


# --- unfolding -------------------------------------------------------------------------------------------------------------------


@given(geometry=geometries())
def test_a_window_shows_what_lies_where_it_reaches_and_folding_is_adjoint_to_that(geometry: Geometry) -> None:
    x = normal(2, *geometry.sizes)
    expected = np.full((2, *geometry.window, *geometry.out), 7.0)
    for p, k, i in geometry.elements():
        expected[(slice(None), *k, *p)] = x[(slice(None), *i)]
    assert_array_equal(ad.windows.unfold(x, geometry.window, fill=7.0, **geometry.params), expected)
    windows = normal(*expected.shape)
    y = ad.windows.fold(windows, geometry.sizes, **geometry.params)
    assert_allclose((y * x).sum(), (windows * ad.windows.unfold(x, geometry.window, **geometry.params)).sum(), atol=1e-10)


def test_without_steps_and_borders_the_windows_are_those_of_numpy() -> None:
    x = normal(2, 4, 5)
    windows = np.moveaxis(np.lib.stride_tricks.sliding_window_view(x, (2, 3), (1, 2)), (3, 4), (1, 2))
    assert_array_equal(ad.windows.unfold(x, (2, 3)), windows)
    assert_array_equal(ad.windows.fold(np.ones((2, 3)), (4,)), [1, 2, 2, 1])


# --- layout ----------------------------------------------------------------------------------------------------------------------


def test_the_batch_is_innermost_in_memory_of_what_convolutions_and_pooling_give() -> None:
    x, w = normal(5, 2, 8, 9), normal(3, 2, 3, 3)
    y = ad.windows.convolution(x, w)
    z = ad.windows.max_pool(ad.relu(ad.Tensor(y)), 2).numpy()
    for array in (y, z, ad.windows.conv_transpose(y, w), ad.windows.conv_transpose(normal(*y.shape), w)):
        assert array.strides[0] == array.itemsize
        assert array.shape[0] == 5


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("broadcast", [False, True])
def test_convolutions_and_their_gradients_are_the_same_whatever_the_layout(order: Any, broadcast: bool) -> None:
    x, w, g = normal(4, 3, 6, 7), normal(2, 3, 2, 3), normal(4, 2, 5, 5)
    g = np.broadcast_to(g[:1, :, :1], g.shape) if broadcast else g
    results = []
    for laid_out in (np.ascontiguousarray, lambda a: a if broadcast and a is g else np.asarray(a, order=order)):
        s, t = leaf(laid_out(x)), leaf(laid_out(w))
        y = ad.windows.convolution(s, t, padding=1, stride=(1, 2), dilation=(2, 1))
        y.backward(laid_out(np.broadcast_to(g[:, :, :1, :1], y.shape)))
        results.append([y.numpy(), s.grad.numpy(), t.grad.numpy()])
    for found, expected in zip(*results, strict=True):
        assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


# --- convolutions ----------------------------------------------------------------------------------------------------------------


@given(geometry=geometries(), groups=st.integers(1, 2))
def test_a_convolution_is_its_definition_and_its_adjoints_are_its_derivatives(geometry: Geometry, groups: int) -> None:
    x, w = normal(2, 2 * groups, *geometry.sizes), normal(3 * groups, 2, *geometry.window)
    y = np.zeros((2, 3 * groups, *geometry.out))
    for p, k, i in geometry.elements():
        for group in range(groups):
            ins, outs = slice(2 * group, 2 * group + 2), slice(3 * group, 3 * group + 3)
            y[(slice(None), outs, *p)] += x[(slice(None), ins, *i)] @ w[(outs, slice(None), *k)].T
    params = {**geometry.params, "groups": groups}
    a, b = leaf(x), leaf(w)
    found = ad.windows.convolution(a, b, **params)
    assert_allclose(found.numpy(), y, atol=1e-12)
    g = normal(*y.shape)
    found.backward(g)
    assert_allclose((a.grad.numpy() * x).sum(), (g * y).sum(), atol=1e-10)
    assert_allclose((b.grad.numpy() * w).sum(), (g * y).sum(), atol=1e-10)
    assert_allclose(b.grad.numpy(), ad.windows.conv_weight(x, g, geometry.window, **params), atol=1e-12)
    assert_allclose(a.grad.numpy(), ad.windows.conv_transpose(g, w, output_padding=geometry.rest, **params), atol=1e-12)


def test_a_convolution_with_a_kernel_of_one_element_is_a_product_of_matrices() -> None:
    x, w = normal(2, 3, 4, 5), normal(6, 3, 1, 1)
    assert_allclose(ad.windows.convolution(x, w), np.einsum("oc,nchw->nohw", w[:, :, 0, 0], x))
    assert_allclose(ad.windows.convolution(x, w, stride=2), np.einsum("oc,nchw->nohw", w[:, :, 0, 0], x[:, :, ::2, ::2]))


def test_a_convolution_in_one_dimension_is_a_correlation() -> None:
    x, w = normal(7), normal(3)
    assert_allclose(ad.windows.convolution(x[None, None], w[None, None])[0, 0], np.correlate(x, w))
    assert_allclose(ad.windows.conv_transpose(x[None, None], w[None, None])[0, 0], np.convolve(x, w))


def test_a_convolution_is_moved_as_its_input_is() -> None:
    x, w = np.zeros((1, 1, 8)), normal(1, 1, 3)
    x[0, 0, 2:4] = [1.0, -2.0]
    y = ad.windows.convolution(x, w, padding=1)
    assert_allclose(ad.windows.convolution(np.roll(x, 2, -1), w, padding=1), np.roll(y, 2, -1))


def test_a_large_batch_is_computed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = normal(5, 2, 6), normal(3, 2, 3)

    def everything() -> list[Any]:
        a, b = leaf(x), leaf(w)
        y = ad.windows.convolution(a, b)
        (y * y).sum().backward()
        return [y.numpy(), a.grad.numpy(), b.grad.numpy()]

    at_once = everything()
    for room in (1, 2 * 3 * 4 * 2):  # one after another, and two at a time
        monkeypatch.setattr(convolutions, "_ROOM", room)
        for found, expected in zip(everything(), at_once, strict=True):
            assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("x", [np.broadcast_to(2.0, (2, 2, 5)), normal(5, 2, 2).T, normal(2, 2, 10)[..., ::-2]])
def test_how_an_array_lies_in_memory_makes_no_difference(x: np.ndarray) -> None:
    w, plain = normal(2, 2, 2), np.ascontiguousarray(x)
    for f in (ad.windows.convolution, ad.windows.conv_transpose):
        assert_allclose(f(x, w), f(plain, w))
        assert_allclose(f(w, x[..., :2]), f(w, plain[..., :2]))


def test_types_are_those_of_numpy() -> None:
    for a, b, c in (("f4", "f4", "f4"), ("f4", "f8", "f8"), ("f2", "f2", "f2"), ("i4", "i4", "i4"), ("f4", "c8", "c8")):
        x, w = np.ones((1, 1, 4), a), np.ones((1, 1, 2), b)
        y = ad.windows.convolution(x, w)
        assert y.dtype == ad.windows.conv_transpose(x, w).dtype == ad.windows.conv_weight(x, y, (2,)).dtype == np.dtype(c)


@pytest.mark.long
def test_the_derivative_of_a_loss_of_two_layers_is_that_of_finite_differences() -> None:
    def loss(x: Any, w: Any, v: Any) -> Any:
        hidden = ad.windows.max_pool(ad.tanh(ad.windows.convolution(x, w, padding=1)), 2)
        return ad.windows.conv_transpose(hidden, v, stride=2).sum()

    assert_gradient(loss, normal(2, 1, 4, 4), normal(2, 1, 3, 3), normal(2, 1, 2, 2), order=2)


# --- pooling ---------------------------------------------------------------------------------------------------------------------


def test_ties_in_a_window_share_the_derivative_and_windows_add_theirs() -> None:
    x = leaf([[[3.0, 3.0, 1.0, 1.0, 1.0]]])
    y = ad.windows.max_pool(x, 2, stride=1)
    y.backward(np.array([[[1.0, 10.0, 100.0, 1000.0]]]))
    assert_array_equal(y.numpy(), [[[3, 3, 1, 1]]])
    assert_array_equal(x.grad.numpy(), [[[0.5, 10.5, 50, 550, 500]]])


@pytest.mark.parametrize("window", [(2,), (3, 2), (2, 1, 2)])
def test_a_window_over_everything_has_the_maximum_and_the_mean_of_everything(window: tuple[int, ...]) -> None:
    x = normal(2, *window)
    axes = tuple(range(1, x.ndim))
    assert_array_equal(ad.windows.max_pool(x, window), x.max(axes, keepdims=True))
    assert_allclose(ad.windows.avg_pool(x, window), x.mean(axes, keepdims=True))


def test_borders_are_never_the_largest_and_are_counted_if_asked_for() -> None:
    x = np.full((1, 1, 4), -2.0)
    assert_array_equal(ad.windows.max_pool(x, 2, padding=1), [[[-2, -2, -2]]])
    assert_array_equal(ad.windows.max_pool(np.full((1, 1, 4), -2), 2, padding=1), [[[-2, -2, -2]]])
    assert_array_equal(ad.windows.max_pool(np.full((1, 1, 4), False), 2, padding=1), [[[False] * 3]])
    assert_array_equal(ad.windows.avg_pool(x, 2, padding=1), [[[-1, -2, -1]]])
    assert_array_equal(ad.windows.avg_pool(x, 2, padding=1, count_include_pad=False), [[[-2, -2, -2]]])
    assert_array_equal(ad.windows.avg_pool(x, 2, padding=1, divisor_override=1), [[[-2, -4, -2]]])


def test_a_window_that_reaches_over_the_end_is_one_if_it_is_asked_for_and_begins_inside() -> None:
    x = np.arange(1.0, 6.0)[None, None]
    assert_array_equal(ad.windows.max_pool(x, 2), [[[2, 4]]])
    assert_array_equal(ad.windows.max_pool(x, 2, ceil_mode=True), [[[2, 4, 5]]])
    assert_array_equal(ad.windows.avg_pool(x, 2, ceil_mode=True), [[[1.5, 3.5, 5]]])
    assert_array_equal(ad.windows.max_pool(x, 2, stride=3, padding=1, ceil_mode=True), [[[1, 4]]])  # the third begins behind


def test_lists_arrays_tuples_and_numbers_say_the_same() -> None:
    x, w = normal(1, 2, 4, 6), normal(2, 2, 2, 2)
    y = ad.windows.convolution(x, w, stride=(1, 2), padding=((0, 0), (1, 1)))
    for stride, padding in (([1, 2], [0, 1]), (np.array([1, 2]), np.array([[0, 0], [1, 1]]))):
        assert_array_equal(ad.windows.convolution(x, w, stride=stride, padding=padding), y)
        found, expected = leaf(x), leaf(x)
        ad.windows.convolution(found, w, stride=stride, padding=padding).sum().backward()
        ad.windows.convolution(expected, w, stride=(1, 2), padding=((0, 0), (1, 1))).sum().backward()
        assert_array_equal(found.grad.numpy(), expected.grad.numpy())
    assert_array_equal(
        ad.windows.max_pool(x, [2, 2], stride=[1, 2], padding=[0, 1]), ad.windows.max_pool(x, 2, stride=(1, 2), padding=(0, 1))
    )


# --- errors ----------------------------------------------------------------------------------------------------------------------

X, W = np.ones((2, 4, 5, 5)), np.ones((6, 4, 3, 3))
ERRORS: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: ad.windows.convolution(X, W[:, :3]),
        r"convolution: the shapes are \(2, 4, 5, 5\) and \(6, 3, 3, 3\), and groups is 1; wanted x with 3 channels, 3 for "
        r"each of the groups, or w: \(6, 4 / groups, \*kernel\)\.",
    ),
    (
        lambda: ad.windows.convolution(X, W[..., 0]),
        r"convolution: the shapes are \(2, 4, 5, 5\) and \(6, 4, 3\); wanted x: \(n, c, \*spatial\) and "
        r"w: \(o, c / groups, \*kernel\), with as many spatial axes, at least one\.",
    ),
    (lambda: ad.windows.convolution(X, W[:3, :2], groups=2), r"groups is 2; wanted groups that divide the 3 kernels of w\."),
    (lambda: ad.windows.convolution(X, W, groups=0), r"convolution: groups is 0; wanted a positive integer\."),
    (lambda: ad.windows.convolution(X, W, stride=0), r"convolution: stride is 0; wanted an integer, at least 1, or one for each"),
    (lambda: ad.windows.convolution(X, W, dilation=(1,)), r"dilation is \(1,\); wanted .* or one for each of 2 axes"),
    (lambda: ad.windows.convolution(X, W, padding=-1), r"padding is -1; wanted an integer, at least 0"),
    (lambda: ad.windows.convolution(X, W, padding=1.5), r"padding is 1\.5; wanted an integer"),
    (lambda: [ad.windows.convolution(X, W, stride=stride) for stride in (1, 1.0)], r"stride is 1\.0; wanted an integer"),
    (
        lambda: ad.windows.convolution(X, W, dilation=3),
        r"convolution: a window of shape \(3, 3\) with dilation \(3, 3\) reaches over \(7, 7\) elements, but the axes have only "
        r"\(5, 5\), borders included; wanted a smaller window, or more padding\.",
    ),
    (lambda: ad.windows.conv_transpose(X, W), r"conv_transpose: .* wanted x with 6 channels, one for each of the kernels of w\."),
    (
        lambda: ad.windows.conv_transpose(X, W[:4], stride=2, output_padding=2),
        r"conv_transpose: output_padding is \(2, 2\), but stride is \(2, 2\) and dilation is \(1, 1\); wanted less than "
        r"either of these\.",
    ),
    (
        lambda: ad.windows.conv_transpose(X, W[:4], padding=5),
        r"conv_transpose: the axes have \(5, 5\) elements, from which .* follow \(-3, -3\); wanted at least 1, and at least 0\.",
    ),
    (lambda: ad.windows.conv_weight(X, X[:1], (1, 1)), r"conv_weight: the shapes .*; wanted a batch of one size\."),
    (lambda: ad.windows.conv_weight(X, X, (1, 1), groups=3), r"wanted groups that divide the 4 and the 4 channels\."),
    (lambda: ad.windows.conv_weight(X, X, (2, 2)), r"wanted v: \(n, o, \*\(4, 4\)\), as kernels of shape \(2, 2\) give it\."),
    (
        lambda: ad.windows.unfold(np.ones(3), (2, 2)),
        r"unfold: x has shape \(3,\) and window_shape is \(2, 2\); wanted \(\.\.\., \*spatial\), with a number for each of "
        r"the spatial axes, or one for all axes but the first two\.",
    ),
    (lambda: ad.windows.max_pool(np.ones((3, 3)), 2), r"max_pool: x has shape \(3, 3\) and window_shape is 2; wanted"),
    (lambda: ad.windows.max_pool(X, 0), r"max_pool: the window is \(0, 0\); wanted an integer, at least 1"),
    (
        lambda: ad.windows.max_pool(X, 3, padding=2),
        r"max_pool: padding is 2, but a window reaches over \(3, 3\) elements; wanted at most half of that, since "
        r"a window that shows only border has no value\.",
    ),
    (lambda: ad.windows.avg_pool(X, 2, divisor_override=0), r"avg_pool: divisor_override is 0; wanted another number"),
    (lambda: ad.windows.fold(np.ones((2, 3)), (2, 2)), r"fold: x has shape .* and shape is .*; wanted x: .* at least 4 axes\."),
    (lambda: ad.windows.fold(np.ones((2, 3)), (1.5,)), r"fold: shape is \(1\.5,\); wanted an integer, at least 0"),
    (
        lambda: ad.windows.fold(np.ones((2, 3)), (5,)),
        r"fold: x has shape \(2, 3\), of \(3,\) windows, but on axes of the lengths \(5,\) there are \(4,\) with stride "
        r"\(1,\), .*; wanted as many\.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("f", "text"), ERRORS)
def test_what_does_not_fit_is_an_error_that_says_what_would(f: Callable[[], Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        f()


# --- beside PyTorch --------------------------------------------------------------------------------------------------------------


def derivatives(torch: Any, f: Callable[..., Any], f_torch: Callable[..., Any], *arrays: np.ndarray) -> tuple[list[Any], list[Any]]:
    """Values, gradients of the sum of their squares, and gradients of the sum of the squares of these: ours and theirs."""
    ours, theirs = [leaf(x) for x in arrays], [torch.tensor(x, requires_grad=True) for x in arrays]
    y, z = f(*ours), f_torch(*theirs)
    (y * y).sum().backward(create_graph=True)
    first = [t.grad for t in ours]
    for t in ours:
        t.grad = None
    sum((g * g).sum() for g in first).backward()
    wanted = torch.autograd.grad((z * z).sum(), theirs, create_graph=True)
    second = torch.autograd.grad(sum((g * g).sum() for g in wanted), theirs)
    found = [y, *first, *(t.grad for t in ours)]
    return [x.numpy() for x in found], [x.detach().numpy() for x in (z, *wanted, *second)]


def assert_as_in_pytorch(torch: Any, n: int, name: str, theirs: str, arrays: list[np.ndarray], *args: Any, **params: Any) -> None:
    f, g = getattr(ad.windows, name), getattr(torch.nn.functional, f"{theirs}{n}d")
    for found, expected in zip(
        *derivatives(torch, lambda *x: f(*x, *args, **params), lambda *x: g(*x, *args, **params), *arrays), strict=True
    ):
        assert_allclose(found, expected, rtol=1e-10, atol=1e-9)


def lengths(n: int, least: int, most: int) -> Any:
    return st.tuples(*[st.integers(least, most)] * n)


@pytest.mark.peer
@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data(), stride=st.integers(1, 3), padding=st.integers(0, 2), dilation=st.integers(1, 3), groups=st.integers(1, 2))
def test_convolutions_and_their_derivatives_are_those_of_pytorch(
    torch: Any, n: int, data: Any, stride: int, padding: int, dilation: int, groups: int
) -> None:
    x = normal(2, 2 * groups, *data.draw(lengths(n, 7, 8)))
    w = normal(2 * groups, 2, *data.draw(lengths(n, 1, 3)))
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    assert_as_in_pytorch(torch, n, "convolution", "conv", [x, w], **params)
    params["output_padding"] = data.draw(st.integers(0, max(stride, dilation) - 1))
    assert_as_in_pytorch(torch, n, "conv_transpose", "conv_transpose", [x, w], **params)


@pytest.mark.peer
@pytest.mark.parametrize("n", [1, 2, 3])
@given(data=st.data(), stride=st.integers(1, 4), dilation=st.integers(1, 2), ceil_mode=st.booleans(), counted=st.booleans())
def test_pooling_and_its_derivatives_are_those_of_pytorch(
    torch: Any, n: int, data: Any, stride: int, dilation: int, ceil_mode: bool, counted: bool
) -> None:
    x, window = normal(2, 3, *data.draw(lengths(n, 5, 7))), data.draw(lengths(n, 1, 3))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in window)
    params: dict[str, Any] = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    assert_as_in_pytorch(torch, n, "max_pool", "max_pool", [x], window, dilation=dilation, **params)
    assert_as_in_pytorch(torch, n, "avg_pool", "avg_pool", [x], window, count_include_pad=counted, **params)


@pytest.mark.peer
@pytest.mark.parametrize("n", [1, 2])
@given(data=st.data(), stride=st.integers(1, 4), ceil_mode=st.booleans(), counted=st.booleans())
def test_pooling_of_axes_as_short_as_a_window_or_shorter_is_that_of_pytorch(
    torch: Any, n: int, data: Any, stride: int, ceil_mode: bool, counted: bool
) -> None:
    x, window = normal(2, 3, *data.draw(lengths(n, 1, 3))), data.draw(lengths(n, 1, 4))
    params: dict[str, Any] = {"stride": stride, "ceil_mode": ceil_mode}
    try:
        getattr(torch.nn.functional, f"max_pool{n}d")(torch.tensor(x), window, **params)
    except RuntimeError:
        for pool in (ad.windows.max_pool, ad.windows.avg_pool):
            with pytest.raises(ValueError, match="the axes have only"):
                pool(x, window, **params)
    else:
        assert_as_in_pytorch(torch, n, "max_pool", "max_pool", [x], window, **params)
        assert_as_in_pytorch(torch, n, "avg_pool", "avg_pool", [x], window, count_include_pad=counted, **params)
