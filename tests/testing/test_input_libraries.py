"""Arrays of other libraries as arguments: functions of such are checked as they are."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from autodiff.testing import GradientReport, check_gradient

RNG = np.random.default_rng(3)
W, B, X = RNG.normal(size=(3, 2)), RNG.normal(size=2), RNG.normal(size=(4, 3))


def arguments(report: GradientReport) -> list[str]:
    return list(dict.fromkeys(entry.argument for entry in report.entries))


def test_torch_tensors_are_given_to_functions_of_torch_tensors() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)

    def gradient(x: Any) -> Any:
        return torch.autograd.grad(x.sin().sum(), x)[0]

    assert check_gradient(lambda x: x.sin().sum(), x, gradient=gradient).ok
    assert check_gradient(lambda x: x.sin(), x, vjp=lambda g, x: g * torch.cos(x)).ok
    assert check_gradient(lambda x: x.sin(), x.detach(), jvp=lambda t, x: torch.mul(t, torch.cos(x))).ok
    assert x.grad is None
    report = check_gradient(lambda x: x.sin().sum(), x, gradient=lambda x: -gradient(x))
    assert report.verdict == "wrong"
    assert "Not compared with autograd: TypeError: autodiff does not differentiate a function of Tensor objects." in str(report)
    single = check_gradient(lambda p: p["x"].exp().sum(), {"x": x.detach().float()}, gradient=lambda p: {"x": p["x"].exp()})
    assert single.ok, str(single)
    with pytest.raises(
        TypeError, match=r"autodiff does not differentiate a function of Tensor objects. Pass arrays, or a gradient"
    ):
        check_gradient(lambda x: x.sin().sum(), x)


def test_a_torch_gradient_that_shares_memory_or_changes_its_argument_is_found() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor([0.5, -1.0], dtype=torch.float64)
    shared = check_gradient(lambda x: (x * x).sum() / 2, x, gradient=lambda x: x)
    assert [failure.kind for failure in shared.failures] == ["aliasing"]
    changed = check_gradient(lambda x: (x * x).sum() / 2, x, gradient=lambda x: x.mul_(2).clone())
    assert [failure.kind for failure in changed.failures] == ["mutation"]


def test_a_torch_module_is_a_container_of_its_parameters() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh()).double()

    def loss(model: Any, x: Any) -> Any:
        return (model(x) ** 2).sum()

    def gradient(model: Any, x: Any) -> dict[str, Any]:
        parameters = dict(model.named_parameters())
        return dict(zip(parameters, torch.autograd.grad(loss(model, x), list(parameters.values())), strict=True))

    report = check_gradient(loss, model, torch.from_numpy(X), gradient=gradient, argnums=0)
    assert report.ok, str(report)
    assert arguments(report) == ["model.0.weight", "model.0.bias"]


@pytest.mark.long
def test_jax_arrays_are_given_to_functions_of_jax_arrays() -> None:
    jax = pytest.importorskip("jax")

    def loss(p: Any) -> Any:
        return jax.numpy.sum(jax.numpy.tanh(p["W"] @ p["b"]) ** 2)

    p = {"W": jax.numpy.asarray(W.T[:, :2]), "b": jax.numpy.asarray(B)}
    report = check_gradient(loss, p, gradient=jax.grad(loss))
    assert report.ok, str(report)
    assert arguments(report) == ["p['W']", "p['b']"]
    assert check_gradient(jax.value_and_grad(loss), p, gradient=True).ok
    halved = check_gradient(loss, p, gradient=lambda p: jax.tree.map(lambda g: g / 2, jax.grad(loss)(p)))
    assert halved.verdict == "wrong"


def test_series_and_data_frames_are_given_to_functions_of_such() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["u", "v"])
    report = check_gradient(
        lambda table: (table["a"] * table["b"]).sum(),
        table,
        gradient=lambda table: pandas.DataFrame({"a": table["b"], "b": table["a"]}),
    )
    assert report.ok, str(report)
    series = table["a"]
    assert check_gradient(
        lambda s: s["u"] ** 2 * s["v"], series, gradient=lambda s: np.array([2 * s["u"] * s["v"], s["u"] ** 2])
    ).ok
    assert check_gradient(lambda s: s.map(np.exp), series, vjp=lambda g, s: g * np.exp(s)).ok
    names = pandas.DataFrame({"name": ["a", "b"], "value": [1, 2]})
    assert arguments(check_gradient(lambda table, x: np.sum(x * table["value"].to_numpy()), names, B)) == ["x"]


def numbers(series: Any) -> Any:
    """With other labels in the same places."""
    return type(series)(series.to_numpy(), index=series.index[::-1])


def test_a_gradient_with_labels_is_taken_by_its_labels() -> None:
    pandas = pytest.importorskip("pandas")
    s = pandas.Series({"c": 1.0, "b": 2.0, "a": 3.0})
    table = pandas.DataFrame({"y": [1.0, 2.0], "x": [3.0, 4.0]}, index=["v", "u"])

    def cube(x: Any) -> Any:
        return np.sum(np.asarray(x) ** 3)

    def mislabelled(s: Any) -> Any:
        return pandas.Series(3 * s.to_numpy() ** 2, index=s.index[::-1])

    for x, reordered in (
        (s, lambda s: s.sort_index()),
        (table, lambda t: t.sort_index()),
        (table, lambda t: t[["x", "y"]]),
        (table, lambda t: t.sort_index().sort_index(axis=1)),
    ):
        assert check_gradient(cube, x, gradient=lambda x, of=reordered: of(3 * x**2)).ok
        assert check_gradient(lambda p: cube(p["x"]), {"x": x}, gradient=lambda p, of=reordered: {"x": of(3 * p["x"] ** 2)}).ok
        assert check_gradient(lambda x: x, x, vjp=lambda g, x, of=reordered: of(0 * x + g)).ok
    assert check_gradient(cube, s, gradient=mislabelled).verdict == "wrong"
    assert check_gradient(cube, s.to_numpy(), gradient=lambda x: pandas.Series(3 * x**2, index=["c", "a", "b"])).ok


def test_a_gradient_with_other_labels_is_an_error_that_names_them() -> None:
    pandas = pytest.importorskip("pandas")
    s = pandas.Series({"c": 1.0, "b": 2.0, "a": 3.0})
    for labels in (["c", "b", "d"], ["c", "b"], ["c", "b", "b"], ["c", "b", "a", "a"]):
        wanted = "wanted ['c', 'b', 'a'], in any order, or an array."
        said = f"check_gradient: the gradient by p['s'] has the labels {labels}; {wanted}"
        with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
            check_gradient(lambda p: 1.0, {"s": s}, gradient=lambda p, of=labels: {"s": pandas.Series(1.0, index=of)})
    twice = pandas.Series([1.0, 2.0], index=["c", "c"])
    assert check_gradient(lambda s: (s**2).sum(), twice, gradient=lambda s: 2 * s).ok
