"""Write the page about NumPy's functions, `docs/numpy.md`, with what becomes of each given a tensor: `python -m docs.coverage`.

It is read off the table of operations. What is not in the table has its reason here, or, if it is an error that says what to use
instead, in `autodiff.numpy.names`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.special

import autodiff as ad
from autodiff.numpy.names import INSTEAD, name_of
from autodiff.numpy.namespaces import NAMESPACES, load_all
from autodiff.ops.constants import CONSTANTS
from autodiff.ops.writing import WRITING
from autodiff.registry import numpy_table

load_all()

TARGET = Path(__file__).parent / "numpy.md"

# Why a constant function has no derivative.
WHY = {
    "booleans": "all allclose any array_equal array_equiv can_cast equal greater greater_equal isclose iscomplex iscomplexobj "
    "isfinite isin isinf isnan isneginf isposinf isreal isrealobj less less_equal logical_and logical_not logical_or logical_xor "
    "may_share_memory not_equal shares_memory signbit",
    "integers": "bitwise_and bitwise_count bitwise_or bitwise_xor gcd invert lcm left_shift matrix_rank packbits right_shift "
    "unpackbits",
    "places": "argmax argmin argpartition argsort argwhere diag_indices_from digitize flatnonzero ix_ lexsort nanargmax nanargmin "
    "nonzero ravel_multi_index searchsorted tril_indices_from triu_indices_from unravel_index",
    "counts": "count_nonzero",
    "values play no part": "empty_like ones_like zeros_like",
    "shapes and types": "common_type min_scalar_type ndim result_type shape size",
    "text": "array2string array_repr array_str einsum_path",
    "writes a file": "save savetxt savez savez_compressed",
}

# Why a function that is not in the table takes no tensors.
NO_TENSORS = {
    "makes an array of numbers; then `ad.Tensor(array)`": "arange bartlett blackman diag_indices empty eye fftfreq fromfunction "
    "full hamming hanning identity indices kaiser mask_indices ones rfftfreq tri tril_indices triu_indices zeros",
    "makes an array: an error if that would lose a gradient. A tensor of tensors: `np.stack`; of anything: `ad.array`": "array "
    "asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray asmatrix bmat from_dlpack fromiter require",
    "reads files, or text": "frombuffer fromfile fromregex fromstring genfromtxt load loadtxt",
    "writes one number as text": "base_repr binary_repr format_float_positional format_float_scientific",
    "is about dates": "busday_count busday_offset datetime_as_string datetime_data is_busday isnat",
    "is about types and shapes, as `x.dtype` and `x.shape`": "broadcast_shapes isdtype isfortran isscalar issubdtype iterable "
    "mintypecode promote_types typename",
    "makes a ufunc of a Python function; `np.sin` for `math.sin`, `np.where` for `if`": "frompyfunc",
    "is about NumPy itself": "get_include get_printoptions getbufsize geterr geterrcall info nested_iters printoptions "
    "set_printoptions setbufsize seterr seterrcall show_config show_runtime test",
}
ALIASES = {"row_stack": "`np.vstack`", "trapz": "`np.trapezoid`"}  # functions of NumPy's that do nothing but call another one

DIFFERENTIABLE, CONSTANT, WRITES = "differentiable", "constant", "writes"
TAKES_NONE, UNSUPPORTED = "not for tensors", "unsupported"
MEANINGS = {
    DIFFERENTIABLE: "computes with tensors, and gradients flow through; by the operation that is named, or by one of its own",
    CONSTANT: "computes with tensors, and there is no derivative: why is said",
    WRITES: "writes to a tensor, which is recorded",
    TAKES_NONE: "no tensor goes in: why is said",
    UNSUPPORTED: "a `TypeError` that says what to use instead",
}
HEAD = """# NumPy's functions and tensors

Made by `python -m docs.coverage`, with NumPy {version}, from the table of operations. It has every public function of `numpy`,
`numpy.linalg` and `numpy.fft`, and the functions of `scipy.special` that take tensors. Nothing loses a gradient without a word.

{counts}

