"""A program that differentiates functions of SciPy and scikit-learn, which know nothing of autodiff but the array API standard.

It is a process of its own, since SciPy looks at SCIPY_ARRAY_API when it is imported. It prints a line for each function that gives
the values that it gives for arrays, and whose first and second derivatives are those of finite differences.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "scipy.special.logsumexp": lambda sp, sk, x, a, b: (sp.special.logsumexp, x),
    "scipy.special.erf": lambda sp, sk, x, a, b: (sp.special.erf, x),
    "scipy.special.rel_entr": lambda sp, sk, x, a, b: (sp.special.rel_entr, x, x[::-1].copy()),
    "scipy.stats.entropy": lambda sp, sk, x, a, b: (sp.stats.entropy, x),
    "scipy.stats.skew": lambda sp, sk, x, a, b: (sp.stats.skew, x),
    "scipy.stats.zscore": lambda sp, sk, x, a, b: (sp.stats.zscore, x),
    "scipy.integrate.trapezoid": lambda sp, sk, x, a, b: (sp.integrate.trapezoid, x),
    "sklearn.metrics.pairwise.rbf_kernel": lambda sp, sk, x, a, b: (sk.rbf_kernel, a, b),
    "sklearn.metrics.pairwise.cosine_similarity": lambda sp, sk, x, a, b: (sk.cosine_similarity, a, b),
}


def main() -> None:
    """Differentiate them all."""
    os.environ["SCIPY_ARRAY_API"] = "1"
    import scipy.integrate
    import scipy.special
    import scipy.stats
    import sklearn
    from sklearn.metrics import pairwise

    import autodiff as ad
    from autodiff.testing import assert_gradient

    sklearn.set_config(array_api_dispatch=True)
    rng = np.random.default_rng(0)
    data = [rng.uniform(0.2, 0.8, shape) for shape in ((6,), (3, 2), (4, 2))]
    for name, choose in FUNCTIONS.items():
        f, *arrays = choose(scipy, pairwise, *data)
        y = f(*(ad.Tensor(x, requires_grad=True) for x in arrays))
        np.testing.assert_allclose(y.detach().numpy(), f(*arrays), rtol=1e-12, atol=1e-15)
        assert_gradient(f, *arrays, order=2)
        print(name)
    try:  # of Student's distribution, which its p-value asks for, there is no derivative
        scipy.stats.ttest_1samp(ad.Tensor(data[0], requires_grad=True), 0.5)
    except TypeError as error:
        print(error)


if __name__ == "__main__":
    main()
