"""Special functions, as `scipy.special`."""

try:
    import scipy.special  # noqa: F401 (tells early what is missing)
except ImportError:
    raise ImportError(
        "autodiff.special: it computes with SciPy, which is not installed: pip install 'chainrule[special]'."
    ) from None

from autodiff.special.bessel import *
from autodiff.special.entropies import *
from autodiff.special.functions import *

__all__ = [
    *("beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "expit", "gamma", "gammaln", "i0", "i0e"),
    *("i1", "i1e", "iv", "ive", "j0", "j1", "jv", "k0", "k1", "kl_div", "kv", "log_expit", "log_ndtr", "logit", "ndtr", "ndtri"),
    *("polygamma", "rel_entr", "softplus", "xlog1py", "xlogy", "y0", "y1", "yv", "zeta"),
]
