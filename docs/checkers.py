"""Write the table of gradient checkers, `docs/checkers.md`, from the collection in `tests/testing`: `python -m docs.checkers`.

It takes SciPy, PyTorch and JAX.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from autodiff.testing import check_gradient

COLLECTION = Path(__file__).parent.parent / "tests" / "testing"
TARGET = Path(__file__).parent / "checkers.md"
SCIPY_TOLERANCE = 1e-5  # relative; of the powers of ten the one with the fewest errors on the collection
JACOBIAN_FACTOR = 10  # of the error that it states, or the relative one that it aims at; chosen in the same way
JACOBIAN_INPUTS = 1000  # for more, its points alone would take gigabytes
OUTCOMES = ("missed", "accused", "cannot tell")

HEAD = """# Gradient checkers compared

Made by `python -m docs.checkers` from the {count} cases in `tests/testing/collection.py`: functions at points, each with a gradient
that is known to be right ({right} of them) or wrong ({wrong}). Each checker is called as it comes, with its default tolerances.

| checker | how it is called | when it counts as "right" |
| --- | --- | --- |
| chainrule | `check_gradient(f, *inputs, gradient=...)`, or `vjp=...` | the verdict is "right" |
| SciPy {scipy} | `scipy.optimize.check_grad`, all inputs in one vector; the results of an `f` that returns an array are added up \
with random weights | the error that it returns is at most {tolerance:g} of the norm of the gradient |
| SciPy differentiate {scipy} | `scipy.differentiate.jacobian` of the same function of one vector, evaluated in a loop | no entry \
differs from the gradient's by more than {factor} times the error that it states, or its default relative tolerance, √ε |
| PyTorch {torch} | `torch.autograd.gradcheck` of an `autograd.Function` made of `f` and the gradient; eps=1e-6, atol=1e-5, \
rtol=1e-3 | it returns `True` |
| JAX {jax} | `jax.test_util.check_grads` of a `custom_vjp` made of `f` and the gradient; `order=1`, `modes=["rev"]`, 64 bits | \
it raises no `AssertionError` |

SciPy returns numbers and leaves the verdict to the user. The limits here are the powers of ten with which it makes the fewest
errors on this very collection, which is in its favour. With more than {inputs} inputs its Jacobian counts as "cannot tell": it asks
for all its points in one array, which would take gigabytes. Inputs of single precision are given to the others in double precision
where the function takes that, as their documentation asks for.

The cells say how many wrong gradients were missed, how many right ones were accused, and how often a checker could not tell, or
raised an error that is not a verdict. A dash: none of these.

"""
NOTES = """
## How to read it

Three of the others were made for a different task: to check the operations of a differentiation engine, in double precision, at
points that their authors choose to be harmless, where results and slopes are about 1. There a fixed step and a fixed tolerance
serve well, and they are fast: JAX evaluates the function a few times, whatever the number of inputs. SciPy's Jacobian is no
checker, but it looks for its step and states its error, from which one is quickly made. Where the numbers are of the harmless
kind and the mistake is plain, as in the rows on signs, batches and networks, there is nothing to choose between the five. So it
is with most of the mistakes that were released.

This collection is of another kind: much of it was chosen to be hard. A tolerance of 1e-5 does not see a wrong slope of 1e-12, and
one of 1e-3 does not see π as 3.1416; a step of 1e-6 reaches over a kink that is 1e-9 away, and drowns in noise of 1e-7; one of
0.5, with which SciPy's Jacobian begins, leaves the domain of a logarithm. At a kink a difference from both sides is no
subgradient; PyTorch's documentation says not to check there. Each of them can be helped by other steps and tolerances in a case
that one knows to be special: the table shows what happens without that knowledge. And the collection was put together by the
authors of one of the five, who mended that one by it: expect less of it on other functions.

## Where the checker here cannot tell

