"""Transformers."""

from tests.nn.cases import case

LAYER = "nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0)"
DECODER_LAYER = "nn.TransformerDecoderLayer(4, 2, 6, dropout=0.0)"
CASES = [
    case("TransformerEncoderLayer(4, 2, 6, dropout=0.0)", (3, 2, 4)),
    case("TransformerEncoderLayer(4, 2, 6, 0.0, 'gelu', norm_first=True, batch_first=True, bias=False)", (2, 3, 4)),
    case("TransformerEncoderLayer(4, 2, 6, 0.0, nn.Tanh(), layer_norm_eps=0.1)", (3, 4)),
    case("TransformerEncoderLayer(4, 2, 6)", (3, 2, 4), exact=False),
    case("TransformerDecoderLayer(4, 2, 6, dropout=0.0)", (3, 2, 4), (5, 2, 4)),
    case("TransformerDecoderLayer(4, 2, 6, dropout=0.0, norm_first=True)", (3, 4), (5, 4)),
    case(f"TransformerEncoder({LAYER}, 2, enable_nested_tensor=False)", (3, 2, 4)),
    case(f"TransformerDecoder({DECODER_LAYER}, 2, nn.LayerNorm(4))", (3, 2, 4), (5, 2, 4)),
    case("Transformer(4, 2, 1, 2, 6, dropout=0.0, batch_first=True)", (2, 5, 4), (2, 3, 4)),
]
