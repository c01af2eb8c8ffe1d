"""The one seam for calls: every way to call an operation goes to the interpreters that are on, before anything is computed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from registry_cases import Case, each_case

import autodiff as ad
from autodiff import extend
from autodiff.modes import interpreting
from autodiff.registry import registry


class Log:
    """An interpreter that notes each call and goes on with it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __call__(self, entry: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        self.calls.append((entry.name, operands, params))
        return entry.apply(operands, params)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.calls]


def leaf(values: Any) -> Any:
    return ad.Tensor(values, requires_grad=True)


WAYS: list[tuple[Callable[[Any], Any], list[str]]] = [
    (lambda x: x * 2, ["multiply"]),
    (lambda x: 2.0 - x, ["subtract"]),
    (lambda x: np.ones(2) / x, ["divide"]),
    (lambda x: np.exp(x), ["exp"]),
    (lambda x: ad.exp(x), ["exp"]),
    (lambda x: x.sum(), ["sum"]),
    (lambda x: x[0], ["getitem"]),
    (lambda x: x.T, ["permute_dims"]),
    (lambda x: ad.concat([x, x]), ["concat"]),
    (lambda x: ad.clip(x, 0.0, None), ["maximum"]),
]


@pytest.mark.parametrize(("way", "names"), WAYS)
def test_every_way_to_call_an_operation_is_seen(way: Callable[[Any], Any], names: list[str]) -> None:
    log = Log()
    x = leaf([1.0, 2.0])
    expected = way(x).numpy()
    with interpreting(log):
        y = way(x)
    assert log.names == names
    assert_array_equal(y.numpy(), expected)
    assert y.requires_grad
    way(x)
    assert log.names == names  # no more


@each_case
def test_a_call_is_seen_bound_and_going_on_with_it_gives_what_it_gives(case: Case) -> None:
    arrays = case.arrays()
    log = Log()
    with interpreting(log):
        y = case.operation([ad.Tensor(x) for x in arrays])
    assert_array_equal(y.numpy(), np.asarray(case.operation(arrays)))
    name, operands, params = log.calls[0]
    assert name == case.entry.name
    assert len(operands) == len(arrays) or case.entry.arguments[len(operands) :] == ()
    assert set(params) == set(case.entry.params)


def test_writes_and_views_are_seen() -> None:
    log = Log()
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    with interpreting(log):
        y = x * 1.0
        row = y[0]
        row[1] = 5.0
        row *= 2.0
    assert log.names == ["multiply", "getitem", "setitem", "getitem", "multiply", "setitem"]
    assert y.tolist() == [[2.0, 10.0], [3.0, 4.0]]


def test_an_interpreter_decides_before_anything_is_computed() -> None:
    def forward(x: Any, /) -> Any:
        raise AssertionError("computed")

    never = extend.Primitive(forward, {"x": lambda g: g}, "never computed")
    with interpreting(lambda entry, operands, params: "decided"):
        assert never.apply((leaf([1.0]),), {}) == "decided"
        assert ad.exp(leaf([1.0])) == "decided"
        assert leaf([1.0]) + 1 == "decided"
        assert ad.exp(np.ones(2)) == "decided"  # arrays alone as well: a rule may be called on them


def test_an_interpreter_can_put_another_operation_in_the_place_of_one() -> None:
    wrong = extend.Primitive(np.exp, {"x": lambda g, y: 2 * g * y}, "exp")

    def planted(entry: Any, operands: Any, params: Any) -> Any:
        return (wrong if entry is registry["exp"] else entry).apply(operands, params)

    x = leaf([0.0])
    with interpreting(planted):
        y = (np.exp(x) * 3).sum()
    y.backward()
    assert x.grad.tolist() == [6.0]


def test_parameters_that_an_interpreter_changes_are_those_of_the_one_call() -> None:
    x = ad.Tensor(np.ones((2, 3)))

    def along_the_first_axis(entry: Any, operands: Any, params: Any) -> Any:
        params["axis"] = 0
        return entry.apply(operands, params)

    with interpreting(along_the_first_axis):
        assert np.sum(x).shape == (3,)
    assert np.sum(x).shape == ()


def test_interpreters_nest_the_innermost_first_and_calls_inside_are_in_the_mode_outside() -> None:
    outer, inner, x = Log(), Log(), leaf([1.0])

    def doubled(entry: Any, operands: Any, params: Any) -> Any:
        return entry.apply(operands, params) * 2

    with interpreting(outer), interpreting(doubled), interpreting(inner):
        y = np.exp(x)
    assert inner.names == ["exp"]
    assert outer.names == ["exp", "multiply"]
    assert_array_equal(y.numpy(), 2 * np.exp([1.0]))


def test_recording_is_switched_independently_of_interpreters() -> None:
    log, x = Log(), leaf([1.0])
    with interpreting(log):
        with ad.no_grad():
            assert not (x * 2).requires_grad
            with ad.enable_grad():
                assert (x * 2).requires_grad
        assert (x * 2).requires_grad
    with ad.no_grad(), interpreting(log):
        assert not (x * 2).requires_grad
    assert log.names == ["multiply"] * 4


def test_an_exception_in_an_interpreter_leaves_the_mode_as_it_was() -> None:
    def fails(entry: Any, operands: Any, params: Any) -> Any:
        raise KeyError(entry.name)

    x, log = leaf([1.0]), Log()
    with interpreting(log):
        with pytest.raises(KeyError, match="exp"), interpreting(fails):
            np.exp(x)
        np.exp(x)
    assert log.names == ["exp"]
    assert ad.is_grad_enabled()


def test_anomalies_are_looked_for_in_what_an_interpreter_goes_on_with() -> None:
    log, x = Log(), leaf([0.0])
    for first, second in ((ad.detect_anomaly(), interpreting(log)), (interpreting(log), ad.detect_anomaly())):
        with np.errstate(divide="ignore"), first, second, pytest.raises(FloatingPointError, match="log: the value is not finite"):
            ad.log(x)
    assert log.names == ["log", "log"]


def test_a_backward_pass_that_is_recorded_is_seen_and_a_plain_one_computes_with_arrays() -> None:
    log, x = Log(), leaf([1.0, 2.0])
    with interpreting(log):
        (x * x).sum().backward()
        plain = len(log.calls)
        x.grad = None
        (x * x).sum().backward(create_graph=True)
    assert log.names[:plain] == ["multiply", "sum"]
    assert log.names[plain : plain + 2] == ["multiply", "sum"]
    assert set(log.names[plain + 2 :]) >= {"multiply", "add"}
