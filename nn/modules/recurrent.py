"""Recurrent layers and cells. See `nn/functional/recurrent.py` for what they compute."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from nn import init
from nn.functional import recurrent
from nn.functional.naming import errors_of
from nn.functional.recurrent import Kind, Weights
from nn.modules.module import Module
from nn.modules.settings import integer, on_cpu, one_of, probability
from nn.parameter import Parameter

__all__ = ["GRU", "GRUCell"]
__all__ += ["LSTM", "LSTMCell"]
__all__ += ["RNN", "RNNCell"]

_OF_RNN = {"tanh": recurrent.RNN_TANH, "relu": recurrent.RNN_RELU}


class Recurrent(Module):
    """Cells of one kind, whose parameters start uniformly from ±1 / sqrt(hidden_size)."""

    nonlinearity = ""  # of those that may have several
    kind: Kind  # of the class, or looked up by the nonlinearity
    hidden_size: int

    def _choose(self, nonlinearity: str) -> None:
        """Be of the kind of RNN that has this nonlinearity."""
        one_of(type(self).__name__, "nonlinearity", nonlinearity, tuple(_OF_RNN))
        self.nonlinearity = nonlinearity

    def _be_sized(self, device: Any, **sizes: int) -> None:
        """Have these sizes, where NumPy computes."""
        on_cpu(type(self).__name__, device)
        for name, value in sizes.items():
            setattr(self, name, integer(type(self).__name__, name, value))

    def _add_cell(self, end: str, features: int, bias: bool, dtype: Any, proj_size: int = 0) -> None:
        """Make the parameters of a cell, whose names end so."""
        rows, size = self._kind.gates * self.hidden_size, proj_size or self.hidden_size
        shapes: dict[str, Any] = {"weight_ih": (rows, features), "weight_hh": (rows, size)}
        shapes |= {"bias_ih": bias and (rows,), "bias_hh": bias and (rows,), "weight_hr": proj_size and (size, self.hidden_size)}
        for name, shape in shapes.items():
            self.register_parameter(name + end, Parameter(np.zeros(shape), dtype=dtype) if shape else None)

    def _weights(self, end: str) -> Weights:
        return Weights(*(getattr(self, name + end) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")))

    @property
    def _kind(self) -> Kind:
        return _OF_RNN[self.nonlinearity] if self.nonlinearity else self.kind

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _told(self, **defaults: Any) -> str:
        """The sizes, and the settings that are not what they are by default."""
        values = {name: getattr(self, name) for name in defaults}
        return ", ".join([
            f"{self.input_size}, {self.hidden_size}",
            *(f"{name}={value}" for name, value in values.items() if value != defaults[name]),
        ])  # fmt: skip


# --- cells ------------------------------------------------------------------------------------------------------------------------


class RecurrentCell(Recurrent):
    """One step of a recurrent network."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self._be_sized(device, input_size=input_size, hidden_size=hidden_size)
        self.bias = bias
        self._add_cell("", input_size, bias, dtype)
        self.reset_parameters()

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Compute the next state."""
        with errors_of(type(self).__name__):
            state = recurrent.cell(self._kind, input, hx, self._weights(""))
        return state if len(state) > 1 else state[0]

    def extra_repr(self) -> str:
        """The sizes and settings."""
        return self._told(bias=True, nonlinearity="tanh" if self.nonlinearity else "")


class RNNCell(RecurrentCell):
    """`h' = tanh(x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh)`, or ReLU of it. As `torch.nn.RNNCell`.

    Args:
        input_size: how many elements `x` has.
        hidden_size: how many elements `h` has.
        bias: whether there are `bias_ih` and `bias_hh`.
        nonlinearity: `"tanh"` or `"relu"`.
        device: `"cpu"`, if given.
        dtype: the type of the parameters; float64 if not given.

    Shapes: `x: (N, input_size)`, `h: (N, hidden_size)`, zeros if not given; or both without `N`. `weight_ih: (hidden_size,
    input_size)`, `weight_hh: (hidden_size, hidden_size)`. The parameters start uniformly from ±1 / sqrt(hidden_size).

    >>> nn.RNNCell(2, 3)(np.ones((5, 2)), np.ones((5, 3))).shape
    (5, 3)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self._choose(nonlinearity)
        super().__init__(input_size, hidden_size, bias, device, dtype)


class LSTMCell(RecurrentCell):
    """`c' = σ(f) c + σ(i) tanh(g)` and `h' = σ(o) tanh(c')`. As `torch.nn.LSTMCell`.

    `i`, `f`, `g` and `o` are the quarters of `x weight_ihᵀ + bias_ih + h weight_hhᵀ + bias_hh`. Called with `x` and the tuple
    `(h, c)`, zeros if not given, it returns the tuple `(h', c')`. Arguments and shapes are those of `RNNCell`, but that the
    parameters have `4 hidden_size` rows.

    >>> h, c = nn.LSTMCell(2, 3)(np.ones((5, 2)))
    >>> h.shape, c.shape
    ((5, 3), (5, 3))
    """

    kind = recurrent.LSTM


