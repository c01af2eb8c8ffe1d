"""The functions behind the layers and losses, as `torch.nn.functional` spells them."""

from typing import TYPE_CHECKING

from nn.loading import homes, loader

if TYPE_CHECKING:
    from nn.functional.activation import *
    from nn.functional.adaptive import *
    from nn.functional.attention import *
    from nn.functional.bilinear_maps import *
    from nn.functional.classification import *
    from nn.functional.conv import *
    from nn.functional.ctc import *
    from nn.functional.distance import *
    from nn.functional.dropouts import *
    from nn.functional.embeddings import *
    from nn.functional.linear_maps import *
    from nn.functional.lp_pooling import *
    from nn.functional.normalization import *
    from nn.functional.padding import *
    from nn.functional.pooling import *
    from nn.functional.probabilities import *
    from nn.functional.ranking import *
    from nn.functional.rectifiers import *
    from nn.functional.regression import *
    from nn.functional.shaping import *
    from nn.functional.softmaxes import *
    from nn.functional.unpooling import *
    from nn.functional.upsampling import *

_HOMES = homes(
    {
        "activation": "gelu glu logsigmoid mish sigmoid silu softplus softsign tanh tanhshrink",
        "adaptive": (
            "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
            "adaptive_max_pool3d"
        ),
        "attention": "scaled_dot_product_attention",
        "bilinear_maps": "bilinear",
        "classification": "cross_entropy multi_margin_loss nll_loss",
        "conv": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
        "ctc": "ctc_loss",
        "distance": "cosine_similarity normalize pairwise_distance",
        "dropouts": "alpha_dropout dropout dropout1d dropout2d dropout3d feature_alpha_dropout",
        "embeddings": "embedding embedding_bag",
        "linear_maps": "linear",
        "lp_pooling": "lp_pool1d lp_pool2d lp_pool3d",
        "normalization": "batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm",
        "padding": "pad",
        "pooling": "avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d",
        "probabilities": (
            "binary_cross_entropy binary_cross_entropy_with_logits kl_div multilabel_soft_margin_loss soft_margin_loss"
        ),
        "ranking": (
            "cosine_embedding_loss hinge_embedding_loss margin_ranking_loss multilabel_margin_loss triplet_margin_loss "
            "triplet_margin_with_distance_loss"
        ),
        "rectifiers": (
            "celu elu hardshrink hardsigmoid hardswish hardtanh leaky_relu prelu relu relu6 rrelu selu softshrink threshold"
        ),
        "regression": "gaussian_nll_loss huber_loss l1_loss mse_loss poisson_nll_loss smooth_l1_loss",
        "shaping": "channel_shuffle fold one_hot pixel_shuffle pixel_unshuffle unfold",
        "softmaxes": "gumbel_softmax log_softmax softmax softmin",
        "unpooling": "max_unpool1d max_unpool2d max_unpool3d",
        "upsampling": "interpolate",
    }
)
__all__ = sorted(_HOMES)
__getattr__ = loader("nn.functional", _HOMES)


def __dir__() -> list[str]:
    return __all__
