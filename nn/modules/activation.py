"""Nonlinearities. What each is at its kinks, and when it is an error, says the function of `nn.functional` that it computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import functional
from nn.functional.naming import under
from nn.init import constant_
from nn.modules.function import Described, FunctionModule
from nn.modules.module import Module
from nn.parameter import Parameter

__all__ = ["CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid"]
__all__ += ["LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d"]
__all__ += ["Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold"]


class Elementwise(Described):
    """A function of each element, of no elements at first: settings that are an error are one when the module is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            self.function(np.zeros(0), **{setting.name: getattr(self, setting.name) for setting in self._chosen()})
        except (TypeError, ValueError) as error:
            raise under(type(self).__name__, error) from None


class AlongAxis(FunctionModule):
    """A softmax, or what is like it, along the axis `dim`."""

    dtype: Any = None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class Threshold(Elementwise, function=functional.threshold):
    """`x` above `threshold`, and `value` elsewhere. As `torch.nn.Threshold`; see `nn.functional.threshold`.

    >>> nn.Threshold(1.0, -1.0)(ad.Tensor([0.5, 2.0]))
    Tensor([-1.,  2.])
    """


class ReLU(Elementwise, function=functional.relu):
    """`max(x, 0)`, whose derivative at 0 is 0. As `torch.nn.ReLU`; see `nn.functional.relu`.

    >>> nn.ReLU()(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """


class RReLU(Elementwise, function=functional.rrelu):
    """A leaky ReLU of random slopes, and if not in training of their mean. As `torch.nn.RReLU`; see `nn.functional.rrelu`.

    >>> nn.RReLU(0.1, 0.3).eval()(ad.Tensor([-1.0, 2.0]))
    Tensor([-0.2,  2. ])
    """


class Hardtanh(Elementwise, function=functional.hardtanh):
    """`x`, but at least `min_val` and at most `max_val`. As `torch.nn.Hardtanh`; see `nn.functional.hardtanh`.

    >>> nn.Hardtanh()(ad.Tensor([-3.0, 0.5, 3.0]))
    Tensor([-1. ,  0.5,  1. ])
    """


class ReLU6(Elementwise, function=functional.relu6):
    """`min(max(x, 0), 6)`. As `torch.nn.ReLU6`; see `nn.functional.relu6`.

    >>> nn.ReLU6()(ad.Tensor([-1.0, 2.0, 8.0]))
    Tensor([0., 2., 6.])
    """


class Sigmoid(Elementwise, function=functional.sigmoid):
    """`1 / (1 + exp(-x))`. As `torch.nn.Sigmoid`; see `nn.functional.sigmoid`.

    >>> nn.Sigmoid()(ad.Tensor([0.0]))
    Tensor([0.5])
    """


class Hardsigmoid(Elementwise, function=functional.hardsigmoid):
    """`relu6(x + 3) / 6`. As `torch.nn.Hardsigmoid`; see `nn.functional.hardsigmoid`.

    >>> nn.Hardsigmoid()(ad.Tensor([-4.0, 0.0, 4.0]))
    Tensor([0. , 0.5, 1. ])
    """

    extra_repr = Module.extra_repr  # which tells nothing


class Tanh(Elementwise, function=functional.tanh):
    """The hyperbolic tangent. As `torch.nn.Tanh`; see `nn.functional.tanh`.

    >>> nn.Tanh()(ad.Tensor([0.0]))
    Tensor([0.])
    """


class SiLU(Elementwise, function=functional.silu):
    """`x sigmoid(x)`, also known as swish. As `torch.nn.SiLU`; see `nn.functional.silu`.

    >>> nn.SiLU()(ad.Tensor([0.0, 1000.0]))
    Tensor([   0., 1000.])
    """


class Mish(Elementwise, function=functional.mish):
    """`x tanh(log(1 + exp(x)))`. As `torch.nn.Mish`; see `nn.functional.mish`.

    >>> nn.Mish()(ad.Tensor([0.0, 1000.0]))
    Tensor([   0., 1000.])
    """


class Hardswish(Elementwise, function=functional.hardswish):
    """`x hardsigmoid(x)`. As `torch.nn.Hardswish`; see `nn.functional.hardswish`.

    >>> nn.Hardswish()(ad.Tensor([-4.0, 1.5, 4.0]))
    Tensor([-0.   ,  1.125,  4.   ])
    """

    extra_repr = Module.extra_repr


class ELU(Elementwise, function=functional.elu):
    """`x` above 0, and `alpha (exp(x) - 1)` elsewhere. As `torch.nn.ELU`; see `nn.functional.elu`.

    >>> nn.ELU()(ad.Tensor([-1000.0, 2.0]))
    Tensor([-1.,  2.])
    """


class CELU(Elementwise, function=functional.celu):
    """`x` above 0, and `alpha (exp(x / alpha) - 1)` elsewhere. As `torch.nn.CELU`; see `nn.functional.celu`.

    >>> nn.CELU(0.5)(ad.Tensor([-1000.0, 2.0]))
    Tensor([-0.5,  2. ])
    """


class SELU(Elementwise, function=functional.selu):
    """`scale elu(x, alpha)`, which keeps mean 0 and variance 1. As `torch.nn.SELU`; see `nn.functional.selu`.

    >>> nn.SELU()(ad.Tensor([-1000.0, 1.0]))
    Tensor([-1.75809934,  1.05070099])
    """


class GLU(Described, function=functional.glu):
    """`a sigmoid(b)` of the two halves of `x` along `dim`. As `torch.nn.GLU`; see `nn.functional.glu`.

    >>> nn.GLU()(ad.Tensor([1.0, 2.0, 0.0, 1000.0]))
    Tensor([0.5, 2. ])
    """


