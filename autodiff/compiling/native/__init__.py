"""The native back end: a program as C that can be read, compiled to machine code.

Each operation on elements is rounded as NumPy's, so that chains of them are the same to the last bit. What may differ by rounding:
`exp` and its kin (`functions.py` says by how much), functions of the C library, products of matrices, whose sums use fused
multiplications and additions, and sums along the innermost loop, which are added in vectors of partial sums, in float64 if
there are many of float32.
"""

from autodiff.compiling.native.arrays import Unsupported
from autodiff.compiling.native.compiler import CompilerError, NoCompiler
from autodiff.compiling.native.library import Native, build, unsupported

__all__ = ["CompilerError", "Native", "NoCompiler", "Unsupported", "build", "unsupported"]
