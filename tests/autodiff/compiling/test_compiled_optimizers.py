"""A compiled training step leaves what the step leaves as it is: each optimizer, its settings, and each schedule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from beside_eager import Build, run_beside_eager

import autodiff as ad
import nn
from nn import optim
from nn.optim import lr_scheduler
from tests.nn.test_optimizers import CHOICES, OPTIMIZERS, combinations


def training(make_optimizer: Any, make_scheduler: Any = None, inside: bool = False, dtype: Any = float) -> Build:
    """The training of a small network, with a schedule that takes its steps inside or outside of the step."""

    def build() -> Any:
        rng = nn.manual_seed(0)
        x, y = rng.normal(size=(10, 2)).astype(dtype), rng.normal(size=(10, 1)).astype(dtype)
        model = nn.Sequential(nn.Linear(2, 4, dtype=dtype), nn.Tanh(), nn.Linear(4, 1, dtype=dtype))
        optimizer = make_optimizer(model.parameters())
        scheduler = make_scheduler(optimizer) if make_scheduler else None
        loss_fn = nn.MSELoss()

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        def step_with_schedule(x: Any, y: Any) -> Any:
            loss = step(x, y)
            scheduler.step()
            return loss

        return step_with_schedule if inside else step, (model, optimizer, scheduler), lambda i: (ad.Tensor(x), ad.Tensor(y))

    return build


def each_setting() -> Any:
    for name in OPTIMIZERS:
        for settings in combinations(CHOICES[name]):
            try:
                getattr(optim, name)([nn.Parameter([1.0])], lr=0.1, **settings)
            except ValueError:
                continue
            yield pytest.param(name, settings, id=f"{name}-{settings}")


@pytest.mark.parametrize(("name", "settings"), [*each_setting()])
def test_optimizers(name: str, settings: dict[str, Any]) -> None:
    run_beside_eager(training(lambda params: getattr(optim, name)(params, lr=0.1, **settings)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_in_float32(name: str) -> None:
    run_beside_eager(training(getattr(optim, name), dtype=np.float32))


SCHEDULERS: dict[str, Any] = {
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.9**epoch),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda epoch: 0.9),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 2),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [1, 3]),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, 0.5, 2),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, 0.5, 1.0, 4),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 4),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 4),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.1, 2),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=10),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o, 0.5), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.ConstantLR(o, 0.5), lr_scheduler.ExponentialLR(o, 0.9)], [2]
    ),
}


def test_every_schedule_has_a_case() -> None:
    public = {name for name in lr_scheduler.__all__ if name not in ("LRScheduler", "ReduceLROnPlateau")}
    assert set(SCHEDULERS) == public


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_schedule_outside_of_the_step_is_no_reason_to_capture_again(name: str) -> None:
    run_beside_eager(
        training(lambda params: optim.SGD(params, lr=0.1, momentum=0.9), SCHEDULERS[name]),
        between=lambda i, state: state[2].step() if i else None,
        captures=2,
    )


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_schedule_inside_of_the_step_counts_its_epochs_and_is_refused(name: str) -> None:
    build = training(lambda params: optim.SGD(params, lr=0.1, momentum=0.9), SCHEDULERS[name], inside=True)
    with pytest.raises(
        TypeError, match=r"scheduler\.(_step_count|last_epoch|_schedulers).* has changed in each|the value of a float decides"
    ):
        run_beside_eager(build, steps=20)


def test_lbfgs_decides_on_values_and_is_refused() -> None:
    def build() -> Any:
        w = nn.Parameter([1.0, 2.0])
        optimizer = optim.LBFGS([w])

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (w * w).sum()
            loss.backward()
            return loss

        return lambda: optimizer.step(closure), w, lambda i: ()

    with pytest.raises(TypeError, match=r"test_compiled_optimizers\.py:\d+, the value of an array decides"):
        run_beside_eager(build)
