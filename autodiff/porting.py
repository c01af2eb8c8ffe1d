"""What PyTorch spells otherwise: the spelling here, for the error about a name that is not there, and for docs/porting.md.

In the table, x, y and z are tensors, m is one of booleans, i one of integers, u a vector; v and w are numbers, d and e axes, n, a
and b lengths, counts or places; rng is np.random.default_rng(0). What ends with an underscore changes x, by a statement.
"""

from __future__ import annotations

from functools import cache
from inspect import getattr_static
from typing import Any

from autodiff.core.tensor import Tensor, attach

__all__: list[str] = []


def _each(names: str, theirs: str, ours: str) -> dict[str, str]:
    """The same spelling for several names, in the place of `f`."""
    return {theirs.replace("f", name): ours.replace("f", name) for name in names.split()}


_OF_EACH_ELEMENT = (
    "abs acos acosh angle asin asinh atan atanh ceil cos cosh deg2rad exp exp2 expm1 floor isfinite isinf isnan log log10 log1p "
    "log2 logical_not negative positive rad2deg reciprocal sign signbit sin sinc sinh sqrt square tan tanh trunc"
)
_OF_TWO = "copysign fmax fmin fmod heaviside hypot kron logaddexp logical_and logical_or logical_xor maximum minimum"
_CHANGED = "abs ceil cos exp floor log neg reciprocal sigmoid sin sqrt square tanh"
_CALLED = {"neg": "-x", "sigmoid": "ad.sigmoid(x)"}  # where NumPy has no function of that name

