"""Products of matrices in C: tiles of the result stay in vector registers while the common axis is run through."""

from __future__ import annotations

import math
from dataclasses import replace

from autodiff.compiling.native.arrays import Array, Product
from autodiff.compiling.native.scalars import C_TYPES

__all__ = ["BLAS_TYPES", "product_lines", "vector_types"]

BLAS_TYPES = """
/* NumPy's own BLAS, for large products: row-major (101), as it is (111) or transposed (112). */
typedef void (*gemm_f)(int, int, int, INT, INT, INT, float, const float *, INT, const float *, INT, float, float *, INT);
typedef void (*gemm_d)(int, int, int, INT, INT, INT, double, const double *, INT, const double *, INT, double, double *, INT);
"""


def vector_types(vector_bytes: int) -> str:
    """The types of vectors, which may lie anywhere, and the sums of their elements."""
    lines = []
    for char, name, size in (("f", "float", 4), ("d", "double", 8)):
        for lanes in (2**i for i in range(1, 5) if 2**i * size <= vector_bytes):
            kind = f"{char}x{lanes}"
            lines.append(f"typedef {name} {kind} __attribute__((vector_size({lanes * size}), aligned({size}), may_alias));")
            terms = [f"v[{i}]" for i in range(lanes)]
            while len(terms) > 1:
                terms = [f"({a} + {b})" for a, b in zip(terms[::2], terms[1::2], strict=True)]
            lines.append(f"static inline {name} sum_{kind}({kind} v) {{ return {terms[0]}; }}")
    return "\n".join(lines)


