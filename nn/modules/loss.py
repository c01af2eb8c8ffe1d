"""Losses: how far a prediction is from its target."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import functional
from nn.functional.losses import check
from nn.modules.function import Stateless

_WEIGHTS = ("weight", "pos_weight")  # the settings that are arrays: part of the state, as in PyTorch

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss"]
__all__ += ["HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss"]
__all__ += ["MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss"]
__all__ += ["TripletMarginLoss", "TripletMarginWithDistanceLoss"]


class Loss(Stateless):
    """What all losses have in common: settings that are known to be right when they are made, and weights as buffers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {setting.name: getattr(self, setting.name) for setting in self._settings}
        check(self.function.__name__, type(self).__name__, **given)
        for name in _WEIGHTS:
            if name in given:
                delattr(self, name)
                self.register_buffer(name, None if given[name] is None else ad.asarray(given[name]))

    def extra_repr(self) -> str:
        """The settings, beside weights, that are not what they are by default."""
        values = {s.name: getattr(self, s.name) for s in self._settings if s.name not in _WEIGHTS}
        return ", ".join(f"{s.name}={values[s.name]!r}" for s in self._settings if values.get(s.name, s.default) != s.default)


class MSELoss(Loss, function=functional.mse_loss, inputs=2):
    """The squared error: its mean, its sum, or each element's.

    As `torch.nn.MSELoss`; `nn.functional.mse_loss` says what the arguments are.

    >>> nn.MSELoss()(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(2.5)
    """


class L1Loss(Loss, function=functional.l1_loss, inputs=2):
    """The absolute error: its mean, its sum, or each element's.

    As `torch.nn.L1Loss`; `nn.functional.l1_loss` says what the arguments are.

    >>> nn.L1Loss()(ad.Tensor([1.0, 2.0]), ad.Tensor([0.0, 0.0]))
    Tensor(1.5)
    """


class SmoothL1Loss(Loss, function=functional.smooth_l1_loss, inputs=2):
    """The absolute error, but quadratic up to `beta`.

    As `torch.nn.SmoothL1Loss`; `nn.functional.smooth_l1_loss` says what the arguments are.

    >>> nn.SmoothL1Loss(beta=2.0)(ad.Tensor([1.0, 3.0]), ad.Tensor([0.0, 0.0]))
    Tensor(1.125)
    """


class HuberLoss(Loss, function=functional.huber_loss, inputs=2):
    """Half of the squared error, but linear from `delta` on.

    As `torch.nn.HuberLoss`; `nn.functional.huber_loss` says what the arguments are.

    >>> nn.HuberLoss()(ad.Tensor([0.5, 3.0]), ad.Tensor([0.0, 0.0]))
    Tensor(1.3125)
    """


class PoissonNLLLoss(Loss, function=functional.poisson_nll_loss, inputs=2):
    """The negative logarithm of the likelihood of Poisson distributions.

    As `torch.nn.PoissonNLLLoss`; `nn.functional.poisson_nll_loss` says what the arguments are.

    >>> nn.PoissonNLLLoss()(ad.Tensor([0.0]), ad.Tensor([2.0]))
    Tensor(1.)
    """


class GaussianNLLLoss(Loss, function=functional.gaussian_nll_loss, inputs=3):
    """The negative logarithm of the likelihood of normal distributions, of means, samples and variances.

    As `torch.nn.GaussianNLLLoss`; `nn.functional.gaussian_nll_loss` says what the arguments are.

    >>> nn.GaussianNLLLoss()(ad.Tensor([1.0]), ad.Tensor([0.0]), ad.Tensor([1.0]))
    Tensor(0.5)
    """


class CrossEntropyLoss(Loss, function=functional.cross_entropy, inputs=2):
    """The cross-entropy of the softmax of scores, and indices of classes or probabilities.

    As `torch.nn.CrossEntropyLoss`; `nn.functional.cross_entropy` says what the arguments are.

    >>> nn.CrossEntropyLoss()(ad.Tensor([[0.0, 0.0], [0.0, 0.0]]), ad.Tensor([1, 0]))
    Tensor(0.69314718)
    """


class NLLLoss(Loss, function=functional.nll_loss, inputs=2):
    """The cross-entropy of the logarithms of probabilities, and indices of classes.

    As `torch.nn.NLLLoss`; `nn.functional.nll_loss` says what the arguments are.

    >>> nn.NLLLoss()(np.log([[0.5, 0.5]]), np.array([1]))
    np.float64(0.6931471805599453)
    """


class CTCLoss(Loss, function=functional.ctc_loss, inputs=4):
    """`-log` of the probability of a sequence of labels whose places are not known.

    As `torch.nn.CTCLoss`; `nn.functional.ctc_loss` says what the arguments are.

    >>> nn.CTCLoss()(ad.Tensor(np.log([[[0.5, 0.5]], [[0.5, 0.5]]])), np.array([[1]]), [2], [1])
    Tensor(0.28768207)
    """


class MultiMarginLoss(Loss, function=functional.multi_margin_loss, inputs=2):
    """By how much scores of other classes exceed that of the target, less a margin.

    As `torch.nn.MultiMarginLoss`; `nn.functional.multi_margin_loss` says what the arguments are.

    >>> nn.MultiMarginLoss()(ad.Tensor([[1.0, 0.5, 3.0]]), ad.Tensor([0]))
    Tensor(1.16666667)
    """


