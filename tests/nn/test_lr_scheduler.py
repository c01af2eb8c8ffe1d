"""Schedules of the learning rate: the rates of PyTorch's, chains and sequences, states, warnings, settings that are refused."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import error
from numpy.testing import assert_allclose

import nn
from nn.optim import lr_scheduler

EPOCHS = 100


class Falling:
    """A function with a state."""

    def __init__(self) -> None:
        self.power = -0.5

    def __call__(self, epoch: int) -> float:
        return float((1 + epoch) ** self.power)


def sequence(*build: Callable[[Any, Any], Any], milestones: list[int]) -> Callable[[Any, Any], Any]:
    return lambda s, o: s.SequentialLR(o, [make(s, o) for make in build], milestones=milestones)


def chain(*build: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda s, o: s.ChainedScheduler([make(s, o) for make in build])


def made(name: str, *args: Any, **kwargs: Any) -> Callable[[Any, Any], Any]:
    """How a schedule is made of a library's schedules and an optimizer."""
    return lambda library, optimizer: getattr(library, name)(optimizer, *args, **kwargs)


CASES = {
    "StepLR": made("StepLR", 7),
    "StepLR, each epoch": made("StepLR", step_size=1, gamma=0.9),
    "MultiStepLR": made("MultiStepLR", [30, 80], gamma=0.5),
    "MultiStepLR, from the first epoch, twice, unsorted": made("MultiStepLR", [9, 5, 5, 0]),
    "ConstantLR": made("ConstantLR"),
    "ConstantLR, long": made("ConstantLR", factor=0.7, total_iters=40),
    "LinearLR": made("LinearLR"),
    "LinearLR, down": made("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=60),
    "LinearLR, to 0": made("LinearLR", start_factor=0.5, end_factor=0.0, total_iters=10),
    "ExponentialLR": made("ExponentialLR", 0.97),
    "ExponentialLR, up": made("ExponentialLR", gamma=1.03),
    "PolynomialLR": made("PolynomialLR"),
    "PolynomialLR, square": made("PolynomialLR", total_iters=70, power=2.0),
    "CosineAnnealingLR": made("CosineAnnealingLR", 30),
    "CosineAnnealingLR, from below": made("CosineAnnealingLR", T_max=7, eta_min=0.3),
    "CosineAnnealingLR, each epoch": made("CosineAnnealingLR", T_max=1, eta_min=0.01),
    "CosineAnnealingWarmRestarts": made("CosineAnnealingWarmRestarts", 9),
    "CosineAnnealingWarmRestarts, longer": made("CosineAnnealingWarmRestarts", T_0=3, T_mult=2, eta_min=0.02),
    "LambdaLR": made("LambdaLR", lambda epoch: 0.95**epoch),
    "LambdaLR, each group": made("LambdaLR", [lambda epoch: 0.95**epoch, Falling()]),
    "MultiplicativeLR": made("MultiplicativeLR", lambda epoch: 0.95 if epoch % 2 else 1.01),
    "CyclicLR": made("CyclicLR", base_lr=0.01, max_lr=0.2, step_size_up=8),
    "CyclicLR, lower": made("CyclicLR", [0.01, 0.02], [0.2, 0.1], 5, 9, mode="triangular2", base_momentum=0.7, max_momentum=0.95),
    "CyclicLR, exponential": made("CyclicLR", 0.01, 0.2, step_size_up=5, mode="exp_range", gamma=0.97),
    "CyclicLR, function of the cycle": made("CyclicLR", 0.01, 0.2, 5, scale_fn=lambda x: 1 / x),
    "CyclicLR, function of the step": made("CyclicLR", 0.01, 0.2, 5, scale_fn=Falling(), scale_mode="iterations"),
    "CyclicLR, without momentum": made("CyclicLR", 0.01, 0.2, 5, cycle_momentum=False),
    "OneCycleLR": made("OneCycleLR", max_lr=0.3, total_steps=EPOCHS),
    "OneCycleLR, linear": made("OneCycleLR", [0.3, 0.1], epochs=10, steps_per_epoch=10, anneal_strategy="linear"),
    "OneCycleLR, three": made("OneCycleLR", 0.3, 110, pct_start=0.2, three_phase=True, div_factor=5.0, final_div_factor=10.0),
    "OneCycleLR, without momentum": made("OneCycleLR", 0.3, 110, pct_start=0.0, cycle_momentum=False),
    "OneCycleLR, momentum": made("OneCycleLR", 0.3, 110, base_momentum=[0.5, 0.6], max_momentum=0.9),
    "ChainedScheduler": chain(made("ConstantLR", 0.1, total_iters=20), made("ExponentialLR", 0.9)),
    "ChainedScheduler, cosine": chain(made("CosineAnnealingLR", 30, eta_min=0.01), made("StepLR", 10, gamma=0.5)),
    "ChainedScheduler, three": chain(made("LinearLR", 0.2), made("PolynomialLR", 80), made("MultiStepLR", [3, 50])),
    "ChainedScheduler, absolute": chain(made("ExponentialLR", 0.9), made("LambdaLR", lambda epoch: 1 / (1 + epoch))),
    "SequentialLR": sequence(made("LinearLR", 0.1, total_iters=10), made("CosineAnnealingLR", 80), milestones=[10]),
    "SequentialLR, three": sequence(
        made("ConstantLR", 0.1, total_iters=20), made("StepLR", 3), made("CosineAnnealingWarmRestarts", 8, 2), milestones=[20, 40]
    ),
    "SequentialLR, multiplicative": sequence(
        made("ExponentialLR", 0.9), made("MultiplicativeLR", lambda epoch: 0.99), milestones=[12]
    ),
}
each_case = pytest.mark.parametrize("build", [pytest.param(build, id=name) for name, build in CASES.items()])
each_optimizer = pytest.mark.parametrize("kind", ["SGD", "Adam"])


def optimizer(kind: str = "SGD", lr: float = 0.1) -> Any:
    """One of two groups of different rates."""
    groups = [{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": lr / 2}]
    return getattr(nn.optim, kind)(groups, lr=lr, **({"momentum": 0.9} if kind == "SGD" else {}))


def their_optimizer(torch: Any, kind: str = "SGD", lr: float = 0.1) -> Any:
    groups = [{"params": [torch.ones(1, requires_grad=True)]}, {"params": [torch.ones(1, requires_grad=True)], "lr": lr / 2}]
    return getattr(torch.optim, kind)(groups, lr=lr, **({"momentum": 0.9} if kind == "SGD" else {}))


def rates(optimizer: Any, scheduler: Any, epochs: int = EPOCHS) -> list[list[float]]:
    """The rate and the momentum of each group in each epoch."""
    found = []
    for _ in range(epochs):
        assert scheduler.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        found.append([x for g in optimizer.param_groups for x in (g["lr"], g["momentum"] if "momentum" in g else g["betas"][0])])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.peer
@each_optimizer
@each_case
def test_rates_are_those_of_pytorch(torch: Any, build: Callable[[Any, Any], Any], kind: str) -> None:
    first, second = optimizer(kind), their_optimizer(torch, kind)
    found = rates(first, build(lr_scheduler, first))
    expected = rates(second, build(torch.optim.lr_scheduler, second))
    assert_allclose(found, expected, rtol=1e-11, atol=1e-16)


@each_case
def test_what_is_continued_from_a_state_is_what_was_not_interrupted(build: Callable[[Any, Any], Any]) -> None:
    first = optimizer()
    scheduler = build(lr_scheduler, first)
    rates(first, scheduler, 23)
    other = optimizer()
    continued = build(lr_scheduler, other)
    state = scheduler.state_dict()
    assert "optimizer" not in state
    continued.load_state_dict(state)
    other.load_state_dict(first.state_dict())
    assert rates(other, continued, 30) == rates(first, scheduler, 30)


@each_case
def test_a_schedule_has_a_rate_for_each_group_from_the_beginning(build: Callable[[Any, Any], Any]) -> None:
    one = optimizer()
    scheduler = build(lr_scheduler, one)
    assert isinstance(scheduler, lr_scheduler.LRScheduler)
    assert scheduler.get_last_lr() == [group["lr"] for group in one.param_groups]


def test_every_schedule_is_tried() -> None:
    tried = {name.split(",")[0] for name in CASES}
    assert {*lr_scheduler.__all__} == tried | {"LRScheduler", "ReduceLROnPlateau"}


@pytest.mark.parametrize("name", ["StepLR", "ExponentialLR", "CosineAnnealingLR"])
def test_a_rate_is_the_closed_form_of_the_epoch_to_the_last_digit(name: str) -> None:
    one = nn.optim.SGD([nn.Parameter([1.0])], lr=0.1)
    scheduler = {
        "StepLR": lambda: lr_scheduler.StepLR(one, 3, gamma=0.7),
        "ExponentialLR": lambda: lr_scheduler.ExponentialLR(one, 0.9),
        "CosineAnnealingLR": lambda: lr_scheduler.CosineAnnealingLR(one, 1000),
    }[name]()
    one.step()
    for _ in range(990):
        scheduler.step()
    cosine = (1 + math.cos(math.pi * 990 / 1000)) / 2
    assert scheduler.get_last_lr() == [0.1 * {"StepLR": 0.7**330, "ExponentialLR": 0.9**990, "CosineAnnealingLR": cosine}[name]]


def test_a_rate_that_someone_changes_moves_in_proportion() -> None:
    one = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    scheduler = lr_scheduler.ExponentialLR(one, 0.5)
    one.step()
    scheduler.step()
    one.param_groups[0]["lr"] = 8.0
    scheduler.step()
    assert scheduler.get_last_lr() == [4.0]


def test_a_schedule_that_was_at_0_comes_back() -> None:
    one = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    scheduler = lr_scheduler.ConstantLR(one, factor=0.0, total_iters=2)
    found = rates_of_one(one, scheduler, 4)
    assert found == [0.0, 0.0, 1.0, 1.0]


def rates_of_one(optimizer: Any, scheduler: Any, epochs: int) -> list[float]:
    found = []
    for _ in range(epochs):
        found += scheduler.get_last_lr()
        optimizer.step()
        scheduler.step()
    return found


def test_a_schedule_continues_from_an_epoch_with_the_rates_that_the_optimizer_has() -> None:
    one = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    whole = rates_of_one(one, lr_scheduler.ExponentialLR(one, 0.5), 6)
    other = nn.optim.SGD([{"params": [nn.Parameter([1.0])], "initial_lr": 1.0, "lr": whole[3]}])
    assert rates_of_one(other, lr_scheduler.ExponentialLR(other, 0.5, last_epoch=2), 3) == whole[3:]


def test_a_sequence_within_a_sequence_is_one_sequence() -> None:
    one, other = (nn.optim.SGD([nn.Parameter([1.0])], lr=1.0) for _ in range(2))
    parts = made("ConstantLR", 0.5), made("ExponentialLR", 0.9), made("PolynomialLR", 50)
    nested = sequence(sequence(*parts[:2], milestones=[5]), parts[2], milestones=[30])(lr_scheduler, one)
    flat = sequence(*parts, milestones=[5, 30])(lr_scheduler, other)
    assert rates_of_one(one, nested, 90) == rates_of_one(other, flat, 90)


def test_a_chain_starts_again_in_a_sequence() -> None:
    one = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    warm = lr_scheduler.ConstantLR(one, 0.25)
    both = lr_scheduler.ChainedScheduler([lr_scheduler.ConstantLR(one, 0.5, 2), lr_scheduler.ExponentialLR(one, 0.5)])
    scheduler = lr_scheduler.SequentialLR(one, [warm, both], milestones=[2])
    assert rates_of_one(one, scheduler, 6) == [0.25, 0.25, 0.5, 0.25, 0.25, 0.125]


@pytest.mark.peer
def test_warm_restarts_within_epochs_are_those_of_pytorch(torch: Any) -> None:
    def run(library: Any, one: Any) -> list[list[float]]:
        scheduler = library.lr_scheduler.CosineAnnealingWarmRestarts(one, T_0=2, T_mult=2, eta_min=0.01)
        found = []
        for epoch in range(20):
            for batch in range(4):
                scheduler.step(epoch + batch / 4)
                found.append(scheduler.get_last_lr())
        return found

    assert_allclose(run(nn.optim, optimizer()), run(torch.optim, their_optimizer(torch)), rtol=1e-11, atol=1e-16)


# --- plateaus -------------------------------------------------------------------------------------------------------------------

PLATEAUS = [
    {},
    {"patience": 2, "factor": 0.5},
    {"patience": 1, "cooldown": 3},
    {"mode": "max", "patience": 3},
    {"mode": "max", "patience": 3, "threshold": 0.3, "threshold_mode": "abs"},
    {"patience": 0, "threshold": 0.2, "threshold_mode": "abs", "min_lr": 0.01},
    {"patience": 0, "threshold": 0.05, "min_lr": [0.02, 0.001], "factor": 0.3},
    {"patience": 0, "eps": 0.02},
]


def on_plateau(library: Any, one: Any, **options: Any) -> list[list[float]]:
    scheduler = library.lr_scheduler.ReduceLROnPlateau(one, **options)
    metrics = 3 + np.cos(np.arange(EPOCHS) / 7) * np.exp(-np.arange(EPOCHS) / 50)
    found = []
    for metric in metrics:
        one.step()
        scheduler.step(metric)
        found.append(scheduler.get_last_lr())
    return found


@pytest.mark.peer
@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_rates_on_plateaus_are_those_of_pytorch(torch: Any, options: dict[str, Any]) -> None:
    found = on_plateau(nn.optim, optimizer(), **options)
    assert_allclose(found, on_plateau(torch.optim, their_optimizer(torch), **options), rtol=1e-12)
    assert len({tuple(lrs) for lrs in found}) > 1


def test_a_plateau_is_continued_from_a_state_and_takes_tensors() -> None:
    first, other = optimizer(), optimizer()
    scheduler, continued = (lr_scheduler.ReduceLROnPlateau(o, patience=2) for o in (first, other))
    loss = nn.Parameter([2.0]).sum()
    scheduler.step(loss)
    scheduler.step(loss)
    continued.load_state_dict(scheduler.state_dict())
    for one in (scheduler, continued):
        one.step(loss)
        one.step(loss)
    assert scheduler.get_last_lr() == continued.get_last_lr() == [0.1 * 0.1, 0.05 * 0.1]


# --- warnings and errors --------------------------------------------------------------------------------------------------------


def test_a_step_before_the_first_of_the_optimizer_is_warned_of() -> None:
    scheduler = lr_scheduler.StepLR(optimizer(), 1)
    text = (
        r"^StepLR: step\(\) comes before the optimizer's first step\(\), so the first learning rate is never used\. "
        r"Call optimizer\.step\(\) before scheduler\.step\(\)\.$"
    )
    with pytest.warns(UserWarning, match=text):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()


def test_a_schedule_without_rates_is_an_error() -> None:
    with error(TypeError, "Plain has no get_lr(). Define the rate of each group: def get_lr(self): return [...]."):
        type("Plain", (lr_scheduler.LRScheduler,), {})(optimizer())


PLATEAU_TEXT = "SequentialLR: scheduler 0 is ReduceLROnPlateau, whose step needs a metric; step it by itself."
REFUSED: list[tuple[Callable[[Any, Any], Any], type[Exception], str]] = [
    (made("StepLR", 0), ValueError, "StepLR: step_size is 0; it must be 1 or more."),
    (made("ConstantLR", 2.0), ValueError, "ConstantLR: factor is 2.0; it must be from 0 to 1."),
    (made("ConstantLR", total_iters=0), ValueError, "ConstantLR: total_iters is 0; it must be 1 or more."),
    (made("LinearLR", 0), ValueError, "LinearLR: start_factor is 0; it must be above 0."),
    (made("LinearLR", 1.5), ValueError, "LinearLR: start_factor is 1.5; it must be from 0 to 1."),
    (made("LinearLR", end_factor=-1), ValueError, "LinearLR: end_factor is -1; it must be from 0 to 1."),
    (made("PolynomialLR", 0), ValueError, "PolynomialLR: total_iters is 0; it must be 1 or more."),
    (made("CosineAnnealingLR", 0), ValueError, "CosineAnnealingLR: T_max is 0; it must be 1 or more."),
    (
        made("CosineAnnealingWarmRestarts", 0.5),
        ValueError,
        "CosineAnnealingWarmRestarts: T_0 is 0.5; it must be an integer of 1 or more.",
    ),
    (
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 1).step(-1),
        ValueError,
        "CosineAnnealingWarmRestarts: epoch is -1; it must be 0 or more.",
    ),
    (made("LambdaLR", 0.5), TypeError, "LambdaLR: lr_lambda is float; wanted a function of the epoch."),
    (made("LambdaLR", [abs]), ValueError, "LambdaLR: lr_lambda has 1 values; wanted one for each of the 2 groups."),
    (
        made("CyclicLR", 0.1, 0.2, mode="up"),
        ValueError,
        "CyclicLR: mode is 'up'; wanted 'triangular', 'triangular2', 'exp_range', or a scale_fn.",
    ),
    (
        made("OneCycleLR", 0.1),
        ValueError,
        "OneCycleLR: the number of steps is missing; pass total_steps, or epochs and steps_per_epoch.",
    ),
    (made("OneCycleLR", 0.1, 0), ValueError, "OneCycleLR: total_steps is 0; it must be an integer of 1 or more."),
    (made("OneCycleLR", 0.1, 9, pct_start=2), ValueError, "OneCycleLR: pct_start is 2; it must be from 0 to 1."),
    (made("OneCycleLR", 0.1, 9, anneal_strategy="x"), ValueError, "OneCycleLR: anneal_strategy is 'x'; wanted 'cos' or 'linear'."),
    (made("ReduceLROnPlateau", factor=1.0), ValueError, "ReduceLROnPlateau: factor is 1.0; it must be below 1."),
    (made("ReduceLROnPlateau", "up"), ValueError, "ReduceLROnPlateau: mode is 'up'; wanted 'min' or 'max'."),
    (
        made("ReduceLROnPlateau", threshold_mode="x"),
        ValueError,
        "ReduceLROnPlateau: threshold_mode is 'x'; wanted 'rel' or 'abs'.",
    ),
    (
        made("ExponentialLR", 0.9, last_epoch=3),
        ValueError,
        "ExponentialLR: last_epoch is 3, but group 0 of the optimizer has no initial_lr. "
        "Load the optimizer's state first, or use load_state_dict of the schedule in the place of last_epoch.",
    ),
    (lambda s, o: s.ChainedScheduler([]), ValueError, "ChainedScheduler: there are no schedulers; wanted one or more."),
    (lambda s, o: s.ChainedScheduler([3]), TypeError, "ChainedScheduler: scheduler 0 is int; wanted a schedule."),
    (lambda s, o: s.SequentialLR(o, [s.ReduceLROnPlateau(o)], []), ValueError, PLATEAU_TEXT),
    (
        lambda s, o: s.ChainedScheduler([s.StepLR(o, 1), s.StepLR(optimizer(), 1)]),
        ValueError,
        "ChainedScheduler: scheduler 1 is of another optimizer; wanted all of the same.",
    ),
    (
        lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.StepLR(o, 1)], []),
        ValueError,
        "SequentialLR: there are 2 schedulers and 0 milestones; wanted 1 milestones, at which the others begin.",
    ),
    (lambda s, o: s.StepLR(3, 1), TypeError, "StepLR: optimizer is int; wanted an optimizer, such as nn.optim.SGD."),
]