SPELLINGS: dict[str, dict[str, str]] = {
    "Shapes": {
        "x.view(a, b)": "x.reshape(a, b)",
        "x.view_as(y)": "x.reshape(y.shape)",
        "x.reshape_as(y)": "x.reshape(y.shape)",
        "x.unsqueeze(d)": "np.expand_dims(x, d)",
        "x.permute(d, e)": "x.transpose(d, e)",
        "x.t()": "x.T",
        "x.adjoint()": "x.mT.conj()",
        "x.H": "x.T.conj()",
        "x.movedim(d, e)": "np.moveaxis(x, d, e)",
        "x.moveaxis(d, e)": "np.moveaxis(x, d, e)",
        "x.swapdims(d, e)": "np.swapaxes(x, d, e)",
        "x.expand(n, a, b)": "np.broadcast_to(x, (n, a, b))",
        "x.expand_as(y)": "np.broadcast_to(x, y.shape)",
        "x.broadcast_to((n, a, b))": "np.broadcast_to(x, (n, a, b))",
        "x.tile((a, b))": "np.tile(x, (a, b))",
        "x.repeat_interleave(n, d)": "np.repeat(x, n, d)",
        "x.flip(d)": "np.flip(x, d)",
        "x.fliplr()": "np.fliplr(x)",
        "x.flipud()": "np.flipud(x)",
        "x.roll(n, d)": "np.roll(x, n, d)",
        "x.rot90()": "np.rot90(x)",
        "x.split(n, d)": "np.split(x, range(n, x.shape[d], n), d)",
        "x.chunk(n, d)": "np.split(x, n, d)",
        "x.tensor_split(n, d)": "np.array_split(x, n, d)",
        "x.unbind(d)": "ad.unstack(x, axis=d)",
        "x.contiguous()": "x",
        "x.clone()": "x.copy()",
        "x.dim()": "x.ndim",
        "x.ndimension()": "x.ndim",
        "x.numel()": "x.size",
        "x.nelement()": "x.size",
        "x.element_size()": "x.dtype.itemsize",
        "x.nbytes": "x.size * x.dtype.itemsize",
        "x.is_same_size(y)": "x.shape == y.shape",
    },
    "Choosing elements": {
        "x.select(d, n)": "np.take(x, n, d)",
        "x.narrow(d, a, b)": "np.take(x, range(a, a + b), d)",
        "x.index_select(d, u)": "np.take(x, u, d)",
        "x.gather(d, i)": "np.take_along_axis(x, i, d)",
        "x.take_along_dim(i, d)": "np.take_along_axis(x, i, d)",
        "x.masked_select(m)": "x[m]",
        "x.masked_fill(m, v)": "np.where(m, v, x)",
        "x.where(m, y)": "np.where(m, x, y)",
        "x.argwhere()": "np.argwhere(x)",
        "x.topk(n)[0]": "np.sort(x)[..., ::-1][..., :n]",
        "x.topk(n)[1]": "np.argsort(x)[..., ::-1][..., :n]",
        "x.kthvalue(n)[0]": "np.sort(x)[..., n - 1]",
        "x.msort()": "np.sort(x, axis=0)",
        "x.unique()": "np.unique(x)",
        "x.diag()": "np.diag(x)",
        "x.diagflat()": "np.diagflat(x)",
        "x.tril()": "np.tril(x)",
        "x.triu()": "np.triu(x)",
    },
    "Changes in place": {
        "x.zero_()": "x[...] = 0",
        "x.fill_(v)": "x[...] = v",
        "x.copy_(y)": "x[...] = y",
        "x.add_(y)": "x += y",
        "x.sub_(y)": "x -= y",
        "x.mul_(y)": "x *= y",
        "x.div_(y)": "x /= y",
        "x.pow_(v)": "x **= v",
        "x.clamp_(v, w)": "x[...] = x.clip(v, w)",
        "x.clamp_min_(v)": "x[...] = np.maximum(x, v)",
        "x.relu_()": "x[...] = ad.relu(x)",
        "x.addcmul_(y, z, value=v)": "x += v * y * z",
        "x.addcdiv_(y, z, value=v)": "x += v * y / z",
        "x.lerp_(y, v)": "x += v * (y - x)",
        "x.masked_fill_(m, v)": "x[m] = v",
        "x.index_add_(0, u, y)": "np.add.at(x, u, y)",
        "x.scatter_(d, i, y)": "np.put_along_axis(x, i, y, d)",
        "x.scatter_add_(0, i, y)": "np.add.at(x, (i, np.arange(i.shape[1])), y)",
        "x.scatter_add_(1, i, y)": "np.add.at(x, (np.arange(len(i))[:, None], i), y)",
        "x.t_()": "x = x.T",
        "x.squeeze_()": "x = x.squeeze()",
        "x.unsqueeze_(d)": "x = np.expand_dims(x, d)",
        "x.detach_()": "x = x.detach()",
        "x.normal_()": "nn.init.normal_(x)",
        "x.uniform_()": "nn.init.uniform_(x)",
        **{f"x.{name}_()": f"x[...] = {_CALLED.get(name, f'np.{name}(x)')}" for name in _CHANGED.split()},
    },
    "Arithmetic": {
        "x.add(y)": "x + y",
        "x.add(y, alpha=v)": "x + v * y",
        "x.sub(y)": "x - y",
        "x.subtract(y)": "x - y",
        "x.mul(y)": "x * y",
        "x.multiply(y)": "x * y",
        "x.div(y)": "x / y",
        "x.divide(y)": "x / y",
        "x.true_divide(y)": "x / y",
        "x.floor_divide(y)": "x // y",
        "x.remainder(y)": "x % y",
        "x.pow(v)": "x**v",
        "x.neg()": "-x",
        "x.absolute()": "abs(x)",
        "x.addcmul(y, z, value=v)": "x + v * y * z",
        "x.addcdiv(y, z, value=v)": "x + v * y / z",
        "x.lerp(y, v)": "x + v * (y - x)",
        "x.clamp(v, w)": "x.clip(v, w)",
        "x.clamp_min(v)": "np.maximum(x, v)",
        "x.clamp_max(v)": "np.minimum(x, v)",
        "x.rsqrt()": "1 / np.sqrt(x)",
        "x.frac()": "x - np.trunc(x)",
        "x.atan2(y)": "np.arctan2(x, y)",
        "x.eq(y)": "x == y",
        "x.ne(y)": "x != y",
        "x.lt(y)": "x < y",
        "x.le(y)": "x <= y",
        "x.gt(y)": "x > y",
        "x.ge(y)": "x >= y",
        "x.equal(y)": "np.array_equal(x, y)",
        "x.allclose(y)": "np.allclose(x, y)",
        "x.isclose(y)": "np.isclose(x, y)",
        "x.nan_to_num()": "np.nan_to_num(x)",
        **_each(_OF_EACH_ELEMENT, "x.f()", "np.f(x)"),
        **_each(_OF_TWO, "x.f(y)", "np.f(x, y)"),
    },
    "Functions of networks and statistics": {
        "x.relu()": "ad.relu(x)",
        "x.sigmoid()": "ad.sigmoid(x)",
        "x.softmax(d)": "ad.softmax(x, d)",
        "x.log_softmax(d)": "ad.log_softmax(x, d)",
        "x.logsumexp(d)": "ad.logsumexp(x, d)",
        "x.logcumsumexp(d)": "np.logaddexp.accumulate(x, d)",
        "x.erf()": "ad.special.erf(x)",
        "x.erfc()": "ad.special.erfc(x)",
        "x.lgamma()": "ad.special.gammaln(x)",
        "x.digamma()": "ad.special.digamma(x)",
        "x.logit()": "ad.special.logit(x)",
        "x.xlogy(y)": "ad.special.xlogy(x, y)",
        "x.amax(d)": "x.max(d)",
        "x.amin(d)": "x.min(d)",
        "x.aminmax()": "(x.min(), x.max())",
        "x.nansum()": "np.nansum(x)",
        "x.nanmean()": "np.nanmean(x)",
        "x.median()": 'np.quantile(x, 0.5, method="lower")',
        "x.quantile(v)": "np.quantile(x, v)",
        "x.count_nonzero()": "np.count_nonzero(x)",
        "x.bincount()": "np.bincount(x)",
        "x.diff()": "np.diff(x)",
        "x.cov()": "np.cov(x)",
        "x.corrcoef()": "np.corrcoef(x)",
        "x.norm()": "np.linalg.norm(x)",
        "x.dist(y)": "np.linalg.norm(x - y)",
    },
    "Matrices": {
        "x.matmul(y)": "x @ y",
        "x.mm(y)": "x @ y",
        "x.bmm(y)": "x @ y",
        "x.mv(u)": "x @ u",
        "x.addmm(y, z)": "x + y @ z",
        "x.outer(u)": "np.outer(x, u)",
        "x.inner(u)": "np.inner(x, u)",
        "x.vdot(u)": "np.vdot(x, u)",
        "x.cross(y, d)": "np.cross(x, y, axis=d)",
        "x.det()": "np.linalg.det(x)",
        "x.slogdet()": "np.linalg.slogdet(x)",
        "x.inverse()": "np.linalg.inv(x)",
        "x.pinverse()": "np.linalg.pinv(x)",
        "x.matrix_power(n)": "np.linalg.matrix_power(x, n)",
    },
    "Types, devices and new tensors": {
        "x.float()": "x.astype(np.float32)",
        "x.double()": "x.astype(np.float64)",
        "x.half()": "x.astype(np.float16)",
        "x.int()": "x.astype(np.int32)",
        "x.long()": "x.astype(np.int64)",
        "x.short()": "x.astype(np.int16)",
        "x.byte()": "x.astype(np.uint8)",
        "x.bool()": "x.astype(bool)",
        "x.type(dtype)": "x.astype(dtype)",
        "x.type_as(y)": "x.astype(y.dtype)",
        "x.to(dtype)": "x.astype(dtype)",
        "x.to('cpu')": "x",
        "x.cpu()": "x",
        "x.cuda()": "x",
        "x.is_cuda": "False",
        "x.is_floating_point()": "np.issubdtype(x.dtype, np.floating)",
        "x.is_complex()": "np.iscomplexobj(x)",
        "x.new_zeros((a, b))": "np.zeros_like(x, shape=(a, b))",
        "x.new_ones((a, b))": "np.ones_like(x, shape=(a, b))",
        "x.new_full((a, b), v)": "np.full_like(x, v, shape=(a, b))",
        "x.new_tensor(data)": "ad.Tensor(data, dtype=x.dtype)",
    },
    "The module": {
        "torch.tensor(data)": "ad.Tensor(data)",
        "torch.as_tensor(data)": "ad.asarray(data)",
        "torch.from_numpy(array)": "ad.asarray(array)",
        "torch.cat((x, y), d)": "np.concatenate((x, y), d)",
        "torch.flatten(x, d)": "x.reshape(*x.shape[:d], -1)",
        "torch.transpose(x, d, e)": "np.swapaxes(x, d, e)",
        "torch.cdist(x, y)": "np.linalg.norm(x[:, None] - y, axis=-1)",
        "torch.bucketize(x, u)": "np.searchsorted(u, x)",
        "torch.randn(a, b)": "ad.Tensor(rng.normal(size=(a, b)))",
        "torch.rand(a, b)": "ad.Tensor(rng.random((a, b)))",
        "torch.randint(a, (n, b))": "ad.Tensor(rng.integers(a, size=(n, b)))",
        "torch.randperm(n)": "rng.permutation(n)",
        "torch.randn_like(x)": "ad.Tensor(rng.normal(size=x.shape))",
        "torch.rand_like(x)": "ad.Tensor(rng.random(x.shape))",
        "torch.manual_seed(n)": "nn.manual_seed(n)",
        "torch.is_tensor(x)": "isinstance(x, ad.Tensor)",
        "torch.inference_mode()": "ad.no_grad()",
        "torch.save(state, path)": "np.savez(path, **state)",
        "torch.load(path)": "dict(np.load(path))",
        "torch.set_printoptions(n)": "np.set_printoptions(n)",
        "torch.float": "np.float32",
        "torch.double": "np.float64",
        "torch.half": "np.float16",
        "torch.float16": "np.float16",
        "torch.long": "np.int64",
        "torch.int": "np.int32",
        "torch.nn": "nn",
        "torch.optim": "nn.optim",
        "torch.device('cpu')": "'cpu'",
        "torch.cuda.is_available()": "False",
    },
}

