"""Changes of a derivative rule that `mutations.py` makes and that change no derivative, and why: for each a proof in a line."""

_BITS_OR_BRANCHES = "it decides whether bits or branches drop elements, with the same result"
_OF_SIZE = ("np.ones_like(g)", "np.sum(g) + np.zeros_like(g)")
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
_LOWER_HALF = "np.tri(n, dtype=dtype) - np.eye(n, dtype=dtype) / 2"
_NOT_USED = "whether the first element goes on from one before is not used"
_OF_ROOTS = "-(g / np.polyval(np.polyder(p), y)) @ np.vander(y, p.size)"
_SIGN = "it is a factor twice, so that the sign is lost"
_ANY_LENGTH = "to reshape, all negative lengths are unknown ones"
_VECTOR = "a vector is its own transpose"
_QUOTIENT = "the deviations, or the cotangent, and the spread both get the factor, and one is divided by the other"
_MASKED = "where there is no number, the derivative is put to 0, whatever it was"
_NO_DEVIATION = "where it is used, all deviations are 0, and 0 over any number is 0"
_ORDER = "only the order of the elements counts, and which are equal"
_ESTIMATE = "how far rounding goes is an estimate; what is taken for equal, or for apart, is so by far"
_LAST = "prod calls it along the last axis"
_NEVER_JUST = "rounding does not come to just as much as its bound"
_ZERO_NUMERATOR = "0 over any number is 0"
_ROOTS = "y is 0 where b makes the logarithm infinite if and only if a is"
_BEFORE = "np.moveaxis(concat([np.full_like(moved[..., :1], first), moved[..., :-1]], axis=-1), -1, axis)"
_WIDENED = "x.astype(np.promote_types(x.dtype, np.float32))"
_EXPANDED = "np.expand_dims(reduced, axis)"
_ROWS = "np.reshape(moved, (*moved.shape[:x.ndim - len(axes)], count_of(x.shape, axis)))"
_LESS_MEAN = "x - np.sum(x, axis=axis, keepdims=True) / np.sum(numbers, axis=axis, keepdims=True).clip(1)"
_COUNT = "np.sum(~np.isnan(x), axis=axis, keepdims=True)"
_PLACES = "np.quantile(np.arange(float(rows.shape[1])), q, method=method)"
_NAN_PLACES = "np.nanquantile(np.where(places < np.maximum(count, 1), places, np.nan), q, axis=1"
_ROUNDING = "size * np.finfo(values.dtype).eps * np.max(np.abs(values), axis=-1, keepdims=True, initial=0)"
_BOUND = "max(x.shape[-2:]) * np.finfo(own.dtype).eps * whole"
_OVER = "np.where(r == 0, 0, a) / np.where(r == 0, 1, r)"
_VECTORS, _LINEAR = "np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))", ("linear", "linear with bias")
_STACK = "a stack of products gives what the product of all rows gives, and a vector is a stack of one row"
_STACKED = "np.reshape(_times(_rows(x), weight), (*x.shape[:-1], weight.shape[-1]))"
_ALIKE_TYPES, _UNLIKE_TYPES = "type(x) is type(weight) is np.ndarray", "type(x) is not type(weight) is np.ndarray"
_ARRAYS, _DOT = f"ndim and {_ALIKE_TYPES}", "of arrays, dot and matmul give the same product with a matrix"
_FACTOR = "_of_factor({}, {}_shape, mode)"
_CONVOLVED = "np.convolve(whole, np.flip(other), 'valid')"
_OF_FEW = "g if g.ndim < 2 else "
_OVER_VECTORS = "_times(np.ones(math.prod(g.shape[:-1]), g.dtype), _rows(g))"
_SUMMED = "it only decides whether the engine adds up the cotangents of all vectors, or the rule, in less time"
_TO_WIDER = "x.astype(np.float32 if x.dtype.char == 'e' else float)"
_HALF = "in a rule only half precision is widened, which float does as well"
_ONE_WAY = "the sum of products is right along whichever axes, and only takes longer along the last one"
_ORDER_OF_FACTORS = "the order of factors"
_G, _X = "_wide(g.reshape(shape))", "x.reshape(shape)"
_ALIKE = "whatever is taken off all scores of a row alike, unless it is so much that numbers overflow"
_AT_ONCE, _BY_COLUMNS = "np.maximum.reduce(x, axis=1)", "np.maximum.reduce(x.T.copy(), axis=0)"
_EITHER = "both are the largest element of each row"
_INDICES = "extend.array_of(target).astype(np.intp, "
_KEPT, _NO_MEAN = "np.add.reduce(kept, dtype=x.dtype", "what is for the mean is used for the mean alone"
_IS_TAKEN = "forward has refused indices that are outside or no integers"
_AXES = "arrays that are joined along an axis have the same number of axes"

