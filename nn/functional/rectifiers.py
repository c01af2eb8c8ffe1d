"""Nonlinearities made of pieces: rectifiers, their soft and leaky relatives, and what clips or shrinks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend
from autodiff.extend import Kink
from nn.functional.drawing import float_type
from nn.functional.naming import of_real
from nn.random import generator

__all__ = ["celu", "elu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "prelu", "relu", "relu6"]
__all__ += ["rrelu", "selu", "softshrink", "threshold"]

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946

# Each is one operation, which takes a fifth to a half of the time of several.

_leaky = extend.primitive(
    of_real("leaky_relu", lambda x, slope, /: np.where(np.greater(x, 0), x, np.multiply(x, slope))),
    {
        "x": lambda g, x, slope: g * np.where(np.greater(x, 0), np.ones_like(x, shape=()), slope),
        "slope": lambda g, x: g * np.where(np.greater(x, 0), 0, x),
    },
    name="leaky_relu",
    elementwise=True,
    kinks=[Kink((0.0, 0.5), (0.5, 0.0))],
    doc="""`x` above 0, and `slope x` elsewhere; the derivative at 0 is `slope`.""",
)

_exponential_below = extend.primitive(
    of_real(
        "elu",
        lambda x, /, above=1.0, below=1.0, rate=1.0: np.where(
            np.greater(x, 0), np.multiply(x, above), np.expm1(np.multiply(np.minimum(x, 0), rate)) * below
        ),
    ),
    {"x": lambda g, x, above, below, rate: g * np.where(np.greater(x, 0), above, (below * rate) * np.exp(np.minimum(x, 0) * rate))},
    name="elu",
    elementwise=True,
    doc="""`above x` above 0, and `below (exp(rate x) - 1)` elsewhere; the derivative at 0 is `below rate`.""",
)

_clipped = extend.primitive(
    of_real("hardtanh", lambda x, /, low=-1.0, high=1.0: np.clip(x, low, high)),
    {"x": lambda g, x, low, high: np.where(np.less_equal(x, low) | np.greater_equal(x, high), 0, g)},
    name="hardtanh",
    elementwise=True,
    kinks=[Kink((1.0,), (0.0,)), Kink((-1.0,), (0.0,))],
    doc="""`x`, but at least `low` and at most `high`; the derivative at both is 0.""",
)

_hardswish = extend.primitive(
    of_real("hardswish", lambda x, /: np.multiply(x, np.clip(np.add(x, 3), 0, 6) / 6)),
    {"x": lambda g, x: g * np.where(np.less_equal(x, -3), 0, np.where(np.less(x, 3), x / 3 + 0.5, 1))},
    name="hardswish",
    elementwise=True,
    kinks=[Kink((-3.0,), (0.0,)), Kink((3.0,), (1.0,))],
    doc="""`x min(max(x + 3, 0), 6) / 6`; its derivative is 0 at -3 and 1 at 3.""",
)

_thresholded = extend.primitive(
    of_real("threshold", lambda x, /, threshold=0.0, value=0.0: np.where(np.less_equal(x, threshold), value, x)),
    {"x": lambda g, x, threshold: np.where(np.less_equal(x, threshold), 0, g)},
    name="threshold",
    elementwise=True,
    kinks=[Kink((0.0,), (0.0,))],
    doc="""`x` above `threshold`, and `value` elsewhere; the derivative at `threshold` is 0.""",
)

_PASSES_OUTSIDE = {"x": lambda g, x, bound: np.where(np.less_equal(np.abs(x), bound), 0, g)}

_hardshrink = extend.primitive(
    of_real("hardshrink", lambda x, /, bound=0.5: np.where(np.less_equal(np.abs(x), bound), 0, x)),
    _PASSES_OUTSIDE,
    name="hardshrink",
    elementwise=True,
    doc="""`x`, but 0 between `-bound` and `bound`, where the derivative, also at both, is 0.""",
)

_softshrink = extend.primitive(
    of_real("softshrink", lambda x, /, bound=0.5: np.subtract(x, np.clip(x, -bound, bound))),
    _PASSES_OUTSIDE,
    name="softshrink",
    elementwise=True,
    kinks=[Kink((0.5,), (0.0,)), Kink((-0.5,), (0.0,))],
    doc="""`x` moved towards 0 by `bound`, and 0 where it gets there, with derivative 0.""",
)


def relu(input: Any, inplace: bool = False) -> Any:
    """`max(x, 0)`, whose derivative at 0 is 0. As `torch.nn.functional.relu`; see `autodiff.relu`.

    `inplace` may be given, here as to all others, and changes nothing: the result is always an array of its own.

    >>> nn.functional.relu(ad.Tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """
    return ad.relu(input)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """`x` above 0, and `negative_slope x` elsewhere; the derivative at 0 is `negative_slope`. As `torch.nn.functional.leaky_relu`.

    >>> nn.functional.leaky_relu(ad.Tensor([-1.0, 2.0]), 0.1)
    Tensor([-0.1,  2. ])
    """
    return _leaky(input, negative_slope)


def prelu(input: Any, weight: Any) -> Any:
    """A leaky ReLU whose slope is learned: `x` above 0, `weight x` elsewhere, and so at 0. As `torch.nn.functional.prelu`.

    Args:
        input: `(N, C, ...)`, or of any shape if there is one slope.
        weight: `(C,)`, a slope for each channel, or `(1,)`.

    Raises:
        ValueError: there are neither one nor as many slopes as channels.

    >>> nn.functional.prelu(ad.Tensor([[-1.0, -1.0]]), ad.Tensor([0.5, 2.0]))
    Tensor([[-0.5, -2. ]])
    """
    shape, ndim = np.shape(input), np.ndim(input)
    channels = shape[1] if ndim > 1 else 1
    if np.size(weight) not in (1, channels) or np.ndim(weight) > 1:
        raise ValueError(
            f"prelu: the weight has shape {np.shape(weight)} and the input has shape {shape}; wanted (1,) or ({channels},), "
            f"a slope for each channel."
        )
    slope = np.reshape(weight, (1, -1, *(1,) * (ndim - 2)) if ndim > 1 else (1,) * ndim)
    return _leaky(input, slope)


def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False) -> Any:
    """A leaky ReLU of random slopes, drawn uniformly from `[lower, upper)` for each element. As `torch.nn.functional.rrelu`.

    If not `training`, their mean is the slope of all. The derivative at 0 is the slope.

    Raises:
        ValueError: `lower` is above `upper`.

    >>> nn.functional.rrelu(ad.Tensor([-1.0, 2.0]), 0.1, 0.3)
    Tensor([-0.2,  2. ])
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: lower is {lower} and upper is {upper}; wanted lower at most upper.")
    if not training:
        return _leaky(input, (lower + upper) / 2)
    return _leaky(input, generator().uniform(lower, upper, np.shape(input)).astype(float_type(input)))


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """`x` above 0, and `alpha (exp(x) - 1)` elsewhere; the derivative at 0 is `alpha`. As `torch.nn.functional.elu`.

    >>> nn.functional.elu(ad.Tensor([-1000.0, 2.0]))
    Tensor([-1.,  2.])
    """
    return _exponential_below(input, below=alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    """`scale elu(x, alpha)`, which keeps mean 0 and variance 1 (Klambauer et al. 2017). As `torch.nn.functional.selu`.

    `alpha` is 1.6733 and `scale` is 1.0507; the derivative at 0 is `scale alpha`.

    >>> nn.functional.selu(ad.Tensor([-1000.0, 1.0]))
    Tensor([-1.75809934,  1.05070099])
    """
    return _exponential_below(input, above=_SELU_SCALE, below=_SELU_SCALE * _SELU_ALPHA)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """`x` above 0, and `alpha (exp(x / alpha) - 1)` elsewhere: smooth at 0. As `torch.nn.functional.celu`.

    Raises:
        ValueError: `alpha` is 0.

    >>> nn.functional.celu(ad.Tensor([-1000.0, 2.0]), 0.5)
    Tensor([-0.5,  2. ])
    """
    if alpha == 0:
        raise ValueError("celu: alpha is 0, by which x is divided; wanted another number, such as 1.0.")
    return _exponential_below(input, below=alpha, rate=1 / alpha)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """`x`, but at least `min_val` and at most `max_val`; the derivative at both is 0. As `torch.nn.functional.hardtanh`.

    Raises:
        ValueError: `min_val` is not below `max_val`.

    >>> nn.functional.hardtanh(ad.Tensor([-3.0, 0.5, 3.0]))
    Tensor([-1. ,  0.5,  1. ])
    """
    if not min_val < max_val:
        raise ValueError(f"hardtanh: min_val is {min_val} and max_val is {max_val}; wanted min_val below max_val.")
    return _clipped(input, low=min_val, high=max_val)


def relu6(input: Any, inplace: bool = False) -> Any:
    """`min(max(x, 0), 6)`, whose derivative at 0 and 6 is 0. As `torch.nn.functional.relu6`.

    >>> nn.functional.relu6(ad.Tensor([-1.0, 2.0, 8.0]))
    Tensor([0., 2., 6.])
    """
    return _clipped(input, low=0.0, high=6.0)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """`relu6(x + 3) / 6`, of three straight pieces; the derivative at -3 and 3 is 0. As `torch.nn.functional.hardsigmoid`.

    >>> nn.functional.hardsigmoid(ad.Tensor([-4.0, 0.0, 4.0]))
    Tensor([0. , 0.5, 1. ])
    """
    return relu6(np.add(input, 3)) / 6


def hardswish(input: Any, inplace: bool = False) -> Any:
    """`x hardsigmoid(x)`; the derivative is 0 at -3 and 1 at 3. As `torch.nn.functional.hardswish`.

    >>> nn.functional.hardswish(ad.Tensor([-4.0, 1.5, 4.0]))
    Tensor([-0.   ,  1.125,  4.   ])
    """
    return _hardswish(input)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """`x` above `threshold`, and `value` elsewhere; the derivative at `threshold` is 0. As `torch.nn.functional.threshold`.

    >>> nn.functional.threshold(ad.Tensor([0.5, 2.0]), 1.0, -1.0)
    Tensor([-1.,  2.])
    """
    return _thresholded(input, threshold=threshold, value=value)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """`x`, but 0 between `-lambd` and `lambd`, where the derivative, also at both, is 0. As `torch.nn.functional.hardshrink`.

    >>> nn.functional.hardshrink(ad.Tensor([-2.0, 0.25, 2.0]))
    Tensor([-2.,  0.,  2.])
    """
    return _hardshrink(input, bound=lambd)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """`x` moved towards 0 by `lambd`, and 0 where it gets there, with derivative 0. As `torch.nn.functional.softshrink`.

    Raises:
        ValueError: `lambd` is negative.

    >>> nn.functional.softshrink(ad.Tensor([-2.0, 0.25, 2.0]))
    Tensor([-1.5,  0. ,  1.5])
    """
    if not 0 <= lambd < math.inf:
        raise ValueError(f"softshrink: lambd is {lambd}; wanted a number that is 0 or more.")
    return _softshrink(input, bound=lambd)
