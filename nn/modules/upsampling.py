"""Images made larger or smaller."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.functional.naming import errors_of
from nn.functional.upsampling import check_options
from nn.modules.function import FunctionModule

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(FunctionModule, function=functional.interpolate):
    """`x` read at other places, so that its axes have other lengths. As `torch.nn.Upsample`; see `nn.functional.interpolate`.

    Args:
        size: their new lengths, or one for all.
        scale_factor: what the lengths are multiplied by; one of both is given.
        mode: `"nearest"`, `"linear"`, `"bilinear"`, `"bicubic"`, `"trilinear"`, or another of `interpolate`.
        align_corners: whether the middles of the outermost pixels stay where they are.
        recompute_scale_factor: whether the steps follow from the lengths, also if `scale_factor` is given.

    >>> nn.Upsample(scale_factor=2, mode="bilinear")(np.ones((1, 3, 4, 4))).shape
    (1, 3, 8, 8)
    """

    antialias = False

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        with errors_of(type(self).__name__):
            check_options(size, scale_factor, mode, align_corners, recompute_scale_factor, False)
        many = isinstance(scale_factor, (tuple, list))
        self.size = size
        self.scale_factor = tuple(map(float, scale_factor)) if many else None if scale_factor is None else float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def extra_repr(self) -> str:
        """How large it becomes, and how."""
        size = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` of the mode `"nearest"`. As `torch.nn.UpsamplingNearest2d`.

    >>> nn.UpsamplingNearest2d(scale_factor=2)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 8, 8)
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of the mode `"bilinear"` with `align_corners`. As `torch.nn.UpsamplingBilinear2d`.

    >>> nn.UpsamplingBilinear2d(scale_factor=2)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 8, 8)
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
