"""Modules: what they find in themselves, and how they are called, shown, copied, saved and loaded."""

from __future__ import annotations

import copy
import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beside_torch import assert_same, both, error, state, values
from numpy.testing import assert_array_equal

import autodiff as ad
import nn


class Net(nn.Module):
    """Two layers, one of them used twice, and a parameter of its own between them."""

    def __init__(self, dtype: Any = None) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 3, dtype=dtype), nn.Tanh())
        self.scale = nn.Parameter([2.0], dtype=dtype)
        self.head = nn.Linear(3, 1, dtype=dtype)
        self.again = self.inner

    def forward(self, x: Any) -> Any:
        return self.head(self.again(self.inner(x)) * self.scale)


X = np.random.default_rng(0).normal(size=(5, 3))


def one(library: Any) -> Any:
    """A parameter of either library."""
    return library.Linear(1, 1).bias


# --- the networks whose structure is compared with that of PyTorch's ------------------------------------------------------------


def plain(library: Any) -> Any:
    return library.Sequential(library.Linear(2, 4), library.Sigmoid(), library.Linear(4, 1), library.Sigmoid())


def nested(library: Any) -> Any:
    inner = library.Sequential(library.Linear(2, 3), library.Sequential(library.Tanh(), library.Linear(3, 2, bias=False)))
    return library.Sequential(inner, library.ReLU(), library.Sequential(), library.Linear(2, 1), library.MSELoss())


def named(library: Any) -> Any:
    return library.Sequential(OrderedDict(first=library.Linear(1, 2), act=library.Sigmoid(), last=library.Linear(2, 1)))