The methods of ufuncs follow from the ufuncs: `np.add.reduce(t)`, `np.maximum.accumulate(t)`, `np.multiply.outer(t, u)`,
`np.add.reduceat(t, indices)` and `np.add.at(t, indices, v)`. `out=tensor` is a recorded write, as `tensor[...] = result` is, and
`where=` with it computes the chosen elements alone. Parameters that have no meaning for tensors are errors that say what to do.

Where NumPy asks a tensor for nothing but its array, or Python for a number, a tensor that requires grad is an error, unless it is
text or a plain `float(loss)`, `int(t)`, `complex(t)`, such as training loops print and add up: `f"{{loss:.3f}}"`. What to write:

| instead of | write |
| --- | --- |
| `np.array([t, u])`, `np.asarray([t, u])`, `np.fromiter(tensors, float)` | `np.stack([t, u])`, or `ad.array([t, u])` |
| `np.r_[t, u]`, `np.c_[t, u]` of numbers and vectors | `np.hstack([t, u])`, `np.column_stack([t, u])` |
| `np.mean([t, u])`, `np.dot(a, [t, u])`, `np.concatenate([[t], [u]])`: all in lists | `ad.array([t, u])` for `[t, u]` |
| `a = np.zeros(2); a[0] = t` | `a = np.zeros_like(t, shape=2)`, or `ad.Tensor(np.zeros(2))` |
| `math.sin(t)`, `np.vectorize(math.sin)(t)`, `np.frompyfunc(math.sin, 1, 1)(t)` | `np.sin(t)` |
| `np.vectorize(f)(t)` with an `if` in `f` | `np.where(condition, t, u)`, or `np.apply_along_axis(f, axis, t)` |
| `map(float, tensors)`; `float(t)`, `int(t)` in a function that is differentiated | `t.item()`, a number without gradient |
| `series * t`, `frame @ t` of pandas | `series.to_numpy() * t`, `frame.to_numpy() @ t` |
| `np.int64(t)` | `t.detach().astype(np.int64)` |
| `np.polynomial.Polynomial(u)(t)` | `np.polyval(u[::-1], t)` |
| `x.flat` | `x.ravel()` |
| `a.dot(t)` of an array, `sparse @ t` | `a @ t`, `sparse.toarray() @ t` |
| `np.full(2, t)`, `np.full_like(a, t)` | `ad.full(2, t)`, `ad.full_like(a, t)` |

So are most of SciPy's functions but those of `scipy.special` below:

| instead of SciPy's | write |
| --- | --- |
{scipy}

