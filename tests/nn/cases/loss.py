"""Losses."""

from tests.nn.cases import case

CASES = [case(f"MSELoss({reduction})", (3, 4), (3, 4)) for reduction in ("", "reduction='sum'", "reduction='none'")]
