"""Tables of vectors that are looked up by numbers."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

import autodiff as ad
from nn import functional, init
from nn.functional.embeddings import require_mode
from nn.functional.naming import errors_of
from nn.modules.function import FunctionModule
from nn.modules.settings import integer, on_cpu
from nn.parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


class Table(FunctionModule):
    """What looks up the rows of its weight."""

    def _set(self, num_embeddings: Any, embedding_dim: Any, padding_idx: Any, sparse: bool, weight: Any, device: Any) -> None:
        caller = type(self).__name__
        on_cpu(caller, device)
        self.num_embeddings = integer(caller, "num_embeddings", num_embeddings)
        self.embedding_dim = integer(caller, "embedding_dim", embedding_dim)
        n, shape = self.num_embeddings, (self.num_embeddings, self.embedding_dim)
        if padding_idx is not None and not -n <= integer(caller, "padding_idx", padding_idx, -n) < n:
            raise ValueError(f"{caller}: padding_idx is {padding_idx}; wanted a number from {-n} to {n - 1}.")
        if sparse:
            raise ValueError(f"{caller}: sparse is True, but gradients here are dense; leave it out.")
        if weight is not None and np.shape(weight) != shape:
            raise ValueError(f"{caller}: the weight has shape {np.shape(weight)}; wanted {shape}, (num_embeddings, embedding_dim).")
        self.padding_idx = None if padding_idx is None else padding_idx % n
        self.sparse = False

    def _make_weight(self, weight: Any, freeze: bool, dtype: Any) -> None:
        """Take the weight that is given, or make one."""
        if weight is None:
            self.weight = Parameter(np.zeros((self.num_embeddings, self.embedding_dim)), requires_grad=not freeze, dtype=dtype)
            self.reset_parameters()
        else:
            self.weight = Parameter(weight, requires_grad=not freeze, dtype=dtype)

    def reset_parameters(self) -> None:
        """Draw the weight anew, but for the row of the padding, which is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.writable()[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, *args: Any, **kwargs: Any) -> Self:
        """A layer whose weight is a copy of `embeddings`, and is not trained if `freeze`.

        Other arguments are those of the constructor, after the sizes, which follow.
        """
        if np.ndim(embeddings) != 2:
            raise ValueError(f"{cls.__name__}: embeddings have shape {np.shape(embeddings)}; wanted two axes.")
        data = embeddings.detach() if isinstance(embeddings, ad.Tensor) else embeddings
        make: Any = cls
        table: Self = make(*np.shape(embeddings), *args, _weight=data, _freeze=freeze, **kwargs)
        return table

    def extra_repr(self) -> str:
        """The sizes, and what is not as it is by default."""
        names = ("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq")
        values = zip(names, (None, None, 2, False), strict=True)
        changed = [f"{name}={getattr(self, name)}" for name, default in values if getattr(self, name) != default]
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *changed])


class Embedding(Table, function=functional.embedding):
    """`weight[x]`, a row for each number. As `torch.nn.Embedding`.

    Args:
        num_embeddings: how many rows there are.
        embedding_dim: how many elements each has.
        padding_idx: the number of a row that starts from 0 and gets no gradient; negative ones count from the end.
        max_norm: if it is given, rows that are looked up and have a larger norm are scaled to that norm, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: whether the gradient of each row is divided by how often it is looked up in the batch.
        sparse: False; gradients are dense.
        device: `"cpu"`, if it is given.
        dtype: the type of the weight; float64 if not given, as NumPy's.

    Shapes: input `(...)`, of integers; result `(..., embedding_dim)`, `weight: (num_embeddings, embedding_dim)`, which starts from
    the standard normal distribution.

    Raises:
        TypeError: the input is not of integers.
        ValueError: an integer is no row, or a setting makes no sense.

    >>> nn.Embedding(10, 3)(np.array([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
    (2, 4, 3)
    >>> nn.Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0]])(np.array([1]))
    Tensor([[3., 4.]])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._set(num_embeddings, embedding_dim, padding_idx, sparse, _weight, device)
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self._make_weight(_weight, _freeze, dtype)


class EmbeddingBag(Table):
    """The sum, mean or maximum of the rows of each bag of numbers. As `torch.nn.EmbeddingBag`, except at equal maxima.

    Args:
        num_embeddings: how many rows there are.
        embedding_dim: how many elements each has.
        max_norm: if it is given, rows that are looked up and have a larger norm are scaled to that norm, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: whether the gradient of each row is divided by how often it is looked up; not with `"max"`.
        mode: `"sum"`, `"mean"` or `"max"`.
        sparse: False; gradients are dense.
        include_last_offset: whether `offsets` has, after the beginnings of all bags, the end of the last.
        padding_idx: a number that does not count as in a bag, whose row starts from 0; negative ones count from the end.
        device: `"cpu"`, if it is given.
        dtype: the type of the weight; float64 if not given, as NumPy's.

    It is called with `(input, offsets=None, per_sample_weights=None)`; see `nn.functional.embedding_bag`.

    Shapes: input `(B, N)`, or `(N,)` with offsets `(B,)`, of integers; result `(B, embedding_dim)`.

    >>> nn.EmbeddingBag(10, 3, mode="sum")(np.array([1, 2, 4, 5, 4]), np.array([0, 4])).shape
    (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._set(num_embeddings, embedding_dim, padding_idx, sparse, _weight, device)
        require_mode("EmbeddingBag", mode, scale_grad_by_freq, None)
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make_weight(_weight, _freeze, dtype)

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        """Reduce the rows of each bag."""
        with errors_of("EmbeddingBag"):
            return functional.embedding_bag(
                input,
                self.weight,
                offsets,
                mode=self.mode,
                per_sample_weights=per_sample_weights,
                **{name: getattr(self, name) for name in _SETTINGS},
            )

    def extra_repr(self) -> str:
        """The sizes, what is not as it is by default, and the mode."""
        texts = [text for text in super().extra_repr().split(", ") if not text.startswith("padding_idx")]
        return ", ".join(
            [*texts, f"mode={self.mode!r}", *([f"padding_idx={self.padding_idx}"] if self.padding_idx is not None else [])]
        )


_SETTINGS = ("max_norm", "norm_type", "scale_grad_by_freq", "sparse", "include_last_offset", "padding_idx")
