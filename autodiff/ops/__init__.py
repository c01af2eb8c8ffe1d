"""The table of operations, one file per family."""

from autodiff.ops import constants as constants
from autodiff.ops.elementwise import *
from autodiff.ops.indexing import *
from autodiff.ops.linalg import *
from autodiff.ops.reductions import *
from autodiff.ops.shaping import *
