"""The C of a program: one function for each loop or product, with the lines of NumPy that it stands for, and one for a step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.compiling.native.arrays import Array, Buffer, Draws, Product, Statement
from autodiff.compiling.native.functions import PRELUDE, functions
from autodiff.compiling.native.lowering import by_stride
from autodiff.compiling.native.products import BLAS_TYPES, product_lines, vector_types
from autodiff.compiling.native.scalars import C_TYPES
from autodiff.compiling.native.scheduling import Kernel, same_elements, squeezed

__all__ = ["Layout", "source"]

_KEYWORDS = (
    "auto break case char continue default do double else enum extern float for goto if inline int long register restrict return "
    "short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof main step once repeat"
)

_GENERATOR = """
/* A bit generator of NumPy's: `bitgen_t` of numpy/random/bitgen.h. */
struct generator {
    void *state;
    uint64_t (*next_uint64)(void *);
    uint32_t (*next_uint32)(void *);
    double (*next_double)(void *);
    uint64_t (*next_raw)(void *);
};
"""

_ENTRIES = """
/* Where everything is; Python sets *stop to let it end after a whole step. */
struct tables { char *arena; void **p; double *f; volatile int32_t *stop; };

/* 0; 1 if an index is out of range; 2 if something is decided otherwise. */
int once(const struct tables *t) { return step(t->arena, t->p, t->f, 1); }

