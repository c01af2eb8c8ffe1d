"""Special functions, element by element: error functions, the normal distribution, the gamma function and its relatives."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.composites import composite
from autodiff.domain import POSITIVE, Interval
from autodiff.ops.indexing import without_gradient
from autodiff.registry import numpy_table, primitive, registry
from autodiff.special import ufuncs as scipy

__all__ = [
    *("beta", "betaln", "digamma", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "gamma", "gammaln"),
    *("log_ndtr", "ndtr", "ndtri", "polygamma", "zeta"),
]

_UNIT = Interval(0, 1)
_OF_ERF = 2 / math.sqrt(math.pi)  # the derivative of erf at 0
_OF_NDTR = 1 / math.sqrt(2 * math.pi)


def real_numbers(name: str, x: Any) -> Any:
    """`x`, which must not be complex, where SciPy's values are and the derivatives are not."""
    if getattr(getattr(x, "dtype", None), "kind", "") == "c":
        raise TypeError(f"{name}: x is complex; wanted real numbers: of complex ones there are values alone, x.detach().numpy().")
    return x


def of_given_order(operation: Callable[..., Any]) -> Callable[..., Any]:
    """`operation` of an order and an argument, of which it is an error to ask for a derivative by the order: none has a formula."""
    entry = registry[operation.__name__]
    order = entry.arguments[0]

    @functools.wraps(operation)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if args:
            without_gradient(entry.name, order, args[0])
        return operation(*args, **kwargs)

    entry.call = checked
    numpy_table.update(dict.fromkeys(entry.numpy, checked))
    return checked


# --- error functions and the normal distribution ---------------------------------------------------------------------------------

erf = primitive(
    scipy.erf,
    {"x": lambda g, x: g * (_OF_ERF * np.exp(-x * x))},
    doc="""The error function `2/√π ∫₀ˣ exp(-t²) dt`; its derivative is `2/√π exp(-x²)`. As `scipy.special.erf`.

    >>> ad.special.erf(ad.Tensor([0.0, 1.0]))
    Tensor([0.        , 0.84270079])
    """,
)

erfc = primitive(
    scipy.erfc,
    {"x": lambda g, x: -g * (_OF_ERF * np.exp(-x * x))},
    doc="""`1 - erf(x)`, precise also far to the right. As `scipy.special.erfc`.

    >>> ad.special.erfc(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 0.15729921])
    """,
)


def _of_erfcx(g: Any, x: Any, y: Any) -> Any:
    """`2 x y - 2/√π`; far to the right, where these cancel, its asymptotic series."""
    far = x > 50
    t = 1 / np.square(np.where(far, x, 50))
    return g * np.where(far, (((13.125 * t - 3.75) * t + 1.5) * t - 1) * t * (_OF_ERF / 2), 2 * x * y - _OF_ERF)


erfcx = primitive(
    scipy.erfcx,
    {"x": _of_erfcx},
    doc="""`exp(x²) erfc(x)`, which does not underflow; its derivative is `2 x y - 2/√π`. As `scipy.special.erfcx`.

    >>> ad.special.erfcx(ad.Tensor([0.0, 1.0]))
    Tensor([1.        , 0.42758358])
    """,
)

erfinv = primitive(
    scipy.erfinv,
    {"x": lambda g, y: g * (np.exp(y * y) / _OF_ERF)},
    domain=Interval(-1, 1),
    doc="""The inverse of `erf`; its derivative is `√π/2 exp(y²)`, infinite at -1 and 1. As `scipy.special.erfinv`.

    >>> ad.special.erfinv(ad.Tensor([0.0, 0.5]))
    Tensor([0.        , 0.47693628])
    """,
)

erfcinv = primitive(
    scipy.erfcinv,
    {"x": lambda g, y: -g * (np.exp(y * y) / _OF_ERF)},
    name="erfcinv",
    numpy=[scipy.erfcinv],
    domain=Interval(0, 2),
    elementwise=True,
    doc="""The inverse of `erfc`; its derivative is `-√π/2 exp(y²)`, infinite at 0 and 2. As `scipy.special.erfcinv`.

    >>> ad.special.erfcinv(ad.Tensor([0.5, 1.5]))
    Tensor([ 0.47693628, -0.47693628])
    """,
)

ndtr = primitive(
    scipy.ndtr,
    {"x": lambda g, x: g * (_OF_NDTR * np.exp(-x * x / 2))},
    doc="""The distribution function of the standard normal distribution; its derivative is the density. As `scipy.special.ndtr`.

    >>> ad.special.ndtr(ad.Tensor([0.0, 1.0]))
    Tensor([0.5       , 0.84134475])
    """,
)

