"""Borders."""

from tests.nn.cases import case

SHAPES = {1: (2, 3, 4), 2: (2, 1, 3, 4), 3: (1, 1, 3, 3, 4)}
CASES = [
    of_settings
    for n, shape in SHAPES.items()
    for of_settings in (
        *(case(f"{kind}Pad{n}d(2)", shape) for kind in ("Circular", "Reflection", "Replication", "Zero")),
        *(case(f"{kind}Pad{n}d({(2, 1, 0, 2, 1, 0)[: 2 * n]})", shape[1:]) for kind in ("Reflection", "Replication", "Circular")),
        case(f"ZeroPad{n}d({(1, -1, 0, 2, -1, 0)[: 2 * n]})", shape),
        case(f"ConstantPad{n}d(1, 0.5)", shape),
        case(f"ConstantPad{n}d({(-1, 2, 1, 1, 0, 2)[: 2 * n]}, value=-2)", shape[1:]),
    )
]
