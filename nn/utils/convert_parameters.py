"""All parameters as one vector, and back: what optimizers of vectors, such as SciPy's, work with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import extend

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[ad.Tensor]) -> ad.Tensor:
    """The elements of all parameters, one after another. As `torch.nn.utils.parameters_to_vector`.

    Gradients flow to the parameters.

    >>> nn.utils.parameters_to_vector([ad.Tensor([[1.0, 2.0]]), ad.Tensor(3.0)])
    Tensor([1., 2., 3.])
    """
    parts = [np.reshape(p, -1) for p in parameters]
    if not parts:
        raise ValueError("parameters_to_vector: there are no parameters; wanted one at least.")
    vector: ad.Tensor = np.concatenate(parts)  # type: ignore[assignment]
    return vector


def vector_to_parameters(vec: Any, parameters: Iterable[ad.Tensor]) -> None:
    """Set the elements of all parameters, in place, to those of a vector. As `torch.nn.utils.vector_to_parameters`.

    Args:
        vec: a vector, with as many elements as there are in all.
        parameters: the parameters.

    Raises:
        ValueError: there are more elements, or fewer; nothing has been changed then.

    >>> x, y = ad.Tensor([[0.0, 0.0]]), ad.Tensor(0.0)
    >>> nn.utils.vector_to_parameters(np.array([1.0, 2.0, 3.0]), [x, y])
    >>> x, y
    (Tensor([[1., 2.]]), Tensor(3.))
    """
    listed, count = list(parameters), 0
    total = sum(p.size for p in listed)
    if np.shape(vec) != (total,):
        raise ValueError(f"vector_to_parameters: the vector has shape {np.shape(vec)}; wanted ({total},), as many as there are.")
    array = np.asarray(extend.array_of(vec))
    for p in listed:
        p.writable()[...] = array[count : count + p.size].reshape(p.shape)
        count += p.size