class GELU(Elementwise, function=functional.gelu):
    """`x Φ(x)`, exactly, or with `approximate="tanh"`. As `torch.nn.GELU`; see `nn.functional.gelu`.

    >>> nn.GELU()(ad.Tensor([-1.0, 0.0, 1.0]))
    Tensor([-0.15865525,  0.        ,  0.84134475])
    """


class Hardshrink(Elementwise, function=functional.hardshrink):
    """`x`, but 0 between `-lambd` and `lambd`. As `torch.nn.Hardshrink`; see `nn.functional.hardshrink`.

    >>> nn.Hardshrink()(ad.Tensor([-2.0, 0.25, 2.0]))
    Tensor([-2.,  0.,  2.])
    """

    def extra_repr(self) -> str:
        """The setting, without its name."""
        return f"{self.lambd}"


class LeakyReLU(Elementwise, function=functional.leaky_relu):
    """`x` above 0, and `negative_slope x` elsewhere. As `torch.nn.LeakyReLU`; see `nn.functional.leaky_relu`.

    >>> nn.LeakyReLU(0.1)(ad.Tensor([-1.0, 2.0]))
    Tensor([-0.1,  2. ])
    """


class LogSigmoid(Elementwise, function=functional.logsigmoid):
    """`-log(1 + exp(-x))`. As `torch.nn.LogSigmoid`; see `nn.functional.logsigmoid`.

    >>> nn.LogSigmoid()(ad.Tensor([-1000.0, 1000.0]))
    Tensor([-1000.,     0.])
    """


class Softplus(Elementwise, function=functional.softplus):
    """`log(1 + exp(beta x)) / beta`, a smooth ReLU. As `torch.nn.Softplus`; see `nn.functional.softplus`.

    >>> nn.Softplus()(ad.Tensor([0.0, 1000.0]))
    Tensor([6.93147181e-01, 1.00000000e+03])
    """


class Softshrink(Elementwise, function=functional.softshrink):
    """`x` moved towards 0 by `lambd`. As `torch.nn.Softshrink`; see `nn.functional.softshrink`.

    >>> nn.Softshrink()(ad.Tensor([-2.0, 0.25, 2.0]))
    Tensor([-1.5,  0. ,  1.5])
    """

    def extra_repr(self) -> str:
        """The setting, without its name."""
        return f"{self.lambd}"


class Softsign(Elementwise, function=functional.softsign):
    """`x / (1 + |x|)`. As `torch.nn.Softsign`; see `nn.functional.softsign`.

    >>> nn.Softsign()(ad.Tensor([-1.0, 3.0]))
    Tensor([-0.5 ,  0.75])
    """


class Tanhshrink(Elementwise, function=functional.tanhshrink):
    """`x - tanh(x)`. As `torch.nn.Tanhshrink`; see `nn.functional.tanhshrink`.

    >>> nn.Tanhshrink()(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.23840584])
    """


class Softmin(AlongAxis, function=functional.softmin):
    """`softmax(-x)` along `dim`. As `torch.nn.Softmin`; see `nn.functional.softmin`.

    >>> nn.Softmin(dim=0)(ad.Tensor([0.0, 1000.0]))
    Tensor([1., 0.])
    """


class Softmax(AlongAxis, function=functional.softmax):
    """`exp(x) / sum(exp(x))` along `dim`, which must be given. As `torch.nn.Softmax`; see `nn.functional.softmax`.

    >>> nn.Softmax(dim=0)(ad.Tensor([0.0, 1000.0]))
    Tensor([0., 1.])
    """


class LogSoftmax(AlongAxis, function=functional.log_softmax):
    """The logarithm of the softmax along `dim`, which must be given. As `torch.nn.LogSoftmax`; see `nn.functional.log_softmax`.

    >>> nn.LogSoftmax(dim=0)(ad.Tensor([0.0, 1000.0]))
    Tensor([-1000.,     0.])
    """


class Softmax2d(Module):
    """The softmax of the channels at each place: of `(N, C, H, W)` or `(C, H, W)` along `C`. As `torch.nn.Softmax2d`.

    >>> nn.Softmax2d()(np.ones((2, 4, 3, 3)))[0, :, 0, 0]
    array([0.25, 0.25, 0.25, 0.25])
    """

    def forward(self, input: Any) -> Any:
        """Compute the softmax."""
        if np.ndim(input) not in (3, 4):
            raise ValueError(f"Softmax2d: the input has shape {np.shape(input)}; wanted (N, C, H, W) or (C, H, W).")
        return functional.softmax(input, dim=-3)


class PReLU(FunctionModule, function=functional.prelu):
    """A leaky ReLU whose slope is learned. As `torch.nn.PReLU`; see `nn.functional.prelu`.

    Args:
        num_parameters: 1, or a slope for each channel of `(N, C, ...)`.
        init: where the slopes start.
        device: `"cpu"`.
        dtype: the type of the slopes; float64 if not given.

    >>> nn.PReLU()(ad.Tensor([-1.0, 2.0])).numpy()
    array([-0.25,  2.  ])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        if not isinstance(num_parameters, (int, np.integer)) or num_parameters < 1:
            raise ValueError(f"PReLU: num_parameters is {num_parameters!r}; wanted a whole number, 1 or more.")
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(np.zeros(num_parameters), dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to where they start."""
        constant_(self.weight, self.init)

    def extra_repr(self) -> str:
        """The number of slopes."""
        return f"num_parameters={self.num_parameters}"