"""

Checker = Callable[[Any], str]


def collection() -> tuple[Any, ...]:
    """The cases."""
    if str(COLLECTION) not in sys.path:
        sys.path.append(str(COLLECTION))
    return tuple(importlib.import_module("collection").CASES)


def ours(case: Any) -> str:
    """The verdict of `check_gradient`: "right", "wrong" or "cannot tell"."""
    return check_gradient(case.f, *case.inputs, gradient=case.gradient, vjp=case.vjp).verdict


def in_double_precision(case: Any) -> tuple[Callable[..., Any], Callable[..., tuple[np.ndarray, ...]], list[np.ndarray]]:
    """The function of a case, its vector-Jacobian product and its inputs, in double precision unless the function refuses that."""
    inputs = [np.array(x, np.float64) for x in case.inputs]
    dtypes = [np.float64] * len(inputs)
    try:
        case.f(*inputs)
    except TypeError:
        dtypes = [x.dtype for x in case.inputs]

    def f(*arrays: np.ndarray) -> np.ndarray:
        return np.asarray(case.f(*(np.array(x, dtype) for x, dtype in zip(arrays, dtypes, strict=True))), np.float64)

    def vjp(cotangent: np.ndarray, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        points = [np.array(x, dtype) for x, dtype in zip(arrays, dtypes, strict=True)]
        found = case.vjp(np.array(cotangent), *points) if case.vjp else case.gradient(*points)
        parts = found if isinstance(found, tuple) else (found,)
        weight = 1.0 if case.vjp else cotangent
        return tuple(np.reshape(weight * np.asarray(part, np.float64), x.shape) for part, x in zip(parts, arrays, strict=True))

    return f, vjp, inputs


def of_one_vector(case: Any) -> tuple[Callable[..., float], Callable[..., np.ndarray], np.ndarray]:
    """The function of a case and its gradient, of all inputs in one vector and with its results added up, and that vector."""
    f, vjp, inputs = in_double_precision(case)
    result = f(*inputs)
    weights = np.random.default_rng(0).uniform(0.5, 2, result.shape) if case.vjp else np.ones(result.shape)
    ends = np.cumsum([x.size for x in inputs])[:-1]

    def arrays(flat: np.ndarray) -> list[np.ndarray]:
        return [part.reshape(x.shape) for part, x in zip(np.split(flat, ends), inputs, strict=True)]

    def value(flat: np.ndarray) -> float:
        return float(np.sum(weights * f(*arrays(flat))))

    def gradient(flat: np.ndarray) -> np.ndarray:
        return np.concatenate([part.reshape(-1) for part in vjp(weights, *arrays(flat))])

    return value, gradient, np.concatenate([x.reshape(-1) for x in inputs])


def scipy_error(case: Any) -> tuple[float, float]:
    """What `check_grad` returns, and the norm of the gradient."""
    from scipy.optimize import check_grad

    value, gradient, point = of_one_vector(case)
    return float(check_grad(value, gradient, point)), float(np.linalg.norm(gradient(point)))


def with_scipy(case: Any) -> str:
    """The verdict by `scipy.optimize.check_grad`."""
    error, size = scipy_error(case)
    return "right" if error <= SCIPY_TOLERANCE * size else "wrong"


def with_scipy_differentiate(case: Any) -> str:
    """The verdict by `scipy.differentiate.jacobian`, which evaluates f at all its points in one call: here in a loop."""
    from scipy.differentiate import jacobian

    value, gradient, point = of_one_vector(case)
    if point.size > JACOBIAN_INPUTS:
        return "cannot tell"
    found = jacobian(lambda points: np.apply_along_axis(value, 0, points)[None], point)
    if not np.all(np.isfinite(found.df)):
        return "cannot tell"
    limit = JACOBIAN_FACTOR * np.maximum(found.error, np.sqrt(np.finfo(np.float64).eps) * np.abs(found.df))
    return "right" if np.all(np.abs(gradient(point) - found.df) <= limit) else "wrong"


def with_pytorch(case: Any) -> str:
    """The verdict by `torch.autograd.gradcheck`."""
    import torch

    f, vjp, inputs = in_double_precision(case)

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, *tensors: Any) -> Any:
            context.save_for_backward(*tensors)
            return torch.tensor(f(*(t.detach().numpy() for t in tensors)))

        @staticmethod
        def backward(context: Any, cotangent: Any) -> Any:
            found = vjp(cotangent.numpy(), *(t.detach().numpy() for t in context.saved_tensors))
            return tuple(torch.tensor(part) for part in found)

    tensors = tuple(torch.tensor(x, requires_grad=True) for x in inputs)
    return "right" if torch.autograd.gradcheck(Function.apply, tensors, raise_exception=False) else "wrong"


def with_jax(case: Any) -> str:
    """The verdict by `jax.test_util.check_grads`."""
    import jax
    from jax.test_util import check_grads

    f, vjp, inputs = in_double_precision(case)

    @jax.custom_vjp
    def function(*arrays: Any) -> Any:
        return jax.numpy.asarray(f(*map(np.asarray, arrays)))

    def forward(*arrays: Any) -> Any:
        return function(*arrays), arrays

    def backward(arrays: Any, cotangent: Any) -> Any:
        return tuple(map(jax.numpy.asarray, vjp(np.asarray(cotangent), *map(np.asarray, arrays))))

    function.defvjp(forward, backward)
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        check_grads(function, tuple(map(jax.numpy.asarray, inputs)), order=1, modes=["rev"])
    except AssertionError:
        return "wrong"
    finally:
        jax.config.update("jax_enable_x64", before)
    return "right"


CHECKERS: dict[str, Checker] = {
    "chainrule": ours,
    "SciPy": with_scipy,
    "SciPy differentiate": with_scipy_differentiate,
    "PyTorch": with_pytorch,
    "JAX": with_jax,
}


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings: steps lead to where functions overflow or are not defined."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def outcome(case: Any, checker: Checker) -> str:
    """What came of a case: "found" if the verdict is what it should be, else one of OUTCOMES."""
    with quiet():
        try:
            verdict = checker(case)
        except Exception:  # whatever it is that the checker raises, it is no verdict
            verdict = "cannot tell"
    if verdict == "cannot tell":
        return verdict
    return "found" if (verdict == "right") == case.right else "missed" if verdict == "right" else "accused"


def counts(checker: Checker, cases: Iterable[Any] | None = None) -> dict[str, Counter[str]]:
    """How often each outcome was seen, by category of the collection, or of some of its cases."""
    found: dict[str, Counter[str]] = {}
    for case in collection() if cases is None else cases:
        found.setdefault(case.kind, Counter())[outcome(case, checker)] += 1
    return found


def cell(count: Counter[str]) -> str:
    """What the table says of a category."""
    return ", ".join(f"{count[name]} {name}" for name in OUTCOMES if count[name]) or "-"


def page(found: dict[str, dict[str, Counter[str]]]) -> str:
    """The whole page, of the counts by checker and category."""
    cases = collection()
    right = sum(case.right for case in cases)
    names = {"scipy": version("scipy"), "torch": version("torch").split("+")[0], "jax": version("jax")}
    limits = {"tolerance": SCIPY_TOLERANCE, "factor": JACOBIAN_FACTOR, "inputs": f"{JACOBIAN_INPUTS:,}"}
    text = HEAD.format(count=len(cases), right=right, wrong=len(cases) - right, **limits, **names)
    text += f"| category | right | wrong | {' | '.join(found)} |\n| --- | ---: | ---: |{' --- |' * len(found)}\n"
    for kind in dict.fromkeys(case.kind for case in cases):
        rights = [case.right for case in cases if case.kind == kind]
        cells = " | ".join(cell(count[kind]) for count in found.values())
        text += f"| {kind} | {sum(rights)} | {len(rights) - sum(rights)} | {cells} |\n"
    totals = [sum(count.values(), Counter()) for count in found.values()]
    text += f"| **all** | {right} | {len(cases) - right} | {' | '.join(f'**{cell(total)}**' for total in totals)} |\n"
    unsure = [f"- **{case.name}** ({case.kind}). {case.explained}\n" for case in cases if case.explained]
    return text + NOTES + "".join(unsure)


if __name__ == "__main__":
    TARGET.write_text(page({name: counts(checker) for name, checker in CHECKERS.items()}))
    print(f"{TARGET}: {len(collection())} cases")