/* n steps. How many were done: fewer if *stop was set, also by a step that was not done, to one more than its result. */
int64_t repeat(int64_t n, const struct tables *t) {
    for (int64_t i = 0; i < n; i++) {
        if (*t->stop) return i;
        int result = step(t->arena, t->p, t->f, i == 0);
        if (result) { *t->stop = result + 1; return i; }
    }
    return n;
}
"""


@dataclass(slots=True)
class Layout:
    """Where the pointers are: `p` holds those of inputs, outputs, constants, the products of matrices in BLAS, and generators."""

    inputs: int
    outputs: int
    constants: list[Buffer]
    arena: dict[Buffer, int]
    decisions: list[tuple[Buffer, bool]]
    last_check: int
    generators: list[Any]

    def address(self, buffer: Buffer) -> str:
        """The expression for the beginning of a buffer."""
        kind = C_TYPES[buffer.dtype]
        if buffer.place == "float":
            return f"f + {buffer.index}"
        if buffer.place == "arena":
            return f"({kind} *)(arena + {self.arena[buffer]})"
        index = {"input": 0, "output": self.inputs, "constant": self.inputs + self.outputs}[buffer.place]
        number = self.constants.index(buffer) if buffer.place == "constant" else buffer.index
        return f"({kind} *)p[{index + number}]"

    def generator(self, generator: Any) -> str:
        """The expression for the interface of a generator of random numbers."""
        return f"p[{self.inputs + self.outputs + len(self.constants) + 2 + self.generators.index(generator)}]"

    def key(self, buffer: Buffer) -> object:
        """The same for buffers that are the same memory for good."""
        return buffer if buffer.place == "arena" else (buffer.place, self.address(buffer))


def source(kernels: Sequence[Kernel], layout: Layout, vector_bytes: int, blas_ints: int) -> str:
    """The whole of the C: it depends on shapes and types alone, not on values."""
    bodies = [_function(kernel, i, layout, vector_bytes) for i, kernel in enumerate(kernels, 1)]
    calls, text = [], "\n".join(body for body, _ in bodies)
    for i, (kernel, (_, arguments)) in enumerate(zip(kernels, bodies, strict=True)):
        call = f"{_name(kernel, i + 1)}({', '.join(arguments)});"
        calls.append(f"    if (first) {call}" if kernel.invariant else f"    {call}")
        if i == layout.last_check:
            calls.append("    if (out_of_range) return 1; /* before anything was changed */")
            for buffer, truth in layout.decisions:
                outcome = f"*({layout.address(buffer)}) {'==' if truth else '!='} 0"
                calls.append(f"    if ({outcome}) return 2; /* {buffer.name} is decided otherwise */")
    blas = f"typedef int{blas_ints}_t INT;{BLAS_TYPES}" if "gemm(" in text else ""
    head = "\n/* One step. What is the same in each of several steps is computed in the first. */\n"
    head += "static int step(char *arena, void **p, double *f, int first) {\n    int out_of_range = 0;\n"
    return "\n".join(
        [
            PRELUDE + functions(text),
            vector_types(vector_bytes),
            blas,
            _GENERATOR if "struct generator" in text else "",
            text,
            head + "\n".join(calls) + "\n    return 0;\n}",
            _ENTRIES,
        ]
    )


def _name(kernel: Kernel, number: int) -> str:
    kind = {Product: "product", Draws: "draws"}.get(type(kernel.parts[0]), "loop")
    return f"{kind}_{number}"


def _function(kernel: Kernel, number: int, layout: Layout, vector_bytes: int) -> tuple[str, list[str]]:
    """The text of a function and what it is called with."""
    part = kernel.parts[0]
    if isinstance(part, Product):
        buffers = [("target_", part.target.buffer), ("left_", part.left.buffer), ("right_", part.right.buffer)]
        parameters = [f"{'' if name == 'target_' else 'const '}{C_TYPES[b.dtype]} *restrict {name}" for name, b in buffers]
        arguments = [layout.address(b) for _, b in buffers]
        lines = product_lines(part, vector_bytes)
        if part.vector == "blas":
            parameters.append(f"gemm_{part.target.dtype.char} gemm")
            arguments.append(f"p[{layout.inputs + layout.outputs + len(layout.constants) + (part.target.dtype.char == 'd')}]")
    elif isinstance(part, Draws):
        parameters = [f"{C_TYPES[part.target.dtype]} *restrict target_", "struct generator *rng"]
        arguments = [layout.address(part.target.buffer), layout.generator(part.generator)]
        lines = [f"    for (int64_t i = 0; i < {part.target.size}; i++) target_[i] = {part.text};"]
    else:
        loop = _Loop(kernel, layout)
        lines = loop.lines()
        parameters = [f"{C_TYPES[b.dtype]} *restrict {name}" for name, b in loop.pointers.values()]
        arguments = [layout.address(b) for _, b in loop.pointers.values()]
        if kernel.picks:
            parameters.append("int *out_of_range")
            arguments.append("&out_of_range")
    notes = "\n   ".join(dict.fromkeys(part.note.replace("*/", "* /") for part in kernel.parts))
    attribute = "FUSED " if isinstance(part, Product) else ""
    head = f"/* {notes} */\n{attribute}static void {_name(kernel, number)}({', '.join(parameters)}) {{"
    return "\n".join([head, *lines, "}\n"]), arguments


class _Loop:
    """The text of one loop."""

    def __init__(self, kernel: Kernel, layout: Layout) -> None:
        self.kernel, self.layout = kernel, layout
        self.parts = [part for part in kernel.parts if isinstance(part, Statement)]
        self.pointers: dict[object, tuple[str, Buffer]] = {}
        self._elements: dict[Array, str] = {}
        self._taken = set(re.findall(r"\w+", f"{PRELUDE} {_KEYWORDS} {' '.join(part.text for part in self.parts)}"))
        self._taken |= {f"i{d}" for d in range(-1, 9)} | {"i", "term", "f", "p", "first"}
        self._sums: list[tuple[str, str]] = []
        self._written = {part.target.buffer: part for part in self.parts if not part.combine}
        first = squeezed(self.parts[0].target)
        self.order = by_stride(max([squeezed(self.parts[0].target), *map(squeezed, self.parts[0].reads)], key=_spread))
        self.groups = self._collapsed(first.shape)
        self.lengths = [int(np.prod([first.shape[i] for i in group])) for group in self.groups]

    def _accesses(self) -> Iterator[Array]:
        for part in self.parts:
            yield from map(squeezed, (part.target, *part.reads))

    def _collapsed(self, shape: tuple[int, ...]) -> list[list[int]]:
        """The axes, outermost first; those that every array runs through as if they were one are together."""
        groups: list[list[int]] = []
        accesses = list(self._accesses())
        for axis in self.order:
            joined = groups and all(x.strides[groups[-1][-1]] == x.strides[axis] * shape[axis] for x in accesses)
            groups[-1].append(axis) if joined else groups.append([axis])
        return groups

    def strides(self, array: Array) -> list[int]:
        """How far an array moves with each loop."""
        array = squeezed(array)
        return [array.strides[group[-1]] for group in self.groups]

    def unique(self, name: str) -> str:
        """A name that is not taken."""
        n = 2
        while name in self._taken:
            name, n = f"{name.split('__')[0]}__{n}", n + 1
        self._taken.add(name)
        return name

    def pointer(self, buffer: Buffer) -> str:
        """The parameter for a buffer."""
        key = self.layout.key(buffer)
        if key not in self.pointers:
            self.pointers[key] = self.unique(f"{buffer.name}_"), buffer
        return self.pointers[key][0]

    def place(self, array: Array, picks: Sequence[str] = ()) -> str:
        """The expression for an element."""
        terms = [str(array.offset)] if array.offset else []
        terms += [f"i{d}" if s == 1 else f"{s} * i{d}" for d, s in enumerate(self.strides(array)) if s]
        terms += [f"{s} * at({picks[which]}, {n}, out_of_range)" for which, n, s in array.picked]
        return f"{self.pointer(array.buffer)}[{' + '.join(terms) or '0'}]"

    def lines(self) -> list[str]:
        """The body: accumulators at the depth where the loops inside are those that are reduced; loads, elements, stores."""
        depth = len(self.lengths)
        opening: list[list[str]] = [[] for _ in range(depth + 1)]
        closing: list[list[str]] = [[] for _ in range(depth + 1)]
        loads: list[str] = []
        body: list[str] = []
        stores: list[str] = []
        for part in self.parts:
            if part.combine:
                self._reduction(part, loads, body, opening, closing)
            else:
                self._element(part, loads, body, stores)
        lines = ["    " + line for line in opening[0]]
        for d, n in enumerate(self.lengths):
            indent = "    " * (d + 1)
            if d == depth - 1 and (pragma := self._pragma()):
                lines.append(indent + pragma)
            lines.append(f"{indent}for (int64_t i{d} = 0; i{d} < {n}; i{d}++) {{")
            lines += [f"{indent}    {line}" for line in opening[d + 1]]
        lines += ["    " * (depth + 1) + line for line in (*loads, *body, *stores, *closing[depth])]
        for d in reversed(range(depth)):
            lines.append("    " * (d + 1) + "}")
            lines += ["    " * (d + 1) + line for line in closing[d]]
        return lines

    def _element(self, part: Statement, loads: list[str], body: list[str], stores: list[str]) -> None:
        names = self._operands(part, loads, body)
        name = self._name(part)
        body.append(f"const {C_TYPES[part.target.dtype]} {name} = {_bare(part.text.format(*names))};")
        self._elements[squeezed(part.target)] = name
        if part.target.buffer not in self.kernel.own:
            stores.append(f"{self.place(part.target, names)} = {name};")

    def _name(self, part: Statement) -> str:
        return self.unique(part.target.buffer.name)

    def _operands(self, part: Statement, loads: list[str], body: list[str]) -> list[str]:
        names: list[str] = [""] * len(part.reads)
        for i, read in sorted(enumerate(part.reads), key=lambda pair: bool(pair[1].picked)):
            writer = self._written.get(read.buffer)
            if writer is not None and same_elements(writer.target, read):
                names[i] = self._elements[squeezed(writer.target)]
                continue
            key = squeezed(read)
            if key not in self._elements or read.picked:
                name = self.unique(read.buffer.name)
                (body if read.picked else loads).append(f"const {C_TYPES[read.dtype]} {name} = {self.place(read, names)};")
                self._elements[key] = name
            names[i] = self._elements[key]
        return names

    def _reduction(
        self, part: Statement, loads: list[str], body: list[str], opening: list[list[str]], closing: list[list[str]]
    ) -> None:
        names = self._operands(part, loads, body)
        kind, element = C_TYPES[part.target.dtype], part.text.format(*names)
        strides, depth = self.strides(part.target), self._depth(part)
        place = self.place(part.target, names)
        if part.identity is not None and (depth == len(strides) or 0 in strides[:depth]):
            size, pointer = part.target.buffer.size, self.pointer(part.target.buffer)
            opening[0].append(f"for (int64_t i = 0; i < {size}; i++) {pointer}[i] = {part.identity};")
        if depth == len(strides):
            value = self.unique("term")
            body.append(f"const {kind} {value} = {element};")
            closing[depth].append(f"{place} = {part.combine.format(place, value)};")
            return
        name = self._name(part)
        self._sums.append((part.combine[4], name))
        opening[depth].append(f"{self._accumulator(part)} {name} = {part.identity};")
        value = self.unique("term")
        body.append(f"const {kind} {value} = {element};")
        body.append(f"{name} = {part.combine.format(name, value)};")
        value = f"({kind}){name}"
        joined = part.combine.format(place, value) if 0 in strides[:depth] else value
        closing[depth].append(f"{place} = {joined};")

    def _depth(self, part: Statement) -> int:
        """How many loops are around the accumulator: all of them, if the innermost is not reduced."""
        strides = self.strides(part.target)
        return len(strides) if part.identity is None else max((d + 1 for d, s in enumerate(strides) if s), default=0)

    def _accumulator(self, part: Statement) -> str:
        """Long sums of float32 are kept in float64: NumPy adds them in pairs, of pairs, which is about as exact."""
        length = math.prod(self.lengths[self._depth(part) :])
        is_sum = part.target.dtype.char == "f" and part.combine == "{0} + {1}"
        return "double" if is_sum and length > 1024 else C_TYPES[part.target.dtype]

    def _pragma(self) -> str:
        """That vectors of partial sums may be used, if there is a sum and nothing else is accumulated in the innermost loop."""
        inner = [part for part in self.parts if part.combine and self._depth(part) < len(self.lengths)]
        signs = {part.combine for part in inner}
        if not inner or signs - {"{0} + {1}", "{0} * {1}"} or self.kernel.picks or self.lengths[-1] < 4:
            return ""
        return "#pragma omp simd " + " ".join(f"reduction({sign}:{name})" for sign, name in self._sums)


def _spread(x: Array) -> int:
    return int(np.prod([n for n, s in zip(x.shape, x.strides, strict=True) if s]))


def _bare(text: str) -> str:
    """Without the parentheses around the whole."""
    return text[1:-1] if re.fullmatch(r"\([^()]*\)", text) else text
