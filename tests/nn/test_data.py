"""Data: each example comes once an epoch, in the order asked for, however batches are made."""

from __future__ import annotations

import threading
import time
from collections import Counter, namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import autodiff as ad
import nn
from nn.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    random_split,
)


class Squares(Dataset):
    """The squares of the numbers up to n."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self.n:
            raise IndexError(index)
        return np.array([index, index**2]), index


def numbers(loader: Any) -> list[list[int]]:
    """Which examples each batch has."""
    return [np.asarray(batch[1]).tolist() for batch in loader]


@given(
    n=st.integers(0, 20),
    batch_size=st.integers(1, 7),
    drop_last=st.booleans(),
    shuffle=st.booleans(),
    workers=st.integers(0, 3),
    whole=st.booleans(),
)
def test_each_example_comes_once_an_epoch(
    n: int, batch_size: int, drop_last: bool, shuffle: bool, workers: int, whole: bool
) -> None:
    rows = np.arange(n)
    data = TensorDataset(np.stack([rows, rows**2], 1), rows) if whole else Squares(n)
    loader = DataLoader(data, batch_size, shuffle, num_workers=workers, drop_last=drop_last, generator=np.random.default_rng(0))
    for _ in range(2):
        batches = list(loader)
        assert len(batches) == len(loader) == (n // batch_size if drop_last else -(-n // batch_size))
        seen = [i for batch in batches for i in batch[1].tolist()]
        assert all(len(batch[1]) == batch_size for batch in batches[: n // batch_size])
        assert len(set(seen)) == len(seen) == (n // batch_size * batch_size if drop_last else n)
        assert shuffle or seen == list(range(len(seen)))
        for x, y in batches:
            assert_array_equal(x, np.stack([y, y**2], 1))


def test_the_order_is_another_one_each_epoch_and_the_same_for_the_same_seed() -> None:
    def orders(workers: int) -> list[list[list[int]]]:
        nn.manual_seed(3)
        loader = DataLoader(Squares(50), batch_size=8, shuffle=True, num_workers=workers)
        return [numbers(loader) for _ in range(3)]

    first, second, third = orders(0)
    assert first != second != third
    assert orders(0) == orders(2) == [first, second, third]


@pytest.mark.parametrize("workers", [1, 4])
def test_workers_make_batches_ahead_in_their_order_and_no_more_than_asked_for(workers: int) -> None:
    made: list[int] = []

    class Slow(Squares):
        def __getitem__(self, index: int) -> Any:
            time.sleep(0.001 * (index % 3))
            made.append(index)
            return super().__getitem__(index)

    loader = DataLoader(Slow(60), batch_size=2, num_workers=workers, prefetch_factor=2)
    batches = iter(loader)
    assert next(batches)[1].tolist() == [0, 1]
    time.sleep(0.2)
    assert len(made) <= 2 * (2 * workers + 2)
    assert [batch[1].tolist() for batch in batches] == [[i, i + 1] for i in range(2, 60, 2)]


def test_an_epoch_that_is_left_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    for _ in DataLoader(Squares(1000), num_workers=3):
        break
    assert threading.active_count() == before


def test_an_error_in_a_worker_comes_in_the_place_of_its_batch() -> None:
    class Broken(Squares):
        def __getitem__(self, index: int) -> Any:
            if index == 5:
                raise OSError("example 5 cannot be read")
            return super().__getitem__(index)

    for workers in (0, 2):
        batches = iter(DataLoader(Broken(20), batch_size=2, num_workers=workers))
        assert [next(batches)[1].tolist() for _ in range(2)] == [[0, 1], [2, 3]]
        with pytest.raises(OSError, match="example 5 cannot be read"):
            next(batches)


Point = namedtuple("Point", "x label")


def test_a_batch_has_the_form_of_its_examples() -> None:
    examples = [{"x": np.ones(2) * i, "y": (i, float(i)), "name": str(i), "p": Point([i], True)} for i in range(3)]
    batch = default_collate(examples)
    assert_array_equal(batch["x"], [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    assert_array_equal(batch["y"][0], [0, 1, 2])
    assert batch["y"][1].dtype == np.float64
    assert batch["name"] == ["0", "1", "2"]
    assert type(batch["p"]) is Point
    assert_array_equal(batch["p"].x[0], [0, 1, 2])
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    stacked = default_collate([x, 2 * x])
    stacked.sum().backward()
    assert_array_equal(x.grad.numpy(), [3.0, 3.0])


def test_what_cannot_be_put_together_is_an_error_that_says_why() -> None:
    with pytest.raises(ValueError, match=r"^default_collate: the examples have shapes \[\(2,\), \(3,\)\]; wanted one"):
        default_collate([np.ones(2), np.ones(3)])
    with pytest.raises(ValueError, match=r"^default_collate: the examples have \[1, 2\] parts"):
        default_collate([(1,), (1, 2)])
    with pytest.raises(TypeError, match=r"^default_collate: an example is object; wanted arrays"):
        default_collate([object()])


@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=4))
def test_a_split_has_each_example_in_one_part(lengths: list[int]) -> None:
    parts = random_split(Squares(sum(lengths)), lengths, np.random.default_rng(0))
    assert [len(part) for part in parts] == lengths
    assert sorted(part[i][1] for part in parts for i in range(len(part))) == list(range(sum(lengths)))


@pytest.mark.peer
@pytest.mark.parametrize("fractions", [[0.8, 0.2], [0.5, 0.25, 0.25], [1.0], [1 / 3] * 3])
def test_fractions_are_rounded_as_in_pytorch(torch: Any, fractions: list[float]) -> None:
    for n in range(10, 40):
        theirs = [len(part) for part in torch.utils.data.random_split(range(n), fractions)]
        assert [len(part) for part in random_split(range(n), fractions)] == theirs


def test_lengths_that_do_not_fit_are_an_error() -> None:
    for lengths in ([3, 3], [0.5, 0.6], [-1, 11], [2.5, 7.5]):
        with pytest.raises(ValueError, match=r"^random_split: the lengths are .*; wanted such as add up to 10, or to 1\.$"):
            random_split(range(10), lengths)


def test_datasets_one_after_another_and_parts_of_them() -> None:
    both = Squares(3) + Squares(4)
    assert [both[i][1] for i in range(len(both))] == [0, 1, 2, 0, 1, 2, 3]
    assert both[-1][1] == 3
    with pytest.raises(IndexError, match="there is no example 7; there are 7"):
        both[7]
    assert [Subset(both, [6, 0])[i][1] for i in range(2)] == [3, 0]
    with pytest.raises(ValueError, match="there are no datasets"):
        ConcatDataset([])


def test_what_has_no_meaning_without_another_device_may_be_given_where_pytorch_has_it() -> None:
    assert [len(batch[0]) for batch in DataLoader(Squares(5), 2, False, None, None, 0, None, True, True)] == [2, 2]
    batches = DataLoader(Squares(5), batch_size=2, num_workers=2, pin_memory=True, persistent_workers=True)
    assert [len(batch[0]) for batch in batches] == [2, 2, 1]


def test_samplers() -> None:
    rng = np.random.default_rng(0)
    assert sorted(SubsetRandomSampler([5, 7, 9], rng)) == [5, 7, 9]
    assert Counter(RandomSampler(range(3), num_samples=7, generator=rng)).keys() == {0, 1, 2}
    assert len(list(RandomSampler(range(3), replacement=True, num_samples=50, generator=rng))) == 50
    drawn = Counter(WeightedRandomSampler([0.0, 1.0, 3.0], 4000, generator=rng))
    assert drawn[0] == 0
    assert 2.5 < drawn[2] / drawn[1] < 3.5
    assert sorted(WeightedRandomSampler([1.0, 0.0, 2.0], 2, replacement=False, generator=rng)) == [0, 2]
    assert list(BatchSampler([3, 1, 2], 2, drop_last=True)) == [[3, 1]]
    loader = DataLoader(Squares(9), batch_sampler=[[1, 2], [8]])
    assert numbers(loader) == [[1, 2], [8]]
    assert [x[1] for x in DataLoader(Squares(3), batch_size=None)] == [0, 1, 2]


def test_whole_batches_are_asked_for_where_a_dataset_gives_them() -> None:
    class Whole(Squares):
        def __getitems__(self, indices: list[int]) -> list[Any]:
            return [(np.zeros(1), -i) for i in indices]

    assert numbers(DataLoader(Whole(4), batch_size=3)) == [[0, -1, -2], [-3]]


def test_parts_of_parts_of_arrays_are_taken_by_batches_and_an_empty_sampler_has_none() -> None:
    x = np.arange(10.0)
    part = Subset(Subset(TensorDataset(x, -x), [9, 7, 5, 3, 1]), [4, 0, 2])
    (a, b), (c, _) = DataLoader(part, batch_size=2)
    assert_array_equal(a, [1.0, 9.0])
    assert_array_equal(b, [-1.0, -9.0])
    assert_array_equal(c, [5.0])
    assert list(DataLoader(part, sampler=[])) == []


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: DataLoader(Squares(3), batch_size=0), "BatchSampler: batch_size is 0; wanted a whole number above 0"),
        (lambda: DataLoader(Squares(3), shuffle=True, sampler=[0]), "shuffle has no meaning beside a sampler"),
        (lambda: DataLoader(Squares(3), batch_size=2, batch_sampler=[[0]]), "a batch_sampler takes the place of batch_size"),
        (lambda: DataLoader(Squares(3), num_workers=-1), "num_workers is -1"),
        (lambda: TensorDataset(np.ones(3), np.ones(4)), r"the shapes are \[\(3,\), \(4,\)\]; wanted arrays with as many rows each"),
        (lambda: RandomSampler(range(3), num_samples=0), "num_samples is 0"),
        (lambda: WeightedRandomSampler([-1.0], 1), "wanted one weight for each example"),
        (lambda: WeightedRandomSampler([1.0, 0.0], 2, replacement=False), "only 1 examples have a weight"),
    ],
)
def test_settings_that_make_no_sense_are_errors(make: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make()
