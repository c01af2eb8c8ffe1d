"""Datasets: what can be indexed by the number of an example."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

import autodiff as ad
from nn.random import generator as own_generator

__all__ = ["ConcatDataset", "Dataset", "Subset", "TensorDataset", "random_split"]


class Dataset:
    """The base of all datasets: a subclass defines `__getitem__` of the number of an example, and `__len__`.

    As `torch.utils.data.Dataset`. It may define `__getitems__` of a list of numbers as well, which gives a list of examples.

    >>> class Squares(nn.utils.data.Dataset):
    ...     def __len__(self):
    ...         return 10
    ...
    ...     def __getitem__(self, index):
    ...         return np.float64(index), np.float64(index) ** 2
    >>> next(iter(nn.utils.data.DataLoader(Squares(), batch_size=3)))
    (array([0., 1., 2.]), array([0., 1., 4.]))
    """

    def __getitem__(self, index: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no __getitem__(). Define what the example of a number is.")

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])


class TensorDataset(Dataset):
    """The rows of arrays or tensors: example i is the tuple of the i-th of each. As `torch.utils.data.TensorDataset`.

    >>> data = nn.utils.data.TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(data), data[1]
    (3, (array([2., 3.]), np.int64(1)))
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(x if isinstance(x, ad.Tensor) else np.asarray(x) for x in tensors)
        shapes = [x.shape for x in self.tensors]
        if not shapes or () in shapes or len({shape[0] for shape in shapes}) != 1:
            raise ValueError(f"TensorDataset: the shapes are {shapes}; wanted arrays with as many rows each.")

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class Subset(Dataset):
    """Some of the examples of a dataset, by their numbers. As `torch.utils.data.Subset`.

    >>> nn.utils.data.Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset):
    """Datasets one after another. As `torch.utils.data.ConcatDataset`.

    >>> nn.utils.data.ConcatDataset([["a", "b"], ["c"]])[2]
    'c'
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: there are no datasets.")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: there is no example {index}; there are {len(self)}.")
        index %= len(self)
        which = bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(dataset: Any, lengths: Sequence[float], generator: np.random.Generator | None = None) -> list[Subset]:
    """Split a dataset at random. As `torch.utils.data.random_split`.

    Args:
        dataset: what has a length.
        lengths: how many examples each part has, or which fraction of them, with sum 1.
        generator: of the random numbers; that of `nn.manual_seed` if not given.

    Raises:
        ValueError: the lengths are not all of the dataset.

    >>> train, test = nn.utils.data.random_split(range(10), [0.8, 0.2])
    >>> len(train), len(test)
    (8, 2)
    """
    total, counts = len(dataset), list(lengths)
    if math.isclose(sum(lengths), 1) and total != 1:
        counts = [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - int(sum(counts))):  # what rounding left over, one each in turn
            counts[i % len(counts)] += 1
    if sum(counts) != total or min(counts, default=0) < 0 or any(count != int(count) for count in counts):
        raise ValueError(f"random_split: the lengths are {list(lengths)}; wanted such as add up to {total}, or to 1.")
    order = (generator or own_generator()).permutation(total)
    ends = np.cumsum([0, *map(int, counts)])
    return [Subset(dataset, order[a:b].tolist()) for a, b in pairwise(ends)]
