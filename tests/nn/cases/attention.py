"""Attention."""

from tests.nn.cases import case

QUERY, KEY = (3, 2, 4), (5, 2, 4)
CASES = [
    case("MultiheadAttention(4, 2)", QUERY, KEY, KEY),
    case("MultiheadAttention(4, 2, bias=False, batch_first=True)", (2, 3, 4), (2, 5, 4), (2, 5, 4)),
    case("MultiheadAttention(4, 1, add_bias_kv=True, add_zero_attn=True)", QUERY, KEY, KEY),
    case("MultiheadAttention(4, 2, kdim=3, vdim=5)", QUERY, (5, 2, 3), (5, 2, 5)),
    case("MultiheadAttention(4, 2)", (3, 4), (5, 4), (5, 4)),
    case("MultiheadAttention(4, 2, dropout=0.5)", QUERY, KEY, KEY, exact=False),
]
