"""Interpolation: what it keeps, beside PyTorch's in all modes and sizes, and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_torch import error, values
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn import functional as F

AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
MODES = [*AXES, "nearest", "nearest-exact", "area"]
INTERPOLATING = ["linear", "bilinear", "trilinear", "bicubic"]  # in the order of messages


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def image(mode: str, *, length: int = 5) -> np.ndarray:
    return normal(2, 3, *range(length, length + AXES.get(mode, 2)))


@pytest.mark.parametrize("mode", MODES)
def test_a_constant_stays_one(mode: str) -> None:
    x = np.ones_like(image(mode))
    for size in (1, 3, 8):
        assert_allclose(F.interpolate(x, size=size, mode=mode), np.ones((2, 3, *(size,) * (x.ndim - 2))))


@pytest.mark.parametrize("mode", MODES)
def test_the_same_size_is_the_same_array(mode: str) -> None:
    x = image(mode)
    assert_allclose(F.interpolate(x, scale_factor=1, mode=mode), x, atol=1e-15)


@pytest.mark.parametrize("mode", ["linear", "bilinear", "trilinear", "bicubic"])
def test_a_straight_line_stays_one_between_the_corners(mode: str) -> None:
    line = np.broadcast_to(np.linspace(0, 1, 5), (1, 1, *(5,) * AXES[mode]))
    y = F.interpolate(line, size=9, mode=mode, align_corners=True)
    inner = y[..., 2:-2]
    assert_allclose(inner, np.broadcast_to(np.linspace(0, 1, 9)[2:-2], inner.shape), atol=1e-12)


def test_whole_factors_repeat_or_average() -> None:
    x = normal(1, 2, 4, 6)
    assert_array_equal(F.interpolate(x, scale_factor=(2, 3)), x.repeat(2, axis=2).repeat(3, axis=3))
    assert_allclose(F.interpolate(x, scale_factor=0.5, mode="area"), F.avg_pool2d(x, 2))
    assert_array_equal(F.interpolate(x, scale_factor=0.5), x[:, :, ::2, ::2])


@pytest.mark.parametrize("kind", [int, bool, np.float32])
def test_the_nearest_keeps_the_type_and_what_is_infinite(kind: Any) -> None:
    x = (normal(1, 2, 3) > 0).astype(kind)
    assert F.interpolate(x, size=7).dtype == kind
    assert_array_equal(F.interpolate(np.array([[[np.inf, 1.0]]]), size=3), [[[np.inf, np.inf, 1.0]]])


@pytest.mark.peer
@pytest.mark.parametrize("mode", MODES)
def test_all_sizes_and_factors_give_the_values_and_gradients_of_pytorch(torch: Any, mode: str) -> None:
    options: list[dict[str, Any]] = [{}]
    if mode in AXES:
        options += [{"align_corners": True}]
    if mode in ("bilinear", "bicubic"):
        options += [{"antialias": True}, {"antialias": True, "align_corners": True}]
    sizes: list[dict[str, Any]] = [{"size": n} for n in (1, 2, 3, 6, 13)]
    sizes += [{"scale_factor": factor} for factor in (0.3, 0.5, 1.5, 2, 2.7)] + [
        {"scale_factor": 2.7, "recompute_scale_factor": True}
    ]
    for x in (image(mode), image(mode, length=2)):
        for given in ({**a, **b} for a in sizes for b in options):
            if min(x.shape[2:]) * given.get("scale_factor", 1) < 1:
                continue
            a, b = ad.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
            y, z = F.interpolate(a, mode=mode, **given), torch.nn.functional.interpolate(b, mode=mode, **given)
            g = normal(*y.shape)
            y.backward(g)
            z.backward(torch.tensor(g))
            assert_allclose(values(y), values(z), rtol=1e-12, atol=1e-12, err_msg=str(given))
            assert_allclose(values(a.grad), values(b.grad), rtol=1e-12, atol=1e-12, err_msg=str(given))


@pytest.mark.peer
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_the_nearest_is_rounded_as_that_of_pytorch(torch: Any, mode: str) -> None:
    for length in (1, 2, 3, 7, 30):
        x = np.arange(float(length))[None, None]
        for size in range(1, 60):
            expected = torch.nn.functional.interpolate(torch.tensor(x), size=size, mode=mode)
            assert_array_equal(F.interpolate(x, size=size, mode=mode), values(expected))


X = normal(1, 2, 4, 4)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: nn.Upsample(), "Upsample: size is None and scale_factor is None; wanted one of both."),
        (lambda: nn.Upsample(2, 2.0), "Upsample: size is 2 and scale_factor is 2.0; wanted one of both."),
        (
            lambda: nn.Upsample(2, mode="cubic"),
            f"Upsample: mode is 'cubic'; wanted one of {['nearest', 'nearest-exact', 'area', *INTERPOLATING]}.",
        ),
        (
            lambda: nn.Upsample(2, align_corners=False),
            f"Upsample: align_corners is given, and mode is 'nearest'; wanted one of {INTERPOLATING} with it.",
        ),
        (
            lambda: nn.Upsample(2, recompute_scale_factor=True),
            "Upsample: recompute_scale_factor and size are given; wanted scale_factor with it.",
        ),
        (
            lambda: nn.Upsample(2, mode="linear")(X),
            "Upsample: the input has shape (1, 2, 4, 4) and mode is 'linear'; wanted (N, C, ...), 3 axes.",
        ),
        (
            lambda: F.interpolate(normal(2, 3), 2),
            "interpolate: the input has shape (2, 3) and mode is 'nearest'; wanted (N, C, ...), three to five.",
        ),
        (lambda: nn.Upsample((2, 2, 2))(X), "Upsample: size is (2, 2, 2); wanted a number above 0, a whole one, or 2."),
        (lambda: nn.Upsample(2.5)(X), "Upsample: size is 2.5; wanted a number above 0, a whole one, or 2."),
        (lambda: nn.Upsample(scale_factor=-1)(X), "Upsample: scale_factor is -1.0; wanted a number above 0, or 2."),
        (
            lambda: nn.Upsample(scale_factor=0.1)(X),
            "Upsample: the lengths are (4, 4) and the new ones (0, 0); wanted 1 or more.",
        ),
        (
            lambda: F.interpolate(X, 2, antialias=True),
            "interpolate: antialias is given, and mode is 'nearest'; wanted 'bilinear' or 'bicubic' with it.",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(build: Any, text: str) -> None:
    with error(ValueError, text):
        build()
