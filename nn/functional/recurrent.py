"""Recurrent networks: what a cell computes in one step, and layers of cells that run over time.

A cell is a function of the two products of a step, `input weight_ihᵀ + bias_ih` and `h weight_hhᵀ + bias_hh`, and of its state: a
tuple whose first part is `h`, what it puts out. The input products of all steps are one matrix product.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad
from autodiff import extend
from nn import functional
from nn.functional.linear_maps import linear

__all__: list[str] = []

State = tuple[Any, ...]


class Kind(NamedTuple):
    """What is particular to a kind of cell: `step(x, p, state)` of the products of input and `h` gives the next state."""

    gates: int  # how many times `hidden_size` elements the products have
    parts: tuple[str, ...]  # of the state
    step: Callable[[Any, Any, State], State]


class Weights(NamedTuple):
    """The parameters of a cell: those of the input, of `h`, and `hr: (proj_size, hidden_size)`, which projects the next `h`."""

    ih: Any
    hh: Any
    bias_ih: Any = None
    bias_hh: Any = None
    hr: Any = None


# --- one step ---------------------------------------------------------------------------------------------------------------------


def _parts(x: Any, n: int) -> list[Any]:
    """The `n` parts of the last axis."""
    size = x.shape[-1] // n
    return [x[..., i * size : (i + 1) * size] for i in range(n)]


@functools.cache
def _scales(size: int, dtype: Any) -> tuple[Any, Any, Any]:
    """`s`, `m`, `b`: `y = s tanh(s x) + m` is σ(x), but tanh(x) in the third quarter, and its derivative is `(1 - y) (y + b)`."""
    cell = (np.arange(size) // max(size // 4, 1) == 2).astype(dtype)
    return (1 + cell) / 2, (1 - cell) / 2, cell


def _lstm_gates(x: Any, /) -> Any:
    s, m, _ = _scales(x.shape[-1], x.dtype)
    y = x * s
    np.tanh(y, out=y)
    y *= s
    y += m
    return y


def _of_gates(g: Any, y: Any) -> Any:
    return g * ((1 - y) * (y + _scales(y.shape[-1], y.dtype)[2]))


_gates = extend.primitive(
    _lstm_gates,
    {"x": _of_gates},
    name="lstm gates",
    doc="""`sigmoid(x)`, but `tanh(x)` in the third quarter of the last axis: the gates of an LSTM, of the sum of its products.

    It is one function of tanh, which takes 60 % of the time of a sigmoid; that has the absolute accuracy of numbers near 1.
    """,
)


def _lstm_state(a: Any, c: Any, /) -> State:
    i, f, cell, o = _parts(a, 4)
    c = f * c + i * cell
    return o * np.tanh(c), c


def _through_cell(g: Any, y: Any, a: Any) -> Any:
    """The whole cotangent of the next `c`: what arrives there, and through `h = o tanh(c)`."""
    return g[1] + g[0] * _parts(a, 4)[3] * (1 - np.square(np.tanh(y[1])))


def _of_lstm_gates(g: Any, y: Any, a: Any, c: Any) -> Any:
    i, _, cell, _ = _parts(a, 4)
    to_c = _through_cell(g, y, a)
    return np.concatenate([to_c * cell, to_c * c, to_c * i, g[0] * np.tanh(y[1])], axis=-1)


_next = extend.primitive(
    _lstm_state,
    {"a": _of_lstm_gates, "c": lambda g, y, a: _through_cell(g, y, a) * _parts(a, 4)[1]},
    name="lstm state",
    doc="""The next `h = o tanh(c')` and `c' = f c + i g` of an LSTM, of its gates `a`, which are (i, f, g, o), and of `c`.""",
)


def _lstm(x: Any, p: Any, state: State) -> State:
    return tuple(_next(_gates(x + p), state[1]))


def _gru_gates(x: Any, p: Any, /) -> Any:
    size = x.shape[-1] // 3
    both = ad.sigmoid(x[..., : 2 * size] + p[..., : 2 * size])  # of both gates at once
    n = np.tanh(x[..., 2 * size :] + both[..., :size] * p[..., 2 * size :])
    return np.concatenate([both, n], axis=-1)


def _of_gru_gates(g: Any, y: Any, p: Any, of_p: bool) -> Any:
    (g_r, g_z, g_n), (r, z, n) = _parts(g, 3), _parts(y, 3)
    to_n = g_n * (1 - np.square(n))
    to_r = (g_r + to_n * _parts(p, 3)[2]) * (r * (1 - r))
    return np.concatenate([to_r, g_z * (z * (1 - z)), to_n * r if of_p else to_n], axis=-1)


_gates_of_gru = extend.primitive(
    _gru_gates,
    {"x": lambda g, y, p: _of_gru_gates(g, y, p, of_p=False), "p": lambda g, y, p: _of_gru_gates(g, y, p, of_p=True)},
    name="gru gates",
    doc="""`r = sigmoid(x₁ + p₁)`, `z = sigmoid(x₂ + p₂)` and `n = tanh(x₃ + r p₃)`, of thirds of `x` and `p`.""",
)


def _gru(x: Any, p: Any, state: State) -> State:
    _, z, n = _parts(_gates_of_gru(x, p), 3)
    return (n + z * (state[0] - n),)


RNN_TANH = Kind(1, ("h",), lambda x, p, state: (np.tanh(x + p),))
RNN_RELU = Kind(1, ("h",), lambda x, p, state: (ad.relu(x + p),))
LSTM = Kind(4, ("h", "c"), _lstm)
GRU = Kind(3, ("h",), _gru)


def _step(kind: Kind, x: Any, state: State, weights: Weights) -> State:
    """The next state, of the product `x` of the input."""
    state = kind.step(x, linear(state[0], weights.hh, weights.bias_hh), state)
    return state if weights.hr is None else (linear(state[0], weights.hr), *state[1:])


def cell(kind: Kind, input: Any, hx: Any, weights: Weights) -> State:
    """One step of a cell: its next state.

    Args:
        kind: of the cell.
        input: `(N, input_size)`, or `(input_size,)` without a batch.
        hx: the state: `h: (N, hidden_size)`, of an LSTM the tuple `(h, c)`; None for zeros.
        weights: the parameters.
    """
    features, hidden = np.shape(weights.ih)[1], np.shape(weights.hh)[1]
    shape = np.shape(input)
    if len(shape) not in (1, 2) or shape[-1] != features:
        raise ValueError(f"the input has shape {shape}; wanted (N, {features}), or ({features},) without a batch.")
    state = _state(kind, hx, [(*shape[:-1], hidden)] * len(kind.parts), weights.hh.dtype)
    return _step(kind, linear(input, weights.ih, weights.bias_ih), state, weights)


# --- over time --------------------------------------------------------------------------------------------------------------------


def layers(
    kind: Kind,
    input: Any,
    hx: Any,
    weights: Sequence[Weights],
    *,
    hidden_size: int,
    batch_first: bool,
    bidirectional: bool,
    dropout: float,
) -> tuple[Any, State]:
    """Layers of cells, each given what the one below put out at each time: what the last puts out, and the last states of all.

    Args:
        kind: of the cells.
        input: `(L, N, input_size)`, with `batch_first` `(N, L, input_size)`; `(L, input_size)` without a batch.
        hx: the first states `h: (layers, N, size)`, of an LSTM `(h, c)`, both directions of a layer one after another; None: zeros.
        weights: those of each cell, in that order.
        hidden_size: how many elements the state has, but for `h` where it is projected.
        batch_first: whether the batch is the first axis of input and output.
        bidirectional: whether each layer has two cells, of which the second runs backwards; their outputs are joined.
        dropout: which part of what a layer puts out the next one does not see.
    """
    x, restored = _time_first(input, weights[0].ih.shape[1], batch_first)
    sizes = [weights[0].hh.shape[1]] + [hidden_size] * (len(kind.parts) - 1)
    batch = x.shape[1:2] if np.ndim(input) == 3 else ()
    given = _state(kind, hx, [(len(weights), *batch, size) for size in sizes], weights[0].hh.dtype)
    given = given if batch else tuple(np.expand_dims(part, 1) for part in given)
    finals: list[State] = []
    while len(finals) < len(weights):
        x = functional.dropout(x, dropout) if finals and dropout else x
        outputs = []
        for backwards in (False, True)[: 1 + bidirectional]:
            k = len(finals)
            y, final = _run(kind, x, tuple(part[k] for part in given), weights[k], backwards)
            outputs.append(y)
            finals.append(final)
        x = np.concatenate(outputs, axis=-1) if bidirectional else outputs[0]
    last = tuple(np.stack(parts) for parts in zip(*finals, strict=True))
    return restored(x), last if batch else tuple(part[:, 0] for part in last)


def _run(kind: Kind, x: Any, state: State, weights: Weights, backwards: bool) -> tuple[Any, State]:
    """What one cell puts out at each time, and its last state."""
    products = linear(x, weights.ih, weights.bias_ih)
    times = range(x.shape[0])
    outputs: list[Any] = [None] * len(times)
    for t in times[::-1] if backwards else times:
        state = _step(kind, products[t], state, weights)
        outputs[t] = state[0]
    return np.stack(outputs), state


def _time_first(input: Any, features: int, batch_first: bool) -> tuple[Any, Callable[[Any], Any]]:
    """The input as `(L, N, features)`, and the function that gives an output the axes that the input had."""
    shape = np.shape(input)
    wanted = f"({'N, L' if batch_first else 'L, N'}, {features}), or (L, {features}) without a batch"
    if len(shape) not in (2, 3) or shape[-1] != features:
        raise ValueError(
            f"the input has shape {shape}; wanted {wanted}. Sequences of several lengths: pad them, with nn.utils.rnn.pad_sequence."
        )
    if shape[-2 if len(shape) == 2 or batch_first else 0] == 0:
        raise ValueError(f"the input has shape {shape}, which is no step; wanted {wanted}.")
    if len(shape) == 2:
        return np.expand_dims(input, 1), lambda y: y[:, 0]
    return (np.swapaxes(input, 0, 1), lambda y: np.swapaxes(y, 0, 1)) if batch_first else (input, lambda y: y)


def _state(kind: Kind, hx: Any, shapes: list[tuple[int, ...]], dtype: Any) -> State:
    """The state that is given, checked, or zeros."""
    if hx is None:
        return tuple(np.zeros(shape, dtype) for shape in shapes)
    single = len(kind.parts) == 1
    if not single and not (isinstance(hx, (tuple, list)) and len(hx) == len(shapes)):
        given = f"{type(hx).__name__} of {len(hx)}" if isinstance(hx, (tuple, list)) else type(hx).__name__
        raise TypeError(f"the state is {given}; wanted the tuple ({', '.join(kind.parts)}), or None for zeros.")
    state = (hx,) if single else tuple(hx)
    for name, part, shape in zip(kind.parts, state, shapes, strict=True):
        if np.shape(part) != shape:
            raise ValueError(f"{name} of the state has shape {np.shape(part)}; wanted {shape}.")
    return state
