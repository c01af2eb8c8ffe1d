"""Data for training, as `torch.utils.data` spells it: datasets, samplers, and the loader that makes batches."""

from nn.utils.data.dataset import *
from nn.utils.data.loader import *
from nn.utils.data.sampler import *

__all__ = [
    *("BatchSampler", "ConcatDataset", "DataLoader", "Dataset", "RandomSampler", "Sampler", "SequentialSampler", "Subset"),
    *("SubsetRandomSampler", "TensorDataset", "WeightedRandomSampler", "default_collate", "random_split"),
]