def _vector(x: Array, n: int, vector_bytes: int) -> tuple[str, int]:
    lanes = min(2 ** int(math.log2(n)), vector_bytes // x.dtype.itemsize)
    return (f"{x.dtype.char}x{lanes}" if lanes > 1 else C_TYPES[x.dtype]), lanes


def product_lines(product: Product, vector_bytes: int) -> list[str]:
    """The body of the function that computes a product of left_ and right_ into target_."""
    if product.vector == "blas":
        return _blas(product)
    left, right, target = ("left_", product.left), ("right_", product.right), ("target_", product.target)
    if product.vector == "m":  # the transpose of the product is the product of the transposes
        left, right, target = (
            ("right_", _turned(product.right)),
            ("left_", _turned(product.left)),
            ("target_", _turned(product.target)),
        )
    lines, indent = ["    FUSED_BODY"], "    "
    loops = [f"for (int64_t e{axis} = 0; e{axis} < {n}; e{axis}++) {{" for axis, n in enumerate(product.target.shape[:-2])]
    for loop in loops[product.summed :]:
        lines.append(indent + loop)
        indent += "    "
    if product.vector == "k":
        body = _dots(left, right, target, vector_bytes, loops[: product.summed])
    else:
        body = _rows(left, right, target, vector_bytes)
    lines += [indent + line for line in body]
    return [*lines, *("    " * (i + 1) + "}" for i in reversed(range(len(loops) - product.summed)))]


def _turned(x: Array) -> Array:
    return replace(x, shape=(*x.shape[:-2], x.shape[-1], x.shape[-2]), strides=(*x.strides[:-2], x.strides[-1], x.strides[-2]))


def _at(named: tuple[str, Array], i: str, j: str) -> str:
    name, x = named
    terms = [f"{s} * e{axis}" for axis, (n, s) in enumerate(zip(x.shape[:-2], x.strides[:-2], strict=True)) if s and n > 1]
    for index, stride in ((i, x.strides[-2]), (j, x.strides[-1])):
        pieces = _indices(index, stride) if isinstance(stride, tuple) else [(index, stride)]
        terms += [f"{'' if s == 1 else f'{s} * '}({text})" for text, s in pieces if s and text != "0"]
    return f"{name}[{' + '.join([*([str(x.offset)] if x.offset else []), *terms]) or '0'}]"


def _indices(index: str, pieces: tuple[tuple[int, int], ...]) -> list[tuple[str, int]]:
    """The index and the stride of each of the axes that one consists of; those of the common axis have loops of their own."""
    if index == "k":
        return [(f"k{p}", s) for p, (_, s) in enumerate(pieces)]
    found, step = [], math.prod(n for n, _ in pieces)
    for p, (n, s) in enumerate(pieces):
        step //= n
        text = f"({index}) / {step}" if step > 1 else index
        found.append((f"({text}) % {n}" if p else text, s))
    return found


def _common_loops(x: Array, k: int) -> tuple[list[str], str]:
    """The beginnings of the loops along the common axis of the right operand, and their ends."""
    pieces = x.strides[-2]
    if not isinstance(pieces, tuple):
        return [f"for (int64_t k = 0; k < {k}; k++) {{"], "}"
    lines = [f"for (int64_t k{p} = 0; k{p} < {n}; k{p}++)" + " {" for p, (n, _) in enumerate(pieces)]
    index = "k0"
    for p, (n, _) in enumerate(pieces[1:], 1):
        index = f"({index}) * {n} + k{p}" if p > 1 else f"{index} * {n} + k{p}"
    return [" ".join(lines), f"    const int64_t k = {index};"], "}" * len(pieces)


def _tiles(name: str, n: int, tile: int) -> str:
    """A loop over the beginnings of tiles; the last one overlaps the one before it if need be."""
    begin = f"{name}0 < {n - tile} ? {name}0 : {n - tile}"
    return f"for (int64_t {name}0 = 0; {name}0 < {n}; {name}0 += {tile}) {{ const int64_t {name} = {begin};"


def _tile(m: int, n: int, registers: int) -> tuple[int, int]:
    """How many rows and vectors of the result are computed at a time: such that few are twice, and few numbers read for them."""
    sizes = [(down, across) for down in range(1, min(m, 8) + 1) for across in range(1, min(n, 6) + 1) if down * across <= registers]

    def cost(size: tuple[int, int]) -> float:
        down, across = size
        done = math.ceil(m / down) * math.ceil(n / across)
        return done * (down * across + 0.5 * (down + across))

    return min(sizes, key=cost)


def _rows(left: tuple[str, Array], right: tuple[str, Array], target: tuple[str, Array], vector_bytes: int) -> list[str]:
    """Each element of a column of `left` times vectors of a row of `right`."""
    (m, k), n = left[1].shape[-2:], right[1].shape[-1]
    kind, lanes = _vector(target[1], n, vector_bytes)
    down, across = _tile(m, n // lanes, 24 if vector_bytes == 64 else 12)
    scalar = C_TYPES[target[1].dtype]
    lines = [_tiles("i", m, down), "    " + _tiles("j", n, across * lanes)]
    zero = " = {0}" if lanes > 1 else " = 0"
    lines.append(f"        {kind} " + ", ".join(f"c{a}_{b}{zero}" for a in range(down) for b in range(across)) + ";")
    begin, end = _common_loops(right[1], k)
    lines += ["        " + line for line in begin]
    for b in range(across):
        lines.append(f"            const {kind} r{b} = *(const {kind} *)&{_at(right, 'k', f'j + {b * lanes}')};")
    for a in range(down):
        sums = " ".join(f"c{a}_{b} += x * r{b};" for b in range(across))
        lines.append(f"            {{ const {scalar} x = {_at(left, f'i + {a}', 'k')}; {sums} }}")
    lines.append("        " + end)
    for a in range(down):
        for b in range(across):
            lines.append(f"        *({kind} *)&{_at(target, f'i + {a}', f'j + {b * lanes}')} = c{a}_{b};")
    return [*lines, "    }", "}"]


def _dots(
    left: tuple[str, Array], right: tuple[str, Array], target: tuple[str, Array], vector_bytes: int, around: list[str]
) -> list[str]:
    """Each element a sum of vectors along the common axis; the elements of the vector are added in the end, two by two.

    `around` are loops over axes along which these products are added up as well.
    """
    (m, k), n = left[1].shape[-2:], right[1].shape[-1]
    kind, lanes = _vector(target[1], k, vector_bytes)
    down, across = _tile(m, n, 24 if vector_bytes == 64 else 12)
    pairs = [(a, b) for a in range(down) for b in range(across)]
    scalar, whole = C_TYPES[target[1].dtype], k // lanes * lanes
    zero = " = {0}" if lanes > 1 else " = 0"
    lines = [_tiles("i", m, down), "    " + _tiles("j", n, across)]
    lines.append(f"        {kind} " + ", ".join(f"c{a}_{b}{zero}" for a, b in pairs) + ";")
    lines += ["        " + loop for loop in around]
    lines.append(f"        for (int64_t k = 0; k < {whole}; k += {lanes}) {{")
    lines += [f"            const {kind} x{a} = *(const {kind} *)&{_at(left, f'i + {a}', 'k')};" for a in range(down)]
    lines += [f"            const {kind} r{b} = *(const {kind} *)&{_at(right, 'k', f'j + {b}')};" for b in range(across)]
    lines += [f"            c{a}_{b} += x{a} * r{b};" for a, b in pairs]
    lines.append("        }" + " }" * len(around))
    total = "c{0}_{1}" if lanes == 1 else f"sum_{kind}(c{{0}}_{{1}})"
    lines.append(f"        {scalar} " + ", ".join(f"t{a}_{b} = {total.format(a, b)}" for a, b in pairs) + ";")
    if whole < k:
        lines += ["        " + loop for loop in around]
        lines.append(f"        for (int64_t k = {whole}; k < {k}; k++) {{")
        lines += [f"            t{a}_{b} += {_at(left, f'i + {a}', 'k')} * {_at(right, 'k', f'j + {b}')};" for a, b in pairs]
        lines.append("        }" + " }" * len(around))
    lines += [f"        {_at(target, f'i + {a}', f'j + {b}')} = t{a}_{b};" for a, b in pairs]
    return [*lines, "    }", "}"]


def _blas(product: Product) -> list[str]:
    (m, k), n = product.left.shape, product.right.shape[1]
    one = "1.0f" if product.target.dtype.char == "f" else "1.0"

    def given(name: str, x: Array) -> tuple[int, str]:
        transposed = x.strides[1] != 1
        return 112 if transposed else 111, f"{name} + {x.offset}, {x.strides[1] if transposed else x.strides[0]}"

    (ta, a), (tb, b) = given("left_", product.left), given("right_", product.right)
    return [f"    gemm(101, {ta}, {tb}, {m}, {n}, {k}, {one}, {a}, {b}, 0, target_, {n});"]