def parameters_after_parts(library: Any) -> Any:
    class Model(library.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = library.Linear(1, 1)
            self.weight = one(library)
            self.tail = library.Sequential(library.Linear(1, 1))
            self.bias = one(library)

    return Model()


def shared_part(library: Any) -> Any:
    layer = library.Linear(1, 1)
    return library.Sequential(layer, library.Tanh(), layer, library.Sequential(layer, library.Linear(1, 1)))


def shared_parameter(library: Any) -> Any:
    model = library.Sequential(library.Linear(2, 2), library.Linear(2, 2), library.Linear(2, 2))
    model[2].weight = model[0].weight
    return model


def none_among_parameters(library: Any) -> Any:
    class Model(library.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_parameter("first", None)
            self.second = one(library)
            self.first = one(library)

    return Model()


def none_made_a_parameter_later(library: Any) -> Any:
    class Model(library.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = None
            self.second = one(library)
            self.first = one(library)

    return Model()


def replaced_part(library: Any) -> Any:
    class Model(library.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = library.Linear(1, 1)
            self.second = library.Linear(1, 1)
            self.first = library.Sequential(library.Linear(1, 1, bias=False))

    return Model()


def deleted_part(library: Any) -> Any:
    model = named(library)
    del model.first
    return model


def added_by_name(library: Any) -> Any:
    model = named(library)
    model.add_module("after", library.Linear(1, 1))
    model.register_parameter("factor", one(library))
    return model


def bare(library: Any) -> Any:
    return library.Module()


NETWORKS = [
    plain,
    nested,
    named,
    parameters_after_parts,
    shared_part,
    shared_parameter,
    none_among_parameters,
    none_made_a_parameter_later,
    replaced_part,
    deleted_part,
    added_by_name,
    bare,
]


def in_order_of_apply(model: Any) -> list[str]:
    names = {id(module): name for name, module in model.named_modules()}
    visited: list[str] = []
    assert model.apply(lambda module: visited.append(names[id(module)])) is model
    return visited


SEEN: dict[str, Callable[[Any], Any]] = {
    "named_parameters": lambda m: [(name, tuple(p.shape)) for name, p in m.named_parameters()],
    "own parameters": lambda m: [name for name, _ in m.named_parameters(recurse=False)],
    "prefix": lambda m: [name for name, _ in m.named_parameters(prefix="model")],
    "parameters": lambda m: [tuple(p.shape) for p in m.parameters()],
    "state_dict": lambda m: [(name, tuple(p.shape)) for name, p in m.state_dict().items()],
    "named_modules": lambda m: [(name, type(part).__name__) for name, part in m.named_modules()],
    "modules": lambda m: [type(part).__name__ for part in m.modules()],
    "named_children": lambda m: [name for name, _ in m.named_children()],
    "children": lambda m: [type(part).__name__ for part in m.children()],
    "apply": in_order_of_apply,
    "repr": repr,
}


@pytest.mark.peer
@pytest.mark.parametrize("what", SEEN)
@pytest.mark.parametrize("build", NETWORKS)
def test_a_network_has_the_same_parts_in_the_same_order_as_in_pytorch(torch: Any, build: Callable[[Any], Any], what: str) -> None:
    assert SEEN[what](build(nn)) == SEEN[what](build(torch.nn))


# --- registration ---------------------------------------------------------------------------------------------------------------


def test_parameters_and_modules_are_found_by_being_attributes() -> None:
    assert [name for name, _ in Net().named_parameters()] == ["scale", "inner.0.weight", "inner.0.bias", "head.weight", "head.bias"]
    assert [name for name, _ in Net().named_modules()] == ["", "inner", "inner.0", "inner.1", "head"]


def test_parameters_are_the_objects_themselves() -> None:
    model = Net()
    own, *_, last = model.parameters()
    assert own is model.scale
    assert last is model.head.bias


def test_a_shared_part_is_listed_once_in_parameters_but_under_each_name_in_the_state() -> None:
    model = Net()
    assert len(list(model.parameters())) == 5
    assert list(model.state_dict()) == [
        "scale",
        "inner.0.weight",
        "inner.0.bias",
        "head.weight",
        "head.bias",
        "again.0.weight",
        "again.0.bias",
    ]


def test_what_is_neither_parameter_nor_module_is_not_listed() -> None:
    model = nn.Module()
    model.array, model.tensor, model.parts = np.zeros(2), ad.Tensor([1.0]), [nn.Tanh(), 3]
    assert list(model.parameters()) == []
    assert list(model.modules()) == [model]
    assert model.state_dict() == {}


def test_an_attribute_that_is_deleted_is_no_longer_a_parameter() -> None:
    model = nn.Linear(2, 1)
    del model.weight
    assert list(model.state_dict()) == ["bias"]


def test_none_in_the_place_of_a_parameter_says_that_there_is_none() -> None:
    model = nn.Linear(2, 1)
    model.bias = None
    assert list(model.state_dict()) == ["weight"]
    assert_array_equal(model(np.ones(2)).numpy(), np.ones(2) @ model.weight.numpy().T)


@pytest.mark.parametrize(("value", "kind"), [(np.zeros((1, 2)), "ndarray"), (ad.Tensor([[1.0, 2.0]]), "Tensor"), (3.0, "float")])
def test_to_assign_anything_else_over_a_parameter_is_an_error(value: Any, kind: str) -> None:
    model = nn.Linear(2, 1)
    weight = model.weight
    with error(
        TypeError,
        f"Linear.weight is a parameter, but was given {kind}, which would not be trained. "
        "Assign an nn.Parameter, or set its values: module.weight.data = array.",
    ):
        model.weight = value
    assert model.weight is weight


def test_a_parameter_can_be_assigned_over_a_parameter() -> None:
    model = nn.Linear(2, 1)
    model.weight = new = nn.Parameter([[1.0, 2.0]])
    assert next(model.parameters()) is new


def test_to_assign_anything_else_over_a_module_is_an_error() -> None:
    model = Net()
    head = model.head
    with pytest.raises(TypeError, match="head"):
        model.head = 3
    assert model.head is head


@pytest.mark.parametrize("value", [np.zeros(2), 1.0, nn.Linear(1, 1)], ids=["array", "float", "module"])
def test_register_parameter_takes_parameters_only(value: Any) -> None:
    model = nn.Module()
    with pytest.raises(TypeError, match="w"):
        model.register_parameter("w", value)
    assert not hasattr(model, "w")


@pytest.mark.parametrize("value", [np.tanh, 3, nn.Parameter([1.0])], ids=["function", "int", "parameter"])
def test_add_module_takes_modules_only(value: Any) -> None:
    model = nn.Module()
    with pytest.raises(TypeError, match="part"):
        model.add_module("part", value)
    assert not hasattr(model, "part")


@pytest.mark.parametrize("name", ["a.b", "", "forward", "training", "parameters"])
def test_a_part_cannot_have_a_name_that_has_another_meaning(name: str) -> None:
    with pytest.raises((KeyError, ValueError), match="name"):
        nn.Sequential({name: nn.Linear(1, 1)})


# --- what would go unnoticed ------------------------------------------------------------------------------------------------------


def holding(value: Any) -> nn.Module:
    model = nn.Module()
    model.layers = value
    return model


HIDDEN: dict[str, Callable[[], Any]] = {
    "list": lambda: [nn.Linear(1, 1), nn.Tanh()],
    "tuple": lambda: (nn.Tanh(), nn.Linear(1, 1)),
    "dict": lambda: {"first": nn.Linear(1, 1)},
    "list of parameters": lambda: [nn.Parameter([1.0])],
    "list of lists": lambda: [[], [1, [nn.Parameter([1.0])]]],
    "list of dicts of networks": lambda: [{"a": nn.Sequential(nn.Tanh(), nn.Linear(1, 1))}],
}


LISTINGS: dict[str, Callable[[nn.Module], Any]] = {
    "parameters": lambda m: list(m.parameters()),
    "SGD": lambda m: nn.optim.SGD(m.parameters()),
    "zero_grad": lambda m: m.zero_grad(),
    "requires_grad_": lambda m: m.requires_grad_(False),
    "to": lambda m: m.to(np.float32),
    "state_dict": lambda m: m.state_dict(),
}


@pytest.mark.parametrize("listing", LISTINGS.values(), ids=LISTINGS)
@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_parameters_are_an_error_where_all_are_hidden_in_a_container(hidden: Any, listing: Any) -> None:
    value = hidden()
    with error(
        TypeError,
        f"Module: layers is a {type(value).__name__}, in which parameters are not found, so they would not be trained or saved. "
        "Use nn.ModuleList, nn.ParameterList or a dict of theirs.",
    ):
        listing(holding(value))


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
def test_parameters_are_a_warning_where_some_are_hidden_in_a_container(hidden: Any) -> None:
    model = nn.Sequential({"first": nn.Linear(1, 1), "second": holding(hidden())})
    with pytest.warns(UserWarning, match=r"^Sequential: second\.layers is a (list|tuple|dict), in which parameters are not found"):
        assert list(model.parameters()) == [model.first.weight, model.first.bias]


def test_a_container_of_what_is_found_elsewhere_or_is_not_trained_hides_nothing() -> None:
    layer, frozen = nn.Linear(1, 1), nn.Linear(2, 2).requires_grad_(False)
    model = nn.Sequential(layer)
    model.all, model.teacher, model.history = [layer, [layer.weight]], [frozen], [1.0, "text", None, {"a": ()}]
    assert list(model.parameters()) == [layer.weight, layer.bias]


def test_of_a_long_container_only_the_beginning_is_looked_at() -> None:
    class Watched(list[float]):
        def __iter__(self) -> Any:
            yield from range(1000)
            raise AssertionError("all of it is looked at")

    model = nn.Linear(1, 1)
    model.history = Watched([0.0])
    assert len(list(model.parameters())) == 2


def test_a_container_that_contains_itself_is_looked_through_once() -> None:
    model = holding([])
    model.layers.append(model.layers)
    model.layers.append(model)
    assert list(model.parameters()) == []


def test_a_module_whose_init_does_not_call_that_of_module_works() -> None:
    class Forgetful(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(3, 1)

        def forward(self, x: Any) -> Any:
            return self.layer(x)

    model = Forgetful()
    model(X).sum().backward()
    nn.optim.SGD(model.parameters(), lr=0.1).step()
    assert list(model.state_dict()) == ["layer.weight", "layer.bias"]
    assert model.eval().train().training
    assert repr(model) == "Forgetful(\n  (layer): Linear(in_features=3, out_features=1, bias=True)\n)"


@pytest.mark.parametrize("base", [nn.Linear, nn.MSELoss])
def test_a_layer_whose_init_does_not_call_that_of_its_base_says_what_is_missing(base: Any) -> None:
    class Forgetful(base):
        def __init__(self) -> None:
            pass

    name = {nn.Linear: "weight", nn.MSELoss: "reduction"}[base]
    with error(
        AttributeError,
        f"Forgetful has no attribute {name!r}. If a base class sets it, __init__ must call super().__init__(...).",
    ):
        Forgetful()(*[np.ones(1)] * (2 if base is nn.MSELoss else 1))


def test_a_sequential_whose_init_does_not_call_that_of_its_base_works() -> None:
    class Forgetful(nn.Sequential):
        def __init__(self) -> None:
            self.first, self.second = Plus(), Twice()

    assert Forgetful()(1.0) == 4


def test_a_property_that_fails_says_why() -> None:
    class Model(nn.Module):
        @property
        def size(self) -> int:
            return [].length

    with pytest.raises(AttributeError, match="'list' object has no attribute 'length'"):
        Model().size


def itself() -> tuple[nn.Module, nn.Module, str]:
    model = nn.Module()
    return model, model, "back"


def parent_of_a_part() -> tuple[nn.Module, nn.Module, str]:
    part = nn.Module()
    return part, nn.Sequential({"part": part}), "back.part"


def far_around() -> tuple[nn.Module, nn.Module, str]:
    part = nn.Module()
    return part, nn.Sequential(nn.Tanh(), nn.Sequential(nn.Tanh(), nn.Sequential(part))), "back.1.1.0"


@pytest.mark.parametrize("assign", [setattr, nn.Module.add_module], ids=["setattr", "add_module"])
@pytest.mark.parametrize("build", [itself, parent_of_a_part, far_around])
def test_modules_that_contain_each_other_are_an_error_that_names_the_path(build: Any, assign: Any) -> None:
    part, whole, path = build()
    with (
        error(
            ValueError,
            f"Module.back: modules cannot contain each other, but {path} is this very module. "
            "To refer to a module without containing it, keep a weak reference: self.back = weakref.ref(module).",
        )
        if assign is setattr
        else pytest.raises(ValueError, match="contain each other")
    ):
        assign(part, "back", whole)
    for walk in SEEN.values():
        walk(whole)
    assert not hasattr(part, "back")
    assert whole.train().to(np.float32) is whole


def test_an_attribute_can_be_set_while_the_parameters_are_walked() -> None:
    model = Net()
    for i, parameter in enumerate(model.parameters()):
        setattr(model, f"start_{i}", parameter.detach())
    assert len(list(model.parameters())) == 5


# --- calling --------------------------------------------------------------------------------------------------------------------


class Twice(nn.Module):
    def forward(self, x: Any) -> Any:
        return 2 * x


class Plus(nn.Module):
    def __init__(self, term: float = 1.0) -> None:
        super().__init__()
        self.term = term

    def forward(self, x: Any, *, minus: float = 0.0) -> Any:
        return x + self.term - minus


def test_a_call_is_forward_with_the_same_arguments() -> None:
    assert Plus()(5.0) == 6
    assert Plus(2.0)(5.0, minus=3.0) == 4


def test_a_module_without_forward_says_so() -> None:
    class Empty(nn.Module):
        pass

    with error(TypeError, "Empty has no forward(). Define what it computes: def forward(self, x): ..."):
        Empty()(X)


def test_super_forward_is_that_of_the_base() -> None:
    class PlusTwice(Plus):
        def forward(self, x: Any, *, minus: float = 0.0) -> Any:
            return 2 * super().forward(x, minus=minus)

    assert PlusTwice()(5.0) == 12


def test_a_call_that_is_overridden_is_used() -> None:
    class Loud(Twice):
        def __call__(self, x: Any) -> Any:
            return super().__call__(x) + 100

    assert Loud()(1) == 102


def test_a_call_that_is_overridden_stays_so_where_a_subclass_overrides_forward() -> None:
    class Loud(nn.Module):
        def __call__(self, x: Any) -> Any:
            return self.forward(x) + 100

    class LoudTwice(Loud):
        def forward(self, x: Any) -> Any:
            return 2 * x

    assert LoudTwice()(1) == 102


def test_the_forward_of_a_mixin_comes_before_that_of_the_base() -> None:
    class Three:
        def forward(self, x: Any) -> Any:
            return 3 * x

    class Mixed(Three, Twice):
        pass

    assert Mixed().forward(1) == 3
    assert Mixed()(1) == 3


def test_a_forward_that_is_set_on_one_module_is_called() -> None:
    model = Twice()
    model.forward = lambda x: 5 * x
    assert model(1) == 5


def test_a_forward_that_is_set_on_the_class_later_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Twice, "forward", lambda self, x: 7 * x)
    assert Twice()(1) == 7


def test_a_module_can_be_called_in_no_grad_and_its_result_then_has_no_graph() -> None:
    with ad.no_grad():
        assert not Net()(X).requires_grad
    assert Net()(X).requires_grad


def test_the_gradient_of_a_part_that_is_used_twice_is_the_sum_of_both_uses() -> None:
    layer = nn.Linear(1, 1, bias=False)
    layer.load_state_dict({"weight": [[3.0]]})
    nn.Sequential(layer, layer)(ad.Tensor([2.0])).sum().backward()
    assert layer.weight.grad.tolist() == [[12.0]]  # w² x: 2 w x


# --- Sequential -----------------------------------------------------------------------------------------------------------------


def test_a_sequential_hands_each_part_what_the_one_before_returned() -> None:
    assert nn.Sequential(Plus(), Twice(), Plus(0.5))(1.0) == 4.5
    assert nn.Sequential()(1.0) == 1


def test_a_sequential_has_a_length_an_order_and_indices() -> None:
    parts = [Plus(), Twice(), Plus(3.0)]
    model = nn.Sequential(*parts)
    assert len(model) == 3
    assert list(model) == parts
    assert [model[i] for i in (0, 1, 2, -1)] == [*parts, parts[2]]


def test_a_sequential_counts_a_part_that_stands_in_two_places_twice() -> None:
    twice = Twice()
    model = nn.Sequential(twice, Plus(), twice)
    assert len(model) == 3
    assert list(model)[2] is model[2] is twice
    assert model(1) == 6


@pytest.mark.parametrize("index", [3, -4])
def test_an_index_beyond_the_end_is_an_index_error(index: int) -> None:
    model = nn.Sequential(Plus(), Twice(), Plus())
    with pytest.raises(IndexError, match="range"):
        model[index]


def test_a_slice_of_a_sequential_is_a_sequential_of_the_same_parts_with_their_names() -> None:
    model = nn.Sequential(Plus(), Twice(), Plus(3.0))
    part = model[1:]
    assert isinstance(part, nn.Sequential)
    assert [name for name, _ in part.named_children()] == ["1", "2"]
    assert part[0] is model[1]
    assert part(1.0) == 5
    assert len(model[3:]) == 0


def test_the_parts_of_a_sequential_can_be_given_names() -> None:
    model = nn.Sequential({"twice": Twice(), "more": Plus()})
    assert model.twice is model[0]
    assert [name for name, _ in model.named_children()] == ["twice", "more"]
    assert model(3) == 7


def test_a_sequential_uses_what_is_put_in_the_place_of_a_part() -> None:
    model = nn.Sequential(Plus(), Twice())
    setattr(model, "0", Plus(10.0))
    assert model(1.0) == 22


@pytest.mark.parametrize(
    "change", [lambda m: setattr(m, "calls", 1), lambda m: m.add_module("more", Plus())], ids=["attribute", "part"]
)
def test_a_part_can_change_the_sequential_it_is_in_for_the_next_call(change: Any) -> None:
    class Changing(nn.Module):
        def forward(self, x: Any) -> Any:
            change(model)
            return x

    model = nn.Sequential(Changing(), Twice())
    assert model(1.0) == 2
    assert model(1.0) == 2 + hasattr(model, "more")


def test_a_sequential_follows_every_change_of_its_parts() -> None:
    model = nn.Sequential(Plus(), Twice())
    assert model(1.0) == 4
    model.add_module("more", Plus(10.0))
    assert model(1.0) == 14
    del model.more
    assert model(1.0) == 4
    setattr(model, "1", None)
    assert model(1.0) == 2
    for new in (copy.deepcopy(model), by_pickle(model)):
        setattr(new, "0", Plus(5.0))
        assert new(1.0) == 6
    assert model(1.0) == 2


@pytest.mark.parametrize(
    ("part", "kind", "way"),
    [
        (nn.functional.sigmoid, "function", "for example nn.Sigmoid() for nn.functional.sigmoid"),
        ([Twice()], "list", "the parts one by one: Sequential(*parts)"),
        (nn.Tanh, "the class Tanh", "made by calling it: Tanh()"),
    ],
)
def test_a_part_that_is_no_module_is_an_error(part: Any, kind: str, way: str) -> None:
    with error(TypeError, f"Sequential: part 1 is {kind}; wanted a Module, {way}."):
        nn.Sequential(Twice(), part)


# --- modes, gradients, types ----------------------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_part() -> None:
    model = Net()
    assert all(module.training for module in model.modules())
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    model.inner.train()
    assert (model.training, model.inner.training, model.inner[0].training, model.head.training) == (False, True, True, False)
    assert model.train() is model
    assert all(module.training for module in model.modules())
    assert not model.train(mode=False).head.training


def test_zero_grad_forgets_the_gradients() -> None:
    model = Net()
    model(X).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_zero_grad_sets_the_gradients_to_zero_where_they_are_wanted() -> None:
    model = nn.Sequential(nn.Linear(3, 2, dtype=np.float32), nn.Linear(2, 1))
    model[0](X).sum().backward()
    model.zero_grad(set_to_none=False)
    assert_array_equal(model[0].weight.grad.numpy(), np.zeros((2, 3)))
    assert model[0].weight.grad.dtype == np.float32
    assert model[1].weight.grad is None


def test_gradients_add_up_until_they_are_zeroed() -> None:
    model = Net()
    model(X).sum().backward()
    once = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
    model(X).sum().backward()
    assert_same({name: p.grad.numpy() for name, p in model.named_parameters()}, {name: 2 * g for name, g in once.items()})


def test_requires_grad_freezes_and_thaws_the_parameters() -> None:
    model = Net()
    assert model.requires_grad_(False) is model
    assert not any(p.requires_grad for p in model.parameters())
    assert not model(X).requires_grad
    model.head.requires_grad_()
    model(X).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is not None] == ["head.weight", "head.bias"]


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype(np.float32)])
def test_to_converts_the_parameters_in_place(dtype: Any) -> None:
    model = Net()
    before, parameters = state(model), list(model.parameters())
    assert model.to(dtype) is model
    assert all(p is q for p, q in zip(model.parameters(), parameters, strict=True))
    assert {p.dtype for p in parameters} == {np.dtype(np.float32)}
    assert_same(state(model), before, rtol=1e-6)
    assert model(X.astype(np.float32)).dtype == np.float32
    model(X.astype(np.float32)).sum().backward()
    assert {p.grad.dtype for p in parameters} == {np.dtype(np.float32)}


def test_to_converts_the_gradients_as_pytorch_does() -> None:
    model = Net()
    model.head.requires_grad_(False)
    model(X).sum().backward()
    before = {name: None if p.grad is None else values(p.grad) for name, p in model.named_parameters()}
    model.to(np.float32)
    for name, p in model.named_parameters():
        assert (p.grad is None) == (before[name] is None)
        if p.grad is not None:
            assert p.grad.dtype == np.float32
            assert_array_equal(p.grad.numpy(), before[name].astype(np.float32))


def test_to_the_type_that_it_has_changes_nothing() -> None:
    model = Net()
    y = model(X).sum()
    model.to(float)
    y.backward()
    assert model.to("float64").scale.grad is not None


@pytest.mark.parametrize("frozen", [(), (0,), (0, 1)], ids=["none frozen", "first frozen", "all frozen"])
def test_to_takes_floating_point_types_only_and_changes_nothing_else(frozen: tuple[int, ...]) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    for i in frozen:
        model[i].requires_grad_(False)
    before = state(model)
    with pytest.raises(TypeError, match="int64"):
        model.to(np.int64)
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}
    assert_same(state(model), before, rtol=0)


