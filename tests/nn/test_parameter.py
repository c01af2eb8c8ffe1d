"""Parameters: tensors of their own memory that are trained."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import autodiff as ad
import nn


@pytest.mark.parametrize("kind", [np.array, ad.Tensor], ids=["array", "tensor"])
def test_a_parameter_copies_its_data(kind: Any) -> None:
    data = kind([1.0, 2.0])
    parameter = nn.Parameter(data)
    data[0] = 7
    assert parameter.tolist() == [1, 2]
    with ad.no_grad():
        parameter *= 3
    assert data.tolist() == [7, 2]


def test_a_parameter_is_a_leaf_that_requires_grad() -> None:
    parameter = nn.Parameter([1.0, 2.0])
    assert isinstance(parameter, ad.Tensor)
    assert parameter.requires_grad
    assert parameter.is_leaf
    assert parameter.grad is None


def test_a_parameter_that_is_not_trained_gets_no_gradient() -> None:
    fixed, trained = nn.Parameter([1.0, 2.0], requires_grad=False), nn.Parameter([3.0, 4.0])
    assert not fixed.requires_grad
    (fixed * trained).sum().backward()
    assert fixed.grad is None
    assert trained.grad.tolist() == [1, 2]


def test_the_repr_of_a_parameter() -> None:
    assert repr(nn.Parameter([1.0, 2.0])) == "Parameter([1., 2.], requires_grad=True)"
    assert repr(nn.Parameter([1.0], requires_grad=False)) == "Parameter([1.])"
    assert repr(nn.Parameter(np.ones(1, np.float32))) == "Parameter([1.], dtype=float32, requires_grad=True)"


def test_a_parameter_has_the_type_of_its_data_or_the_one_asked_for() -> None:
    assert nn.Parameter([1.0]).dtype == np.float64
    assert nn.Parameter(np.ones(1, np.float32)).dtype == np.float32
    assert nn.Parameter([1, 2], dtype=np.float32).dtype == np.float32
    assert nn.Parameter(np.ones(1, np.float32), dtype=float).dtype == np.float64


@pytest.mark.parametrize("data", [[1, 2], [True], np.array(3)])
def test_a_parameter_of_whole_numbers_cannot_be_trained(data: Any) -> None:
    with pytest.raises(TypeError, match=r"only floating-point tensors have gradients.*dtype=float"):
        nn.Parameter(data)
    assert nn.Parameter(data, requires_grad=False).dtype == np.asarray(data).dtype


def test_what_is_computed_from_a_parameter_is_a_tensor_but_no_parameter() -> None:
    parameter = nn.Parameter([1.0, 2.0])
    for result in (parameter * 2, parameter[0], parameter.detach(), parameter.copy()):
        assert type(result) is ad.Tensor


@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("take", [lambda p: p, lambda p: p.detach(), lambda p: p.data], ids=["parameter", "detach", "data"])
def test_a_parameter_can_be_made_from_another_and_has_its_own_memory(take: Any, requires_grad: bool) -> None:
    old = nn.Parameter([1.0, 2.0], requires_grad=requires_grad)
    new = nn.Parameter(take(old))
    assert (type(new), new.requires_grad, new.is_leaf, new.grad) == (nn.Parameter, True, True, None)
    with ad.no_grad():
        new += 6
    assert (old.tolist(), new.tolist()) == ([1, 2], [7, 8])
    with ad.no_grad():
        old *= 0
    assert new.tolist() == [7, 8]
    (new * new).sum().backward()
    assert old.grad is None


def test_a_parameter_made_from_a_computed_tensor_would_lose_its_graph_so_detach_is_asked_for() -> None:
    computed = nn.Parameter([1.0, 2.0]) * 2
    with pytest.raises(TypeError, match="detach"):
        nn.Parameter(computed)
    assert nn.Parameter(computed.detach()).tolist() == [2, 4]


def test_a_parameter_can_be_changed_in_place_under_no_grad() -> None:
    parameter = same = nn.Parameter([1.0, 2.0])
    with ad.no_grad():
        parameter += 1
        parameter *= 3
        parameter -= np.array([1.0, 0.0])
        parameter /= 2
        parameter[1] = 7
    assert parameter is same
    assert type(parameter) is nn.Parameter
    assert parameter.tolist() == [2.5, 7]
    assert parameter.requires_grad
    (parameter**2).sum().backward()
    assert parameter.grad.tolist() == [5, 14]


def test_an_attribute_that_is_a_parameter_can_be_changed_in_place_under_no_grad() -> None:
    model = nn.Linear(2, 1, bias=False)
    weight, before = model.weight, model.weight.numpy().copy()
    with ad.no_grad():
        model.weight -= 0.5
    assert model.weight is weight
    assert_array_equal(weight.numpy(), before - 0.5)


@pytest.mark.parametrize(
    "change", [lambda p: p.__iadd__(1), lambda p: p.__imul__(2), lambda p: p.__setitem__(0, 5.0)], ids=["+=", "*=", "x[i] ="]
)
def test_a_parameter_cannot_be_changed_in_place_otherwise(change: Any) -> None:
    parameter = nn.Parameter([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"leaf that requires grad.*no_grad"):
        change(parameter)
    assert parameter.tolist() == [1, 2]


def test_a_change_keeps_the_type_of_the_parameter() -> None:
    parameter = nn.Parameter(np.ones(2, np.float32))
    with ad.no_grad():
        parameter -= 0.1 * np.ones(2)
        parameter[0] = np.float64(3)
    assert parameter.dtype == np.float32


def test_the_data_of_a_parameter_can_be_replaced_or_changed() -> None:
    parameter = nn.Parameter([1.0, 2.0])
    parameter.writable()[0] = 5
    assert parameter.tolist() == [5, 2]
    parameter.data = given = np.array([8.0, 9.0])
    given[0] = 0
    assert parameter.tolist() == [8, 9]
    parameter.data = parameter.data - 1
    assert parameter.tolist() == [7, 8]
    assert parameter.requires_grad


@pytest.mark.parametrize("look", [lambda p: p.data, lambda p: p.numpy()], ids=["data", "numpy"])
def test_the_data_of_a_parameter_is_looked_at_only(look: Any) -> None:
    parameter = nn.Parameter([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        look(parameter)[0] = 5
    assert parameter.tolist() == [1, 2]


def test_a_trained_parameter_cannot_be_given_whole_numbers() -> None:
    parameter = nn.Parameter([1.0, 2.0])
    with pytest.raises(TypeError, match="int64"):
        parameter.data = np.array([1, 2])
    assert parameter.tolist() == [1, 2]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_copy_of_a_parameter_is_a_parameter_of_its_own(duplicate: Any, requires_grad: bool) -> None:
    old = nn.Parameter(np.ones((2, 3), np.float32), requires_grad=requires_grad)
    new = duplicate(old)
    assert (type(new), new.dtype, new.requires_grad) == (nn.Parameter, np.float32, requires_grad)
    with ad.no_grad():
        new[0] = 7
    assert_array_equal(old.numpy(), np.ones((2, 3)))


def test_parameters_are_told_apart_by_identity_so_that_they_can_be_keys() -> None:
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    assert len({a, b, a}) == 2


def test_a_parameter_is_real() -> None:
    for data in (1j, np.array([1j]), ad.Tensor(1j)):
        for requires_grad in (True, False):
            with pytest.raises(TypeError, match=r"^Parameter: the data has dtype complex128; wanted real numbers, such as"):
                nn.Parameter(data, requires_grad)
