"""Samplers: in which order the examples of a dataset are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from nn.random import generator as own_generator

__all__ = ["BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler", "WeightedRandomSampler"]


class Sampler:
    """The base of all samplers: what can be iterated over, and gives the numbers of examples. As `torch.utils.data.Sampler`.

    >>> class Backwards(nn.utils.data.Sampler):
    ...     def __init__(self, n):
    ...         self.n = n
    ...
    ...     def __iter__(self):
    ...         return iter(range(self.n - 1, -1, -1))
    >>> list(Backwards(3))
    [2, 1, 0]
    """

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{type(self).__name__} has no __iter__(). Define which examples are taken, and in which order.")


class SequentialSampler(Sampler):
    """All examples in their order. As `torch.utils.data.SequentialSampler`.

    >>> list(nn.utils.data.SequentialSampler(["a", "b", "c"]))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """All examples in random order, another one each time. As `torch.utils.data.RandomSampler`.

    Args:
        data_source: the dataset.
        replacement: whether each example is drawn from all of them.
        num_samples: how many are drawn; as many as there are if not given.
        generator: of the random numbers; that of `nn.manual_seed` if not given.

    >>> sorted(nn.utils.data.RandomSampler(["a", "b", "c"]))
    [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        if num_samples is not None and (not isinstance(num_samples, (int, np.integer)) or num_samples < 1):
            raise ValueError(f"RandomSampler: num_samples is {num_samples!r}; wanted a whole number above 0.")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self.num_samples = len(data_source) if num_samples is None else num_samples

    def __iter__(self) -> Iterator[int]:
        rng, size = self.generator or own_generator(), len(self.data_source)
        if self.replacement:
            yield from rng.integers(0, size, self.num_samples).tolist()
            return
        left = self.num_samples
        while left > 0:
            yield from rng.permutation(size)[:left].tolist()
            left -= size

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The examples of given numbers in random order. As `torch.utils.data.SubsetRandomSampler`.

    >>> sorted(nn.utils.data.SubsetRandomSampler([4, 2]))
    [2, 4]
    """

    def __init__(self, indices: Sequence[int], generator: np.random.Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for i in (self.generator or own_generator()).permutation(len(self.indices)):
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Examples drawn with probabilities proportional to `weights`. As `torch.utils.data.WeightedRandomSampler`.

    >>> list(nn.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.weights = np.asarray(weights, float)
        if self.weights.ndim != 1 or not np.all(self.weights >= 0) or not 0 < np.sum(self.weights) < np.inf:
            raise ValueError("WeightedRandomSampler: wanted one weight for each example, none negative, not all zero.")
        if not replacement and num_samples > np.count_nonzero(self.weights):
            raise ValueError(
                f"WeightedRandomSampler: num_samples is {num_samples}, but only {np.count_nonzero(self.weights)} examples have a "
                "weight; wanted replacement=True, or fewer."
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        rng, p = self.generator or own_generator(), self.weights / np.sum(self.weights)
        return iter(rng.choice(len(p), self.num_samples, self.replacement, p).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The numbers that a sampler gives, in lists of `batch_size`. As `torch.utils.data.BatchSampler`.

    >>> list(nn.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, (int, np.integer)) or isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"BatchSampler: batch_size is {batch_size!r}; wanted a whole number above 0.")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
