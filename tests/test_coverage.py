"""The page about NumPy's functions: it says something of each, and what it says is so."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.signal
import scipy.stats
from numpy.testing import assert_allclose

import autodiff as ad
from autodiff.numpy.names import INSTEAD
from autodiff.ops.constants import CONSTANTS
from autodiff.registry import numpy_table
from autodiff.testing import assert_gradient
from docs import coverage
from docs.coverage import CONSTANT, DIFFERENTIABLE, TAKES_NONE, UNSUPPORTED, WRITES, Line
from docs.entries import entries, functions
from tests.samples import calls_of

NUMPY = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
LINES = [entry for entries_of_one in coverage.lines().values() for entry in entries_of_one]  # fails if one has no reason
DECLARED = {function: entry for entry in [*entries(), *functions()] for function in entry.numpy}
DISPATCHED = (np.ufunc, type(np.sum))  # the types of functions that ask a tensor what they mean

OTHERS = {  # functions that are no operations
    np.apply_along_axis: lambda t: np.apply_along_axis(np.sum, 0, t),
    np.apply_over_axes: lambda t: np.apply_over_axes(np.sum, t, 0),
    np.full_like: lambda t: np.full_like(t, t[0]),
    np.linspace: lambda t: np.linspace(t[0], t[1]),
}


def function_of(name: str) -> Any:
    prefix, _, own = name.rpartition(".")
    return getattr(coverage.scipy.special if prefix == "scipy.special" else NUMPY[prefix], own)


def of_status(status: str) -> Any:
    return pytest.mark.parametrize("line", [pytest.param(line, id=line.name) for line in LINES if line.status == status])


def leaves(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(leaves, x))
    return ad.Tensor(x, requires_grad=True) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def flat(x: Any) -> list[Any]:
    return [y for part in x for y in flat(part)] if isinstance(x, (list, tuple)) else [x]


@pytest.mark.parametrize("prefix", NUMPY)
def test_every_public_function_has_a_line(prefix: str) -> None:
    listed = {line.name for line in LINES}
    module = NUMPY[prefix]
    for name in module.__all__:
        member = getattr(module, name)
        private = name.startswith("_")
        assert private or not callable(member) or isinstance(member, type) or f"{prefix}.{name}" in listed, name


def test_the_page_is_up_to_date() -> None:
    text = coverage.TARGET.read_text()
    if f"with NumPy {'.'.join(np.__version__.split('.')[:2])}," not in text:
        pytest.skip("made with another version of NumPy, which has other functions")
    assert text == coverage.page(), "run python -m docs.coverage"


@of_status(DIFFERENTIABLE)
def test_gradients_flow_through_what_is_differentiable(line: Line) -> None:
    function = function_of(line.name)
    if function not in numpy_table:
        assert line.name.rpartition(".")[2] in coverage.ALIASES
        return
    if function in OTHERS:
        assert OTHERS[function](leaves(np.ones(3))).requires_grad
        return
    entry = DECLARED[function]
    rules = getattr(entry, "rules", [])
    for call in calls_of(entry):
        operands = [x if i < len(rules) and rules[i] is None else leaves(x) for i, x in enumerate(call.operands)]
        y = entry.call(operands, **call.params) if getattr(entry, "variadic", False) else entry.call(*operands, **call.params)
        if any(getattr(part, "requires_grad", False) for part in flat(y)):
            return
    raise AssertionError(f"{line.name}: no result of a sample requires grad.")


@of_status(CONSTANT)
def test_what_is_constant_is_in_the_table_as_that(line: Line) -> None:
    assert function_of(line.name) in CONSTANTS


@of_status(WRITES)
def test_what_writes_is_in_the_table(line: Line) -> None:
    assert function_of(line.name) in numpy_table


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
@of_status(UNSUPPORTED)
@pytest.mark.parametrize("requires_grad", [True, False])
def test_what_is_unsupported_names_what_to_use_instead_and_that_works(line: Line, requires_grad: bool) -> None:
    function, x = function_of(line.name), ad.Tensor([1.0, 2.0], requires_grad=requires_grad)
    with pytest.raises(TypeError) as caught:
        function(*[x] * getattr(function, "nin", 2))
    assert str(caught.value).startswith(f"{line.name} has no derivative rule for a Tensor. Use {line.remark}, or leave")
    instead = eval(INSTEAD[line.name], {"np": np, "x": x})
    assert callable(instead) or instead.requires_grad == requires_grad


@of_status(TAKES_NONE)
def test_what_takes_no_tensor_asks_none(line: Line) -> None:
    """A function that asks a tensor what it means has an answer, unless it is about dates."""
    function = function_of(line.name)
    assert not isinstance(function, DISPATCHED) or line.remark == "is about dates"


def test_no_reason_is_about_something_else() -> None:
    names = {name for module in NUMPY.values() for name in module.__all__}
    known = {function.__name__ for function in CONSTANTS}
    assert set(coverage.WHYS) <= known <= {*coverage.WHYS, *coverage.REASONS}
    assert set(coverage.REASONS) <= names
    assert (
        set(coverage.REASONS) & {line.name.rpartition(".")[2] for line in LINES if line.status not in (TAKES_NONE, CONSTANT)}
        == set()
    )


def test_a_function_of_which_nothing_is_known_has_no_line() -> None:
    with pytest.raises(LookupError, match=r"np\.new_one is neither in the table nor has it a reason"):
        coverage.line("np.new_one", lambda x: x)


@pytest.mark.parametrize("theirs", coverage.INSTEAD_OF_SCIPY)
def test_what_stands_for_a_function_of_scipys_is_the_same_and_has_a_gradient(theirs: str) -> None:
    rng = np.random.default_rng(0)
    arrays = {"t": rng.random(3), "u": rng.random(4), "x": rng.random((2, 3)), "y": rng.random((4, 3)), "m": np.eye(3) * 2 + 0.1}
    constants = {"mean": 0.5, "std": 2.0, "a": 0.5, "b": 2.0, "counts": np.array([0, 1, 3]), "np": np, "ad": ad, "scipy": scipy}

    def value(code: str, **of: Any) -> Any:
        return eval(code, {**arrays, **constants, **of})

    assert_allclose(value(coverage.INSTEAD_OF_SCIPY[theirs]), value(f"scipy.{theirs}"), rtol=1e-12, atol=1e-15)
    for name in [name for name in arrays if name in re.findall(r"\b\w\b", theirs)]:
        with pytest.raises(
            TypeError, match=r"^conversion to .* for functions of SciPy's ad\.logsumexp, ad\.special, np\.linalg, np\.fft"
        ):
            value(f"scipy.{theirs}", **{name: ad.Tensor(arrays[name], requires_grad=True)})
        assert_gradient(lambda part, name=name: np.abs(value(coverage.INSTEAD_OF_SCIPY[theirs], **{name: part})), arrays[name])
