"""Distances of vectors, and the cosines between them."""

from tests.nn.cases import case

CASES = [
    case("CosineSimilarity()", (3, 4), (3, 4)),
    case("CosineSimilarity(dim=-1, eps=1e-3)", (2, 3, 4), (3, 4)),
    case("CosineSimilarity(dim=0)", (4,), (4,)),
    case("PairwiseDistance()", (3, 4), (3, 4)),
    case("PairwiseDistance(p=1.0, eps=0.0, keepdim=True)", (3, 4), (3, 4)),
    case("PairwiseDistance(3.0)", (4,), (4,)),
]
