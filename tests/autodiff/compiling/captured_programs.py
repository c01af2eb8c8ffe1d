"""Random captured programs: with views, writes, reductions, broadcasting, several dtypes, empty arrays and random numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autodiff.compiling.arrays import RecordingArray
from autodiff.compiling.recording import Recorder
from autodiff.compiling.replay import build
from autodiff.program import Program, evaluate, set_item, ufunc_at, ufunc_out

ND = np.ndarray
SHAPES = [(), (1,), (3,), (0, 3), (2, 3), (3, 2), (3, 1), (3, 3), (2, 1, 3)]
DTYPES = [np.dtype(t) for t in ("f4", "f8", "i8", "?")]


@dataclass
class Drawn:
    """A program, the generator of its random numbers, and what its inputs may be."""

    program: Program
    generator: np.random.Generator
    inputs: Callable[[int], list[Any]]


def array(numbers: Any, shape: tuple[int, ...], dtype: Any, layout: str) -> Any:
    """Small integers, so that sums and products are exact in whatever order they are computed."""
    x = numbers.integers(-3, 4, shape).astype(dtype)
    if layout == "F":
        return np.asfortranarray(x)
    return np.repeat(x, 2, axis=-1)[..., ::2] if layout == "strided" and x.ndim else x


def bounded(do: Any, y: Any) -> Any:
    return do(np.maximum, do(np.minimum, y, 5), -5) if y.dtype.kind in "fi" else y


# Each takes `do`, two values and a number that decides the rest, and is left out where it is an error.
MOVES: dict[str, Callable[[Any, Any, Any, int], Any]] = {
    "add": lambda do, a, b, n: bounded(do, do(np.add, a, b)),
    "subtract": lambda do, a, b, n: bounded(do, do(np.subtract, a, b)),
    "multiply": lambda do, a, b, n: bounded(do, do(np.multiply, a, b)),
    "number": lambda do, a, b, n: bounded(
        do, do((np.add, np.multiply)[n % 2], *((a, n % 3), (n % 3, a), (a, 0.0), (a, 2.0))[n % 4])
    ),
    "half": lambda do, a, b, n: do(np.divide, a, 2.0),
    "square": lambda do, a, b, n: bounded(do, do(operator.pow, a, 2)),
    "exp": lambda do, a, b, n: do(np.exp, a),
    "logistic": lambda do, a, b, n: logistic(do, a),
    "less": lambda do, a, b, n: do(np.less, a, b),
    "zeros": lambda do, a, b, n: do(np.add, a, do(np.zeros_like, a)),
    "where": lambda do, a, b, n: do(np.where, do(np.less, a, 1), *((a, b), (0, b), (a, 0), (0.0, a))[n % 4]),
    "large where": lambda do, a, b, n: do(np.where, do(np.less, large(do, a), 1), *((0, large(do, a)), (large(do, a), 0))[n % 2]),
    "transpose": lambda do, a, b, n: do(ND.transpose, a),
    "twice": lambda do, a, b, n: do(ND.transpose, do(ND.transpose, a)),
    "ravel": lambda do, a, b, n: do(ND.ravel, a),
    "reshape": lambda do, a, b, n: do(ND.reshape, a, (-1, 1) if n % 2 else a.shape),
    "copy": lambda do, a, b, n: do(ND.copy, a),
    "astype": lambda do, a, b, n: do(ND.astype, a, DTYPES[n % 3]),
    "slice": lambda do, a, b, n: do(operator.getitem, a, (slice(None, None, -1), slice(1, None), (..., None), 0)[n % 4]),
    "broadcast": lambda do, a, b, n: do(np.broadcast_to, a, (3, *a.shape)),
    "sum": lambda do, a, b, n: do((ND.sum, ND.max, np.add.reduce)[n % 3], a, axis=(0, -1, None, (0,), 1)[n % 5]),
    "mean": lambda do, a, b, n: do(np.mean, a, keepdims=True) if a.size else None,
    "accumulate": lambda do, a, b, n: do(np.add.accumulate, a),
    "count": lambda do, a, b, n: do(np.add.reduce, do(ND.ravel, do(np.less, a, 1)), dtype=np.dtype("f4")),
    "matmul": lambda do, a, b, n: bounded(do, do(np.matmul, a, do(ND.transpose, b) if n % 2 else b)),
    "look up": lambda do, a, b, n: do(operator.getitem, a, (np.array([0, 1, -1]), np.array([0, 0, 0]))),
    "set": lambda do, a, b, n: do(set_item, a, (0, slice(1), (np.array([0, 1, -1]), np.array([0, 0, 0])))[n % 3], (2, b)[n % 2]),
    "at": lambda do, a, b, n: do(ufunc_at, a, np.add, np.array([0, 0]), 1),
    "out": lambda do, a, b, n: do(ufunc_out, a, np.add, a, b),
    "split": lambda do, a, b, n: do(np.split, a, (a.shape[0] if a.ndim else 0) or 1)[-1],
    "constant": lambda do, a, b, n: do(np.add, a, np.arange(3)),
    "scale": lambda do, a, b, n: do(np.multiply, a, do(operator.mul, do.rate, 2.0)),
    "random": lambda do, a, b, n: do(do.generator.integers, 0, 3, a.shape, pure=False),
}
OF_ARRAYS = {
    "transpose",
    "twice",
    "ravel",
    "reshape",
    "copy",
    "astype",
    "slice",
    "sum",
    "set",
    "at",
    "out",
    "count",
    "large where",
    "matmul",
}
INEXACT = {"exp", "half", "logistic", "mean"}  # of integers they are none, so what follows is rounded


def logistic(do: Any, a: Any) -> Any:
    e = do(np.exp, a)
    y = do(np.divide, e, do(np.add, e, 1.0))
    return do(np.multiply, y, do(np.subtract, 1.0, y))


def large(do: Any, a: Any) -> Any:
    if a.size > 16:
        raise ValueError("it would be too large to be computed")
    return do(np.multiply, a, np.ones((4096, *[1] * len(a.shape)), a.dtype))


@st.composite
def captured(draw: Any, exact: bool = False) -> Drawn:
    """A program; if `exact`, of steps that give integers, so that no order of sums rounds."""
    kinds = draw(
        st.lists(st.tuples(st.sampled_from(SHAPES), st.sampled_from(DTYPES), st.sampled_from("CFs")), min_size=1, max_size=3)
    )
    generator = np.random.default_rng(1)

    def inputs(seed: int) -> list[Any]:
        numbers = np.random.default_rng(seed)
        layouts = {"C": "C", "F": "F", "s": "strided"}
        return [float(numbers.integers(1, 4)), *(array(numbers, s, d, layouts[k]) for s, d, k in kinds)]

    recorder = Recorder()
    recorded = [recorder.input(x, f"x{i}") for i, x in enumerate(inputs(0))]
    do: Any = lambda function, *args, **kwargs: recorder.do(function, *args, **kwargs)
    do.rate, do.generator = recorded[0], generator
    values = recorded[1:]
    names = [name for name in MOVES if not (exact and name in INEXACT)]
    with np.errstate(all="ignore"):
        for name, i, j, n in draw(st.lists(st.tuples(st.sampled_from(names), *[st.integers(0, 60)] * 3), min_size=1, max_size=12)):
            before = len(recorder.program.steps)
            a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
            if name in OF_ARRAYS and () in (a.shape, b.shape):  # a result without axes is a NumPy scalar, not an array
                continue
            try:
                new = MOVES[name](do, a, b, n)
            except (TypeError, ValueError, IndexError, np.exceptions.AxisError):
                del recorder.program.steps[before:]
                continue
            if isinstance(new, RecordingArray) and new.size < 1 << 16:
                values.append(new)
    chosen = draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=4))
    recorder.program.outputs = [values[-1 - i].value for i in chosen]
    return Drawn(recorder.program, generator, inputs)


def run(function: Callable[[], Any], generator: np.random.Generator, seed: int) -> Any:
    """What a function returns that draws from the generator, which begins anew, and the state it leaves."""
    generator.bit_generator.state = np.random.default_rng(seed).bit_generator.state
    with np.errstate(all="ignore"):
        result = function()
    return result, str(generator.bit_generator.state)


def bits(outputs: list[Any]) -> list[tuple[Any, ...]]:
    """What two lists of outputs have in common if they are the same to the last bit."""
    return [(np.asarray(y).dtype, np.shape(y), np.asarray(y).tobytes()) for y in outputs]


def traced(function: Any, *arrays: Any) -> Program:
    recorder = Recorder()
    outputs = function(recorder.do, *(recorder.input(x, f"x{i}") for i, x in enumerate(arrays)))
    recorder.program.outputs = [recorder.value_of(y) for y in outputs]
    return recorder.program


def replayed(drawn: Drawn, runs: int = 3, **options: Any) -> None:
    """Assert that several runs on changing inputs give the program's outputs, change no input and keep no output's memory."""
    with np.errstate(all="ignore"):
        replay = build(drawn.program, drawn.inputs(0), passes=(), **options)
    earlier: list[tuple[list[Any], Any]] = []
    for seed in range(runs):
        inputs, untouched = drawn.inputs(seed), drawn.inputs(seed)
        expected = run(lambda: evaluate(drawn.program, untouched), drawn.generator, seed)  # noqa: B023
        found = run(lambda: replay(inputs), drawn.generator, seed)  # noqa: B023
        assert bits(found[0]) == bits(expected[0])
        assert found[1] == expected[1]
        assert bits(inputs) == bits(untouched)
        assert not shared([*found[0], *inputs], of=len(found[0]))
        earlier.append((found[0], bits(expected[0])))
    for outputs, was in earlier:
        assert bits(outputs) == was


def shared(arrays: list[Any], of: int) -> bool:
    """Whether one of the first arrays shares memory with any other."""
    pairs = ((x, y) for i, x in enumerate(arrays[:of]) for y in arrays[i + 1 :] if isinstance(x, ND) and isinstance(y, ND))
    return any(np.may_share_memory(x, y) for x, y in pairs)