# What NumPy has under the same name, and means something else by.
OTHER_MEANING = {
    "x.size()": "x.shape",
    "x.size(d)": "x.shape[d]",
    "x.transpose(d, e)": "np.swapaxes(x, d, e)",
    "x.repeat(a, b)": "np.tile(x, (a, b))",
    "x.flatten(d)": "x.reshape(*x.shape[:d], -1)",
    "x.nonzero()": "np.argwhere(x)",
    "x.max(d)[0]": "x.max(d)",
    "x.max(d)[1]": "x.argmax(d)",
    "x.min(d)[0]": "x.min(d)",
    "x.min(d)[1]": "x.argmin(d)",
    "x.sort(d)[0]": "np.sort(x, d)",
    "x.sort(d)[1]": "np.argsort(x, d)",
    "x.std()": "x.std(ddof=1)",
    "x.var(d)": "x.var(d, ddof=1)",
    "x.sum(dim=d, keepdim=True)": "x.sum(axis=d, keepdims=True)",
    "torch.stack((x, y), dim=d)": "np.stack((x, y), axis=d)",
    "torch.zeros(a, b)": "ad.zeros((a, b))",
}
LINES = {theirs: ours for lines in SPELLINGS.values() for theirs, ours in lines.items()}


def name_in(theirs: str) -> str:
    """The name that PyTorch has in a line of the table: `view` in `x.view(a, b)`."""
    return theirs.partition(".")[2].partition("(")[0].partition(".")[0]


@cache
def advice(name: str, *owners: str) -> str:
    """What to write instead of PyTorch's `name`, of a tensor "x." or of the module "torch.", whichever has it first; or nothing."""
    for owner in owners:
        lines = [line for line in LINES.items() if line[0].startswith(owner) and name_in(line[0]) == name]
        if lines:
            return "." + "".join(f" Instead of PyTorch's {theirs} write {ours}." for theirs, ours in lines)
    return ""


class Elsewhere:
    """In the place of a method of PyTorch's that a tensor has not: an error, to whoever asks for it, that says what to write.

    A `__getattr__` would do as well, but Python would then look up every attribute of every tensor in a slower way.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, tensor: Any, kind: type) -> Any:
        raise AttributeError(f"{kind.__name__!r} object has no attribute {self.name!r}{advice(self.name, 'x.')}")


def _listed(self: Tensor) -> list[str]:
    """The names that a tensor has."""
    return [name for name in object.__dir__(self) if not isinstance(getattr_static(self, name, None), Elsewhere)]


_METHODS = {name_in(theirs) for theirs in LINES if theirs.startswith("x.")}
attach(**{name: Elsewhere(name) for name in _METHODS}, __dir__=_listed)