# --- repr -----------------------------------------------------------------------------------------------------------------------


def test_the_repr_shows_the_parts_and_their_sizes() -> None:
    model = nn.Sequential(nn.Linear(2, 4), nn.Sequential(nn.Sigmoid(), nn.Linear(4, 1, bias=False)))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=4, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): Sigmoid()\n"
        "    (1): Linear(in_features=4, out_features=1, bias=False)\n"
        "  )\n"
        ")"
    )


def test_equal_modules_of_a_list_are_told_once() -> None:
    text = repr(nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.Linear(1, 2)]))
    expected = [
        "ModuleList(",
        "  (0-1): 2 x ReLU()",
        "  (2): Tanh()",
        "  (3): Linear(in_features=1, out_features=2, bias=True)",
        ")",
    ]
    assert text.split("\n") == expected
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_extra_repr_is_shown_in_the_brackets() -> None:
    class Named(Plus):
        def extra_repr(self) -> str:
            return f"term={self.term}"

    assert repr(Named(3.0)) == "Named(term=3.0)"


@pytest.mark.peer
def test_the_repr_of_a_module_with_parts_and_an_extra_repr_is_that_of_pytorch(torch: Any) -> None:
    def build(library: Any) -> Any:
        class Model(library.Module):
            def __init__(self) -> None:
                super().__init__()
                self.part = library.Tanh()

            def extra_repr(self) -> str:
                return "size=3"

        return Model()

    assert repr(build(nn)) == repr(build(torch.nn))


