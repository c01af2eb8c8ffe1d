"""Dropout."""

from tests.nn.cases import case

CASES = [
    case("Dropout()", (3, 4), exact=False),
    case("Dropout(0.2, inplace=True)", (3,), exact=False),
    case("Dropout(0)", (3, 4)),
    case("Dropout(1)", (3, 4)),
    case("Dropout1d(0.2)", (2, 3, 4), exact=False),
    case("Dropout1d(0.2)", (3, 4), exact=False),
    case("Dropout1d(0.0)", (3, 4)),
    case("Dropout2d(0.2)", (2, 3, 4, 2), exact=False),
    case("Dropout2d(1.0)", (2, 3, 4, 2)),
    case("Dropout3d(0.2)", (2, 3, 4, 2, 2), exact=False),
    case("Dropout3d(0.2)", (3, 4, 2, 2), exact=False),
    case("AlphaDropout()", (3, 4), exact=False),
    case("AlphaDropout(0)", (3, 4)),
    case("AlphaDropout(1)", (3, 4)),
    case("FeatureAlphaDropout(0.2)", (3, 4, 2), exact=False),
    case("FeatureAlphaDropout(1)", (3, 4)),
]
