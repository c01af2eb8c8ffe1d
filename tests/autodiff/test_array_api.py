"""The array API standard: its names, how they are called, and the exchange of memory with other libraries."""

from __future__ import annotations

import inspect
import operator
import subprocess
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import array_api_users
import numpy as np
import pytest
from array_api_standard import DTYPES, MEMBERS, NUMBERS, OPERATORS, SIGNATURES, SPECIAL, calls
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
from autodiff.testing import assert_gradient

# --- names -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "parameters"), SIGNATURES.items(), ids=SIGNATURES)
def test_every_function_of_the_standard_is_there_and_is_called_as_it_says(name: str, parameters: str) -> None:
    signature = inspect.signature(attrgetter(name)(ad))
    for n, named in calls(parameters):
        signature.bind(*range(n), **dict.fromkeys(named))


def test_the_dtypes_are_numpys_under_the_names_of_the_standard() -> None:
    for name in DTYPES.split():
        dtype = getattr(ad, name)
        assert dtype == np.dtype(name)
        assert ad.zeros(1, dtype=dtype).dtype is dtype


def test_the_numbers_are_numpys() -> None:
    for name in NUMBERS.split():
        assert getattr(ad, name) is getattr(np, name)


def test_a_tensor_has_the_members_of_the_standard() -> None:
    names = [*MEMBERS.split(), *(f"__{name}__" for name in SPECIAL.split())]
    names += [f"__{kind}{name}__" for kind in ("", "r", "i") for name in OPERATORS.split()]
    assert [name for name in names if name not in dir(ad.Tensor)] == []


# --- the namespace ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, "2021.12", "2022.12", "2023.12", "2024.12"])
def test_the_namespace_of_a_tensor_is_the_package(version: str | None) -> None:
    assert ad.ones(1).__array_namespace__(api_version=version) is ad
    assert ad.__array_api_version__ == "2024.12"


def test_another_version_of_the_standard_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"api_version is '1999\.12'; wanted one of 2021\.12, .*2024\.12, or None"):
        ad.ones(1).__array_namespace__(api_version="1999.12")


def test_the_namespace_tells_what_it_can_do() -> None:
    info = ad.__array_namespace_info__()
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert ad.zeros((1,) * 64).ndim == 64
    assert info.devices() == [info.default_device()] == [ad.ones(1).device] == ["cpu"]
    assert list(info.dtypes()) == DTYPES.split()
    assert list(info.dtypes(kind=("bool", "real floating"))) == ["bool", "float32", "float64"]
    defaults = info.default_dtypes(device="cpu")
    assert defaults["real floating"] == ad.ones(1).dtype
    assert defaults["complex floating"] == ad.asarray(1j).dtype
    assert defaults["integral"] == ad.asarray(1).dtype
    assert defaults["indexing"] == ad.argmax(ad.ones(1)).dtype


def test_what_can_be_written_in_a_type_is_told_in_pythons_numbers() -> None:
    for dtype in (ad.float32, ad.float64, ad.complex64, ad.complex128):
        info, numpys = ad.finfo(dtype), np.finfo(dtype)
        assert all(type(x) is float for x in (info.eps, info.max, info.min, info.smallest_normal))
        assert (info.bits, info.eps, info.max, info.min) == (numpys.bits, numpys.eps, numpys.max, numpys.min)
        assert (info.smallest_normal, info.dtype) == (numpys.smallest_normal, numpys.dtype)
        assert ad.finfo(ad.ones(1, dtype=dtype)) == info
    assert ad.iinfo(ad.ones(1, dtype=ad.int8)).max == ad.iinfo(ad.int8).max == 127


ON_A_DEVICE: list[Callable[[Any], Any]] = [
    *(lambda device, f=f: f(2, device=device) for f in (ad.zeros, ad.ones, ad.empty, ad.eye, ad.arange, ad.asarray)),
    *(lambda device, f=f: f(ad.ones(2), device=device) for f in (ad.zeros_like, ad.ones_like, ad.empty_like, ad.from_dlpack)),
    lambda device: ad.full(2, 1.0, device=device),
    lambda device: ad.full_like(ad.ones(2), 1.0, device=device),
    lambda device: ad.linspace(0.0, 1.0, 2, device=device),
    lambda device: ad.astype(ad.ones(2), ad.float32, device=device),
    lambda device: ad.fft.fftfreq(2, device=device),
    lambda device: ad.fft.rfftfreq(2, device=device),
    lambda device: ad.ones(2).to_device(device),
    lambda device: ad.__array_namespace_info__().dtypes(device=device),
    lambda device: ad.__array_namespace_info__().default_dtypes(device=device),
]


