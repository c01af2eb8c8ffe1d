"""Joining, rearranging, padding, choosing, sorting, writing, sums and products: PyTorch's values and gradients, at ties as well."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_against_pytorch import assert_same

import autodiff as ad

pytestmark = pytest.mark.peer

PLACES, MASK = np.array([[2, 0], [1, 1]]), np.array([[True, False, True], [False, True, True]])


def _end_to_end(parts: Any) -> Any:
    return ad.concat(list(parts), None)


def _all(torch: Any, parts: Any) -> Any:
    return torch.cat([part.reshape(-1) for part in parts])


def _pad(torch: Any, x: Any, widths: Any, mode: str) -> Any:
    return torch.nn.functional.pad(x[None, None], widths, mode=mode)[0, 0]


def _written(write: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """What a copy is after it was written to."""

    def of(x: Any, v: Any) -> Any:
        y = x * 1
        write(y, v)
        return y

    return of


# What each is here, what it is in PyTorch, of two matrices.
PAIRS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any, Any], Any]]] = {
    "vstack": (lambda x, v: np.vstack([x, v]), lambda torch, x, v: torch.vstack([x, v])),
    "hstack": (lambda x, v: np.hstack([x, v]), lambda torch, x, v: torch.hstack([x, v])),
    "dstack": (lambda x, v: np.dstack([x, v]), lambda torch, x, v: torch.dstack([x, v])),
    "column_stack": (lambda x, v: np.column_stack([x, v[:, 0]]), lambda torch, x, v: torch.column_stack([x, v[:, 0]])),
    "atleast_1d": (lambda x, v: np.atleast_1d(x[0, 0]), lambda torch, x, v: torch.atleast_1d(x[0, 0])),
    "atleast_2d": (lambda x, v: np.atleast_2d(x[0]), lambda torch, x, v: torch.atleast_2d(x[0])),
    "atleast_3d": (lambda x, v: np.atleast_3d(x), lambda torch, x, v: torch.atleast_3d(x)),
    "array_split": (lambda x, v: np.array_split(x, 2, 1)[1], lambda torch, x, v: torch.tensor_split(x, 2, 1)[1]),
    "hsplit": (lambda x, v: np.hsplit(x, [1])[1], lambda torch, x, v: torch.hsplit(x, [1])[1]),
    "vsplit": (lambda x, v: np.vsplit(x, 2)[1], lambda torch, x, v: torch.vsplit(x, 2)[1]),
    "unstack": (lambda x, v: ad.unstack(x, axis=1)[2], lambda torch, x, v: torch.unbind(x, 1)[2]),
    "broadcast_arrays": (
        lambda x, v: _end_to_end(np.broadcast_arrays(x, v[:1])),
        lambda torch, x, v: _all(torch, torch.broadcast_tensors(x, v[:1])),
    ),
    "meshgrid": (
        lambda x, v: _end_to_end(np.meshgrid(x[0], v[:, 0])),
        lambda torch, x, v: _all(torch, torch.meshgrid(x[0], v[:, 0], indexing="xy")),
    ),
    "flipud": (lambda x, v: np.flipud(x), lambda torch, x, v: torch.flipud(x)),
    "fliplr": (lambda x, v: np.fliplr(x), lambda torch, x, v: torch.fliplr(x)),
    "rot90": (lambda x, v: np.rot90(x, 3), lambda torch, x, v: torch.rot90(x, 3)),
    "repeat": (lambda x, v: np.repeat(x, [2, 0, 1], 1), lambda torch, x, v: x.repeat_interleave(torch.tensor([2, 0, 1]), 1)),
    "tile": (lambda x, v: np.tile(x, (2, 1, 3)), lambda torch, x, v: torch.tile(x, (2, 1, 3))),
    "pad": (lambda x, v: np.pad(x, ((1, 0), (2, 3))), lambda torch, x, v: _pad(torch, x, (2, 3, 1, 0), "constant")),
    "edge": (lambda x, v: ad.pad(x, ((1, 0), (2, 3)), "edge"), lambda torch, x, v: _pad(torch, x, (2, 3, 1, 0), "replicate")),
    "reflect": (lambda x, v: ad.pad(x, ((1, 0), (2, 1)), "reflect"), lambda torch, x, v: _pad(torch, x, (2, 1, 1, 0), "reflect")),
    "wrap": (lambda x, v: ad.pad(x, ((1, 0), (2, 1)), "wrap"), lambda torch, x, v: _pad(torch, x, (2, 1, 1, 0), "circular")),
    "take": (lambda x, v: np.take(x, [5, 0, 0]), lambda torch, x, v: torch.take(x, torch.tensor([5, 0, 0]))),
    "take_along_axis": (
        lambda x, v: np.take_along_axis(x, PLACES, 1),
        lambda torch, x, v: torch.take_along_dim(x, torch.from_numpy(PLACES), 1),
    ),
    "extract": (lambda x, v: np.extract(MASK, x), lambda torch, x, v: torch.masked_select(x, torch.from_numpy(MASK))),
    "sort": (lambda x, v: np.sort(x, axis=1), lambda torch, x, v: torch.sort(x, dim=1, stable=True).values),
    "sort descending": (
        lambda x, v: ad.sort(x, 0, descending=True),
        lambda torch, x, v: torch.sort(x, dim=0, descending=True, stable=True).values,
    ),
    "put_along_axis": (
        _written(lambda y, v: np.put_along_axis(y, PLACES[:1], v[:1, :2], 1)),
        lambda torch, x, v: x.scatter(1, torch.from_numpy(np.array([[2, 0], [2, 0]])), v[:1, :2].expand(2, 2)),
    ),
    "place": (_written(lambda y, v: np.place(y, MASK, v)), lambda torch, x, v: x.masked_scatter(torch.from_numpy(MASK), v)),
    "fill": (_written(lambda y, v: y.fill(v[0, 0])), lambda torch, x, v: v[0, 0].expand(2, 3) + 0 * x),
    "split": (lambda x, v: np.split(x, [1], 1)[1], lambda torch, x, v: torch.tensor_split(x, [1], 1)[1]),
    "dot": (lambda x, v: np.dot(x[0], v[0]), lambda torch, x, v: torch.dot(x[0], v[0])),
    "multi_dot": (lambda x, v: np.linalg.multi_dot([x, v.T, x]), lambda torch, x, v: torch.linalg.multi_dot([x, v.T, x])),
    "frexp": (lambda x, v: np.frexp(v)[0], lambda torch, x, v: torch.frexp(v).mantissa),
    "ldexp": (lambda x, v: np.ldexp(x, [1, 2, -3]), lambda torch, x, v: torch.ldexp(x, torch.tensor([1.0, 2, -3]).double())),
    "diff": (
        lambda x, v: np.diff(x, 2, axis=1, prepend=v[:, :1], append=v),
        lambda torch, x, v: torch.diff(x, 2, dim=1, prepend=v[:, :1], append=v),
    ),
    "trapezoid": (lambda x, v: np.trapezoid(x, v, axis=0), lambda torch, x, v: torch.trapezoid(x, v, dim=0)),
    "cumulative_sum": (lambda x, v: ad.cumulative_sum(x, axis=1), lambda torch, x, v: torch.cumsum(x, 1)),
    "cumulative_prod": (lambda x, v: ad.cumulative_prod(x, axis=1), lambda torch, x, v: torch.cumprod(x, 1)),
    "cov": (lambda x, v: np.cov(x, aweights=v[0]), lambda torch, x, v: torch.cov(x, aweights=v[0])),
    "corrcoef": (lambda x, v: np.corrcoef(x + v * v), lambda torch, x, v: torch.corrcoef(x + v * v)),
    "put": (
        _written(lambda y, v: np.put(y, [4, 0], v[0, :2])),
        lambda torch, x, v: x.put(torch.tensor([4, 0]), v[0, :2]),
    ),
}


@pytest.mark.parametrize("x", [[[3.0, 1.0, 2.0], [0.5, 4.0, -1.0]], [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]], ids=["different", "ties"])
@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_are_those_of_pytorch(name: str, x: list[list[float]], torch: Any) -> None:
    ours, theirs = PAIRS[name]
    inputs = [np.array(x), np.array([[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]])]
    g = np.random.default_rng(0).normal(size=np.shape(ours(*inputs)))
    assert_same(torch, ours, lambda x, v: theirs(torch, x, v), inputs, g)