class BCELoss(Loss, function=functional.binary_cross_entropy, inputs=2):
    """The cross-entropy of probabilities of one of two classes.

    As `torch.nn.BCELoss`; `nn.functional.binary_cross_entropy` says what the arguments are.

    >>> nn.BCELoss()(ad.Tensor([0.5]), ad.Tensor([1.0]))
    Tensor(0.69314718)
    """


class BCEWithLogitsLoss(Loss, function=functional.binary_cross_entropy_with_logits, inputs=2):
    """The cross-entropy of one of two classes, of logits.

    As `torch.nn.BCEWithLogitsLoss`; `nn.functional.binary_cross_entropy_with_logits` says what the arguments are.

    >>> nn.BCEWithLogitsLoss()(ad.Tensor([0.0]), ad.Tensor([1.0]))
    Tensor(0.69314718)
    """


class MultiLabelSoftMarginLoss(Loss, function=functional.multilabel_soft_margin_loss, inputs=2):
    """The mean of `BCEWithLogitsLoss` over classes that may be there together.

    As `torch.nn.MultiLabelSoftMarginLoss`; `nn.functional.multilabel_soft_margin_loss` says what the arguments are.

    >>> nn.MultiLabelSoftMarginLoss()(ad.Tensor([[0.0, 0.0]]), ad.Tensor([[1.0, 0.0]]))
    Tensor(0.69314718)
    """


class SoftMarginLoss(Loss, function=functional.soft_margin_loss, inputs=2):
    """The logistic loss, of targets 1 and -1.

    As `torch.nn.SoftMarginLoss`; `nn.functional.soft_margin_loss` says what the arguments are.

    >>> nn.SoftMarginLoss()(ad.Tensor([0.0]), ad.Tensor([-1.0]))
    Tensor(0.69314718)
    """


class KLDivLoss(Loss, function=functional.kl_div, inputs=2):
    """The Kullback-Leibler divergence of probabilities from others, of which the logarithms are predicted.

    As `torch.nn.KLDivLoss`; `nn.functional.kl_div` says what the arguments are.

    >>> nn.KLDivLoss("batchmean")(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    np.float64(0.6931471805599453)
    """


class HingeEmbeddingLoss(Loss, function=functional.hinge_embedding_loss, inputs=2):
    """Distances where targets are 1, and what they are less than a margin where targets are -1.

    As `torch.nn.HingeEmbeddingLoss`; `nn.functional.hinge_embedding_loss` says what the arguments are.

    >>> nn.HingeEmbeddingLoss()(ad.Tensor([0.25, 0.25]), ad.Tensor([1.0, -1.0]))
    Tensor(0.5)
    """


class MarginRankingLoss(Loss, function=functional.margin_ranking_loss, inputs=3):
    """By how much one score does not exceed another, with a margin.

    As `torch.nn.MarginRankingLoss`; `nn.functional.margin_ranking_loss` says what the arguments are.

    >>> nn.MarginRankingLoss()(ad.Tensor([1.0]), ad.Tensor([3.0]), ad.Tensor([1.0]))
    Tensor(2.)
    """


class CosineEmbeddingLoss(Loss, function=functional.cosine_embedding_loss, inputs=3):
    """The angles between vectors that should be alike, or not.

    As `torch.nn.CosineEmbeddingLoss`; `nn.functional.cosine_embedding_loss` says what the arguments are.

    >>> nn.CosineEmbeddingLoss()(ad.Tensor([[1.0, 0.0]]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([1.0]))
    Tensor(0.4)
    """


class TripletMarginLoss(Loss, function=functional.triplet_margin_loss, inputs=3):
    """By how much an anchor is nearer to a negative example than to a positive one, with a margin.

    As `torch.nn.TripletMarginLoss`; `nn.functional.triplet_margin_loss` says what the arguments are.

    >>> nn.TripletMarginLoss(eps=0.0)(ad.Tensor([[0.0, 0.0]]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([[0.0, 1.0]]))
    Tensor(5.)
    """


class TripletMarginWithDistanceLoss(Loss, function=functional.triplet_margin_with_distance_loss, inputs=3):
    """`TripletMarginLoss` with a distance of one's own.

    As `torch.nn.TripletMarginWithDistanceLoss`; `nn.functional.triplet_margin_with_distance_loss` says what the arguments are.

    >>> taxicab = nn.TripletMarginWithDistanceLoss(lambda a, b: np.abs(a - b).sum(axis=-1))
    >>> taxicab(ad.Tensor([[0.0, 0.0]]), ad.Tensor([[3.0, 4.0]]), ad.Tensor([[0.0, 1.0]]))
    Tensor(7.)
    """


class MultiLabelMarginLoss(Loss, function=functional.multilabel_margin_loss, inputs=2):
    """By how much scores of classes that are no labels exceed those of labels, less a margin.

    As `torch.nn.MultiLabelMarginLoss`; `nn.functional.multilabel_margin_loss` says what the arguments are.

    >>> nn.MultiLabelMarginLoss()(ad.Tensor([0.5, 1.0, 0.0]), ad.Tensor([1, -1, 0]))
    Tensor(0.16666667)
    """
