"""Neural networks on `autodiff`, spelled as PyTorch spells them."""

from nn import functional as functional
from nn import init as init
from nn import optim as optim
from nn import utils as utils
from nn.modules import *
from nn.parameter import *
from nn.random import *
from nn.serialization import *
from nn.summary import *
from nn.training import *

__all__ = [
    *("BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss"),
    *("HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "Linear", "MSELoss", "MarginRankingLoss", "Module"),
    *("ModuleDict", "ModuleList", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss"),
    *("Parameter", "PoissonNLLLoss", "ReLU", "Sequential", "Sigmoid", "SmoothL1Loss", "SoftMarginLoss", "Tanh"),
    *("TripletMarginLoss", "TripletMarginWithDistanceLoss", "fit", "functional", "get_rng_state", "init", "load"),
    *("manual_seed", "optim", "save", "set_rng_state", "summary", "utils"),
]
