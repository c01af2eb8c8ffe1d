"""The functions behind the layers and losses, as `torch.nn.functional` spells them."""

from nn.functional.activation import *
from nn.functional.adaptive import *
from nn.functional.conv import *
from nn.functional.linear import *
from nn.functional.loss import *
from nn.functional.pooling import *

__all__ = [
    *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"),
    *("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"),
    *("avg_pool1d", "avg_pool2d", "avg_pool3d", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d"),
    *("conv_transpose3d", "linear", "max_pool1d", "max_pool2d", "max_pool3d", "mse_loss", "relu", "sigmoid", "tanh"),
]
