"""SGD: the steps of PyTorch's, groups, state, errors, types."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import assert_same, both, error, state, values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn
from nn.optim import SGD

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 3)), RNG.uniform(size=(8, 2))


def network(library: Any) -> Any:
    return library.Sequential(library.Linear(3, 4), library.Tanh(), library.Linear(4, 2), library.Sigmoid())


def train(model: Any, optimizer: Any, loss_fn: Callable[[Any, Any], Any], x: Any, y: Any, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_ours(model: Any, optimizer: Any, steps: int) -> list[float]:
    return train(model, optimizer, nn.MSELoss(), X, Y, steps)


def train_theirs(torch: Any, model: Any, optimizer: Any, steps: int) -> list[float]:
    return train(model, optimizer, torch.nn.MSELoss(), torch.tensor(X), torch.tensor(Y), steps)


def parameter(*numbers: float, grad: Any = None) -> nn.Parameter:
    p = nn.Parameter(np.array(numbers))
    p.grad = None if grad is None else ad.Tensor(np.array(grad, dtype=float))
    return p


# --- the steps ------------------------------------------------------------------------------------------------------------------


SETTINGS = [
    {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize}
    for momentum, dampening, weight_decay, nesterov, maximize in itertools.product(
        (0, 0.9), (0, 0.3), (0, 0.01), (False, True), (False, True)
    )
    if not nesterov or (momentum and not dampening)
]


def described(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items() if value) or "plain"


@pytest.mark.peer
@pytest.mark.parametrize("options", SETTINGS, ids=described)
def test_fifty_steps_are_those_of_pytorch(torch: Any, options: dict[str, Any]) -> None:
    ours, theirs = both(torch, network)
    start = state(ours)
    losses = train_ours(ours, SGD(ours.parameters(), lr=0.1, **options), 50)
    expected = train_theirs(torch, theirs, torch.optim.SGD(theirs.parameters(), lr=0.1, **options), 50)
    assert_allclose(losses, expected, rtol=1e-12)
    assert_same(state(ours), state(theirs), rtol=1e-12, atol=1e-13)
    assert not any(np.allclose(start[name], value, rtol=1e-3) for name, value in state(ours).items())


@pytest.mark.peer
@settings(max_examples=30)
@given(
    lr=st.floats(0, 1),
    momentum=st.floats(0, 0.99),
    dampening=st.floats(-1, 1),
    weight_decay=st.floats(0, 0.5),
    nesterov=st.booleans(),
    maximize=st.booleans(),
)
def test_steps_with_any_settings_are_those_of_pytorch(
    torch: Any, lr: float, momentum: float, dampening: float, weight_decay: float, nesterov: bool, maximize: bool
) -> None:
    nesterov = nesterov and momentum > 0
    options = {
        "lr": lr,
        "momentum": momentum,
        "dampening": 0 if nesterov else dampening,
        "weight_decay": weight_decay,
        "nesterov": nesterov,
        "maximize": maximize,
    }
    ours, theirs = both(torch, network)
    train_ours(ours, SGD(ours.parameters(), **options), 10)
    train_theirs(torch, theirs, torch.optim.SGD(theirs.parameters(), **options), 10)
    assert_same(state(ours), state(theirs), rtol=1e-9, atol=1e-11)


def test_two_steps_worked_out_by_hand() -> None:
    p = parameter(1.0)
    optimizer = SGD([p], lr=0.5, momentum=0.5, dampening=0.25, weight_decay=1.0)
    p.grad = ad.Tensor([2.0])
    optimizer.step()  # d = 2 + 1 = 3, v = 3
    assert p.tolist() == [-0.5]
    optimizer.step()  # d = 2 - 0.5 = 1.5, v = 0.5 * 3 + 0.75 * 1.5 = 2.625
    assert p.tolist() == [-0.5 - 0.5 * 2.625]


def test_defaults_are_plain_descent_with_a_rate_of_one_thousandth() -> None:
    p = parameter(1.0, grad=[2.0])
    optimizer = SGD([p])
    optimizer.step()
    assert p.tolist() == [1 - 1e-3 * 2]
    assert optimizer.defaults == {
        "lr": 1e-3,
        "momentum": 0,
        "dampening": 0,
        "weight_decay": 0,
        "nesterov": False,
        "maximize": False,
    }


@pytest.mark.peer
def test_the_defaults_are_those_of_pytorch(torch: Any) -> None:
    ours, theirs = SGD([parameter(1.0)]).defaults, torch.optim.SGD([torch.ones(1, requires_grad=True)]).defaults
    assert ours == {name: theirs[name] for name in ours}


def test_a_step_changes_the_parameters_in_place_and_keeps_them_trainable() -> None:
    p = parameter(1.0, grad=[2.0])
    array = p.data
    assert SGD([p], lr=0.5).step() is None
    assert array.tolist() == [0]
    assert p.requires_grad
    assert p.is_leaf


def test_a_step_does_not_change_the_gradient() -> None:
    p = parameter(1.0, grad=[2.0])
    optimizer = SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1, maximize=True)
    for _ in range(3):
        optimizer.step()
    assert p.grad.tolist() == [2]


def test_the_momentum_is_no_alias_of_the_gradient() -> None:
    p = parameter(0.0, grad=[1.0])
    optimizer = SGD([p], lr=1.0, momentum=0.5)
    optimizer.step()
    p.grad[...] = 0
    optimizer.step()
    assert p.tolist() == [-1.5]


def test_a_parameter_without_gradient_is_skipped() -> None:
    a, b = parameter(1.0, grad=[2.0]), parameter(3.0)
    optimizer = SGD([a, b], lr=0.5, momentum=0.9, weight_decay=1.0)
    optimizer.step()
    assert b.tolist() == [3]
    assert list(optimizer.state) == [a]


def test_the_momentum_of_a_parameter_starts_with_its_own_first_gradient() -> None:
    a, b = parameter(0.0, grad=[1.0]), parameter(0.0)
    optimizer = SGD([a, b], lr=1.0, momentum=0.5, dampening=0.5)
    optimizer.step()
    b.grad = ad.Tensor([1.0])
    optimizer.step()
    assert a.tolist() == [-1 - (0.5 + 0.5)]
    assert b.tolist() == [-1]


def test_a_learning_rate_that_is_changed_later_is_used() -> None:
    p = parameter(1.0, grad=[1.0])
    optimizer = SGD([p], lr=0.5)
    optimizer.param_groups[0]["lr"] = 0.25
    optimizer.step()
    assert p.tolist() == [0.75]


def test_training_makes_the_loss_fall() -> None:
    nn.manual_seed(0)
    model = network(nn)
    losses = train_ours(model, SGD(model.parameters(), lr=0.5, momentum=0.9), 200)
    assert losses[-1] < losses[0] / 2


# --- groups ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
def test_groups_with_settings_of_their_own_are_trained_as_in_pytorch(torch: Any) -> None:
    ours, theirs = both(torch, network)

    def groups(model: Any) -> list[dict[str, Any]]:
        return [
            {"params": model[0].parameters(), "lr": 0.01, "weight_decay": 0.1},
            {"params": [model[2].weight], "nesterov": True},
            {"params": model[2].bias, "momentum": 0, "maximize": True},
        ]

    train_ours(ours, SGD(groups(ours), lr=0.1, momentum=0.9), 50)
    train_theirs(torch, theirs, torch.optim.SGD(groups(theirs), lr=0.1, momentum=0.9), 50)
    assert_same(state(ours), state(theirs), rtol=1e-12, atol=1e-13)


def test_each_group_has_its_own_learning_rate_or_the_default() -> None:
    a, b = parameter(1.0, grad=[1.0]), parameter(1.0, grad=[1.0])
    optimizer = SGD([{"params": [a], "lr": 0.5}, {"params": b}], lr=0.25)
    optimizer.step()
    assert (a.tolist(), b.tolist()) == ([0.5], [0.75])
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.25]


def test_a_group_can_be_added_later() -> None:
    a, b = parameter(1.0, grad=[1.0]), parameter(1.0, grad=[1.0])
    optimizer = SGD([a], lr=0.25)
    optimizer.add_param_group({"params": [b], "lr": 0.5})
    optimizer.step()
    assert (a.tolist(), b.tolist()) == ([0.75], [0.5])


def test_the_dicts_that_were_given_are_not_changed() -> None:
    group = {"params": [parameter(1.0)], "lr": 0.5}
    SGD([group], lr=0.25)
    assert sorted(group) == ["lr", "params"]


def test_a_group_that_is_wrong_is_not_added() -> None:
    a, b = parameter(1.0), parameter(1.0)
    optimizer = SGD([a], lr=0.25)
    for bad in ({"params": [b, a]}, {"params": [b], "lr": -1}, {"params": [b, 3]}):
        with pytest.raises((ValueError, TypeError), match="SGD"):
            optimizer.add_param_group(bad)
        assert [group["params"] for group in optimizer.param_groups] == [[a]]


# --- zero_grad and closures -----------------------------------------------------------------------------------------------------


def test_zero_grad_forgets_the_gradients() -> None:
    a, b = parameter(1.0, grad=[1.0]), parameter(1.0, grad=[1.0])
    SGD([{"params": a}, {"params": b}]).zero_grad()
    assert a.grad is None
    assert b.grad is None


def test_zero_grad_sets_the_gradients_to_zero_where_they_are_wanted() -> None:
    a, b = parameter(1.0, 2.0, grad=[1.0, 2.0]), parameter(1.0)
    SGD([a, b]).zero_grad(set_to_none=False)
    assert a.grad.tolist() == [0, 0]
    assert b.grad is None


def test_zero_grad_does_not_touch_what_is_not_trained() -> None:
    a, b = parameter(1.0, grad=[1.0]), parameter(1.0, grad=[1.0])
    SGD([a]).zero_grad()
    assert b.grad.tolist() == [1]


def test_a_closure_is_called_first_and_its_result_returned() -> None:
    p = parameter(3.0)
    optimizer = SGD([p], lr=0.5)

    def closure() -> ad.Tensor:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9
    assert p.tolist() == [0]


def test_a_closure_is_recorded_also_inside_no_grad_as_in_pytorch() -> None:
    p = parameter(3.0)
    optimizer = SGD([p], lr=0.5)

    def closure() -> ad.Tensor:
        loss = (p * p).sum()
        loss.backward()
        return loss

    with ad.no_grad():
        optimizer.step(closure)
    assert p.tolist() == [0]


# --- steps at the wrong time ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [4, 60], ids=["small", "large"])
@pytest.mark.parametrize("lr", [0.1, 0.0])
def test_a_step_between_forward_and_backward_is_an_error_where_the_old_value_is_needed(width: int, lr: float) -> None:
    model = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, width), nn.Linear(width, 1))
    optimizer = SGD(model.parameters(), lr=lr)
    model(X).sum().backward()
    loss = model(X).sum()
    optimizer.step()
    before = [values(p.grad) for p in model.parameters()]
    with pytest.raises(RuntimeError, match="backward"):
        loss.backward()
    assert_same(dict(enumerate([values(p.grad) for p in model.parameters()])), dict(enumerate(before)), rtol=0)


def test_a_step_between_forward_and_backward_is_allowed_where_the_old_value_is_not_needed() -> None:
    model = nn.Linear(3, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    model(X).sum().backward()
    loss = model(X).sum()
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    assert_allclose(model.weight.grad.numpy(), X.sum(axis=0, keepdims=True))


def test_after_a_step_the_gradient_is_that_at_the_new_place() -> None:
    p = parameter(3.0)
    optimizer = SGD([p], lr=0.25)
    seen = []
    for _ in range(3):
        optimizer.zero_grad()
        (p * p).sum().backward()
        seen.append(p.grad.item())
        optimizer.step()
    assert seen == [6, 3, 1.5]


# --- state ----------------------------------------------------------------------------------------------------------------------


def halfway(options: dict[str, Any]) -> tuple[Any, SGD]:
    nn.manual_seed(0)
    model = network(nn)
    optimizer = SGD([{"params": model[0].parameters(), "lr": 0.05}, {"params": model[2].parameters()}], lr=0.1, **options)
    train_ours(model, optimizer, 10)
    return model, optimizer


def by_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize(
    "options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}], ids=described
)
@pytest.mark.parametrize("carry", [lambda state: state, copy.deepcopy, by_pickle], ids=["as it is", "deepcopy", "pickle"])
def test_training_that_is_continued_from_a_state_is_the_same_as_without_the_break(
    options: dict[str, Any], carry: Callable[[Any], Any]
) -> None:
    model, optimizer = halfway(options)
    saved = carry(model.state_dict()), carry(optimizer.state_dict())
    expected = train_ours(model, optimizer, 20)

    resumed = network(nn)
    resumed.load_state_dict(saved[0])
    other = SGD([{"params": resumed[0].parameters()}, {"params": resumed[2].parameters()}], lr=9.0)
    other.load_state_dict(saved[1])
    assert train_ours(resumed, other, 20) == expected
    assert_same(state(resumed), state(model), rtol=0)


def test_the_state_has_the_structure_of_pytorch() -> None:
    _, optimizer = halfway({"momentum": 0.9})
    saved = optimizer.state_dict()
    assert sorted(saved) == ["param_groups", "state"]
    assert [group["params"] for group in saved["param_groups"]] == [[0, 1], [2, 3]]
    assert [group["lr"] for group in saved["param_groups"]] == [0.05, 0.1]
    assert sorted(saved["state"]) == [0, 1, 2, 3]
    assert {name for entry in saved["state"].values() for name in entry} == {"momentum_buffer"}
    assert saved["state"][0]["momentum_buffer"].shape == (4, 3)
    assert SGD([parameter(1.0)]).state_dict()["state"] == {}


@pytest.mark.peer
def test_the_state_of_pytorch_is_continued_from(torch: Any) -> None:
    options = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    ours, theirs = both(torch, network)
    their_optimizer = torch.optim.SGD(theirs.parameters(), **options)
    train_theirs(torch, theirs, their_optimizer, 10)
    ours.load_state_dict(theirs.state_dict())
    optimizer = SGD(ours.parameters(), lr=9.0)
    optimizer.load_state_dict(their_optimizer.state_dict())
    losses = train_ours(ours, optimizer, 20)
    assert_allclose(losses, train_theirs(torch, theirs, their_optimizer, 20), rtol=1e-12)


@pytest.mark.peer
def test_the_structure_of_the_state_is_that_of_pytorch(torch: Any) -> None:
    ours, theirs = both(torch, network)
    optimizers = SGD(ours.parameters(), lr=0.1, momentum=0.9), torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9)
    train_ours(ours, optimizers[0], 3)
    train_theirs(torch, theirs, optimizers[1], 3)
    saved, expected = (optimizer.state_dict() for optimizer in optimizers)
    assert {i: {k: np.shape(v) for k, v in s.items()} for i, s in saved["state"].items()} == {
        i: {k: tuple(v.shape) for k, v in s.items()} for i, s in expected["state"].items()
    }
    for group, wanted in zip(saved["param_groups"], expected["param_groups"], strict=True):
        assert group == {name: wanted[name] for name in group}


def test_the_state_is_a_copy() -> None:
    model, optimizer = halfway({"momentum": 0.9})
    saved = optimizer.state_dict()
    kept = copy.deepcopy(saved)
    train_ours(model, optimizer, 3)
    optimizer.param_groups[0]["lr"] = 7
    assert saved["param_groups"] == kept["param_groups"]
    for i, entry in saved["state"].items():
        assert_array_equal(entry["momentum_buffer"], kept["state"][i]["momentum_buffer"])
    for entry in optimizer.state_dict()["state"].values():
        entry["momentum_buffer"][...] = np.nan
    train_ours(model, optimizer, 3)
    assert all(np.all(np.isfinite(p.numpy())) for p in model.parameters())


def test_loading_does_not_keep_the_arrays_or_dicts_of_the_source() -> None:
    _, optimizer = halfway({"momentum": 0.9})
    saved = optimizer.state_dict()
    model = network(nn)
    other = SGD([{"params": model[0].parameters()}, {"params": model[2].parameters()}])
    other.load_state_dict(saved)
    saved["state"][0]["momentum_buffer"][...] = np.nan
    saved["param_groups"][0]["lr"] = np.nan
    train_ours(model, other, 3)
    assert all(np.all(np.isfinite(p.numpy())) for p in model.parameters())


def test_a_state_of_groups_of_other_sizes_is_an_error_and_nothing_is_changed() -> None:
    p, q = parameter(1.0), parameter(2.0)
    optimizer = SGD([p, q], lr=0.5)
    with error(ValueError, "SGD: the state has groups of [1] parameters, but the optimizer has groups of [2]."):
        optimizer.load_state_dict(SGD([p], lr=0.1).state_dict())
    assert optimizer.param_groups[0]["lr"] == 0.5


def broken(what: str) -> dict[str, Any]:
    p = parameter(1.0, 2.0, 3.0, grad=[1.0, 1.0, 1.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    saved = optimizer.state_dict()
    if what == "shape":
        saved["state"][0]["momentum_buffer"] = np.ones(1)
    elif what == "text":
        saved["state"][0]["momentum_buffer"] = "abc"
    elif what == "position":
        saved["state"][7] = saved["state"].pop(0)
    elif what == "learning rate":
        saved["param_groups"][0]["lr"] = -1.0
    elif what == "no learning rate":
        del saved["param_groups"][0]["lr"]
    return saved


@pytest.mark.parametrize("what", ["shape", "text", "position", "learning rate", "no learning rate"])
def test_a_state_that_does_not_fit_is_an_error_and_nothing_is_changed(what: str) -> None:
    p = parameter(1.0, 2.0, 3.0, grad=[1.0, 1.0, 1.0])
    optimizer = SGD([p], lr=0.5, momentum=0.5)
    optimizer.step()
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match="SGD"):
        optimizer.load_state_dict(broken(what))
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert_array_equal(after["state"][0]["momentum_buffer"], before["state"][0]["momentum_buffer"])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, by_pickle])
def test_a_model_and_its_optimizer_can_be_copied_together(duplicate: Callable[[Any], Any]) -> None:
    model, optimizer = halfway({"momentum": 0.9})
    other_model, other = duplicate((model, optimizer))
    assert train_ours(other_model, other, 5) == train_ours(model, optimizer, 5)
    assert_same(state(other_model), state(model), rtol=0)


# --- errors ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [-0.1, -1, float("nan"), -math.inf])
@pytest.mark.parametrize("name", ["lr", "momentum", "weight_decay"])
def test_a_negative_setting_is_an_error(name: str, value: float) -> None:
    with error(ValueError, f"SGD: {name} is {value!r}; it must be 0 or more."):
        SGD([parameter(1.0)], **{name: value})
    with error(ValueError, f"SGD: {name} is {value!r}; it must be 0 or more."):
        SGD([{"params": [parameter(1.0)], name: value}])


def test_a_setting_that_is_no_number_is_an_error_that_names_it() -> None:
    with pytest.raises((TypeError, ValueError), match="SGD: lr"):
        SGD([parameter(1.0)], lr="fast")


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.1}], ids=["no momentum", "dampening"])
def test_nesterov_needs_momentum_without_dampening(options: dict[str, Any]) -> None:
    with error(ValueError, "SGD: nesterov needs momentum above 0 and dampening 0."):
        SGD([parameter(1.0)], nesterov=True, **options)


@pytest.mark.parametrize("params", [[], (), iter([])], ids=["list", "tuple", "iterator"])
def test_nothing_to_train_is_an_error(params: Any) -> None:
    with error(ValueError, "SGD: there are no parameters to train."):
        SGD(params)
    with error(ValueError, "SGD: there are no parameters to train."):
        SGD(nn.Sigmoid().parameters())


def test_a_tensor_or_a_dict_in_the_place_of_the_list_is_an_error() -> None:
    p = parameter(1.0)
    with error(TypeError, "SGD: params is Parameter; wanted a list of tensors or of dicts, such as model.parameters()."):
        SGD(p)
    with error(TypeError, "SGD: params is dict; wanted a list of tensors or of dicts, such as model.parameters()."):
        SGD({"params": [p]})


@pytest.mark.parametrize("params", [nn.Linear(1, 1), 3, None], ids=["module", "int", "None"])
def test_what_is_no_list_is_an_error_that_says_what_was_wanted(params: Any) -> None:
    with pytest.raises(
        TypeError, match=r"^SGD: params is \w+; wanted a list of tensors or of dicts, such as model\.parameters\(\)\.$"
    ):
        SGD(params)


@pytest.mark.parametrize(("value", "kind"), [(np.ones(2), "ndarray"), (1.0, "float"), ("w", "str")])
def test_what_is_no_tensor_cannot_be_trained(value: Any, kind: str) -> None:
    with error(TypeError, f"SGD: parameter 1 is {kind}; wanted a tensor."):
        SGD([parameter(1.0), value])


def test_a_model_in_the_place_of_its_parameters_is_an_error_that_says_so() -> None:
    with error(TypeError, "SGD: parameter 0 is Linear; wanted a tensor, such as model.parameters() gives."):
        nn.optim.SGD(nn.Sequential(nn.Linear(2, 1)), lr=0.1)


def test_what_was_computed_cannot_be_trained() -> None:
    with error(ValueError, "SGD: parameter 1 was computed from others; wanted a leaf, such as an nn.Parameter."):
        SGD([parameter(1.0), parameter(1.0) * 2])


def test_a_parameter_that_is_given_twice_is_an_error() -> None:
    p, q = parameter(1.0), parameter(1.0)
    with error(ValueError, "SGD: parameter 2 is given twice; it would be updated twice in each step."):
        SGD([p, q, p])
    with error(ValueError, "SGD: parameter 0 is given twice; it would be updated twice in each step."):
        SGD([{"params": [q, p]}, {"params": [p]}])


def test_a_group_without_params_is_an_error_that_says_so() -> None:
    with pytest.raises((ValueError, TypeError, KeyError), match=r"SGD.*params"):
        SGD([{"lr": 0.1}])


# --- types ----------------------------------------------------------------------------------------------------------------------


def assert_float32_stays(optimizer: SGD, model: nn.Linear) -> None:
    x, y = X.astype(np.float32), Y.astype(np.float32)
    for _ in range(3):
        optimizer.zero_grad()
        nn.MSELoss()(model(x), y).backward()
        optimizer.step()
    for p in model.parameters():
        assert p.dtype == p.grad.dtype == np.float32
    for entry in optimizer.state.values():
        assert entry["momentum_buffer"].dtype == np.float32


@pytest.mark.parametrize("options", SETTINGS, ids=described)
def test_float32_stays_float32(options: dict[str, Any]) -> None:
    model = nn.Linear(3, 2, dtype=np.float32)
    assert_float32_stays(SGD(model.parameters(), lr=0.1, **options), model)


@pytest.mark.parametrize("name", ["lr", "momentum", "dampening", "weight_decay"])
def test_float32_stays_float32_where_a_setting_is_a_number_of_numpy(name: str) -> None:
    model = nn.Linear(3, 2, dtype=np.float32)
    options = {"lr": 0.1, "momentum": 0.9, name: np.float64(0.1)}
    assert_float32_stays(SGD(model.parameters(), **options), model)


def test_a_state_is_converted_to_the_type_of_the_parameter() -> None:
    double = parameter(1.0, grad=[1.0])
    optimizer = SGD([double], momentum=0.9)
    optimizer.step()
    half = nn.Parameter(np.ones(1, np.float32))
    other = SGD([half])
    other.load_state_dict(optimizer.state_dict())
    assert other.state[half]["momentum_buffer"].dtype == np.float32


def test_tensors_that_are_no_parameters_can_be_trained_and_the_array_they_were_made_from_is_not_changed() -> None:
    array = np.array([1.0, 2.0])
    x = ad.Tensor(array, requires_grad=True)
    (x * x).sum().backward()
    SGD([x], lr=0.25).step()
    assert x.tolist() == [0.5, 1]
    assert array.tolist() == [1, 2]


def test_training_what_shares_the_memory_of_an_array_changes_the_array() -> None:
    array = np.array([1.0, 2.0])
    x = ad.asarray(array).requires_grad_()
    (x * x).sum().backward()
    SGD([x], lr=0.25).step()
    assert array.tolist() == x.tolist() == [0.5, 1]


def test_a_read_only_array_is_not_changed() -> None:
    array = np.array([1.0, 2.0])
    array.flags.writeable = False
    x = ad.Tensor(array, requires_grad=True)
    (x * x).sum().backward()
    SGD([x], lr=0.25).step()
    assert array.tolist() == [1, 2]
    assert x.tolist() == [0.5, 1]


def test_the_repr_shows_the_settings_and_the_number_of_parameters() -> None:
    text = repr(SGD([{"params": nn.Linear(2, 1).parameters(), "lr": 0.5}, {"params": parameter(1.0)}], lr=0.1, momentum=0.9))
    assert text == (
        "SGD(lr=0.5, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False, 2 parameters; "
        "lr=0.1, momentum=0.9, dampening=0.0, weight_decay=0.0, nesterov=False, maximize=False, 1 parameters)"
    )


def test_an_optimizer_that_does_not_say_how_to_update_is_an_error() -> None:
    class Still(nn.optim.Optimizer):
        pass

    p = parameter(1.0, grad=[1.0])
    with error(
        TypeError,
        "Still has no update(). Define how a parameter changes: def update(self, p, g, state, settings): return new_p, new_state.",
    ):
        Still([p], {}).step()


def test_a_group_without_parameters_is_named() -> None:
    with pytest.raises(ValueError, match=r"^SGD: a group has lr, but no params\.$"):
        SGD([{"lr": 1.0}], lr=1.0)


def test_a_state_of_another_shape_is_refused_and_nothing_is_changed() -> None:
    w = parameter([1.0, 2.0])
    optimizer = SGD([w], lr=0.1, momentum=0.9)
    (w * w).sum().backward()
    optimizer.step()
    before = optimizer.state_dict()
    wrong = optimizer.state_dict()
    wrong["state"][0]["momentum_buffer"] = np.zeros(3)
    text = r"^SGD: momentum_buffer has shape \(3,\) and dtype float64; wanted real numbers of shape \(1, 2\)\.$"
    with pytest.raises(ValueError, match=text):
        optimizer.load_state_dict(wrong)
    assert_array_equal(optimizer.state_dict()["state"][0]["momentum_buffer"], before["state"][0]["momentum_buffer"])


def test_a_complex_tensor_cannot_be_trained() -> None:
    text = (
        "SGD: parameter 1 has dtype complex128; wanted real numbers. "
        "Train two tensors, the real and the imaginary part, and compute a + 1j * b from them."
    )
    with error(TypeError, text):
        SGD([parameter(1.0), ad.Tensor([1j], requires_grad=True)])


def test_a_complex_setting_and_a_complex_update_are_errors() -> None:
    with error(ValueError, "SGD: lr is np.complex128(1j); it must be 0 or more."):
        SGD([parameter(1.0)], lr=np.complex128(1j))

    class Turning(SGD):
        @staticmethod
        def update(p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            return p - 1j * g, state

    p = parameter(1.0)
    (p * p).backward()
    with error(TypeError, "Turning: update returned complex numbers, of dtype complex128; wanted real ones."):
        Turning([p]).step()
    assert p.item() == 1.0
