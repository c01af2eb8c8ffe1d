"""Layers and losses, one file per family."""

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
