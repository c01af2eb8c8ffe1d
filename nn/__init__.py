"""Neural networks on `autodiff`, spelled as PyTorch spells them."""

from typing import TYPE_CHECKING

from nn.loading import homes, loader

if TYPE_CHECKING:
    from nn import functional as functional
    from nn import init as init
    from nn import optim as optim
    from nn import utils as utils
    from nn.modules.activation import *
    from nn.modules.attention import *
    from nn.modules.container import *
    from nn.modules.conv import *
    from nn.modules.distance import *
    from nn.modules.dropout import *
    from nn.modules.embedding import *
    from nn.modules.linear import *
    from nn.modules.loss import *
    from nn.modules.module import *
    from nn.modules.normalization import *
    from nn.modules.padding import *
    from nn.modules.pooling import *
    from nn.modules.recurrent import *
    from nn.modules.running import *
    from nn.modules.shaping import *
    from nn.modules.transformer import *
    from nn.modules.unpooling import *
    from nn.modules.upsampling import *
    from nn.parameter import *
    from nn.random import *
    from nn.serialization import *
    from nn.summaries import *
    from nn.training import *

_HOMES = homes(
    {
        "modules.activation": (
            "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish PReLU RReLU "
            "ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold"
        ),
        "modules.attention": "MultiheadAttention",
        "modules.container": "ModuleDict ModuleList ParameterDict ParameterList Sequential",
        "modules.conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
        "modules.distance": "CosineSimilarity PairwiseDistance",
        "modules.dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
        "modules.embedding": "Embedding EmbeddingBag",
        "modules.linear": "Bilinear Linear",
        "modules.loss": (
            "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss "
            "HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss "
            "MultiMarginLoss NLLLoss PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss "
            "TripletMarginWithDistanceLoss"
        ),
        "modules.module": "Module",
        "modules.normalization": "GroupNorm LayerNorm LocalResponseNorm RMSNorm",
        "modules.padding": (
            "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
            "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d "
            "ZeroPad3d"
        ),
        "modules.pooling": (
            "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d "
            "AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d"
        ),
        "modules.recurrent": "GRU GRUCell LSTM LSTMCell RNN RNNCell",
        "modules.running": "BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d",
        "modules.shaping": "ChannelShuffle Flatten Fold Identity PixelShuffle PixelUnshuffle Unflatten Unfold",
        "modules.transformer": "Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer",
        "modules.unpooling": "MaxUnpool1d MaxUnpool2d MaxUnpool3d",
        "modules.upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
        "parameter": "Parameter",
        "random": "get_rng_state manual_seed set_rng_state",
        "serialization": "load save",
        "summaries": "summary",
        "training": "fit",
    }
)
_MODULES = ("functional", "init", "optim", "utils", "estimators", "export")  # the last two need other packages
__all__ = sorted([*_HOMES, *_MODULES[:4]])
__getattr__ = loader(__name__, _HOMES, _MODULES)


def __dir__() -> list[str]:
    return __all__