# --- copying --------------------------------------------------------------------------------------------------------------------


def by_pickle(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


each_copy = pytest.mark.parametrize("duplicate", [copy.deepcopy, by_pickle])


@each_copy
def test_a_copy_has_equal_parameters_of_the_same_types_and_modes(duplicate: Callable[[Any], Any]) -> None:
    model = Net(dtype=np.float32).eval()
    model.head.requires_grad_(False)
    new = duplicate(model)
    assert type(new) is Net
    assert_same(state(new), state(model), rtol=0)
    assert [(type(p), p.dtype, p.requires_grad) for p in new.parameters()] == [
        (nn.Parameter, p.dtype, p.requires_grad) for p in model.parameters()
    ]
    assert not new.head.training
    assert_array_equal(new(X).numpy(), model(X).numpy())


@each_copy
def test_a_copy_is_trained_on_its_own(duplicate: Callable[[Any], Any]) -> None:
    model = Net()
    new = duplicate(model)
    before, own = state(new), state(model)
    optimizer = nn.optim.SGD(new.parameters(), lr=0.1)
    new(X).sum().backward()
    optimizer.step()
    assert all(p.grad is None for p in model.parameters())
    assert_same(state(model), own, rtol=0)
    assert all(not np.array_equal(value, before[name]) for name, value in state(new).items())


@each_copy
def test_what_was_shared_in_a_model_is_shared_in_its_copy(duplicate: Callable[[Any], Any]) -> None:
    new = duplicate(Net())
    assert new.again is new.inner
    new = duplicate(shared_parameter(nn))
    assert new[2].weight is new[0].weight
    assert len(list(new.parameters())) == 5


@each_copy
def test_a_model_can_be_copied_after_a_backward_pass(duplicate: Callable[[Any], Any]) -> None:
    model = Net()
    model(X).sum().backward()
    assert_same(state(duplicate(model)), state(model), rtol=0)


def test_a_copy_of_a_model_does_not_share_its_arrays() -> None:
    model = nn.Linear(2, 1)
    new = copy.deepcopy(model)
    assert not np.shares_memory(new.weight.data, model.weight.data)


# --- state ----------------------------------------------------------------------------------------------------------------------


def test_the_state_is_a_copy() -> None:
    model = Net()
    before = model.state_dict()
    kept = state(model)
    for parameter in model.parameters():
        parameter.writable()[...] = 0
    assert_same({name: tensor.numpy() for name, tensor in before.items()}, kept, rtol=0)
    before["scale"][...] = 7
    assert model.scale.tolist() == [0]


def test_the_state_is_made_of_tensors_that_do_not_require_grad() -> None:
    for tensor in Net(dtype=np.float32).state_dict().values():
        assert type(tensor) is ad.Tensor
        assert not tensor.requires_grad
        assert tensor.dtype == np.float32


def test_a_state_can_be_loaded_into_another_model_which_then_computes_the_same() -> None:
    model, other = Net(), Net()
    result = other.load_state_dict(model.state_dict())
    assert (result.missing_keys, result.unexpected_keys) == ([], [])
    assert_array_equal(other(X).numpy(), model(X).numpy())


def test_loading_changes_the_parameters_in_place() -> None:
    model = nn.Linear(2, 1)
    parameters = list(model.parameters())
    model.load_state_dict({"weight": np.array([[1, 2]]), "bias": [3.0]})
    assert [p is q for p, q in zip(model.parameters(), parameters, strict=True)] == [True, True]
    assert parameters[0].tolist() == [[1, 2]]
    assert all(p.requires_grad for p in parameters)


def test_loading_does_not_keep_the_arrays_of_the_source() -> None:
    source = {"weight": np.ones((1, 2)), "bias": np.ones(1)}
    model = nn.Linear(2, 1)
    model.load_state_dict(source)
    source["weight"][...] = 5
    assert model.weight.tolist() == [[1, 1]]
    with ad.no_grad():
        model.bias[...] = 5
    assert source["bias"].tolist() == [1]


def test_a_state_of_another_type_is_converted_to_that_of_the_model() -> None:
    model = nn.Linear(2, 1)
    model.load_state_dict({"weight": np.array([[0.1, 0.2]], np.float32), "bias": np.array([1], np.int8)})
    assert (model.weight.dtype, model.bias.dtype) == (np.float64, np.float64)
    assert model.weight.tolist() == [[float(np.float32(0.1)), float(np.float32(0.2))]]
    half = nn.Linear(2, 1, dtype=np.float32)
    half.load_state_dict({"weight": np.array([[0.1, 0.2]]), "bias": np.array([1.0])})
    assert half.weight.dtype == np.float32


def test_the_parameters_of_a_model_are_a_state_too() -> None:
    model, other = Net(), Net()
    named = {**dict(model.named_parameters()), "again.0.weight": model.again[0].weight, "again.0.bias": model.again[0].bias}
    other.load_state_dict(named)
    assert_same(state(other), state(model), rtol=0)


def test_a_state_survives_savez_and_load() -> None:
    model, other = Net(), Net()
    file = io.BytesIO()
    np.savez(file, **model.state_dict())
    file.seek(0)
    with np.load(file) as arrays:
        other.load_state_dict(arrays)
    assert_same(state(other), state(model), rtol=0)


def test_a_state_of_arrays_survives_savez_and_load() -> None:
    model, other = Net(), Net()
    file = io.BytesIO()
    np.savez(file, **{name: tensor.numpy() for name, tensor in model.state_dict().items()})
    file.seek(0)
    with np.load(file) as arrays:
        other.load_state_dict(arrays)
    assert_same(state(other), state(model), rtol=0)


def test_a_state_survives_pickle() -> None:
    model, other = Net(), Net()
    other.load_state_dict(by_pickle(model.state_dict()))
    assert_same(state(other), state(model), rtol=0)


@pytest.mark.peer
@pytest.mark.parametrize("build", [plain, nested, named, shared_part, shared_parameter])
def test_the_state_of_a_pytorch_model_loads_as_it_is(torch: Any, build: Callable[[Any], Any]) -> None:
    ours, theirs = build(nn), build(torch.nn)
    ours.load_state_dict(theirs.state_dict())
    assert_same(state(ours), state(theirs), rtol=0)


@pytest.mark.peer
def test_the_state_of_a_model_loads_into_a_pytorch_model(torch: Any) -> None:
    ours, theirs = nested(nn), nested(torch.nn).double()
    theirs.load_state_dict({name: torch.tensor(tensor.numpy()) for name, tensor in ours.state_dict().items()})
    assert_same(state(ours), state(theirs), rtol=0)


@pytest.mark.peer
def test_a_pytorch_model_and_its_twin_compute_the_same(torch: Any) -> None:
    ours, theirs = both(torch, plain)
    x = np.random.default_rng(1).normal(size=(7, 2))
    assert_same({"y": ours(x).numpy()}, {"y": theirs(torch.tensor(x)).detach().numpy()})


def test_everything_that_does_not_fit_is_named_in_one_error_and_nothing_is_changed() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = state(model)
    bad = {"0.weight": np.zeros((3, 2)), "0.bias": np.zeros(2), "1.weight": np.array([["a", "b", "c"]]), "2.weight": 1, "extra": 2}
    with error(
        RuntimeError,
        "load_state_dict: the state does not fit Sequential: missing keys: 1.bias; unexpected keys: 2.weight, extra; "
        "0.bias has shape (2,) but the module's has shape (3,); 1.weight has dtype <U1; wanted real numbers.",
    ):
        model.load_state_dict(bad)
    assert_same(state(model), before, rtol=0)


@pytest.mark.parametrize(
    "bias",
    [None, "text", [[1.0], [2.0, 3.0]], np.array([1j]), np.array([object()]), np.array(["2020-01-01"], "M8[D]"), {"a": 1}],
    ids=["None", "text", "ragged", "complex", "object", "date", "dict"],
)
def test_a_value_that_is_not_an_array_of_numbers_is_named_and_nothing_is_changed(bias: Any) -> None:
    model = nn.Linear(2, 1)
    before = state(model)
    with pytest.raises(RuntimeError, match=r"^load_state_dict: the state does not fit Linear: .*bias"):
        model.load_state_dict({"weight": [[1.0, 2.0]], "bias": bias})
    assert_same(state(model), before, rtol=0)


@pytest.mark.parametrize("strict", [True, False])
def test_a_value_of_another_shape_is_an_error_strict_or_not(strict: bool) -> None:
    model = nn.Linear(2, 1)
    before = state(model)
    with error(
        RuntimeError,
        "load_state_dict: the state does not fit Linear: weight has shape (2,) but the module's has shape (1, 2).",
    ):
        model.load_state_dict({"bias": [5.0], "weight": [1.0, 2.0]}, strict=strict)
    assert_same(state(model), before, rtol=0)


def test_without_strict_the_keys_that_fit_are_loaded_and_the_others_reported() -> None:
    model = nn.Linear(2, 1)
    weight = values(model.weight)
    result = model.load_state_dict({"bias": [5.0], "other": 1}, strict=False)
    assert (result.missing_keys, result.unexpected_keys) == (["weight"], ["other"])
    assert model.bias.tolist() == [5]
    assert_array_equal(model.weight.numpy(), weight)


@pytest.mark.parametrize("what", [{}, {"weight": [[1.0, 2.0]]}])
def test_with_strict_a_missing_key_is_an_error(what: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match=r"missing keys: (weight, )?bias\.$"):
        nn.Linear(2, 1).load_state_dict(what)


@pytest.mark.parametrize("what", [[1.0], "state.npz", None, nn.Linear(2, 1)], ids=["list", "file name", "None", "module"])
def test_a_state_that_is_no_mapping_is_a_type_error(what: Any) -> None:
    with pytest.raises(TypeError, match="load_state_dict"):
        nn.Linear(2, 1).load_state_dict(what)


def test_a_state_loaded_between_forward_and_backward_is_noticed() -> None:
    model = Net()
    y = model(X).sum()
    model.load_state_dict(model.state_dict())
    with pytest.raises(RuntimeError, match="backward"):
        y.backward()
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    "walk",
    [
        lambda m: m.state_dict(),
        lambda m: list(m.named_parameters()),
        lambda m: list(m.modules()),
        lambda m: list(m.named_children()),
        lambda m: m.load_state_dict(m.state_dict()),
        lambda m: m.train(),
        lambda m: m.zero_grad(),
        repr,
    ],
)
def test_attributes_may_be_set_while_a_module_is_walked(walk: Callable[[Any], Any]) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())

    class Setting:
        """To ask what it is sets an attribute of the models, as another thread might."""

        @property
        def __class__(self) -> Any:  # type: ignore[override]
            for attributes in walked:
                attributes[f"attribute_{len(attributes)}"] = 0
            return Setting

    walked = [vars(model), vars(model[0])]
    for setting in ([Setting(), Setting()], Setting()):
        for attributes in walked:
            attributes["setting"] = setting
        walk(model)
