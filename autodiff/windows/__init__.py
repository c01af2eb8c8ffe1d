"""Windows that slide over an array, in any number of dimensions: all of them (`unfold`), convolutions, pooling.

`stride` is the step from one window to the next, `dilation` that from one element of a window to the next, and `padding` how
many elements stand before and after each axis: one integer for all spatial axes, or one for each of them. `padding` may also be a
pair `(before, after)` for each.
"""

from autodiff.windows.convolutions import *
from autodiff.windows.pooling import *
from autodiff.windows.sliding import *

__all__ = ["avg_pool", "conv_transpose", "conv_weight", "convolution", "fold", "largest", "max_pool", "unfold"]
