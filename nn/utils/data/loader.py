"""The loader: batches of a dataset, made ahead by threads if wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import autodiff as ad
from nn.utils.data.dataset import Subset, TensorDataset
from nn.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader", "default_collate"]


def default_collate(batch: Sequence[Any]) -> Any:
    """Examples as one batch: arrays and tensors stacked, numbers as an array, and the parts of tuples, lists and dicts each so.

    As `torch.utils.data.default_collate`, with arrays of NumPy.

    >>> nn.utils.data.default_collate([(np.ones(2), 0), (np.zeros(2), 1)])
    (array([[1., 1.],
           [0., 0.]]), array([0, 1]))
    """
    first = batch[0]
    if isinstance(first, ad.Tensor):
        return ad.stack(batch)
    if isinstance(first, (np.ndarray, np.generic, int, float, complex)):
        try:
            return np.stack([np.asarray(x) for x in batch])
        except ValueError:
            shapes = sorted({np.shape(x) for x in batch})
            raise ValueError(
                f"default_collate: the examples have shapes {shapes}; wanted one. Pass collate_fn= to pad them."
            ) from None
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([example[key] for example in batch]) for key in first}
    if isinstance(first, (tuple, list)):
        if len({len(example) for example in batch}) != 1:
            raise ValueError(f"default_collate: the examples have {sorted({len(e) for e in batch})} parts; wanted as many each.")
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        return first._make(parts) if hasattr(first, "_make") else type(first)(parts)
    raise TypeError(
        f"default_collate: an example is {type(first).__name__}; wanted arrays, numbers, strings, or tuples, lists and dicts of "
        "them. Pass collate_fn= for others."
    )


class DataLoader:
    """Batches of a dataset, to be iterated over once per epoch. As `torch.utils.data.DataLoader`.

    Args:
        dataset: what has a length and gives examples by number; of a `TensorDataset`, or a part, whole batches are taken at once.
        batch_size: how many examples a batch has; with None, examples come one by one.
        shuffle: whether they come in random order, another one each epoch.
        sampler: the numbers of the examples, instead of `shuffle`.
        batch_sampler: lists of numbers, instead of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: how many threads make batches ahead; with 0, each is made when it is asked for.
        collate_fn: what makes a batch of a list of examples; `default_collate` if not given.
        pin_memory: may be given, and changes nothing: there is no other device.
        drop_last: whether a last batch that is smaller is left out.
        generator: of the order; that of `nn.manual_seed` if not given.
        prefetch_factor: how many batches each thread is ahead; 2 if not given.
        persistent_workers: may be given, and changes nothing: threads are made in no time.

    >>> data = nn.utils.data.TensorDataset(np.arange(5.0), np.arange(5) % 2)
    >>> for x, y in nn.utils.data.DataLoader(data, batch_size=2):
    ...     print(x, y)
    [0. 1.] [0 1]
    [2. 3.] [0 1]
    [4.] [0]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool = False,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Sequence[int]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        *,
        generator: np.random.Generator | None = None,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ) -> None:
        if shuffle and (sampler is not None or batch_sampler is not None):
            raise ValueError("DataLoader: shuffle has no meaning beside a sampler, which decides the order.")
        if batch_sampler is not None and (batch_size not in (1, None) or sampler is not None or drop_last):
            raise ValueError("DataLoader: a batch_sampler takes the place of batch_size, sampler and drop_last.")
        if num_workers < 0 or (prefetch_factor is not None and prefetch_factor < 1):
            raise ValueError(
                f"DataLoader: num_workers is {num_workers}, prefetch_factor {prefetch_factor}; wanted 0 or more, 1 or more."
            )
        self.dataset, self.batch_size, self.num_workers, self.drop_last = dataset, batch_size, num_workers, drop_last
        self.generator, self.prefetch_factor = generator, 2 if prefetch_factor is None else prefetch_factor
        if sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler = sampler
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.batch_sampler, self.collate_fn = batch_sampler, collate_fn

    def __len__(self) -> int:
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Any]:
        """The batches of an epoch."""
        indices: Iterable[Any] = self.sampler if self.batch_sampler is None else self.batch_sampler
        return map(self._made, indices) if self.num_workers == 0 else self._ahead(indices)

    def _made(self, index: Any) -> Any:
        """The batch of a list of numbers, or the example of one."""
        if self.batch_sampler is None:
            return self.dataset[index] if self.collate_fn is None else self.collate_fn(self.dataset[index])
        dataset, rows = self.dataset, list(index)
        while type(dataset) is Subset:
            dataset, rows = dataset.dataset, [dataset.indices[i] for i in rows]
        if self.collate_fn is None and type(dataset) is TensorDataset:
            return dataset[rows]
        whole = getattr(dataset, "__getitems__", None)
        return (self.collate_fn or default_collate)(whole(rows) if whole else [dataset[i] for i in rows])

    def _ahead(self, indices: Iterable[Any]) -> Iterator[Any]:
        """The batches in their order, while threads make those that follow. An error comes in the place of its batch."""
        from concurrent.futures import Future, ThreadPoolExecutor

        with ThreadPoolExecutor(self.num_workers, thread_name_prefix="DataLoader") as workers:
            coming: deque[Future[Any]] = deque()
            try:
                for index in indices:
                    coming.append(workers.submit(self._made, index))
                    if len(coming) > self.num_workers * self.prefetch_factor:
                        yield coming.popleft().result()
                while coming:
                    yield coming.popleft().result()
            finally:  # also when nobody wants the rest
                workers.shutdown(wait=True, cancel_futures=True)