@pytest.mark.parametrize("f", ON_A_DEVICE)
def test_the_only_device_is_the_cpu(f: Callable[[Any], Any]) -> None:
    f("cpu")
    with pytest.raises(ValueError, match=r"device is 'gpu'; wanted 'cpu'|Only \"cpu\" is allowed, but received: gpu"):
        f("gpu")


def test_a_cpu_has_no_streams() -> None:
    t = ad.ones(2)
    assert t.to_device("cpu") is t
    with pytest.raises(ValueError, match=r"to_device: stream is 1; wanted None"):
        t.to_device("cpu", stream=1)


# --- functions -------------------------------------------------------------------------------------------------------------------

X = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])


@pytest.mark.parametrize("name", ["all", "any", "argmax", "argmin", "count_nonzero"])
def test_a_constant_function_is_numpys_and_takes_what_numpys_takes(name: str) -> None:
    for params in ({}, {"axis": 1}, {"axis": 0, "keepdims": True}):
        expected = np.asarray(getattr(np, name)(X, **params))
        found = getattr(ad, name)(ad.Tensor(X, requires_grad=True), **params)
        assert_array_equal(found.numpy(), expected, strict=True)
    assert ad.all(ad.Tensor(X), where=X > 0).item()


def test_a_constant_function_does_not_write_to_a_tensor() -> None:
    t = ad.zeros(3, dtype=ad.bool)
    with pytest.raises(TypeError, match=r"isfinite: out= is not supported\. Into an array: np\.isfinite\(x, out=array\)"):
        ad.isfinite(ad.ones(3), out=t)
    assert not t.numpy().any()


@given(arrays(int, st.integers(0, 20), elements=st.integers(0, 3)), st.booleans())
def test_elements_are_sorted_by_their_places_equal_ones_in_their_order(x: np.ndarray, descending: bool) -> None:
    order = ad.argsort(ad.Tensor(x), descending=descending)
    expected = sorted(range(x.size), key=lambda i: (-x[i] if descending else x[i], i))
    assert_array_equal(order.numpy(), expected)
    assert_array_equal(ad.sort(ad.Tensor(x), descending=descending).numpy(), x[expected])
    assert_array_equal(ad.Tensor(x).argsort(descending=descending).numpy(), expected)


REDUCING = [ad.sum, ad.prod, ad.cumulative_sum, ad.cumulative_prod, lambda x, dtype: ad.linalg.trace(x[None], dtype=dtype)]


@pytest.mark.parametrize("reduce", REDUCING)
def test_a_sum_or_product_is_computed_in_the_type_that_is_asked_for(reduce: Callable[..., Any]) -> None:
    x = ad.full(1, 7, dtype=ad.int8)
    for dtype in (ad.int8, ad.uint64, ad.float32, ad.complex128):
        assert reduce(x, dtype=dtype).dtype == dtype
    with pytest.raises(TypeError, match=r"float64 cannot hold the imaginary parts of complex128"):
        reduce(ad.astype(x, ad.complex128), dtype=ad.float64)


def test_a_sum_or_product_in_a_wider_type_does_not_overflow_nor_does_its_gradient() -> None:
    for reduce, y in ((ad.sum, 6e4), (ad.prod, 9e8)):
        x = ad.Tensor([3e4, 3e4], dtype=np.float16, requires_grad=True)
        total = reduce(x, dtype=ad.float32)
        assert abs(total.item() / y - 1) < 1e-3
        (total / y).backward()
        assert x.grad.dtype == np.float16
        assert_allclose(x.grad.numpy(), 1 / 3e4 if reduce is ad.prod else 1 / y, rtol=0.05)


def test_a_reshape_is_a_copy_or_none_as_it_is_asked_for() -> None:
    x = ad.Tensor(X)
    view, copied = ad.reshape(x, (3, 2), copy=False), ad.reshape(x, (3, 2), copy=True)
    x[0, 0] = 5.0
    assert (view[0, 0].item(), copied[0, 0].item()) == (5.0, 1.0)
    with pytest.raises(ValueError, match=r"reshape: copy is False, but no view of x has the shape \(6,\)"):
        ad.reshape(x.T, 6, copy=False)
    assert_gradient(lambda x: ad.reshape(x, (3, 2), copy=True) ** 2, X)


def test_astype_copies_unless_it_is_not_to() -> None:
    x = ad.Tensor(X, requires_grad=True)
    with ad.no_grad():
        view, copied = ad.astype(x, ad.float64, copy=False), ad.astype(x, ad.float64)
        x[0, 0] = 5.0
    assert (view[0, 0].item(), copied[0, 0].item()) == (5.0, 1.0)
    assert ad.astype(x, ad.float32, copy=False).dtype == ad.float32
    ad.astype(x, ad.float64, copy=False).sum().backward()
    assert_array_equal(x.grad.numpy(), np.ones_like(X))


