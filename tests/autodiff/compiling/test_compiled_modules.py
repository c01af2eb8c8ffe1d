"""A compiled training step of each module is the step itself: results, gradients, parameters, statistics and random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_eager import run_beside_eager

import autodiff as ad
import nn
from nn import optim
from tests.nn.cases import CASES, Case

each_case = pytest.mark.parametrize("case", [pytest.param(case, id=f"{i} {case.text}") for i, case in enumerate(CASES)])


def tensors(x: Any, requires_grad: bool = False) -> Any:
    """Arrays as tensors, in tuples too."""
    if isinstance(x, tuple):
        return tuple(tensors(part, requires_grad) for part in x)
    return ad.Tensor(x, requires_grad and x.dtype.kind == "f") if isinstance(x, np.ndarray) else x


def leaves(result: Any) -> list[Any]:
    """The tensors in nested tuples."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in leaves(part)]
    return [] if result is None else [result]


def weighted(result: Any) -> Any:
    """A sum over all results, in which each element counts differently."""
    floats = [y for y in leaves(result) if y.dtype.kind == "f"]
    return sum((y * np.cos(np.arange(y.size, dtype=y.dtype)).reshape(y.shape)).sum() for y in floats)


@each_case
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_modules(case: Case, train: bool) -> None:
    def build() -> Any:
        nn.manual_seed(0)
        module = case.build(nn)
        module.train(train)
        given = [[tensors(x, requires_grad=True) for x in case.arrays(seed=seed)] for seed in (0, 1, 0, 2)]
        optimizer = optim.SGD([*module.parameters()] or [nn.Parameter([1.0])], lr=0.01)
        rng = nn.manual_seed(1)

        def step(*inputs: Any) -> Any:
            optimizer.zero_grad()
            for x in leaves(inputs):
                if isinstance(x, ad.Tensor):
                    x.grad = None
            results = module(*inputs)
            loss = weighted(results)
            if getattr(loss, "requires_grad", False):
                loss.backward()
            optimizer.step()
            return [y.detach() for y in leaves(results)]

        return step, (module, given, rng), lambda i: tuple(given[i])

    run_separately(build)


def run_separately(build: Any) -> None:
    """With the generator of `nn` that belongs to each of the two."""
    import nn.random as random

    made: list[Any] = []

    def built() -> Any:
        step, state, given = build()
        generator = random.generator()
        made.append(generator)

        def of_own(i: int) -> Any:
            random._generator = generator
            return given(i)

        return step, state, of_own

    run_beside_eager(built, steps=4, captures=2)
