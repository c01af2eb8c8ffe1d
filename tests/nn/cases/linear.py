"""Linear layers."""

from tests.nn.cases import case

CASES = [
    case("Linear(3, 2)", (4, 3)),
    case("Linear(3, 2, bias=False)", (2, 4, 3)),
    case("Linear(3, 2)", (3,)),
    case("Bilinear(3, 4, 2)", (5, 3), (5, 4)),
    case("Bilinear(3, 4, 2, bias=False)", (2, 5, 3), (2, 5, 4)),
    case("Bilinear(3, 4, 2)", (3,), (4,)),
]
