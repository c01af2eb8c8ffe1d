"""Neural networks on `autodiff`, spelled as PyTorch spells them."""

from nn import functional as functional
from nn import init as init
from nn import optim as optim
from nn.modules import *
from nn.parameter import *
from nn.random import *

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
    "init",
    "manual_seed",
    "optim",
]
