"""Tables that are looked up."""

import numpy as np

from tests.nn.cases import Input, case, integers


def array(*numbers: int) -> Input:
    """These whole numbers."""
    return lambda rng: np.array(numbers)


CASES = [
    case("Embedding(5, 3)", integers(5, 2, 4)),
    case("Embedding(5, 3, padding_idx=-2)", integers(5, 12)),
    case("Embedding(5, 3, max_norm=1.0, norm_type=1.0)", integers(5, 4)),
    case("Embedding(5, 3, scale_grad_by_freq=True, padding_idx=0)", integers(5, 12)),
    case("EmbeddingBag(5, 3)", integers(5, 2, 4)),
    case("EmbeddingBag(5, 3, mode='sum', padding_idx=2)", integers(5, 8), array(0, 3, 3)),
    case("EmbeddingBag(5, 3, mode='sum')", integers(5, 2, 4), lambda rng: None, (2, 4)),
    case("EmbeddingBag(5, 3, mode='max', include_last_offset=True)", lambda rng: rng.permutation(5), array(0, 3, 3, 5)),
    case("EmbeddingBag(5, 3, max_norm=1.5)", integers(5, 8), array(0, 3)),
    case("EmbeddingBag(5, 3, mode='mean', padding_idx=1)", integers(3, 8), array(0, 3, 4)),
]
