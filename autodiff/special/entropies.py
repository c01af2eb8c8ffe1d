"""The logistic function and its relatives, and products with logarithms, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.domain import POSITIVE, REALS, Interval, Kink
from autodiff.ops.exponential import sigmoid
from autodiff.registry import numpy_table, primitive, registry
from autodiff.special import ufuncs as scipy

__all__ = ["entr", "expit", "kl_div", "log_expit", "logit", "rel_entr", "softplus", "xlog1py", "xlogy"]

expit = sigmoid
registry["sigmoid"].numpy += (scipy.expit,)
numpy_table[scipy.expit] = sigmoid

log_expit = primitive(
    scipy.log_expit,
    {"x": lambda g, x: g * scipy.expit(-x)},
    doc="""The logarithm of `expit`, precise on both sides; its derivative is `expit(-x)`. As `scipy.special.log_expit`.

    >>> ad.special.log_expit(ad.Tensor([0.0, -1000.0]))
    Tensor([-6.93147181e-01, -1.00000000e+03])
    """,
)

softplus = primitive(
    lambda x, /: np.logaddexp(0, x),
    {"x": lambda g, x: g * scipy.expit(x)},
    name="softplus",
    elementwise=True,
    doc="""`log(1 + exp(x))`, without overflow; its derivative is `expit(x)`. As `torch.nn.functional.softplus`.

    >>> ad.special.softplus(ad.Tensor([0.0, 1000.0]))
    Tensor([6.93147181e-01, 1.00000000e+03])
    """,
)

logit = primitive(
    scipy.logit,
    {"x": lambda g, x: g / (x * (1 - x))},
    domain=Interval(0, 1),
    doc="""The inverse of `expit`, `log(x / (1 - x))`; its derivative is `1 / (x (1 - x))`. As `scipy.special.logit`.

    >>> ad.special.logit(ad.Tensor([0.5, 0.75]))
    Tensor([0.        , 1.09861229])
    """,
)


def _beside(a: Any, b: Any, at: float) -> Any:
    """`b`, but beside `at` where it is that and `a` is 0: there the derivatives are stated as 0."""
    return np.where((a == 0) & (b == at), at + 1, b)


xlogy = primitive(
    scipy.xlogy,
    {"a": lambda g, a, b: scipy.xlogy(g, _beside(a, b, 0)), "b": lambda g, a, b: g * (a / _beside(a, b, 0))},
    domain=[REALS, POSITIVE],
    kinks=[Kink((0.0, 0.0), (0.0, 0.0))],
    doc="""`a log(b)`, but 0 where `a` is 0, also if `b` is. As `scipy.special.xlogy`.

    Its derivatives are `log(b)` and `a / b`, and stated as 0 where both are 0.

    >>> ad.special.xlogy(ad.Tensor([0.0, 2.0]), np.array([0.0, np.e]))
    Tensor([0., 2.])
    """,
)

xlog1py = primitive(
    scipy.xlog1py,
    {"a": lambda g, a, b: scipy.xlog1py(g, _beside(a, b, -1)), "b": lambda g, a, b: g * (a / (1 + _beside(a, b, -1)))},
    domain=[REALS, Interval(-1, np.inf)],
    kinks=[Kink((0.0, -1.0), (0.0, 0.0))],
    doc="""`a log(1 + b)`, but 0 where `a` is 0, also if `b` is -1. As `scipy.special.xlog1py`.

    Its derivatives are `log(1 + b)` and `a / (1 + b)`, and stated as 0 where `a` is 0 and `b` is -1.

    >>> ad.special.xlog1py(ad.Tensor([0.0, 2.0]), np.array([-1.0, 1e-10]))
    Tensor([0.e+00, 2.e-10])
    """,
)

entr = primitive(
    scipy.entr,
    {"x": lambda g, x: -g * (1 + np.log(x))},
    domain=POSITIVE,
    doc="""`-x log(x)`, which is 0 at 0; its derivative is `-1 - log(x)`, infinite at 0. As `scipy.special.entr`.

    >>> ad.special.entr(ad.Tensor([0.0, 0.5]))
    Tensor([0.        , 0.34657359])
    """,
)

rel_entr = primitive(
    scipy.rel_entr,
    {"a": lambda g, a, b: g * (1 + np.log(a / b)), "b": lambda g, a, b: -g * (a / b)},
    domain=POSITIVE,
    doc="""`a log(a / b)`, which is 0 where `a` is 0. As `scipy.special.rel_entr`.

    Its derivatives are `1 + log(a / b)`, infinite where `a` is 0, and `-a / b`.

    >>> ad.special.rel_entr(ad.Tensor([0.0, 1.0]), np.array([1.0, 0.5]))
    Tensor([0.        , 0.69314718])
    """,
)

kl_div = primitive(
    scipy.kl_div,
    {"a": lambda g, a, b: g * np.log(a / b), "b": lambda g, a, b: g * (1 - a / b)},
    domain=POSITIVE,
    doc="""`a log(a / b) - a + b`, which is `b` where `a` is 0. As `scipy.special.kl_div`.

    Its derivatives are `log(a / b)`, infinite where `a` is 0, and `1 - a / b`.

    >>> ad.special.kl_div(ad.Tensor([0.0, 1.0]), np.array([1.0, 0.5]))
    Tensor([1.        , 0.19314718])
    """,
)