class GRUCell(RecurrentCell):
    """`h' = (1 - z) n + z h`, with `r`, `z = σ(...)` and `n = tanh(x₃ + r p₃)`. As `torch.nn.GRUCell`.

    `r = σ(x₁ + p₁)` and `z = σ(x₂ + p₂)`, of the thirds of `x weight_ihᵀ + bias_ih` and `p = h weight_hhᵀ + bias_hh`. Arguments and
    shapes are those of `RNNCell`, but that the parameters have `3 hidden_size` rows.

    >>> nn.GRUCell(2, 3)(np.ones((5, 2))).shape
    (5, 3)
    """

    kind = recurrent.GRU


# --- layers -----------------------------------------------------------------------------------------------------------------------


class RecurrentLayers(Recurrent):
    """Layers of cells that run over time."""

    proj_size = 0  # of those that project

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        where = type(self).__name__
        self._be_sized(device, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        probability(where, "dropout", dropout)
        if dropout and num_layers == 1:
            text = f"{where}: dropout is {dropout}, but it is between layers, and num_layers is 1: nothing is dropped."
            warnings.warn(text, stacklevel=2 + ("__init__" in vars(type(self))))
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        outputs = (self.proj_size or hidden_size) * (1 + bidirectional)
        for end in self._ends:
            self._add_cell(end, input_size if end.startswith("_l0") else outputs, bias, dtype, self.proj_size)
        self.reset_parameters()

    @property
    def _ends(self) -> list[str]:
        """How the names of the parameters of each cell end."""
        return [f"_l{i}{way}" for i in range(self.num_layers) for way in ("", "_reverse")[: 1 + self.bidirectional]]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each cell."""
        return [[p for p in self._weights(end) if p is not None] for end in self._ends]

    def flatten_parameters(self) -> None:
        """Do nothing: there is one way in which parameters lie in memory."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Compute what the last layer puts out at each time, and the last states of all layers."""
        with errors_of(type(self).__name__):
            output, state = recurrent.layers(
                self._kind,
                input,
                hx,
                [self._weights(end) for end in self._ends],
                hidden_size=self.hidden_size,
                batch_first=self.batch_first,
                bidirectional=self.bidirectional,
                dropout=self.dropout if self.training else 0.0,
            )
        return output, state if len(state) > 1 else state[0]

    def extra_repr(self) -> str:
        """The sizes and settings."""
        return self._told(proj_size=0, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False)


class RNN(RecurrentLayers):
    """Layers of `RNNCell`s over time. As `torch.nn.RNN`.

    Args:
        input_size: how many elements the input has at each time.
        hidden_size: how many elements the state of a cell has.
        num_layers: how many layers there are, each given what the one below puts out.
        nonlinearity: `"tanh"` or `"relu"`.
        bias: whether there are biases.
        batch_first: whether the batch is the first axis of input and output, as it never is of the states.
        dropout: which part of what a layer puts out the next one does not see, while training.
        bidirectional: whether each layer has a second cell that runs backwards; the outputs of both are joined.
        device: `"cpu"`, if given.
        dtype: the type of the parameters; float64 if not given.

    Called with an input and a first state, zeros if not given, it returns the output and the last state.

    Shapes, with D = 1, or 2 if `bidirectional`: input `(L, N, input_size)`, output `(L, N, D hidden_size)`, states
    `(D num_layers, N, hidden_size)`; or all without `N`. The parameters of layer k are `weight_ih_lk: (hidden_size, input_size)`
    (for k > 0 `(hidden_size, D hidden_size)`), `weight_hh_lk: (hidden_size, hidden_size)`, `bias_ih_lk` and `bias_hh_lk:
    (hidden_size,)`, and those that end in `_reverse`. They start uniformly from ±1 / sqrt(hidden_size).

    Sequences of several lengths are padded (`nn.utils.rnn.pad_sequence`), and what follows their ends is left out of the loss.

    >>> output, h = nn.RNN(2, 3, num_layers=2)(np.ones((7, 5, 2)))
    >>> output.shape, h.shape
    ((7, 5, 3), (2, 5, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self._choose(nonlinearity)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)


class LSTM(RecurrentLayers):
    """Layers of `LSTMCell`s over time. As `torch.nn.LSTM`.

    Arguments and shapes are those of `RNN` without `nonlinearity`, but that the parameters have `4 hidden_size` rows and a state is
    the tuple `(h, c)`, and:

    Args:
        proj_size: if not 0, `h` is `weight_hr h`, with `weight_hr_lk: (proj_size, hidden_size)`; it and the output have `proj_size`
            elements in the place of `hidden_size`, fewer than that.

    >>> output, (h, c) = nn.LSTM(2, 3, bidirectional=True)(np.ones((7, 5, 2)))
    >>> output.shape, h.shape, c.shape
    ((7, 5, 6), (2, 5, 3), (2, 5, 3))
    """

    kind = recurrent.LSTM

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if not 0 <= proj_size < hidden_size:
            raise ValueError(
                f"LSTM: proj_size is {proj_size}; wanted less than hidden_size, which is {hidden_size}, or 0 for none."
            )
        self.proj_size = proj_size
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device, dtype)


class GRU(RecurrentLayers):
    """Layers of `GRUCell`s over time. As `torch.nn.GRU`.

    Arguments and shapes are those of `RNN` without `nonlinearity`, but that the parameters have `3 hidden_size` rows.

    >>> output, h = nn.GRU(2, 3, batch_first=True)(np.ones((5, 7, 2)))
    >>> output.shape, h.shape
    ((5, 7, 3), (1, 5, 3))
    """

    kind = recurrent.GRU
