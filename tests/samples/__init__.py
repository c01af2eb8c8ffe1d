"""How each operation is called in tests: one file a family, as the operations themselves are laid out.

Samples are a function of a random generator that yields calls, declared with `samples_of`. An elementwise operation needs none:
its calls are made up from the number of its operands and its domain. Nothing in here is imported by `autodiff` or `nn`.
"""

import importlib
import pkgutil

from tests.samples.calls import SAMPLES, Call, call, calls_of, elementwise, samples_of

__all__ = ["SAMPLES", "Call", "call", "calls_of", "elementwise", "samples_of"]

for _module in pkgutil.iter_modules(__path__):
    if not _module.name.startswith("test_"):
        importlib.import_module(f"{__name__}.{_module.name}")
