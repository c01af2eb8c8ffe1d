"""Linear layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn import functional, init
from nn.modules.function import FunctionModule
from nn.modules.settings import integer, on_cpu
from nn.parameter import Parameter

__all__ = ["Bilinear", "Linear"]


class Linear(FunctionModule, function=functional.linear):
    """`y = x weightᵀ + bias`. As `torch.nn.Linear`.

    Args:
        in_features: how many elements each input vector has.
        out_features: how many elements each output vector has.
        bias: whether there is a `bias`.
        device: `"cpu"`, if it is given.
        dtype: the type of the parameters; float64 if not given, as NumPy's.

    Shapes: `x: (..., in_features)`, `y: (..., out_features)`, `weight: (out_features, in_features)`, `bias: (out_features,)`.
    Weight and bias start uniformly from ±1 / sqrt(in_features).

    >>> nn.Linear(2, 4)(np.ones((10, 2))).shape
    (10, 4)
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        on_cpu("Linear", device)
        for name, value in (("in_features", in_features), ("out_features", out_features)):
            if not isinstance(value, (int, np.integer)) or value < 0:
                raise ValueError(f"Linear: {name} is {value!r}; wanted a whole number, 0 or more.")
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(np.zeros((out_features, in_features)), dtype=dtype)
        self.bias = Parameter(np.zeros(out_features), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(FunctionModule, function=functional.bilinear, inputs=2):
    """`y[o] = Σ x1[i] weight[o, i, j] x2[j] + bias[o]`. As `torch.nn.Bilinear`.

    Args:
        in1_features: how many elements each first vector has.
        in2_features: how many elements each second vector has.
        out_features: how many elements each result has.
        bias: whether there is a `bias`.
        device: `"cpu"`, if it is given.
        dtype: the type of the parameters; float64 if not given, as NumPy's.

    Shapes: `x1: (..., in1_features)`, `x2: (..., in2_features)`, `y: (..., out_features)`,
    `weight: (out_features, in1_features, in2_features)`, `bias: (out_features,)`. They start uniformly from
    ±1 / sqrt(in1_features).

    >>> nn.Bilinear(20, 30, 40)(np.ones((128, 20)), np.ones((128, 30))).shape
    (128, 40)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        on_cpu("Bilinear", device)
        self.in1_features = integer("Bilinear", "in1_features", in1_features)
        self.in2_features = integer("Bilinear", "in2_features", in2_features)
        self.out_features = integer("Bilinear", "out_features", out_features)
        self.weight = Parameter(np.zeros((out_features, in1_features, in2_features)), dtype=dtype)
        self.bias = Parameter(np.zeros(out_features), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes."""
        sizes = ", ".join(f"{name}={getattr(self, name)}" for name in ("in1_features", "in2_features", "out_features"))
        return f"{sizes}, bias={self.bias is not None}"
