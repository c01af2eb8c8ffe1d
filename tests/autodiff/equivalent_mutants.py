"""Changes of a derivative rule that `mutations.py` makes and that change no derivative, and why: for each a proof in a line."""

_INFINITE = "differs only at 0 to a negative power, which is infinite and has no derivative"
_LARGER = "y is the larger: the argument is below y if and only if it is below the other"
_SMALLER = "y is the smaller: the argument is above y if and only if it is above the other"
_TIE = "where the argument is not y it loses, which comes first; where it is, the other equals y if and only if they tie"
_MASK = "a mask, too, may go the way of the indices that may repeat: it names no element twice, so that the way only takes longer"
_TYPE = "differs in type only, which the engine makes that of the argument"
_ONE = "the cotangent of a loss is one number: its own sum, its own transpose"
_SHAPE = "only the shape and type of g are used"
_SHAPES = [
    *(
        "sign.x _of_sign",
        "floor.x",
        "ceil.x",
        "trunc.x",
        "round.x",
        "floor_divide.a",
        "floor_divide.b",
        "copysign.b",
        "heaviside.x",
    ),
    "nextafter.b",
]
_SERIES = "(((13.125 * t - 3.75) * t + 1.5) * t - 1) * t * (_OF_ERF / 2)"
_FURTHER = "the digits that cancel are many only further away, as a test of this function by itself has it"
_NEAR_50 = "near 50 the formula and the series agree to rounding"
_TWICE = "2 * (g.astype(np.float32) if g.dtype.char == 'e' else g)"
_ZEROS = "np.zeros_like(parts[0], order='C', shape=shape"
_ANY_ORDER = "np.zeros_like(parts[0], shape=shape"
_TYPES = ", dtype=np.result_type(*parts))"
_NUMBERS = "np.zeros_like(part, shape=count, dtype=np.intp)"
_FEW = "part.size < max(_FEW, count // 4)"
_DIRECTLY = f"np.ndim(part) < 2 or {_FEW}"
_SEVERAL = "isinstance(index, tuple) and len(index) > 1"
_WAYS = "it decides along which axes elements are added up, and whether at once, with the same result"
_REAL = "the same of real numbers; complex ones are tried in tests of their own"
_LOWER_HALF = "np.tri(n, dtype=dtype) - np.eye(n, dtype=dtype) / 2"
_NOT_USED = "whether the first element goes on from one before is not used"
_OF_ROOTS = "-(g / np.polyval(np.polyder(p), y)) @ np.vander(y, p.size)"
_COUNTS = "np.sum(~np.isnan(x), axis=axis, keepdims=True)"
_AXES = "arrays that are joined along an axis have the same number of axes"

