"""Functions to functions: derivatives of a function, with nothing left behind in its arguments."""

from autodiff.transforms.gradients import *
from autodiff.transforms.pullback import *
