"""Dropout: what is left out at random while a network is trained."""

from __future__ import annotations

from typing import Any

from nn import functional
from nn.functional.dropouts import check_probability
from nn.modules.function import Stateless

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class RandomlyLeftOut(Stateless):
    """What all have in common: a probability that is known to be one when they are made, and that nothing happens in `eval`."""

    p: float
    inplace: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_probability(type(self).__name__, self.p)

    def extra_repr(self) -> str:
        """The settings."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(RandomlyLeftOut, function=functional.dropout):
    """In training, `x` times 0 with the probability `p`, else times `1 / (1 - p)`. As `torch.nn.Dropout`.

    See `nn.functional.dropout`.

    >>> nn.Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """


class Dropout1d(RandomlyLeftOut, function=functional.dropout1d):
    """In training, dropout of whole channels of `(N, C, L)` or `(C, L)`. As `torch.nn.Dropout1d`.

    See `nn.functional.dropout1d`.

    >>> nn.Dropout1d(0.5)(np.ones((8, 3, 5))).shape
    (8, 3, 5)
    """


class Dropout2d(RandomlyLeftOut, function=functional.dropout2d):
    """In training, dropout of whole channels of `(N, C, H, W)`. As `torch.nn.Dropout2d`.

    See `nn.functional.dropout2d`.

    >>> nn.Dropout2d(0.5)(np.ones((8, 3, 5, 5))).shape
    (8, 3, 5, 5)
    """


class Dropout3d(RandomlyLeftOut, function=functional.dropout3d):
    """In training, dropout of whole channels of `(N, C, D, H, W)` or `(C, D, H, W)`. As `torch.nn.Dropout3d`.

    See `nn.functional.dropout3d`.

    >>> nn.Dropout3d(0.5)(np.ones((8, 3, 5, 5, 5))).shape
    (8, 3, 5, 5, 5)
    """


class AlphaDropout(RandomlyLeftOut, function=functional.alpha_dropout):
    """In training, dropout that keeps mean 0 and variance 1, for `SELU`. As `torch.nn.AlphaDropout`.

    See `nn.functional.alpha_dropout`.

    >>> np.unique(nn.AlphaDropout(0.5)(np.ones(100))).round(4)
    array([-0.7792,  1.6656])
    """


class FeatureAlphaDropout(RandomlyLeftOut, function=functional.feature_alpha_dropout):
    """In training, alpha dropout of whole channels of `(N, C, ...)`. As `torch.nn.FeatureAlphaDropout`.

    See `nn.functional.feature_alpha_dropout`.

    >>> nn.FeatureAlphaDropout(0.5)(np.ones((8, 3, 5))).shape
    (8, 3, 5)
    """
