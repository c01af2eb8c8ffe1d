"""The table of operations, one file per family."""

from autodiff.ops import operators as operators
from autodiff.ops.arithmetic import *
from autodiff.ops.calculus import *
from autodiff.ops.choosing import *
from autodiff.ops.complex import *
from autodiff.ops.constants import *
from autodiff.ops.contractions import *
from autodiff.ops.creation import *
from autodiff.ops.cumulative import *
from autodiff.ops.exponential import *
from autodiff.ops.extremes import *
from autodiff.ops.floats import *
from autodiff.ops.indexing import *
from autodiff.ops.joining import *
from autodiff.ops.logic import *
from autodiff.ops.matrices import *
from autodiff.ops.nan_reductions import *
from autodiff.ops.padding import *
from autodiff.ops.places import *
from autodiff.ops.products import *
from autodiff.ops.quantiles import *
from autodiff.ops.rearranging import *
from autodiff.ops.reductions import *
from autodiff.ops.rounding import *
from autodiff.ops.sets import *
from autodiff.ops.shaping import *
from autodiff.ops.signals import *
from autodiff.ops.sorting import *
from autodiff.ops.statistics import *
from autodiff.ops.trigonometric import *
