"""Optimizers, one file for each or for those that are alike, and schedules of their learning rates."""

from __future__ import annotations

import importlib
from typing import Any

from nn.optim.adam import *
from nn.optim.optimizer import *
from nn.optim.sgd import *

_MODULES = {  # loaded when they are first used
    "adam_variants": "Adamax NAdam RAdam",
    "adaptive": "Adadelta Adagrad RMSprop",
    "batch": "ASGD Rprop",
    "lbfgs": "LBFGS",
}
_LATER = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = ["ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam", "Optimizer", "RAdam", "RMSprop"]
__all__ += ["Rprop", "SGD", "lr_scheduler"]


def __getattr__(name: str) -> Any:
    """What is loaded when it is first used."""
    if name == "lr_scheduler":
        return importlib.import_module("nn.optim.lr_scheduler")
    if name in _LATER:
        return globals().setdefault(name, getattr(importlib.import_module(f"nn.optim.{_LATER[name]}"), name))
    raise AttributeError(f"module 'nn.optim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
