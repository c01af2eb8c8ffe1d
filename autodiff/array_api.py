"""The names of the array API standard that are no functions of arrays: types, numbers, and what the library can do."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.dtypes import require_cpu

__all__ = [
    *("bool", "complex128", "complex64", "e", "finfo", "float32", "float64", "iinfo", "inf", "int16", "int32", "int64", "int8"),
    *("isdtype", "nan", "newaxis", "pi", "uint16", "uint32", "uint64", "uint8"),
]

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")

bool = np.dtype("bool")
int8, int16, int32, int64 = np.dtype("int8"), np.dtype("int16"), np.dtype("int32"), np.dtype("int64")
uint8, uint16, uint32, uint64 = np.dtype("uint8"), np.dtype("uint16"), np.dtype("uint32"), np.dtype("uint64")
float32, float64 = np.dtype("float32"), np.dtype("float64")
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")
e, inf, nan, newaxis, pi = np.e, np.inf, np.nan, np.newaxis, np.pi
isdtype = np.isdtype

_DTYPES = (bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128)


def _type_of(x: Any) -> Any:
    """The type of the elements of an array; a type as it is."""
    dtype = getattr(x, "dtype", None)
    return dtype if isinstance(dtype, np.dtype) else x


class FloatInfo(NamedTuple):
    """What `finfo` returns: of a complex type, what is true of the parts."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype[Any]


def finfo(type: Any, /) -> FloatInfo:
    """What numbers can be written in a floating-point type, or in that of an array. As `numpy.finfo`, in Python's numbers.

    >>> ad.finfo(ad.float32).eps
    1.1920928955078125e-07
    """
    info = np.finfo(_type_of(type))
    return FloatInfo(info.bits, float(info.eps), float(info.max), float(info.min), float(info.smallest_normal), info.dtype)


def iinfo(type: Any, /) -> Any:
    """What numbers can be written in an integer type, or in that of an array. As `numpy.iinfo`.

    >>> ad.iinfo(ad.Tensor([1, 2])).max
    9223372036854775807
    """
    return np.iinfo(_type_of(type))


class ArrayNamespaceInfo:
    """What the library can do, as the array API standard asks for it.

    >>> ad.__array_namespace_info__().default_dtypes()["real floating"]
    dtype('float64')
    """

    def capabilities(self) -> dict[str, Any]:
        """Whether masks are indices, whether shapes may depend on values, and how many axes there can be."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where tensors are."""
        return "cpu"

    def devices(self) -> list[str]:
        """Where tensors can be."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """The types that tensors of each kind have if none is given."""
        require_cpu("default_dtypes", device)
        return {
            "real floating": float64,
            "complex floating": complex128,
            "integral": np.dtype(int),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """The types of the standard by their names; those of a `kind`, or of several, as `isdtype` takes them, if it is given."""
        require_cpu("dtypes", device)
        return {dtype.name: dtype for dtype in _DTYPES if kind is None or isdtype(dtype, kind)}


__array_namespace_info__ = ArrayNamespaceInfo
