"""What training needs beside layers: data, and gradients and parameters as a whole. As `torch.nn.utils` and `torch.utils.data`."""

from nn.utils import data as data
from nn.utils import rnn as rnn
from nn.utils.clip_grad import *
from nn.utils.convert_parameters import *

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "data", "get_total_norm"]
__all__ += ["parameters_to_vector", "rnn", "vector_to_parameters"]