def test_bits_are_moved_by_operators() -> None:
    x = ad.Tensor([1, 2, 3])
    assert_array_equal((x << 1).numpy(), [2, 4, 6])
    assert_array_equal((x >> 1).numpy(), [0, 1, 1])
    assert_array_equal((1 << x).numpy(), [2, 4, 8])
    assert_array_equal((16 >> x).numpy(), [8, 4, 2])
    x <<= 2
    x >>= 1
    assert_array_equal(x.numpy(), [2, 4, 6])
    with pytest.raises(TypeError, match="not supported for the input types"):
        ad.Tensor([1.0]) << 1


@pytest.mark.parametrize("convert", [bool, int, float, complex, operator.index])
def test_a_tensor_of_one_integer_is_a_number(convert: Callable[[Any], Any]) -> None:
    assert convert(ad.asarray(3)) == convert(3)
    assert type(convert(ad.asarray(3))) is type(convert(3))


# --- users of the standard -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed() -> list[str]:
    run = subprocess.run([sys.executable, array_api_users.__file__], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.long
@pytest.mark.parametrize("name", array_api_users.FUNCTIONS)
def test_functions_of_scipy_and_sklearn_have_gradients(name: str, printed: list[str]) -> None:
    assert name in printed


@pytest.mark.long
def test_a_gradient_that_scipy_would_lose_is_an_error(printed: list[str]) -> None:
    assert "conversion to an array: this tensor requires grad, and the conversion would lose its gradient" in printed[-1]


# --- memory ----------------------------------------------------------------------------------------------------------------------


def test_memory_is_shared_with_numpy_both_ways() -> None:
    t = ad.Tensor([1.0, 2.0])
    array = np.from_dlpack(t)
    array[0] = 5.0
    assert_array_equal(t.numpy(), [5.0, 2.0])
    array = np.zeros(2)
    t = ad.from_dlpack(array)
    t[0] = 7.0
    assert_array_equal(array, [7.0, 0.0])
    copied = ad.from_dlpack(array, copy=True)
    copied[0] = 0.0
    assert_array_equal(array, [7.0, 0.0])


@pytest.mark.peer
def test_memory_is_shared_with_pytorch_both_ways(torch: Any) -> None:
    t = ad.Tensor([1.0, 2.0])
    theirs = torch.from_dlpack(t)
    theirs[0] = 5.0
    assert_array_equal(t.numpy(), [5.0, 2.0])
    theirs = torch.zeros(2)
    t = ad.from_dlpack(theirs)
    t[0] = 7.0
    assert theirs.tolist() == [7.0, 0.0]
    assert t.__dlpack_device__() == theirs.__dlpack_device__()
    with pytest.raises(BufferError, match="detach"):
        torch.from_dlpack(ad.Tensor([1.0], requires_grad=True))
    with pytest.raises(BufferError, match="detach"):
        ad.from_dlpack(torch.ones(1, requires_grad=True))


def test_the_memory_of_a_tensor_that_requires_grad_is_given_away_detached() -> None:
    w = ad.Tensor([1.0, 2.0], requires_grad=True)
    for t in (w, w * 2):
        with pytest.raises(BufferError, match=r"DLPack: this tensor requires grad, .* Pass x\.detach\(\)"):
            np.from_dlpack(t)
    np.from_dlpack(w.detach())[0] = 5.0
    assert_array_equal(w.numpy(), [5.0, 2.0])
    total = (w * 2).sum()
    np.from_dlpack(total.detach())[...] = 0.0
    assert total.item() == 14.0


def test_a_graph_keeps_the_values_that_it_has_seen_from_those_who_get_the_memory() -> None:
    x, w = ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0], requires_grad=True)
    y = (w * x).sum()
    array = np.from_dlpack(x)
    array[:] = 9.0
    y.backward()
    assert_array_equal(w.grad.numpy(), [1.0, 2.0])
    y = (w * x).sum()
    array[:] = 1.0
    with pytest.raises(RuntimeError, match="overwritten"):
        y.backward()


def test_a_copy_of_the_memory_is_nobodys() -> None:
    x = ad.Tensor([1.0, 2.0])

    class Producer:
        __dlpack_device__ = staticmethod(x.__dlpack_device__)

        def __dlpack__(self, **options: Any) -> Any:
            return x.__dlpack__(**{**options, "copy": True})

    copied = np.from_dlpack(Producer())
    x[0] = 9.0
    assert_array_equal(copied, [1.0, 2.0])


def test_memory_is_that_of_the_cpu() -> None:
    x = ad.ones(2)
    assert x.__dlpack_device__() == np.ones(2).__dlpack_device__()
    assert x.__dlpack__(dl_device=x.__dlpack_device__())
    with pytest.raises(BufferError, match=r"DLPack: dl_device is \(2, 0\); wanted \(1, 0\), the CPU"):
        x.__dlpack__(dl_device=(2, 0))
