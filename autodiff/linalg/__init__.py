"""Linear algebra, as `numpy.linalg`: of matrices, and of stacks of them along leading axes.

Rules are written for the bilinear pairing dL = Re(Σ g dz), in which the adjoint of a product has plain transposes. A conjugate
stands only where the function itself has one: where a matrix is Hermitian, or a factor unitary.
"""

from autodiff.linalg.decompositions import *
from autodiff.linalg.determinants import *
from autodiff.linalg.eigenvalues import *
from autodiff.linalg.norms import *
from autodiff.linalg.products import *
from autodiff.linalg.solving import *

__all__ = [
    "cholesky",
    "cofactors",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
