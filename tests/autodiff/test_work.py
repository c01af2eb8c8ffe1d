"""What a computation costs is linear in the number of its operations, in each way of walking it back. Work is counted, not timed.

Rows are long, so that an operation that touches all rows, where one is meant, counts as much as many operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from work import is_linear

import autodiff as ad

WIDTH = 1000
Program = Callable[[Any], Any]  # of n rows, which gives something whose sum is walked back


def leaf(x: Any) -> Any:
    return ad.Tensor(x, requires_grad=True)


# --- programs --------------------------------------------------------------------------------------------------------------------


def chain(x: Any) -> Any:
    y = x[0] * 1.0
    for _ in range(len(x)):
        y = np.sin(y)
    return y


def ladder(x: Any) -> Any:
    """Of which the paths double at each step."""
    y = x[0] * 1.0
    for _ in range(len(x)):
        y = (y + y) * 0.5
    return y


def fan_out(x: Any) -> Any:
    row: Any = x[0] * 1.0
    total: Any = 0.0
    for i in range(len(x)):
        total = total + np.sum(row * i)
    return total


def residuals(x: Any) -> Any:
    y = x[0] * 1.0
    for _ in range(len(x)):
        y = y + np.tanh(y)
    return y


def by_iteration(x: Any) -> Any:
    return sum(np.sum(row * row) for row in x)


def _reading(read: Callable[[Any, int], Any]) -> Program:
    def program(x: Any) -> Any:
        return sum(np.sum(part * part) for part in (read(x, i) for i in range(len(x))))

    return program


def by_parts(x: Any) -> Any:
    return sum(np.sum(part * part) for part in np.split(x, len(x)))


def by_unstacking(x: Any) -> Any:
    return sum(np.sum(part * part) for part in ad.unstack(x))


def stacks_of_stacks(x: Any) -> Any:
    return np.stack([np.stack([np.stack([row, row * 2.0]), np.stack([row, row])]) for row in x])


def block_of_blocks(x: Any) -> Any:
    return np.block([[row[None], row[None] * 2.0] for row in x])


def sums_so_far(x: Any) -> Any:
    rows = [x[0]]
    for row in x[1:]:
        rows.append(rows[-1] + row)
    return np.concatenate(rows)


def results_of_many(x: Any) -> Any:
    """A few of the results of one operation, read in turn."""
    q, r = np.linalg.qr(np.reshape(x[:, :4], (len(x), 2, 2)))
    return sum(q[i, 0, 0] + r[i, 1, 1] for i in range(len(x)))


def writes(x: Any) -> Any:
    y = x * 0.0
    for i in range(len(x)):
        y[i] = x[i] * 2.0
    return y


def writes_that_read(x: Any) -> Any:
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] += y[i - 1] * 0.5
    return y


def writes_to_a_constant(x: Any) -> Any:
    y = ad.Tensor(np.zeros((len(x), WIDTH)))
    for i in range(len(x)):
        y[i, ::2] = x[i, ::2]
    return y


def inner_gradients(x: Any) -> Any:
    """Unrolled steps of gradient descent."""
    y = x[0]
    for _ in range(len(x)):
        y = y - 0.1 * ad.grad(lambda z: np.sum(z * z))(y)
    return y


def a_computed_row_read_late(x: Any) -> Any:
    y, total = x * 2.0, 0.0
    for i in range(len(x)):
        total = total + np.sum(y[i] * y[-1 - i])
    return total


READS: dict[str, Callable[[Any, int], Any]] = {
    "x[i]": lambda x, i: x[i],
    "x[-1 - i]": lambda x, i: x[-1 - i],
    "x[i : i + 1]": lambda x, i: x[i : i + 1],
    "x[[i]]": lambda x, i: x[[i]],
    "x[i, ::2]": lambda x, i: x[i, ::2],
    "x[i].T": lambda x, i: x[i].T,
    "take": lambda x, i: np.take(x, i, axis=0),
    "take_along_axis": lambda x, i: np.take_along_axis(x, np.full((1, WIDTH), i), axis=0),
}
PROGRAMS: list[Program] = [
    *(chain, ladder, fan_out, residuals, by_iteration, by_parts, by_unstacking, stacks_of_stacks, block_of_blocks, sums_so_far),
    *(results_of_many, writes, writes_that_read, writes_to_a_constant, inner_gradients, a_computed_row_read_late),
]
NAMED = {program.__name__: program for program in PROGRAMS} | {name: _reading(read) for name, read in READS.items()}

# --- ways of walking -------------------------------------------------------------------------------------------------------------


def twice(f: Program, x: np.ndarray) -> None:
    t = leaf(x)
    np.sum(f(t)).backward(create_graph=True)
    g, t.grad = t.grad, None
    if g.requires_grad:
        np.sum(g * g).backward()


WALKS: dict[str, Callable[[Program, np.ndarray], Any]] = {
    "backward": lambda f, x: np.sum(f(leaf(x))).backward(),
    "twice": twice,
    "grad": lambda f, x: ad.grad(lambda t: np.sum(f(t)))(x),
    "recorded only": lambda f, x: f(leaf(x)),
}


@pytest.mark.parametrize(
    "walk", [pytest.param(w, id=n, marks=[] if n == "backward" else [pytest.mark.long]) for n, w in WALKS.items()]
)
@pytest.mark.parametrize("program", NAMED.values(), ids=NAMED)
def test_work_is_linear_in_the_number_of_operations(program: Program, walk: Callable[[Program, np.ndarray], Any]) -> None:
    def prepared(n: int) -> Callable[[], Any]:
        x = np.random.default_rng(0).uniform(0.5, 1.5, (n, WIDTH))
        return lambda: walk(program, x)

    assert is_linear(prepared, 15)
