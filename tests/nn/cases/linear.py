"""Linear layers."""

from tests.nn.cases import case

CASES = [
    case("Linear(3, 2)", (4, 3)),
    case("Linear(3, 2, bias=False)", (2, 4, 3)),
    case("Linear(3, 2)", (3,)),
]
