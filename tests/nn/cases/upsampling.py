"""Images made larger or smaller."""

from tests.nn.cases import case

CASES = [
    *(case(f"Upsample(scale_factor=2, mode='{mode}')", (2, 3, 4)) for mode in ("nearest", "linear", "nearest-exact", "area")),
    *(case(f"Upsample(scale_factor=(2, 1.5), mode='{mode}')", (1, 2, 3, 4)) for mode in ("nearest", "bilinear", "bicubic")),
    *(case(f"Upsample(size=(3, 7), mode='{mode}')", (1, 2, 3, 4)) for mode in ("nearest", "bilinear", "bicubic", "area")),
    *(case(f"Upsample(5, mode='{mode}', align_corners=True)", (1, 2, 3, 4)) for mode in ("bilinear", "bicubic")),
    *(case(f"Upsample(scale_factor=1.5, mode='{mode}')", (1, 2, 3, 4, 2)) for mode in ("nearest", "trilinear", "area")),
    case("Upsample(scale_factor=2.7, mode='bilinear', recompute_scale_factor=True)", (1, 2, 3, 4)),
    case("UpsamplingNearest2d(scale_factor=2)", (1, 2, 3, 4)),
    case("UpsamplingNearest2d((5, 3))", (1, 2, 3, 4)),
    case("UpsamplingBilinear2d(size=6)", (1, 2, 3, 4)),
    case("UpsamplingBilinear2d(scale_factor=(2, 3))", (1, 2, 3, 4)),
]