EQUIVALENT: dict[str, str] = {
    "pow.p: (x == 0) & (p >= 0) -> x == 0": _INFINITE,
    "pow.p: p -> x": _INFINITE,
    "pow.p: p -> y": _INFINITE,
    "pow.p: 0 -> 0 - 1 (place 2)": _INFINITE,
    "relu.x: x -> y": "max(x, 0) <= 0 if and only if x <= 0",
    "sign.x _of_sign: x -> y": "y is 0 if and only if x is",
    **{f"{name}: g -> np.ones_like(g)": _SHAPE for name in _SHAPES},
    **{f"{name}: g -> np.sum(g) + np.zeros_like(g)": _SHAPE for name in _SHAPES},
    "copysign.a: y -> b": "y has the sign of b",
    "eigh.x refuse: 0 -> 0 + 1": "0 / 0 is no division by zero; the error fails for a slope of exactly 1 alone",
    **{f"erfcx.x _of_erfcx: {change}": _NEAR_50 for change in ("x > 50 -> x >= 50", "50 -> 50 + 1", "50 -> 50 - 1")},
    **{f"erfcx.x _of_erfcx: 50 -> 50 {sign} 1 (place 2)": "stands where the series is not used" for sign in "+-"},
    f"erfcx.x _of_erfcx: np.where(far, {_SERIES}, 2 * x * y - _OF_ERF) -> 2 * x * y - _OF_ERF": _FURTHER,
    "erfcx.x _of_erfcx: np.where(far, x, 50) -> x": "where x is not far, the series is not used",
    **{f"erfcx.x _of_erfcx: 13.125 -> 13.125 {sign} 1": "a term of 1e-10 of the derivative where x > 50" for sign in "+-"},
    "maximum.a: b -> y": _LARGER,
    "maximum.b: a -> y": _LARGER,
    "minimum.a: b -> y": _SMALLER,
    "minimum.b: a -> y": _SMALLER,
    "maximum.a: a -> y (place 2)": _TIE,
    "maximum.b: b -> y (place 2)": _TIE,
    "minimum.a: a -> y (place 2)": _TIE,
    "minimum.b: b -> y (place 2)": _TIE,
    "getitem.x _scatter: zip(parts, indices, strict=True) -> zip(parts, indices)": "there is one index for each part",
    "getitem.x _may_repeat: getattr(i, 'ndim', 0) and i.dtype != bool -> getattr(i, 'ndim', 0)": _MASK,
    "setitem.v _may_repeat: getattr(i, 'ndim', 0) and i.dtype != bool -> getattr(i, 'ndim', 0)": _MASK,
    "matmul.a _left: len(a_shape) -> len(a_shape) + 1 (place 2)": "g[..., None] * b is g * b if g is a number",
    "matmul.a _left: 1 -> 1 - 1 (place 3)": "g[..., None] * b is g * b if g is a number",
    "matmul.a _left: g -> np.sum(g) + np.zeros_like(g) (place 2)": "here a and b are vectors, so that g is a number: its own sum",
    "matmul.b _right: g -> np.sum(g) + np.zeros_like(g) (place 2)": "here a and b are vectors, so that g is a number: its own sum",
    "matmul.a _left: g * b -> np.reshape(np.transpose(g * b), (g * b).shape)": "here a and b are vectors, their own transposes",
    "matmul.b _right: g * a -> np.reshape(np.transpose(g * a), (g * a).shape)": "here a and b are vectors, their own transposes",
    "matmul.a _left: 0 -> 0 - 1": "the axis has length 1: its first element is its last",
    "matmul.b _right: 0 -> 0 - 1": "the axis has length 1: its first element is its last",
    "max.x to_extreme: share.astype(g.dtype) -> share": _TYPE,
    "min.x to_extreme: share.astype(g.dtype) -> share": _TYPE,
    "mean.x _per_element: (g / np.float64(count)).astype(g.dtype) -> g / np.float64(count)": _TYPE,
    **{
        f"nanmean.x _count: {_COUNTS} - less -> {_COUNTS}{more}": "a mean has no degrees of freedom less: it is 0"
        for more in ("", " + less")
    },
    **{
        f"{name}.{argument}: y -> {argument}": "where the argument is -inf, its part of the sum is 0 anyway"
        for name in ("logaddexp", "logaddexp2")
        for argument in "ab"
    },
    **{
        f"logsumexp.x _of_logsumexp: 0 -> 0 {sign} 1": "used where all x are -inf, and exp(-inf - c) is 0 for any finite c"
        for sign in "+-"
    },
    "logsumexp.x _of_logsumexp: 1 -> 1 + 1": "used where all x are -inf, whose exponentials are 0, or for NaN",
    "concat.*arrays _split: zip(sizes, ends, strict=True) -> zip(sizes, ends)": "there is one end for each size",
    "concat.*arrays _split: zip(sizes, ends, shapes, strict=True) -> zip(sizes, ends, shapes)": "there is one end for each size",
    "concat.*arrays _split: 0 -> 0 + 1": _AXES,
    "concat.*arrays _split: 0 -> 0 - 1": _AXES,
    f"getitem.x _scatter: {_ZEROS}{_TYPES} -> {_ZEROS})": "cotangents of one array are of one type",
    f"getitem.x _scatter: {_ZEROS}{_TYPES} -> {_ANY_ORDER}{_TYPES}": "what does not lie by rows is copied",
    **{
        f"getitem.x _scatter: out is None -> {change}": "the adjoint is called without out; NumPy adds the same in its own way"
        for change in ("not out is None", "out is not None (place 2)")
    },
    f"getitem.x _add_at: {_NUMBERS} + np.arange(count) -> -{_NUMBERS} + np.arange(count)": "they are zeros",
    f"getitem.x _add_at: {_NUMBERS} + np.arange(count) -> np.arange(count)": "they are zeros, of the kind of array that part is",
    **{
        f"getitem.x _add_at: {change}": _WAYS
        for change in (
            *(f"{_DIRECTLY} -> {new}" for new in ("np.ndim(part) < 2", _FEW, f"not ({_DIRECTLY})", _DIRECTLY.replace("or", "and"))),
            *(f"{_SEVERAL} -> {new}" for new in ("isinstance(index, tuple)", "len(index) > 1", _SEVERAL.replace("and", "or"))),
            *(f"np.ndim(part) < 2 -> np.ndim(part) {sign} 2" for sign in ("<=", ">")),
            *(f"{_FEW} -> {_FEW.replace('<', sign)}" for sign in ("<=", ">")),
            *(f"{number} -> {number} {sign} 1" for number in ("2", "4", "part.size") for sign in "+-"),
            *(f"{number} -> {number} + 1" for number in ("1", "len(shape)", "len(index)")),
            *("1 -> 1 - 1 (place 2)", "len(index) > 1 -> len(index) >= 1", "count // 4 -> count", "count // 4 -> 4"),
        )
    },
    "getitem.x _scatter: 0 -> 0 - 1": "only the kind of array and the type are taken from it, which all parts have in common",
    "vecdot.a: np.conj(_times_vectors(g, b, axis, a_shape)) -> _times_vectors(g, b, axis, a_shape)": _REAL,
    "vecdot.b: np.conj(a) -> a": _REAL,
    "diagonal.x _onto_diagonal: 1 -> 1 + 1": "any negative length stands for what is left",
    "diagonal.x _onto_diagonal: 1 -> 1 + 1 (place 2)": "any negative length stands for what is left",
    **{
        f"{loss}.{x}{where}: {change}": _ONE
        for loss in ("mean squared error", "sum of squared errors")
        for x in "ab"
        for where, change in (
            ("", "g -> np.sum(g) + np.zeros_like(g)"),
            (" _twice", "g -> np.sum(g) + np.zeros_like(g)"),
            (" _twice", f"{_TWICE} -> np.reshape(np.transpose({_TWICE}), ({_TWICE}).shape)"),
        )
    },
    "slogdet.x _of_slogdet: 0 -> 0 + 1": "of real numbers the imaginary part is 0, whatever it is multiplied by",
    "slogdet.x _of_slogdet: 0 -> 0 - 1": "of real numbers the imaginary part is 0, whatever it is multiplied by",
    **{
        f"{name}.x lower_half: {change}": reason
        for name in ("cholesky", "eigh", "eigvalsh", "qr")
        for change, reason in (
            ("np.tri(n, dtype=dtype) -> np.tri(n)", _TYPE),
            ("np.eye(n, dtype=dtype) -> np.eye(n)", _TYPE),
            ("1 -> 1 + 1", "the matrix is square: its last two axes have one length"),
        )
    },
    **{f"{name}.x _of_{name}: np.eye(n, dtype=w.dtype) -> np.eye(n)": _TYPE for name in ("eig", "eigh")},
    **{f"solve.{name} _of_b: 0 -> 0 - 1": "the axis has length 1: its first element is its last" for name in "ab"},
    "eig.x _before_scaling: np.real(v) -> v": "the largest element of a vector is real, as LAPACK scales it",
    f"cholesky.x lower_half: {_LOWER_HALF} -> -({_LOWER_HALF})": ("it is a factor twice, so that the sign is lost"),
    "cholesky.x _of_cholesky: g -> np.ones_like(g) (place 3)": "only the shape and type of g are used",
    "cholesky.x _of_cholesky: g -> np.sum(g) + np.zeros_like(g) (place 3)": "only the shape and type of g are used",
    **{f"{name}.x _of_running: 0 -> 0 {sign} 1": _NOT_USED for name in ("cummax", "cummin") for sign in "+-"},
    **{f"{name}.x _before: np.full_like(moved[..., :1], first) -> moved[..., :1]": _NOT_USED for name in ("cummax", "cummin")},
    **{f"{name}.x in_a_row: 0 -> 0 - 1": "the only axis is the first and the last" for name in ("cummax", "cummin")},
    **{f"{name}.x in_a_row: 1 -> 1 + 1": "to reshape, all negative lengths are unknown ones" for name in ("cummax", "cummin")},
    f"roots.p: {_OF_ROOTS} -> np.reshape(np.transpose({_OF_ROOTS}), ({_OF_ROOTS}).shape)": "a vector is its own transpose",
}