log_ndtr = primitive(
    scipy.log_ndtr,
    {"x": lambda g, x: g * (math.sqrt(2 / math.pi) / scipy.erfcx(x * -math.sqrt(0.5)))},
    doc="""The logarithm of `ndtr`, precise also far to the left. As `scipy.special.log_ndtr`.

    Its derivative `√(2/π) / erfcx(-x/√2)`, the density over the distribution function, is precise on both sides as well.

    >>> ad.special.log_ndtr(ad.Tensor([0.0, -10.0]))
    Tensor([ -0.69314718, -53.23128515])
    """,
)

ndtri = primitive(
    scipy.ndtri,
    {"p": lambda g, y: g * (np.exp(y * y / 2) / _OF_NDTR)},
    domain=_UNIT,
    doc="""The inverse of `ndtr`; its derivative is one over the density there, infinite at 0 and 1. As `scipy.special.ndtri`.

    >>> ad.special.ndtri(ad.Tensor([0.5, 0.975]))
    Tensor([0.        , 1.95996398])
    """,
)

# --- the gamma function and its relatives ----------------------------------------------------------------------------------------

gammaln = primitive(
    scipy.gammaln,
    {"x": lambda g, x: g * scipy.digamma(x)},
    domain=POSITIVE,
    doc="""`log |Γ(x)|`; its derivative is `digamma(x)`. As `scipy.special.gammaln`: infinite at 0, -1, -2, ...

    >>> ad.special.gammaln(ad.Tensor([1.0, 5.0]))
    Tensor([0.        , 3.17805383])
    """,
)

gamma = primitive(
    lambda x, /: scipy.gamma(real_numbers("gamma", x)),
    {"x": lambda g, x, y: g * (y * scipy.digamma(x))},
    numpy=[scipy.gamma],
    domain=POSITIVE,
    elementwise=True,
    doc="""The gamma function, `Γ(n) = (n - 1)!`; its derivative is `Γ(x) digamma(x)`. As `scipy.special.gamma`.

    At -1, -2, ... it is NaN, and so is its derivative.

    >>> ad.special.gamma(ad.Tensor([1.0, 5.0]))
    Tensor([ 1., 24.])
    """,
)

zeta: Callable[..., Any] = primitive(
    lambda s, q, /: scipy.zeta(s, q),
    {"q": lambda g, s, q: g * (-s * zeta(s + 1, q))},
    name="zeta",
    domain=[Interval(2, 6), POSITIVE],
    elementwise=True,
    doc="""Hurwitz's zeta function `Σₖ 1 / (k + q)**s`, with a derivative by `q` alone. As `scipy.special.zeta`.

    >>> ad.special.zeta(2.0, ad.Tensor([1.0, 2.0]))
    Tensor([1.64493407, 0.64493407])
    """,
)
zeta = of_given_order(zeta)

digamma = primitive(
    lambda x, /: scipy.digamma(real_numbers("digamma", x)),
    {"x": lambda g, x: g * zeta(2.0, x)},
    name="digamma",
    numpy=[scipy.digamma],
    domain=POSITIVE,
    elementwise=True,
    doc="""The derivative of `gammaln`; its own is `polygamma(1, x)`. As `scipy.special.digamma`.

    At the poles 0, -1, -2, ... it is infinite or NaN, and its derivative is infinite.

    >>> ad.special.digamma(ad.Tensor([1.0, 2.0]))
    Tensor([-0.57721566,  0.42278434])
    """,
)


@composite()
def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of `digamma`, by which it has a derivative in turn: `polygamma(n + 1, x)`. As `scipy.special.polygamma`.

    Raises:
        ValueError: `n` is no integer, or negative.

    >>> ad.special.polygamma(1, ad.Tensor([1.0, 2.0]))
    Tensor([1.64493407, 0.64493407])
    """
    if n != int(n) or n < 0:
        raise ValueError(f"polygamma: n is {n}; wanted an order: 0, 1, 2, ...")
    return digamma(x) if n == 0 else zeta(n + 1.0, x) * float((-1) ** (n + 1) * math.factorial(n))


betaln = primitive(
    scipy.betaln,
    {
        "a": lambda g, a, b: g * (scipy.digamma(a) - scipy.digamma(a + b)),
        "b": lambda g, a, b: g * (scipy.digamma(b) - scipy.digamma(a + b)),
    },
    domain=POSITIVE,
    doc="""`log |B(a, b)|`; its derivative by `a` is `digamma(a) - digamma(a + b)`. As `scipy.special.betaln`.

    >>> ad.special.betaln(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([-0.69314718, -1.79175947])
    """,
)

beta = primitive(
    scipy.beta,
    {
        "a": lambda g, y, a, b: g * (y * (scipy.digamma(a) - scipy.digamma(a + b))),
        "b": lambda g, y, a, b: g * (y * (scipy.digamma(b) - scipy.digamma(a + b))),
    },
    domain=POSITIVE,
    doc="""The beta function `Γ(a) Γ(b) / Γ(a + b)`. As `scipy.special.beta`.

    >>> ad.special.beta(ad.Tensor([1.0, 2.0]), 2.0)
    Tensor([0.5       , 0.16666667])
    """,
)
