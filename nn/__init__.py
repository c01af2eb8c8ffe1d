"""Neural networks on `autodiff`, spelled as PyTorch spells them."""

from nn import functional as functional
from nn import init as init
from nn import optim as optim
from nn import utils as utils
from nn.modules import *
from nn.parameter import *
from nn.random import *
from nn.serialization import *

__all__ = [
    "Linear",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "functional",
    "get_rng_state",
    "init",
    "load",
    "manual_seed",
    "optim",
    "save",
    "set_rng_state",
    "utils",
]