@pytest.mark.parametrize(("build", "kind", "text"), [pytest.param(*case, id=case[2][:40]) for case in REFUSED])
def test_a_setting_that_makes_no_sense_is_an_error(build: Callable[[Any, Any], Any], kind: type[Exception], text: str) -> None:
    with error(kind, text):
        build(lr_scheduler, optimizer())


@pytest.mark.parametrize("build", [made("CyclicLR", 0.1, 0.2), made("OneCycleLR", 0.1, 9)], ids=["CyclicLR", "OneCycleLR"])
def test_an_optimizer_without_momentum_has_none_to_cycle(build: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(ValueError, match=r"^\w+: Adagrad has no momentum or betas; pass cycle_momentum=False\.$"):
        build(lr_scheduler, nn.optim.Adagrad([nn.Parameter([1.0])]))


def test_a_group_that_is_added_later_is_an_error_that_says_so() -> None:
    one = optimizer()
    scheduler, on_plateau = lr_scheduler.StepLR(one, 1), lr_scheduler.ReduceLROnPlateau(one, patience=0)
    one.step()
    one.add_param_group({"params": [nn.Parameter([1.0])]})
    text = (
        "StepLR: the optimizer has 3 groups, but it had 2 when the schedule was made. Make the schedule after all add_param_group."
    )
    with error(ValueError, text):
        scheduler.step()
    on_plateau.step(1.0)
    with error(ValueError, "ReduceLROnPlateau: min_lr has 2 values; wanted one for each of the 3 groups."):
        on_plateau.step(1.0)


def test_more_steps_than_the_total_are_an_error() -> None:
    one = optimizer()
    scheduler = lr_scheduler.OneCycleLR(one, 0.1, total_steps=2)
    rates(one, scheduler, 2)
    with error(ValueError, "OneCycleLR: this is step 3, but total_steps is 2."):
        scheduler.step()
