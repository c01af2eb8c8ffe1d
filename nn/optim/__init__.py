"""Optimizers, one file for each or for those that are alike, and schedules of their learning rates."""

from typing import TYPE_CHECKING

from nn.loading import homes, loader
from nn.optim.adam import *
from nn.optim.optimizer import *
from nn.optim.sgd import *

if TYPE_CHECKING:
    from nn.optim import lr_scheduler as lr_scheduler
    from nn.optim.adam_variants import *
    from nn.optim.adaptive import *
    from nn.optim.batch import *
    from nn.optim.lbfgs import *

_HOMES = homes(  # of what is loaded when it is first used
    {
        "adam_variants": "Adamax NAdam RAdam",
        "adaptive": "Adadelta Adagrad RMSprop",
        "batch": "ASGD Rprop",
        "lbfgs": "LBFGS",
    }
)
__all__ = ["ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam", "Optimizer", "RAdam", "RMSprop"]
__all__ += ["Rprop", "SGD", "lr_scheduler"]
__getattr__ = loader("nn.optim", _HOMES, ("lr_scheduler",))


def __dir__() -> list[str]:
    return __all__
