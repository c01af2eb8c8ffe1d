"""Reverse-mode automatic differentiation over NumPy arrays."""

from autodiff.domain import *
from autodiff.modes import *
from autodiff.ops import *
from autodiff.primitive import *
from autodiff.tensor import *
from autodiff.transforms import *
