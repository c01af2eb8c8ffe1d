"""Constants in the middle of a computation."""

from __future__ import annotations

from typing import Any

from autodiff.core.tensor import Tensor
from autodiff.transforms.containers import flatten, refuse_hidden
from autodiff.transforms.pullback import record_of

__all__ = ["stop_gradient"]


def stop_gradient(x: Any) -> Any:
    """`x`, through which no gradient flows: the identity, with the derivative 0, of any order and in any mode.

    Args:
        x: a tensor, or a container of tensors: a dict, list, tuple, named tuple or dataclass, also nested. Each tensor in it is
            replaced by a constant with its values, as by `Tensor.detach`; all else stays what it is.

    Raises:
        TypeError: another object holds a tensor that requires grad, as a module does.

    As `jax.lax.stop_gradient`.

    >>> ad.grad(lambda x: x * ad.stop_gradient(x))(3.0)
    np.float64(3.0)
    >>> ad.stop_gradient({"w": ad.Tensor([1.0], requires_grad=True), "name": "w"})
    {'w': Tensor([1.]), 'name': 'w'}
    """
    leaves, structure = flatten(x, "stop_gradient: x", arrays_of_numbers=False)
    refuse_hidden(leaves, lambda part: record_of(part) is not None)
    return structure.rebuild(leaf.detach() if isinstance(leaf, Tensor) else leaf for leaf, _ in leaves)
