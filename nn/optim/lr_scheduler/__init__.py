"""Schedules of the learning rate, spelled as `torch.optim.lr_scheduler`: `scheduler.step()` after each epoch or each step."""

from nn.optim.lr_scheduler.combined import *
from nn.optim.lr_scheduler.cycles import *
from nn.optim.lr_scheduler.factors import *
from nn.optim.lr_scheduler.functions import *
from nn.optim.lr_scheduler.plateau import *
from nn.optim.lr_scheduler.scheduler import *

__all__ = ["ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR"]
__all__ += ["LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR"]
__all__ += ["ReduceLROnPlateau", "SequentialLR", "StepLR"]
