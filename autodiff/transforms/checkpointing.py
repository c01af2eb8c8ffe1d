"""Evaluating a function again in the backward pass, instead of keeping what it computed.

A call of a checkpointed function is recorded as one operation, whose rule is the pullback of the function. Its operands are the
tensors among the arguments and those that the function took from elsewhere: these are noted where it is evaluated first, and
replaced by the operands where it is evaluated again.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from autodiff.conversions import differentiating
from autodiff.core.backward import Result, conjugate
from autodiff.core.graph import clock
from autodiff.core.overwriting import content
from autodiff.core.tensor import Tensor, array_of, is_scalar, node_of, read_only, wrap
from autodiff.dtypes import INEXACT, capturing
from autodiff.extend import generators
from autodiff.modes import interpreting, is_grad_enabled
from autodiff.registry import Primitive
from autodiff.transforms.containers import Structure, flatten, refuse_hidden
from autodiff.transforms.pullback import Evaluation, record_of, variable_of

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, with the same value and the same gradients, of which nothing is kept in memory but its arguments and its result.

    What the gradients need is computed again when they are: in a chain of `n` such functions, each of `m` operations, `n + m`
    results are held at a time instead of `n m`, at the cost of one more evaluation of each. Calls nest.

    Args:
        f: a function of arrays, tensors, containers of them and anything else, by position or by keyword, to tensors or containers
            of them. Gradients flow to the tensors among its arguments, and to those that it takes from elsewhere, such as the
            parameters of a module. It must compute the same when it is called again, and change nothing. Random numbers of `nn` and
            of NumPy's global generator are drawn the same again.

    Raises:
        TypeError: another object that `f` returns holds a tensor that it computed.
        RuntimeError: in the backward pass, `f` gives other values than before, as one with a generator of its own or whose
            variables have been assigned to since, or an array that it needs has been overwritten.

    As `jax.checkpoint` and `torch.utils.checkpoint`.

    >>> layer = ad.checkpoint(lambda x, w: np.tanh(x @ w))
    >>> x, w = np.array([1.0, 2.0]), np.array([[0.5, 0.1], [-0.2, 0.3]])
    >>> ad.grad(lambda w: layer(layer(x, w), w).sum())(w)
    array([[0.68718081, 0.15342057],
           [1.77735623, 0.69740815]])
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_grad_enabled() or capturing.get():  # a program has its memory planned, whatever is kept here
            return f(*args, **kwargs)
        leaves, structure = flatten((args, kwargs), "checkpoint: the arguments", arrays_of_numbers=False)
        operands = [x for x, _ in leaves if isinstance(x, Tensor)]
        run = _Run(f, structure, [_OPERAND if isinstance(x, Tensor) else x for x, _ in leaves])
        result = run.first(operands)
        operands += run.taken.values()
        run.positions = [i for i, x in enumerate(operands) if record_of(x) is not None]
        leaves, structure = flatten(result, "checkpoint: the result", arrays_of_numbers=False)
        refuse_hidden(leaves, run.has_made)
        results = tuple(array_of(y) for y, _ in leaves if isinstance(y, Tensor))
        run.samples = [content(y) for y in results]
        tensors = iter(_operation(len(operands)).apply(operands, {"run": run, "results": results}))
        return structure.rebuild(next(tensors) if isinstance(y, Tensor) else y for y, _ in leaves)

    return call


_OPERAND = object()  # what stands for an operand among the leaves of the arguments


@dataclass(eq=False)
class _Run:
    """A call of a function: what is needed to evaluate it again on its operands.

    Those are the tensors among the leaves of its arguments, then the ones that were `taken` from elsewhere, by their records. Only
    at `positions` gradients are wanted. `samples` are what the results are compared with, `states` those of random numbers.
    """

    f: Callable[..., Any]
    structure: Structure
    leaves: list[Any]
    taken: dict[Any, Tensor] = field(default_factory=dict)
    positions: list[int] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)
    start: int = field(default_factory=lambda: next(clock))
    states: list[Any] = field(default_factory=lambda: _random_states())

    def first(self, operands: Sequence[Tensor]) -> Any:
        """What the function returns; the tensors that it takes from elsewhere are noted. What is recorded is let go."""

        def note(entry: Any, operands: Sequence[Any], params: dict[str, Any]) -> Any:
            self._note(operands)
            return entry.apply(operands, params)

        with interpreting(note):
            result = self._called(variable_of(_value(array_of(x)), "checkpoint") if x.requires_grad else x for x in operands)
        self._note(x for x, _ in flatten(result, "checkpoint: the result", arrays_of_numbers=False)[0])
        return result

    def has_made(self, tensor: Tensor) -> bool:
        """Whether the record of a tensor is one of those that are let go."""
        record = record_of(tensor)
        return record is not None and record.id >= self.start

    def _note(self, tensors: Iterable[Any]) -> None:
        for x in tensors:
            record = record_of(x)
            if record is not None and record.id < self.start:
                self.taken[record] = x

    def again(self, *operands: Tensor) -> list[Any]:
        """The tensors that the function returns, with operands in the place of those that it takes from elsewhere."""
        given = iter(operands)
        arguments = [next(given) for x in self.leaves if x is _OPERAND]
        taken: dict[Any, Any] = dict(zip(self.taken, given, strict=True))

        def replace(entry: Any, operands: Sequence[Any], params: dict[str, Any]) -> Any:
            replaced = [taken.get(node_of(x), x) for x in operands]
            if any(record is not None and record.id < self.start for record in map(record_of, replaced)):
                raise self._otherwise()
            return entry.apply(replaced, params)

        with _requiring_grad(self.taken), _random_numbers_from(self.states), differentiating(False), interpreting(replace):
            result = self._called(arguments)
        leaves, _ = flatten(result, "checkpoint: the result", arrays_of_numbers=False)
        results = [taken.get(node_of(y), y) for y, _ in leaves if isinstance(y, Tensor)]
        if len(results) != len(self.samples) or not all(map(_is_same, map(array_of, results), self.samples)):
            raise self._otherwise()
        return results

    def _otherwise(self) -> RuntimeError:
        name = getattr(self.f, "__name__", self.f)
        return RuntimeError(
            f"checkpoint: evaluated again, {name} gave other values than before. It must compute the same each time: pass random "
            "numbers, and what is assigned to in between, as the variable of a loop is, as arguments."
        )

    def _called(self, operands: Iterable[Any]) -> Any:
        given = iter(operands)
        args, kwargs = self.structure.rebuild(next(given) if x is _OPERAND else x for x in self.leaves)
        return self.f(*args, **kwargs)

    def pulled_back(self, g: Sequence[Any], known: Sequence[Any]) -> list[Any]:
        """The cotangents of the operands, which are `known`, for those of the results: None where none is wanted."""
        wanted = set(self.positions)
        operands = [_value(x) if i in wanted else wrap(x if is_scalar(x) else read_only(x)) for i, x in enumerate(known)]
        evaluation = Evaluation("checkpoint", self.again, operands, self.positions)
        gradients = evaluation.gradients(list(map(conjugate, g)), retain_graph=False)
        parts = dict(zip(self.positions, map(conjugate, gradients), strict=True))
        return [parts.get(i) for i in range(len(known))]


def _value(x: Any) -> Any:
    """The array of an operand, or a tensor with a graph, as an argument of a transform: a number if it stands for one."""
    return x[()] if isinstance(x, np.ndarray) and is_scalar(x) else x


@contextmanager
def _requiring_grad(records: Iterable[Any]) -> Iterator[None]:
    """Let the variables of a transform require grad again, which are constants after its function has been evaluated."""
    constants = [record for record in records if not record.requires_grad]
    for record in constants:
        record.requires_grad = True
    try:
        yield
    finally:
        for record in constants:
            record.requires_grad = False


def _random_states() -> list[Any]:
    return [np.random.get_state(legacy=False), *(generator().bit_generator.state for generator, _ in generators)]


@contextmanager
def _random_numbers_from(states: list[Any]) -> Iterator[None]:
    """Draw the numbers that were drawn when the generators were in these states, and leave them as they are."""

    def restore(states: list[Any]) -> None:
        np.random.set_state(states[0])
        for (generator, _), state in zip(generators, states[1:], strict=False):  # one that was added since has no state yet
            generator().bit_generator.state = state

    now = _random_states()
    restore(states)
    try:
        yield
    finally:
        restore(now)


class _Operation(Primitive):
    """What the record of a checkpointed call with `count` operands has for an entry; its parameter is the `_Run`."""

    def __init__(self, count: int) -> None:
        self.name, self.numpy, self.result = "checkpoint", (), Result("checkpoint")
        self.arguments, self.params, self.required = tuple(f"x{i}" for i in range(count)), ("run", "results"), count
        self.forward = lambda *operands, run, results: results
        self.joint = lambda g, known: known[-1].pulled_back(g, known[:count])
        self.rules = [self.joint] * count
        self.keeps: Any = defaultdict(lambda: (True,) * count + (False,))
        self.params_asked = ("run",)
        self.variadic = self.shapes_asked = self.reuses = False


_operation = lru_cache(maxsize=64)(_Operation)


def _is_same(y: np.ndarray, before: bytes) -> bool:
    """Whether an array, as far as it is looked at, is what it was, but for rounding."""
    if len(content(y)) != len(before):
        return False
    now, then = (np.frombuffer(data, y.dtype) for data in (content(y), before))
    if y.dtype.kind not in INEXACT:
        return np.array_equal(now, then)
    tolerance = np.sqrt(np.finfo(y.dtype).eps)
    size = np.max(np.abs(then), where=np.isfinite(then), initial=0)
    return np.allclose(now, then, rtol=0, atol=tolerance * size, equal_nan=True)
