"""Optimizers, one file each."""

from nn.optim.optimizer import *
from nn.optim.sgd import *

__all__ = ["Optimizer", "SGD"]