Others may have a gradient with `SCIPY_ARRAY_API=1` in the environment, set before SciPy is imported: see
[the array API](array_api.md). For all that remain, `ad.primitive` makes an operation of a function and its derivative.
"""

# What to write instead of SciPy's functions: of tensors t, u of one axis, x, y of two, and a square one, m; and of numbers a, b.
INSTEAD_OF_SCIPY = {
    "special.logsumexp(t)": "ad.logsumexp(t)",
    "special.logsumexp(t, b=a)": "ad.logsumexp(t + np.log(a))",
    "special.polygamma(1, t)": "ad.special.polygamma(1, t)",
    "special.softmax(x, axis=-1)": "ad.softmax(x, axis=-1)",
    "special.log_softmax(x, axis=-1)": "ad.log_softmax(x, axis=-1)",
    "stats.norm.logpdf(t, mean, std)": "-0.5 * ((t - mean) / std) ** 2 - np.log(std * np.sqrt(2 * np.pi))",
    "stats.norm.cdf(t)": "ad.special.ndtr(t)",
    "stats.norm.logcdf(t)": "ad.special.log_ndtr(t)",
    "stats.poisson.logpmf(counts, t)": "counts * np.log(t) - t - ad.special.gammaln(counts + 1)",
    "stats.t.logpdf(t, b)": (
        "ad.special.gammaln((b + 1) / 2) - ad.special.gammaln(b / 2) - np.log(b * np.pi) / 2 - (b + 1) / 2 * np.log1p(t**2 / b)"
    ),
    "stats.gamma.logpdf(t, a)": "(a - 1) * np.log(t) - t - ad.special.gammaln(a)",
    "stats.beta.logpdf(t, a, b)": "(a - 1) * np.log(t) + (b - 1) * np.log1p(-t) - ad.special.betaln(a, b)",
    "stats.multivariate_normal.logpdf(t, cov=m)": (
        "-0.5 * (t @ np.linalg.solve(m, t) + np.linalg.slogdet(2 * np.pi * m).logabsdet)"
    ),
    "linalg.solve(m, t)": "np.linalg.solve(m, t)",
    "linalg.inv(m)": "np.linalg.inv(m)",
    "linalg.det(m)": "np.linalg.det(m)",
    "linalg.cholesky(m, lower=True)": "np.linalg.cholesky(m)",
    "linalg.norm(t)": "np.linalg.norm(t)",
    "fft.fft(t)": "np.fft.fft(t)",
    "integrate.trapezoid(t)": "np.trapezoid(t)",
    "signal.convolve(t, u)": "np.convolve(t, u)",
    "spatial.distance.cdist(x, y)": "np.linalg.norm(x[:, None] - y, axis=-1)",
}


class Line(NamedTuple):
    """What the page says about one function."""

    name: str
    status: str
    remark: str


def _listed(table: dict[str, str]) -> dict[str, str]:
    """The reason for each name."""
    return {name: reason for reason, names in table.items() for name in names.split()}


REASONS, WHYS = _listed(NO_TENSORS), _listed(WHY)


def public(module: Any) -> dict[str, Callable[..., Any]]:
    """The public functions of a module, by name: classes are none."""
    members = {name: getattr(module, name) for name in module.__all__ if name[0] != "_"}
    return {name: f for name, f in sorted(members.items()) if callable(f) and not isinstance(f, type)}


def _ours() -> dict[Any, str]:
    """The names of our functions."""
    spaces = {"ad": ad, **{f"ad.{name}": getattr(ad, name) for name in NAMESPACES}}
    return {id(getattr(space, name)): f"`{prefix}.{name}`" for prefix, space in spaces.items() for name in space.__all__}


OURS = _ours()


def line(name: str, function: Any) -> Line:
    """What becomes of the function that a module has as `name`, if it is given a tensor.

    Raises:
        LookupError: that is not stated.
    """
    own, full = name.rpartition(".")[2], name_of(function)
    if function in WRITING:
        return Line(name, WRITES, "")
    if function in CONSTANTS:
        return Line(name, CONSTANT, WHYS.get(function.__name__) or REASONS[own])
    if function in numpy_table:
        return Line(name, DIFFERENTIABLE, OURS.get(id(numpy_table[function]), ""))
    if own in ALIASES:
        return Line(name, DIFFERENTIABLE, ALIASES[own])
    if full in INSTEAD:
        return Line(name, UNSUPPORTED, INSTEAD[full])
    if own in REASONS:
        return Line(name, TAKES_NONE, REASONS[own])
    raise LookupError(f"{name} is neither in the table nor has it a reason in docs/coverage.py or autodiff/numpy/names.py.")


def lines() -> dict[str, list[Line]]:
    """All lines of the page, by namespace."""
    spaces = {"np": np, "np.linalg": np.linalg, "np.fft": np.fft}
    page = {prefix: [line(f"{prefix}.{name}", f) for name, f in public(module).items()] for prefix, module in spaces.items()}
    special = {name: f for name, f in public(scipy.special).items() if f in numpy_table}
    page["scipy.special"] = [line(f"scipy.special.{name}", f) for name, f in special.items()]
    return page


def page() -> str:
    """The whole page."""
    found = lines()
    numbers = Counter(entry.status for entries in found.values() for entry in entries)
    counts = "| status | functions | meaning |\n| --- | --- | --- |\n"
    counts += "\n".join(f"| {status} | {numbers[status]} | {meaning} |" for status, meaning in MEANINGS.items())
    scipys = "\n".join(f"| `scipy.{theirs}` | `{ours}` |" for theirs, ours in INSTEAD_OF_SCIPY.items())
    text = HEAD.format(version=".".join(np.__version__.split(".")[:2]), counts=counts, scipy=scipys)
    for prefix, entries in found.items():
        text += f"\n## `{prefix}`\n\n| function | status | |\n| --- | --- | --- |\n"
        text += "".join(f"| `{entry.name}` | {entry.status} | {entry.remark} |\n" for entry in entries)
    return text


if __name__ == "__main__":
    TARGET.write_text(page())
    print(f"{TARGET}: {Counter(entry.status for entries in lines().values() for entry in entries)}")
