"""Copies that native code spares: what is written to lies where it was, and products read what others are copied from."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from captured_programs import Drawn, captured, run
from hypothesis import given, settings
from native_programs import assert_agrees, needs_compiler, traced
from numpy.lib.stride_tricks import sliding_window_view

from autodiff.compiling import native
from autodiff.program import evaluate

pytestmark = needs_compiler
RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 40))
IMAGES = RNG.normal(size=(3, 9, 8, 32))  # channels, height, width, batch
KERNELS = RNG.normal(size=(5, 3, 2, 2))


def loops(function: Any, *arrays: Any) -> int:
    """How many loops and products the C has."""
    return len(re.findall(r"^(?:FUSED )?static void ", native.build(traced(function, arrays)).source, re.M))


def added_in_parts(x: Any) -> Any:
    y = np.zeros_like(x)
    for i in range(4):
        y[i : i + 2] += x[i + 1 : i + 3]
    return y


def changed_while_it_is_read(x: Any) -> Any:
    y = x * 2
    before = y[1:] - y[:-1]
    y[1:] += 3
    return before, y


def changed_of_two(x: Any) -> Any:
    y = np.exp(x)
    z = y + 0
    y[0] = 1
    z[1] += 2
    return y, z, y * z


def filled_by_parts(x: Any) -> Any:
    y = np.zeros_like(x)
    y[:3], y[3:] = x[3:], x[:3]
    return y, np.zeros_like(x) + 1


@pytest.mark.parametrize("function", [added_in_parts, changed_while_it_is_read, changed_of_two, filled_by_parts])
def test_what_is_written_to_is_what_it_would_be(function: Any) -> None:
    assert_agrees(function, [X], 4)


def test_each_of_many_sums_into_parts_is_one_loop() -> None:
    assert loops(added_in_parts, X) == 1 + 4


def columns(x: Any) -> Any:
    windows = np.transpose(sliding_window_view(x, (2, 2), (1, 2)), (0, 4, 5, 1, 2, 3))
    return np.reshape(np.copy(windows, "C"), (12, -1))


def convolved(x: Any, w: Any) -> Any:
    return np.reshape(w, (5, 12)) @ columns(x)


def convolved_from_the_right(x: Any, w: Any) -> Any:
    return columns(x).T @ np.reshape(w, (5, 12)).T


def summed_by_rows(x: Any, v: Any) -> Any:
    """The derivative of `convolved` by its kernels, a row of the images at a time."""
    left, right = (np.moveaxis(np.reshape(y, (y.shape[0], 8, -1)), 1, 0) for y in (v, columns(x)))
    return np.sum(left @ right.swapaxes(-1, -2), axis=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [convolved, convolved_from_the_right, summed_by_rows])
def test_a_product_of_windows_is_that_of_their_copy(function: Any, dtype: Any) -> None:
    other = RNG.normal(size=(5, 8, 7, 32)) if function is summed_by_rows else KERNELS
    assert_agrees(function, [IMAGES.astype(dtype), other.astype(dtype)], 64)


def test_windows_are_not_copied_to_be_multiplied() -> None:
    assert loops(convolved, IMAGES, KERNELS) == 1
    assert loops(summed_by_rows, IMAGES, RNG.normal(size=(5, 8, 7, 32))) == 1


def test_windows_whose_vectors_lie_apart_are_copied() -> None:
    apart = np.ascontiguousarray(np.moveaxis(IMAGES, -1, 0))
    function = lambda x, w: convolved(np.moveaxis(x, 0, -1), w)
    assert loops(function, apart, KERNELS) == 2
    assert_agrees(function, [apart, KERNELS], 64)


@settings(max_examples=60, deadline=None)
@given(captured(exact=True))
def test_any_program_that_c_can_say_gives_what_it_means(drawn: Drawn) -> None:
    if native.unsupported(drawn.program):
        return
    built = native.build(drawn.program)
    for seed in range(2):
        inputs = drawn.inputs(seed)
        expected, _ = run(lambda: evaluate(drawn.program, drawn.inputs(seed)), drawn.generator, seed)  # noqa: B023
        found, _ = run(lambda: built(inputs), drawn.generator, seed)  # noqa: B023
        for y, z in zip(found, expected, strict=True):
            np.testing.assert_array_equal(y, z)
