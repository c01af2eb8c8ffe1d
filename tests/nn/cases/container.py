"""Modules made of others."""

from tests.nn.cases import case

CASES = [
    case("Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Sequential(nn.Linear(2, 2), nn.Sigmoid()))", (4, 3)),
]