EQUIVALENT: dict[str, str] = {
    "pow.p: (x == 0) & (p >= 0) -> x == 0": _INFINITE,
    "pow.p: p -> x": _INFINITE,
    "pow.p: p -> y": _INFINITE,
    "pow.p: 0 -> 0 - 1 (place 2)": _INFINITE,
    "relu.x: y -> x": "max(x, 0) <= 0 if and only if x <= 0",
    **{f"relu.x _dropped: g.size < _MANY -> g.size {sign} _MANY": _BITS_OR_BRANCHES for sign in ("<=", ">")},
    **{f"relu.x _dropped: g.size -> g.size {sign} 1": _BITS_OR_BRANCHES for sign in "+-"},
    "relu.x _dropped: not isinstance(g, np.ndarray) -> isinstance(g, np.ndarray)": _BITS_OR_BRANCHES,
    **{f"relu.x _dropped: g -> {other} (place 2)": "only the size of g is used" for other in _OF_SIZE},
    "relu.x _dropped: np.int8(1) -> 1": "of int8, less 1 is int8 too",
    "leaky_relu.x: np.ones_like(x, shape=()) -> np.ones_like(x)": "a broadcast",
    **{f"leaky_relu.x: x -> {other} (place 2)": _TYPE for other in ("slope", "y")},
    **{f"hardtanh.x: x -> y{place}": "y is at an end if and only if x is there or beyond" for place in ("", " (place 2)")},
    "hardswish.x: x -> y (place 2)": "above -3, y is below 3 if and only if x is",
    "hardshrink.x: x -> y": "y is x, or 0 where x is within the bound",
    "elu.x: 0 -> 0 + 1 (place 2)": "above 0 it is not used",
    "sign.x _of_sign: x -> y": "y is 0 if and only if x is",
    **{f"{name}: g -> np.ones_like(g)": _SHAPE for name in _SHAPES},
    **{f"{name}: g -> np.sum(g) + np.zeros_like(g)": _SHAPE for name in _SHAPES},
    "copysign.a: y -> b": "y has the sign of b",
    **{f"erfcx.x _of_erfcx: {change}": _NEAR_50 for change in ("x > 50 -> x >= 50", "50 -> 50 + 1", "50 -> 50 - 1")},
    **{f"erfcx.x _of_erfcx: 50 -> 50 {sign} 1 (place 2)": "stands where the series is not used" for sign in "+-"},
    "erfcx.x _of_erfcx: np.where(far, x, 50) -> x": "where x is not far, the series is not used",
    "maximum.a: b -> y": _LARGER,
    "maximum.b: a -> y": _LARGER,
    "minimum.a: b -> y": _SMALLER,
    "minimum.b: a -> y": _SMALLER,
    "maximum.a: a -> y (place 2)": _TIE,
    "maximum.b: b -> y (place 2)": _TIE,
    "minimum.a: a -> y (place 2)": _TIE,
    "minimum.b: b -> y (place 2)": _TIE,
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
    "to_extreme: share.astype(g.dtype) -> share": _TYPE,
    "mean.x _per_element: (g / np.float64(count)).astype(g.dtype) -> g / np.float64(count)": _TYPE,
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
    "_onto_diagonal: 1 -> 1 + 1": _ANY_LENGTH,
    "_onto_diagonal: 1 -> 1 + 1 (place 2)": _ANY_LENGTH,
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
    "lower_half: np.tri(n, dtype=dtype) -> np.tri(n)": _TYPE,
    "lower_half: np.eye(n, dtype=dtype) -> np.eye(n)": _TYPE,
    "lower_half: 1 -> 1 + 1": "the matrix is square: its last two axes have one length",
    **{f"_of_{name}: np.eye(n, dtype=w.dtype) -> np.eye(n)": _TYPE for name in ("eig", "eigh")},
    "_of_svd: np.eye(k, dtype=s.dtype) -> np.eye(k)": _TYPE,
    "_of_cofactors: np.eye(s.shape[-1], dtype=s.dtype) -> np.eye(s.shape[-1])": _TYPE,
    **{f"solve.{name} _of_b: 0 -> 0 - 1": "the axis has length 1: its first element is its last" for name in "ab"},
    "eig.x _before_scaling: np.real(v) -> v": "the largest element of a vector is real, as LAPACK scales it",
    f"cholesky.x lower_half: {_LOWER_HALF} -> -({_LOWER_HALF})": _SIGN,
    f"cholesky.x lower_half: {_LOWER_HALF} -> np.eye(n, dtype=dtype) / 2 - np.tri(n, dtype=dtype)": _SIGN,
    "cholesky.x _of_cholesky: g -> np.ones_like(g) (place 3)": "only the shape and type of g are used",
    "cholesky.x _of_cholesky: g -> np.sum(g) + np.zeros_like(g) (place 3)": "only the shape and type of g are used",
    **{f"{name}.x _of_running: 0 -> 0 {sign} 1": _NOT_USED for name in ("cummax", "cummin") for sign in "+-"},
    **{f"{name}.x _before: np.full_like(moved[..., :1], first) -> moved[..., :1]": _NOT_USED for name in ("cummax", "cummin")},
    "in_a_row: 0 -> 0 - 1": "the only axis is the first and the last",
    "in_a_row: 1 -> 1 + 1": _ANY_LENGTH,
    f"roots.p: {_OF_ROOTS} -> np.reshape(np.transpose({_OF_ROOTS}), ({_OF_ROOTS}).shape)": _VECTOR,
    **{
        f"{name}.x to_extreme: (x != x) & (largest != largest) -> x != x": "NaN is the largest, and the smallest"
        for name in ("max", "min")
    },
    **{
        f"{name}.x to_extreme: {change}": _MASKED
        for name in ("nanmax", "nanmin")
        for change in (
            "(x == largest) | (x != x) & (largest != largest) -> x == largest",
            "(x != x) & (largest != largest) -> largest != largest",
            "x != x -> x == x",
        )
    },
    "prod.x _before: np.moveaxis(y, axis, -1) -> y": _LAST,
    f"prod.x _before: {_BEFORE} -> {_BEFORE[12:-11]}": _LAST,
    f"prod.x _before: {_BEFORE} -> -{_BEFORE}": _SIGN,
    **{
        f"{name}.{x}: {change}": reason
        for name, larger in (("fmax", _LARGER), ("fmin", _SMALLER))
        for x, other in ("ab", "ba")
        for change, reason in (
            (f"{x} -> y" if x == "a" else "b -> y", _TIE),
            (f"{other} -> y (place 2)", larger),
            *((f"{x} -> y (place {n})", "the argument is NaN, or loses, if and only if it is not y") for n in (3, 4)),
        )
    },
    "std.x _of_std: spread + (spread == 0) -> spread - (spread == 0)": _NO_DEVIATION,
    **{
        f"{name}.x {change}": _QUOTIENT
        for name in ("std", "nanstd")
        for change in (
            *("expand: reduced -> -reduced", "expand: reduced -> reduced / 2"),
            f"expand: {_EXPANDED} -> -{_EXPANDED}",
            f"widened: {_WIDENED} -> -{_WIDENED}",
            *(f"expand: {_EXPANDED} -> {_EXPANDED} {by}" for by in ("/ 2", "* 1.001")),
            *(f"widened: {_WIDENED} -> {_WIDENED} {by}" for by in ("* 2", "/ 2", "* 1.001")),
        )
    },
    **{f"{name}.x expand: reduced -> reduced * 1.001": _QUOTIENT for name in ("std", "nanstd")},
    **{
        f"{name}.{x}: y -> {x}": "of an argument of -inf the part is 0 in any case"
        for name in ("logaddexp", "logaddexp2")
        for x in "ab"
    },
    "_part: np.isinf(a) & (a == b) -> np.isinf(a) (place 2)": "if a alone is infinite, so is the difference, whatever is taken off",
    **{f"logaddexp.{x} _part: apart * math.log(base) -> apart": "the logarithm of e is 1" for x in "ab"},
    **{f"nanmean.x _count: {_COUNT} - less -> {_COUNT}{rest}": "nothing is taken off" for rest in ("", " + less")},
    **{
        f"nanmean.x _count: {change}": _MASKED
        for change in (
            *("np.where(count > 0, count, 1) -> count", "count > 0 -> count >= 0", "1 -> 1 - 1"),
            *("0 -> 0 + 1", "0 -> 0 - 1"),
        )
    },
    "_count: 1 -> 1 + 1": _NO_DEVIATION,
    "nanvar.x _deviations: 0 -> 0 + 1 (place 2)": "the same for all, which the mean takes off, but for rounding",
    f"_less_mean: np.where(numbers, {_LESS_MEAN}, 0) -> -np.where(numbers, {_LESS_MEAN}, 0)": _SIGN,
    f"_less_mean: {_LESS_MEAN} -> {_LESS_MEAN[4:]} - x": _SIGN,
    "_less_mean: 1 -> 1 - 1": _MASKED,
    "nanstd.x _of_nanstd: 1 -> 1 + 1": _NO_DEVIATION,
    **{f"{name}.x _to_neighbours: -1 -> 1": "the places are those of one row" for name in ("quantile", "median")},
    "_to_neighbours: 1 -> 1 + 1 (place 2)": _ANY_LENGTH,
    **{
        f"{name}.x rows_of: {_ROWS} -> {_ROWS} {by}": _ORDER
        for name in ("quantile", "nanquantile", "median", "nanmedian")
        for by in ("* 2", "/ 2", "* 1.001")
    },
    **{f"{name}.x rows_of: {_ROWS} -> -{_ROWS}": "the median is that in the opposite order" for name in ("median", "nanmedian")},
    f"median.x _places: {_PLACES} -> {_PLACES.replace(', method=method', '')}": "the method is the one that is not named",
    f"median.x _places: {_PLACES} -> np.reshape(np.transpose({_PLACES}), {_PLACES}.shape)": "it is a number",
    f"nanmedian.x _places_of_numbers: {_NAN_PLACES}, method=method) -> {_NAN_PLACES})": "the method is the one that is not named",
    f"nanmedian.x _places_of_numbers: {_NAN_PLACES}, method=method) -> "
    f"np.reshape(np.transpose({_NAN_PLACES}, method=method)), {_NAN_PLACES}, method=method).shape)": _VECTOR,
    **{f"atan2.{x} _over: {_OVER} -> -({_OVER})": _SIGN for x in "ab"},
    "_over: 1 -> 1 + 1": _ZERO_NUMERATOR,
    **{
        f"convolve.{x}: {whole} -> np.reshape(np.transpose({whole}), {whole}.shape)": _VECTOR
        for x, whole in (("a", _FACTOR.format("g, v", "a")), ("v", _FACTOR.format("g, a", "v")))
    },
    f"_of_factor: {_CONVOLVED} -> np.reshape(np.transpose({_CONVOLVED}), {_CONVOLVED}.shape)": _VECTOR,
    "_of_factor: 0 -> 0 - 1 (place 2)": "the only axis is the first and the last",
    "refuse: np.abs(x) / (x == 0) -> 1 / (x == 0)": "both are divisions by zero where x is not 0",
    "refuse: np.abs(x) -> x": "both are divisions by zero where x is not 0",
    "refuse_phases: np.abs(slopes) > noise -> np.abs(slopes) >= noise": _NEVER_JUST,
    "refuse_phases: np.finfo(turn.dtype).eps ** 0.5 -> np.finfo(turn.dtype).eps": _ESTIMATE,
    **{f"_of_svd: 2 -> 2 {sign} 1 (place 3)": _ESTIMATE for sign in "+-"},
    **{f"rounding: {_ROUNDING} -> {_ROUNDING} * {by}": _ESTIMATE for by in ("2", "1.001")},
    **{
        f"{name}.x rounding: {change}": _ESTIMATE
        for name in ("svd", "eig")
        for change in (f"{_ROUNDING} -> {_ROUNDING} / 2", "size * np.finfo(values.dtype).eps -> np.finfo(values.dtype).eps")
    },
    "svd.x rounding: np.abs(values) -> values": "singular values are not negative",
    "rounding: 0 -> 0 - 1": "sizes are not negative",
    "_rotation: 1 -> 1 + 1": _ZERO_NUMERATOR,
    **{
        f"cofactors.x _of_cofactors: {change}": "what it adds to the sums on the diagonal is taken off there"
        for change in (
            "_others(np.where(eye == 1, 1, s[..., None, :])) * (1 - eye) -> _others(np.where(eye == 1, 1, s[..., None, :]))",
            *("1 - eye -> 1 + eye", "1 - eye -> 1"),
        )
    },
    "eig.x _before_scaling: largest / np.sum(largest, axis=-2, keepdims=True) -> largest": "one is, but for rounding",
    "eig.x _before_scaling: 0 -> 0 - 1": "sizes are not negative",
    "eig.x _before_scaling: np.real(v) -> v (place 2)": "the largest element of a vector is real, as LAPACK scales it",
    "eig.x _before_scaling: 1 -> 1 + 1": _ZERO_NUMERATOR,
    "_of_vector_norm: (chosen / chosen.sum(axis=axis, keepdims=True)).astype(g.dtype) -> "
    "chosen / chosen.sum(axis=axis, keepdims=True)": _TYPE,
    "_of_vector_norm: g * direction -> direction (place 2)": _SHAPE,
    "_of_vector_norm: g -> np.ones_like(g) (place 4)": _SHAPE,
    "_of_vector_norm: g -> np.sum(g) + np.zeros_like(g) (place 4)": _SHAPE,
    "_of_vector_norm: 1 -> 1 + 1": "where the size is 0, so is the direction",
    "_of_vector_norm: 1 -> 1 + 1 (place 2)": "where the norm is 0, so is the derivative",
    "_of_vector_norm: y -> x (place 7)": "where x or the norm is 0, so is the derivative",
    "_fitted: x.shape[axis] >= n -> x.shape[axis] > n": "no zeros are joined to it",
    "_weighted: np.real(x) -> x": _TYPE,
    "_weighted: 1 -> 1 + 1 (place 5)": _ANY_LENGTH,
    "i1e.x: x -> y": "y has the sign of x",
    "kv.z: v - 1 -> 1 - v": "kv is even in its order",
    **{
        f"{key}: a -> y{place}": _ROOTS
        for key, place in (("xlogy.a", ""), ("xlogy.b", " (place 2)"), ("xlog1py.a", ""), ("xlog1py.b", " (place 2)"))
    },
    **{
        f"{key} _beside: {change}": _ZERO_NUMERATOR
        for key in ("xlogy.b", "xlog1py.b")
        for change in ("at + 1 -> -at + 1", "at + 1 -> 1", "at + 1 -> at - 1", "1 -> 1 + 1")
    },
    "plain: np.asarray(value) -> value": "a rule gets no tensor as a parameter",
    **{f"conv_transpose.w _for_all: 2 -> 2 {sign} 1 (place 3)": "it then joins no zeros" for sign in "+-"},
    **{f"xlogy.a _beside: at + 1 -> {change}": "there, at is 0" for change in ("-at + 1", "1")},
    **{f"_times: {change}": _STACK for change in ("ndim > 2 -> ndim < 2", "2 -> 2 + 1")},
    **{f"_times: {change}": _DOT for change in (f"{_ARRAYS} -> {_ALIKE_TYPES}", f"{_ALIKE_TYPES} -> {_UNLIKE_TYPES}")},
    **{
        f"{rule} _times: {change}": _DOT
        for rule in (f"{name}.{argument}" for name in _LINEAR for argument in ("x", "weight"))
        for change in (
            f"x.dot(weight) if {_ARRAYS} else np.matmul(x, weight) -> np.matmul(x, weight) if {_ARRAYS} else x.dot(weight)",
            *(f"{_ARRAYS} -> {other}" for other in ("ndim", f"ndim or {_ALIKE_TYPES}")),
        )
    },
    **{f"{name}.x _times: {change}": _DOT for name in _LINEAR for change in ("x -> weight (place 3)", "weight -> x (place 4)")},
    **{
        f"{rule} _times: {change}": "the rule multiplies vectors or matrices: what is for a stack of them is not used"
        for rule in ("linear.weight", "linear with bias.weight", "linear with bias.bias")
        for change in (
            f"{_STACKED} -> -{_STACKED}",
            *(f"{_STACKED} -> {_STACKED} {factor}" for factor in ("* 2", "/ 2", "* 1.001")),
            f"{_STACKED} -> _times(_rows(x), weight)",
            f"{_STACKED} -> np.reshape(np.transpose({_STACKED}), {_STACKED}.shape)",
            *(f"1 -> 1 {sign} 1{place}" for sign in "+-" for place in ("", " (place 2)")),
            "-1 -> 1 (place 2)",
        )
    },
    **{f"linear with bias.bias _times: {change}": _STACK for change in ("ndim > 2 -> ndim >= 2", "2 -> 2 - 1")},
    **{
        f"linear with bias.bias _times: {v} -> np.reshape(np.transpose({v}), {v}.shape)": _VECTOR
        for v in ("x.dot(weight)", "np.matmul(x, weight)")
    },
    "_times: -1 -> 1": "a matrix has two axes",
    **{f"{name}.x _rows: {_VECTORS} -> x": "a stack of products gives what the product of all rows gives" for name in _LINEAR},
    **{f"{name}.weight _rows: {_VECTORS} -> -{_VECTORS}": _SIGN for name in _LINEAR},
    "gradient hook.*arrays: list(tell(g)) -> list(tell(g)) * 2": "the list twice: the engine takes as many as there are arrays",
    **{
        f"_to_bias: {change}": _SUMMED
        for change in (
            f"{_OF_FEW}{_OVER_VECTORS} -> {_OVER_VECTORS} if g.ndim < 2 else g",
            *(f"g.ndim < 2 -> g.ndim {sign} 2" for sign in ("<=", ">")),
            *(f"{number} -> {number} {sign} 1" for number in ("g.ndim", "2") for sign in "+-"),
        )
    },
    **{f"_to_bias: {v} -> np.reshape(np.transpose({v}), {v}.shape)": _VECTOR for v in ("g", _OVER_VECTORS)},
    **{f"gru gates.x _of_gru_gates: to_n * r -> {factor}": "it is a part of the cotangent of p alone" for factor in ("to_n", "r")},
    "standardize.x _of_standardize: _sum_of_products(to_y, z, axes) -> _sum_of_products(z, to_y, axes)": _ORDER_OF_FACTORS,
    f"weigh.weight _to_weight: _sum_of_products({_G}, {_X}, _shared(at)) -> "
    f"_sum_of_products({_X}, {_G}, _shared(at))": _ORDER_OF_FACTORS,
    "weigh.bias: bias_shape -> weight_shape": "if there are both, they have one shape; to a bias alone it is an error",
    **{
        f"weigh.weight _sum_of_products: {change}": "the sum gets the shape of the weight in any case"
        for change in (
            "np.vecdot(a, b)[..., None] -> np.vecdot(a, b)",
            *(f"{summed}, keepdims=True) -> {summed})" for summed in ("(a * b).sum(axis=axes", "products.sum(axis=axes[:-1]")),
        )
    },
    **{
        f"_sum_of_products: {change}": _ONE_WAY
        for change in (
            *(f"a.ndim - 1 -> {other}" for other in ("a.ndim + 1", "-a.ndim - 1", "a.ndim", "-1", "1 - a.ndim")),
            *("a.ndim -> a.ndim + 1", "1 -> 1 - 1", "1 -> 1 - 1 (place 3)"),
        )
    },
    **{
        f"_sum_of_products: {change}": "of a single axis none is left, and a sum along none changes nothing"
        for change in ("len(axes) -> len(axes) + 1", "1 -> 1 - 1 (place 2)")
    },
    "_wide: np.float32 if x.dtype.char == 'e' else float -> float if x.dtype.char == 'e' else np.float32": _HALF,
    "_wide: x.dtype.char == 'e' -> x.dtype.char != 'e'": _HALF,
    f"_wide: {_TO_WIDER} -> {_TO_WIDER} * 1.001": "of half precision alone, where that is one unit in the last place",
    **{
        f"_largest: {change}": _EITHER
        for change in (
            f"{_AT_ONCE} if x.shape[1] > _SHORT else {_BY_COLUMNS} -> {_BY_COLUMNS} if x.shape[1] > _SHORT else {_AT_ONCE}",
            *(f"x.shape[1] > _SHORT -> x.shape[1] {sign} _SHORT" for sign in (">=", "<")),
            *("1 -> 1 - 1", f"{_BY_COLUMNS} -> np.maximum.reduce(x.T.copy())"),
        )
    },
    **{f"_largest: {way} -> np.reshape(np.transpose({way}), {way}.shape)": _VECTOR for way in (_AT_ONCE, _BY_COLUMNS)},
    **{f"_largest: {way} -> {way} * 1.001": _ALIKE for way in (_AT_ONCE, _BY_COLUMNS)},
    "_places: indices & _OUTSIDE -> indices": _IS_TAKEN,
    f"_places: {_INDICES}casting='same_kind', copy=False) -> {_INDICES}copy=False)": _IS_TAKEN,
    f"_places: {_INDICES}casting='same_kind', copy=False) -> {_INDICES}casting='same_kind')": "a copy has the same elements",
    "mean cross-entropy.x rule: np.add.reduce(kept, dtype=x.dtype) -> np.add.reduce(kept)": _TYPE,
    **{
        f"{loss}: g -> np.sum(g) + np.zeros_like(g){place}": _ONE
        for loss, place in (("mean cross-entropy.x rule", " (place 2)"), ("sum of cross-entropies.x rule", ""))
    },
    **{f"mean cross-entropy.x rule: g -> {other}": _NO_MEAN for other in ("np.ones_like(g)", "np.sum(g) + np.zeros_like(g)")},
    **{
        f"{loss}.x rule: {change}": _NO_MEAN
        for loss in ("cross-entropies", "sum of cross-entropies")
        for change in (
            *(f"g / {_KEPT}) -> {other}" for other in ("g", f"1 / {_KEPT})", f"{_KEPT}) / g")),
            *(f"g -> {other} (place 2)" for other in ("np.ones_like(g)", "np.sum(g) + np.zeros_like(g)")),
            *(f"{_KEPT}) -> {other}" for other in ("kept", "np.add.reduce(kept)")),
        )
    },
    **{
        f"_of_qr: {change}": _ESTIMATE
        for change in (
            *(f"np.linalg.vector_norm(r, axis=-2) -> {other}" for other in ("r", "np.linalg.vector_norm(r)")),
            f"own <= {_BOUND} -> own < {_BOUND}",
            "np.diagonal(r, axis1=-2, axis2=-1) -> np.diagonal(r, axis1=-2)",
            f"{_BOUND} -> max(x.shape[-2:]) * np.finfo(own.dtype).eps",
            "max(x.shape[-2:]) * np.finfo(own.dtype).eps -> np.finfo(own.dtype).eps",
            *("-1 -> 1 (place 2)", "2 -> 2 - 1 (place 2)", "2 -> 2 + 1 (place 4)", "2 -> 2 - 1 (place 4)"),
        )
    },
}
