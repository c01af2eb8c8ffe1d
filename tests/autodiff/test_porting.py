"""What is said to be spelled otherwise than in PyTorch is so: both spellings give the same."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
import nn
from autodiff.porting import LINES, OTHER_MEANING, Elsewhere, name_in
from docs import porting

ALL = {**LINES, **OTHER_MEANING}
METHODS, FUNCTIONS = ({name_in(theirs) for theirs in LINES if theirs.startswith(owner)} for owner in ("x.", "torch."))
MATRIX = [[1.5, 0.5, 2.0], [0.25, 3.0, 1.0]]
SQUARE = [[2.0, 0.5, 0.25], [0.5, 3.0, 1.0], [0.0, 1.0, 4.0]]
USUAL: dict[str, Any] = {
    **{"x": MATRIX, "y": [[0.5, 0.25, 2.0], [2.0, 3.0, 0.125]], "z": [[1.5, 2.0, 0.5], [1.0, 0.5, 2.0]]},
    **{"m": [[True, False, True], [False, False, True]], "i": [[1, 0, 2], [0, 2, 1]], "u": [1.0, 2.0, 0.5]},
    **{"v": 0.75, "w": 1.75, "d": 1, "e": 0, "n": 2, "a": 3, "b": 2},
}
# What a line needs that is not as usual.
NEEDED: dict[str, dict[str, Any]] = {
    **{name: {"x": [[0.5, 0.25]]} for name in ("acos", "asin", "atanh", "logit")},
    **{name: {"x": [-1.5, 0.0, 2.0]} for name in ("abs", "neg", "relu", "relu_", "sign")},
    **{name: {"x": [[0.0, 2.0], [1.0, 0.0]]} for name in ("argwhere", "count_nonzero", "nonzero")},
    **{name: {"x": [1.0, float("nan"), 2.0]} for name in ("nanmean", "nansum")},
    **{name: {"x": [1.0, float("nan"), float("inf")]} for name in ("isfinite", "isinf", "isnan", "nan_to_num")},
    **{name: {"x": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]} for name in ("H", "adjoint", "t_")},
    **{name: {"x": [3.0, 0.5, 1.0]} for name in ("outer", "vdot")},
    **{name: {"x": SQUARE} for name in ("det", "inverse", "matrix_power", "slogdet")},
    **{name: {"y": SQUARE} for name in ("matmul", "mm")},
    **{name: {"n": 4, "a": 2, "b": 3} for name in ("broadcast_to", "expand")},
    **{"acosh": {"x": [1.5, 2.0]}, "bincount": {"x": [0, 2, 2, 1]}, "bmm": {"x": [SQUARE, SQUARE], "y": [SQUARE, SQUARE]}},
    **{"addmm": {"y": [[1.0, 2.0], [3.0, 4.0]]}, "chunk": {"x": [[1.0, 2.0, 3.0, 4.0]]}, "split": {"x": [[1.0, 2.0, 3.0]]}},
    **{"flatten": {"x": [[[1.0, 2.0], [3.0, 4.0]]]}, "squeeze_": {"x": [[[1.0], [2.0]]]}, "bucketize": {"u": [0.0, 1.25, 2.0]}},
    **{"index_add_": {"u": [1, 1]}, "index_select": {"u": [2, 0]}, "scatter_add_": {"i": [[1, 0, 1], [0, 1, 1]]}},
    **{"narrow": {"a": 1}, "randint": {"a": 5}, "select": {"n": 1}},
}
RANDOM = {"randn", "rand", "randint", "randperm", "randn_like", "rand_like", "normal_", "uniform_"}  # of the same shape
OTHERS = {"manual_seed", "inference_mode", "set_printoptions", "save", "load", "nn", "optim", "cuda"}  # what cannot be compared


def variables(name: str, tensor: Any) -> dict[str, Any]:
    given = {**USUAL, **NEEDED.get(name, {})}
    made = {key: tensor(np.array(value)) if isinstance(value, list) else value for key, value in given.items()}
    return {**made, "data": [1.0, 2.0], "array": np.array([1.0, 2.0])}


def numbers(result: Any) -> Any:
    """The arrays, the number or the text in a result of either kind."""
    if isinstance(result, (list, tuple)):
        return [numbers(part) for part in result]
    return result.detach().numpy() if hasattr(result, "detach") else result


def assert_same(actual: Any, expected: Any, name: str) -> None:
    actual, expected = numbers(actual), numbers(expected)
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for part, other in zip(actual, expected, strict=True):
            assert_same(part, other, name)
        return
    assert np.shape(actual) == np.shape(expected)
    if isinstance(expected, np.ndarray):
        assert np.asarray(actual).dtype.kind == expected.dtype.kind
    if name not in RANDOM:
        assert_allclose(actual, expected, rtol=1e-12)


def evaluated(text: str, given: dict[str, Any], name: str) -> Any:
    """What a spelling gives: x, if it changes that."""
    if name.endswith("_"):
        exec(text, given)
        return given["x"]
    return eval(text, given)


@pytest.mark.peer
@pytest.mark.parametrize("theirs", [theirs for theirs in ALL if name_in(theirs) not in OTHERS])
def test_both_spellings_give_the_same(torch: Any, theirs: str) -> None:
    name = name_in(theirs)
    for dtype, other in ((torch.float64, np.float64), (torch.int64, np.int64)):
        expected = evaluated(theirs, {"torch": torch, "dtype": dtype, **variables(name, torch.from_numpy)}, name)
        names = {"ad": ad, "np": np, "nn": nn, "rng": np.random.default_rng(0), "dtype": other}
        actual = evaluated(ALL[theirs], {**names, **variables(name, ad.Tensor)}, name)
        if type(expected) is torch.device:
            assert actual == str(expected)
        elif type(expected) is torch.dtype:
            assert np.dtype(actual).name == str(expected).removeprefix("torch.")
        else:
            assert_same(actual, expected, name)


@pytest.mark.parametrize("theirs", LINES)
def test_a_name_of_pytorchs_is_an_error_that_gives_the_spelling(theirs: str) -> None:
    name, x = name_in(theirs), ad.Tensor([1.0])
    for where, text in ((x, "'Tensor' object"), (nn.Parameter([1.0]), "'Parameter' object"), (ad.Tensor, "'Tensor' object")):
        if theirs.startswith("x."):
            with pytest.raises(AttributeError) as caught:
                getattr(where, name)
            assert str(caught.value).startswith(f"{text} has no attribute {name!r}. Instead of PyTorch's ")
            assert f" Instead of PyTorch's {theirs} write {LINES[theirs]}." in str(caught.value)
    if theirs.startswith("torch.") or (name not in FUNCTIONS and not hasattr(ad, name)):
        with pytest.raises(AttributeError, match=re.escape(f"Instead of PyTorch's {theirs} write {LINES[theirs]}.")):
            getattr(ad, name)


def test_other_names_are_errors_as_they_always_are() -> None:
    with pytest.raises(AttributeError, match=r"^'Tensor' object has no attribute 'unsqueezed'$"):
        ad.Tensor([1.0]).unsqueezed
    with pytest.raises(AttributeError, match=r"^module 'autodiff' has no attribute 'unsqueezed'$"):
        ad.unsqueezed


def test_no_name_that_is_there_is_said_to_be_elsewhere() -> None:
    for name in METHODS:
        assert isinstance(vars(ad.Tensor)[name], Elsewhere)
        assert not hasattr(ad.Tensor([1.0]), name)
        assert name not in dir(ad.Tensor([1.0]))
    for name in FUNCTIONS:
        assert name not in ad.__all__
    for theirs in OTHER_MEANING:
        assert hasattr(ad.Tensor([1.0]) if theirs.startswith("x.") else ad, name_in(theirs))
    assert {"sum", "shape", "backward", "__len__"} <= set(dir(ad.Tensor([1.0])))


def test_what_probes_a_tensor_finds_what_it_found_before() -> None:
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    for name in ("__array_struct__", "__array_interface__", "_repr_html_", "__cuda_array_interface__", "__wrapped__"):
        assert not hasattr(x, name)
        assert getattr(x, name, None) is None
    for copied in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert copied.tolist() == [1.0, 2.0]
        assert copied.requires_grad
    assert not hasattr(ad.Tensor, "__getattr__")


def test_a_subclass_can_have_attributes_of_these_names() -> None:
    class Named(ad.Tensor):
        numel = 3

        def view(self) -> str:
            return "a view"

    named = Named([1.0])
    named.dim = "a dimension"  # type: ignore[assignment]
    assert (named.numel, named.view(), named.dim) == (3, "a view", "a dimension")
    assert {"numel", "view", "dim"} <= set(dir(named))


REDUCING = ("sum", "mean", "max", "min", "prod", "var", "std", "argmax", "argmin", "all", "any")


@pytest.mark.parametrize("name", [*REDUCING, "cumsum", "cumprod", "squeeze", "argsort", "sort"])
def test_a_dim_is_an_error_that_says_axis(name: str) -> None:
    method = getattr(ad.Tensor([[1.0, 2.0]]), name)
    with pytest.raises(TypeError, match=rf"^{name}\w*: got an unexpected keyword argument 'dim'\. It is called as {name}.*\baxis="):
        method(dim=0)


def test_a_state_is_saved_and_loaded_as_the_page_says(tmp_path: Path) -> None:
    model = nn.Linear(2, 3)
    names = {"np": np, "state": model.state_dict(), "path": tmp_path / "model.npz"}
    exec(LINES["torch.save(state, path)"], names)
    other = nn.Linear(2, 3)
    other.load_state_dict(eval(LINES["torch.load(path)"], names))
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert p.tolist() == q.tolist()


def test_the_page_is_up_to_date() -> None:
    assert porting.page() == porting.TARGET.read_text(), "run python -m docs.porting"
