"""Nonlinearities."""

from tests.nn.cases import case

CASES = [
    case("ReLU()", (3, 4)),
    case("ReLU(inplace=True)", (3,)),
    case("Sigmoid()", (3, 4)),
    case("Tanh()", (3, 4)),
]
