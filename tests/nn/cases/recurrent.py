"""Recurrent layers and cells."""

import numpy as np

from tests.nn.cases import Input, case


def states(*shape: int) -> Input:
    """The two states of an LSTM."""
    return lambda rng: tuple(np.random.default_rng(i).normal(size=shape) for i in range(2))


CELLS = [
    of_kind
    for kind in ("RNNCell", "LSTMCell", "GRUCell")
    for of_kind in (case(f"{kind}(2, 3)", (4, 2)), case(f"{kind}(2, 3, bias=False)", (2,)))
]
LAYERS = [
    of_kind
    for kind in ("RNN", "LSTM", "GRU")
    for of_kind in (
        case(f"{kind}(2, 3)", (4, 5, 2)),
        case(f"{kind}(2, 3, bias=False)", (4, 2)),
        case(f"{kind}(2, 3, num_layers=2, bidirectional=True, batch_first=True)", (2, 4, 2)),
    )
]
CASES = [
    *CELLS,
    *LAYERS,
    case("RNNCell(2, 3, nonlinearity='relu')", (4, 2), (4, 3)),
    case("GRUCell(2, 3)", (4, 2), (4, 3)),
    case("LSTMCell(2, 3)", (4, 2), states(4, 3)),
    case("RNN(2, 3, nonlinearity='relu')", (4, 5, 2), (1, 5, 3)),
    case("GRU(2, 3, num_layers=2)", (4, 5, 2), (2, 5, 3)),
    case("LSTM(2, 3)", (4, 2), states(1, 3)),
    case("LSTM(2, 3, num_layers=2, dropout=0.5)", (4, 5, 2), exact=False),
]
