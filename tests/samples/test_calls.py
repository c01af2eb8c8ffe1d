"""How samples are declared, and which are made up."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from autodiff import extend
from autodiff.registry import registry
from tests import samples
from tests.samples import SAMPLES, call, calls_of, elementwise, samples_of
from tests.samples.arrays import positive, reals

pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def declared(name: str, forward: Any, rules: dict[str, Any], **options: Any) -> Any:
    extend.primitive(forward, rules, name=name, **options)
    return registry[name]


def shapes(calls: Any) -> list[tuple[tuple[int, ...], ...]]:
    return [tuple(np.shape(x) for x in one.operands) for one in calls]


def test_an_elementwise_operation_of_one_operand_has_samples_of_several_ranks_in_its_domain() -> None:
    entry = declared("made up, one", np.log1p, {"x": lambda g, x: g / (1 + x)}, elementwise=True, domain=extend.Interval(-1, 0))
    calls = calls_of(entry)
    assert shapes(calls) == [((2, 3),), ((),), ((0,),)]
    assert all(np.all((x > -1) & (x < 0)) for one in calls for x in one.operands)


@pytest.mark.parametrize("arity", [2, 3])
def test_an_elementwise_operation_of_several_operands_has_samples_that_broadcast(arity: int) -> None:
    rule = lambda g: g
    forward = {2: lambda a, b, /: a + b, 3: lambda a, b, c, /: a + b + c}[arity]
    entry = declared(f"made up, {arity}", forward, dict.fromkeys("abc"[:arity], rule), elementwise=True)
    found = shapes(calls_of(entry))
    assert len(found) == 7
    assert all(len(of_call) == arity for of_call in found)
    assert sum(len(set(of_call)) > 1 for of_call in found) == 4
    for of_call in found:
        np.broadcast_shapes(*of_call)


def test_samples_are_the_same_in_each_run_and_others_for_each_operation() -> None:
    first, again, other = calls_of(registry["exp"]), calls_of(registry["exp"]), calls_of(registry["tanh"])
    assert repr(first) == repr(again) != repr(other)


def test_samples_that_are_declared_take_the_place_of_made_up_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SAMPLES, "exp", lambda rng: iter([call(2.0)]))
    assert calls_of(registry["exp"]) == [call(2.0)]


def test_an_elementwise_operation_with_a_parameter_needs_one_line() -> None:
    calls = list(elementwise(np.random.default_rng(0), reals, positive, slope=0.1))
    assert all(one.params == {"slope": 0.1} for one in calls)
    assert len(calls) == 7


def test_calls_that_cannot_be_made_up_are_none() -> None:
    slope = declared("needs a slope", lambda x, /, slope: x * slope, {"x": lambda g, slope: g * slope}, elementwise=True)
    gated = declared("has a constant", lambda x, gate, /: x * gate, {"x": lambda g, gate: g * gate}, elementwise=True)
    total = declared("is not elementwise", lambda x, /: np.sum(x), {"x": lambda g, x_shape: np.broadcast_to(g, x_shape)})
    assert [calls_of(entry) for entry in (slope, gated, total)] == [[], [], []]


def test_samples_of_one_operation_are_declared_once() -> None:
    with pytest.raises(ValueError, match=r"samples_of: there are samples of 'sum' already, in tests.samples.reductions\."):
        samples_of("sum")(lambda rng: iter(()))


def test_nothing_of_it_is_loaded_by_the_packages() -> None:
    code = "import sys, autodiff.testing, nn; print([name for name in sys.modules if name.split('.')[0] in ('tests', 'docs')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert samples.__name__ == "tests.samples"
