"""Containers of modules are lists and dicts whose parts are found."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn


def tanhs(library: Any, count: int) -> list[Any]:
    return [library.Tanh() for _ in range(count)]


STEPS: dict[str, Callable[[Any, Any, int], Any]] = {
    "append": lambda parts, module, i: parts.append(module),
    "extend": lambda parts, module, i: parts.extend([module, module]),
    "insert": lambda parts, module, i: parts.insert(i, module),
    "assignment": lambda parts, module, i: operator.setitem(parts, i, module),
    "deletion": lambda parts, module, i: operator.delitem(parts, i),
    "pop": lambda parts, module, i: parts.pop(i),
    "deletion of a part": lambda parts, module, i: operator.delitem(parts, slice(i, None, 2)),
}


@given(
    kind=st.sampled_from(["ModuleList", "Sequential"]),
    steps=st.lists(st.tuples(st.sampled_from(list(STEPS)), st.integers(-3, 3)), max_size=6),
)
def test_a_row_of_modules_changes_as_a_list_does(kind: str, steps: list[tuple[str, int]]) -> None:
    expected: list[Any] = tanhs(nn, 3)
    parts = nn.Sequential(*expected) if kind == "Sequential" else nn.ModuleList(expected)
    for name, i in steps:
        module, outcomes = nn.Tanh(), []
        for row in (expected, parts):
            try:
                STEPS[name](row, module, i)
                outcomes.append(True)
            except IndexError:
                outcomes.append(False)
        assert outcomes[0] == outcomes[1]
        assert list(parts) == expected
        assert len(parts) == len(expected)
        assert [name for name, _ in parts.named_children()] == list(dict.fromkeys(map(str, _firsts(expected))))
    if kind == "Sequential":
        assert parts._chain == tuple(expected)


def _firsts(modules: list[Any]) -> list[int]:
    return [i for i, module in enumerate(modules) if module not in modules[:i]]


def test_a_part_of_a_row_is_a_row_and_can_be_added_to() -> None:
    modules = tanhs(nn, 4)
    for row in (nn.Sequential(*modules), nn.ModuleList(modules)):
        part = row[1:3]
        assert type(part) is type(row)
        assert list(part) == modules[1:3]
        part.append(modules[0])
        assert list(part) == [*modules[1:3], modules[0]]
        assert modules[2] in row
        assert nn.Tanh() not in row


def test_lists_of_modules_are_added() -> None:
    a, b = nn.ModuleList(tanhs(nn, 2)), nn.ModuleList(tanhs(nn, 1))
    assert list(a + b) == [*a, *b]
    a += b
    assert len(a) == 3


def test_a_dict_of_modules_has_the_parameters_of_all() -> None:
    heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.Linear(2, 3)})
    heads["c"] = nn.Tanh()
    assert list(heads) == list(heads.keys()) == ["a", "b", "c"]
    assert [name for name, _ in heads.named_parameters()] == ["a.weight", "a.bias", "b.weight", "b.bias"]
    assert heads["b"](np.ones(2)).shape == (3,)
    assert dict(heads.items())["a"] is heads["a"] is heads.a is next(iter(heads.values()))
    assert heads.pop("a").in_features == 2
    del heads["c"]
    assert "a" not in heads
    assert len(heads) == 1
    heads.clear()
    assert len(heads) == 0


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.ModuleList([np.tanh]), r"^ModuleList: part 0 is ufunc; wanted a Module"),
        (lambda: nn.Sequential(nn.Tanh()).insert(0, "x"), r"^Sequential: part 0 is str; wanted a Module"),  # type: ignore[arg-type]
        (lambda: nn.ModuleDict({"a": 3}), r"^ModuleDict: a is int; wanted a Module or None"),  # type: ignore[dict-item]
    ],
)
def test_what_is_no_module_is_refused(make: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        make()


def test_nothing_changes_if_a_change_is_refused() -> None:
    row = nn.Sequential(*tanhs(nn, 2))
    before = list(row)
    with pytest.raises(TypeError, match="part 1 is int"):
        row[1:] = [3]
    assert list(row) == before


def mixture(library: Any, tensor: Any) -> Any:
    """A module of lists and dicts of parameters, in either library."""
    model = library.Sequential(library.ParameterList([tensor([1.0, 2.0]), tensor([3.0])]))
    model.add_module("named", library.ParameterDict({"scale": tensor([2.0]), "shift": tensor([0.5])}))
    return model


@pytest.mark.peer
def test_lists_and_dicts_of_parameters_are_found_and_saved_as_pytorchs(torch: Any) -> None:
    ours, theirs = mixture(nn, np.array), mixture(torch.nn, torch.tensor)
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["0.0", "0.1", "named.scale", "named.shift"]


def test_lists_and_dicts_of_parameters_are_trained() -> None:
    weights, named = mixture(nn, np.array)
    weights.append([4.0]).insert(0, [0.0])
    assert [name for name, _ in weights.named_parameters()] == ["0", "1", "2", "3"]
    (weights[1] * named["scale"]).sum().backward()
    assert named["scale"].grad.tolist() == [3.0]
    assert repr(named["shift"]) == "Parameter([0.5], requires_grad=True)"
    assert repr(named).splitlines() == [
        "ParameterDict(",
        "  (scale): Parameter of dtype float64 and shape (1,)",
        "  (shift): Parameter of dtype float64 and shape (1,)",
        ")",
    ]
    with pytest.raises(TypeError, match="wanted numbers"):
        nn.ParameterList(["text"])


# --- buffers, and where things are


class Statistics(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", ad.Tensor([0.0, 0.0]))
        self.register_buffer("scratch", nn.Parameter(np.ones(2)).detach(), persistent=False)
        self.register_buffer("nothing", None)
        self.weight = nn.Parameter(np.ones(2))


def test_buffers_are_saved_and_converted_but_not_trained() -> None:
    module = nn.Sequential(Statistics())
    assert [name for name, _ in module.named_buffers()] == ["0.mean", "0.scratch"]
    assert [name for name, _ in module.named_parameters()] == ["0.weight"]
    assert list(module.state_dict()) == ["0.weight", "0.mean"]
    module.float()
    assert {x.dtype for x in (*module.parameters(), *module.buffers())} == {np.dtype(np.float32)}
    module.load_state_dict({"0.weight": np.zeros(2), "0.mean": np.full(2, 3.0)})
    assert module[0].mean.tolist() == [3.0, 3.0]
    with pytest.raises(TypeError, match=r"^Tanh: the buffer w would be trained; use register_parameter, or detach\(\)"):
        nn.Tanh().register_buffer("w", nn.Parameter(np.ones(2)))


def test_a_module_is_on_the_cpu_and_of_the_type_asked_for() -> None:
    layer = nn.Linear(2, 1).half()
    assert layer.to("cpu").weight.dtype == np.float16
    assert layer.to("cpu", np.float32).weight.dtype == np.float32
    assert layer.to(device="cpu", dtype="float64").weight.dtype == layer.double().bias.dtype == np.float64
    with pytest.raises(ValueError, match=r"^Linear\.to: the device is 'cuda:0'; wanted 'cpu', where NumPy computes"):
        layer.to("cuda:0")


def test_parts_and_parameters_are_found_by_name() -> None:
    model = nn.Sequential(nn.Linear(2, 1), nn.Sequential(nn.Tanh()))
    assert model.get_submodule("1.0") is model[1][0]
    assert model.get_submodule("") is model
    assert model.get_parameter("0.bias") is model[0].bias
    with pytest.raises(AttributeError, match=r"^Sequential: there is no part '1\.2'; there are 0, 1, 1\.0\."):
        model.get_submodule("1.2")
    with pytest.raises(AttributeError, match=r"^Sequential: there is no parameter '1\.weight'; there are 0\.weight, 0\.bias\."):
        model.get_parameter("1.weight")
    norm = nn.Sequential(nn.BatchNorm1d(2))
    assert norm.get_buffer("0.running_mean") is norm[0].running_mean
    with pytest.raises(AttributeError, match=r"^Sequential: there is no buffer '0\.weight'; there are 0\.running_mean,"):
        norm.get_buffer("0.weight")
