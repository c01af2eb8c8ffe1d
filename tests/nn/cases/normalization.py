"""Normalization."""

from tests.nn.cases import case

CASES = [
    case("BatchNorm1d(3)", (4, 3)),
    case("BatchNorm1d(3, momentum=None)", (4, 3, 5)),
    case("BatchNorm1d(3, eps=0.1, momentum=0.5, affine=False)", (4, 3)),
    case("BatchNorm1d(3, bias=False)", (4, 3)),
    case("BatchNorm2d(3, track_running_stats=False)", (4, 3, 2, 5)),
    case("BatchNorm2d(3)", (1, 3, 4, 5)),
    case("BatchNorm3d(2)", (2, 2, 3, 2, 3)),
    case("InstanceNorm1d(3)", (3, 5)),
    case("InstanceNorm1d(3, affine=True, track_running_stats=True, momentum=0.3)", (2, 3, 5)),
    case("InstanceNorm2d(3, affine=True)", (2, 3, 4, 5)),
    case("InstanceNorm3d(2, track_running_stats=True)", (2, 3, 2, 3)),
    case("LayerNorm(4)", (2, 3, 4)),
    case("LayerNorm((3, 4), eps=0.1, bias=False)", (2, 3, 4)),
    case("LayerNorm([4], elementwise_affine=False)", (4,)),
    case("RMSNorm(4)", (2, 3, 4)),
    case("RMSNorm((3, 4), eps=0.1, elementwise_affine=False)", (2, 3, 4)),
    case("GroupNorm(2, 6)", (3, 6)),
    case("GroupNorm(3, 6, eps=0.1)", (3, 6, 4)),
    case("GroupNorm(1, 2, affine=False)", (3, 2, 4, 5)),
    case("GroupNorm(2, 4, bias=False)", (3, 4, 4)),
    case("LocalResponseNorm(2)", (2, 5, 3)),
    case("LocalResponseNorm(3, alpha=0.5, beta=0.5, k=2.0)", (2, 5, 3, 2)),
]
