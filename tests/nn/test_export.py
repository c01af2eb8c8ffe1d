"""ONNX files: ONNX Runtime computes from them what the model computes, for every batch size."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import autodiff as ad
import nn
import nn.functional as F
from nn.export import ExportError, to_onnx
from tests.nn.cases import CASES, Case

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

# What no batch size can be left open for, and what cannot be exported at all, each with what the error says.
NEEDS_VALUES = "there is what needs numbers"
NOT_EXPORTED = {
    # These read an array of ones, which is no tensor, at places that are the input.
    **{case.text: NEEDS_VALUES for case in CASES if case.kind == "NLLLoss" and "weight" not in case.text},
    **{case.text: NEEDS_VALUES for case in CASES if case.kind == "MultiMarginLoss" and "weight" not in case.text},
    **{case.text: "there is accumulate, which has no translation" for case in CASES if case.kind == "MultiLabelMarginLoss"},
    "Embedding(5, 3, max_norm=1.0, norm_type=1.0)": NEEDS_VALUES,  # it changes its weight
    "Embedding(5, 3, scale_grad_by_freq=True, padding_idx=0)": "there is scatter, which has no translation",
    # How many rows a bag has depends on the values, if offsets say where it begins.
    **{case.text: NEEDS_VALUES for case in CASES if case.kind == "EmbeddingBag" and len(case.arrays()) == 2},
    **{case.text: NEEDS_VALUES for case in CASES if "return_indices=True" in case.text or case.kind.startswith("MaxUnpool")},
    **{case.text: "there is a change in place of a constant" for case in CASES if case.kind == "Fold"},
}
SEQUENCES = {"GRU", "LSTM", "RNN"}  # whose batch is the second axis, unless they are told otherwise
EXPORTED = [case for case in CASES if case.text not in NOT_EXPORTED]


each_exported = pytest.mark.parametrize("case", [pytest.param(case, id=f"{i} {case.text}") for i, case in enumerate(EXPORTED)])


def leaves(result: Any) -> list[Any]:
    """The tensors and arrays in nested tuples."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in leaves(part)]
    return [] if result is None else [result]


def resized(given: Any, size: int, axis: int = 0) -> Any:
    """The inputs with a batch of another size."""
    if isinstance(given, (tuple, list)):
        return tuple(resized(part, size, axis) for part in given)
    return np.take(given, np.arange(size), axis, mode="wrap") if isinstance(given, np.ndarray) else given


def arrays_in(given: Any) -> list[np.ndarray]:
    return [x for x in leaves(given) if isinstance(x, np.ndarray)]


def run(path: Path, given: Any) -> list[Any]:
    """What ONNX Runtime computes."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if "NOT_IMPLEMENTED" in str(error) and any(x.dtype == np.float64 for x in arrays_in(given)):
            pytest.skip("ONNX Runtime has not all operations in float64")
        raise
    names = [value.name for value in session.get_inputs()]
    results: list[Any] = session.run(None, dict(zip(names, arrays_in(given), strict=True)))
    return results


def assert_same(path: Path, model: nn.Module, given: Any) -> None:
    """ONNX Runtime computes from the file what the model computes in eval mode."""
    with np.errstate(all="ignore"):
        expected = [y.numpy() if isinstance(y, ad.Tensor) else np.asarray(y) for y in leaves(model.eval()(*given))]
    actual = run(path, given)
    assert len(actual) == len(expected)
    for y, z in zip(actual, expected, strict=True):
        tolerance = 1e-6 if z.dtype == np.float32 else 1e-12
        scale = float(np.max(np.abs(z), initial=0.0, where=np.isfinite(z)))
        assert (y.shape, y.dtype) == (z.shape, z.dtype)
        assert_allclose(y, z, rtol=tolerance, atol=tolerance * scale)


def batch_axis(case: Case) -> int | None:
    """The axis of all inputs that is a batch, and so can be longer; None if there is none."""
    given, axis = case.arrays(), int(case.kind in SEQUENCES and "batch_first=True" not in case.text)
    lengths = {x.shape[axis : axis + 1] for x in arrays_in(given)}
    if len(lengths) > 1 or () in lengths:
        return None
    try:
        case.build(nn).eval()(*resized(given, lengths.pop()[0] + 1, axis))
    except ValueError:
        return None
    return axis


@pytest.mark.long
@each_exported
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_module_is_computed_by_its_file_at_two_batch_sizes(case: Case, dtype: Any, tmp_path: Path) -> None:
    model, given, path = case.build(nn).to(dtype), case.arrays(dtype), tmp_path / "model.onnx"
    axis = batch_axis(case)
    to_onnx(model, tuple(given), path, dynamic_batch=axis is not None, batch_axis=axis or 0)
    assert_same(path, model, given)
    if axis is not None:
        assert_same(path, model, resized(case.arrays(dtype, seed=1), 7, axis))


@pytest.mark.parametrize("text", sorted({case.text for case in CASES if case.text in NOT_EXPORTED}))
def test_what_cannot_be_exported_says_so(text: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if case.text == text)
    with pytest.raises(ExportError, match=f"^to_onnx: in {case.kind}, {NOT_EXPORTED[text]}"):
        to_onnx(case.build(nn), tuple(case.arrays()), tmp_path / "model.onnx", dynamic_batch=False)
    assert not os.listdir(tmp_path)


# --- models of one's own ----------------------------------------------------------------------------------------------------------


class Conv(nn.Module):
    """A convolution, of which the tests need no more than this."""

    def __init__(self, channels: int, kernels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(np.random.default_rng(0).normal(size=(kernels, channels, 3, 3)) / 5)
        self.bias = nn.Parameter(np.zeros(kernels))

    def forward(self, x: Any) -> Any:
        return F.conv2d(x, self.weight, self.bias, padding=1)


class Images(nn.Module):
    """Convolutions, pooling, and a layer for what is left."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = Conv(3, 4), Conv(4, 6), nn.Linear(24, 5)

    def forward(self, x: Any) -> Any:
        x = F.max_pool2d(ad.relu(self.first(x)), 2)
        x = F.avg_pool2d(np.tanh(self.second(x)), 2)
        return self.last(x.reshape(x.shape[0], -1))


class Residual(nn.Module):
    """Each block adds to what it is given, in place; the results are several."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4)) for _ in range(3)])

    def forward(self, x: Any, scale: Any) -> Any:
        for block in self.blocks:
            y = block(x)
            y += x
            x = y / np.sqrt((y * y).mean(axis=-1, keepdims=True) + 1e-5)
        return x * scale, {"place": np.argmax(x, axis=1)}["place"], np.where(x > 0, x, 0).sum(axis=1)


def test_a_convolutional_network(tmp_path: Path) -> None:
    model, x = Images().float(), np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    to_onnx(model, x, tmp_path / "images.onnx")
    for size in (1, 2, 5):
        assert_same(tmp_path / "images.onnx", model, (resized(x, size),))


def test_a_residual_network_of_two_inputs_and_three_outputs(tmp_path: Path) -> None:
    model, rng = Residual().float(), np.random.default_rng(0)
    x, scale = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=(3, 1)).astype(np.float32)
    to_onnx(model, (x, ad.Tensor(scale)), tmp_path / "residual.onnx")
    for size in (1, 3, 8):
        assert_same(tmp_path / "residual.onnx", model, (resized(x, size), resized(scale, size)))


def test_the_file_has_the_names_of_the_model_and_a_batch_of_any_size(tmp_path: Path) -> None:
    to_onnx(Images().float(), np.zeros((1, 3, 8, 8), np.float32), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    graph = model.graph
    assert [opset.version for opset in model.opset_import] == [18]
    assert [
        (x.name, [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim]) for x in (*graph.input, *graph.output)
    ] == [
        ("x", ["batch", 3, 8, 8]),
        ("output", ["batch", 5]),
    ]
    kept = {x.name for x in graph.initializer if not x.name.startswith("/")}
    assert kept == set(Images().state_dict())
    assert [node.op_type for node in graph.node] == [
        *("Conv", "Reshape", "Add", "Relu", "MaxPool", "Conv", "Reshape", "Add", "Tanh", "AveragePool"),
        *("Reshape", "Gemm", "Identity"),
    ]


# --- single operations ------------------------------------------------------------------------------------------------------------


class Of(nn.Module):
    """A function of the input as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


FUNCTIONS: list[Callable[[Any], Any]] = [
    *(lambda x: x[1], lambda x: x[:, -1], lambda x: x[:, ::-1], lambda x: x[..., None, 1:3], lambda x: x[:, None]),
    *(
        lambda x: x[:, [2, 0]],
        lambda x: x[:, [1, 0], 1],
        lambda x: x[[0, 1], [1, 2]],
        lambda x: x[:, np.array([True, False, True])],
    ),
    *(
        lambda x: x[np.arange(len(x)), 1],
        lambda x: x[: len(x) - 1],
        lambda x: x[:4],
        lambda x: x[-3:],
        lambda x: x[::2],
        lambda x: x[:, np.argmax(x[0, :, 0])],
    ),
    *(lambda x: x[:, [[2, 0]], :, None], lambda x: x[:, 1, [0, 3]], lambda x: x[0, :, [1, 1]]),
    *(lambda x: x.reshape(-1, 2), lambda x: x.reshape(len(x) * 3, 4), lambda x: np.ravel(x), lambda x: x.T, lambda x: x.mT),
    *(lambda x: np.squeeze(x[:, :1], 1), lambda x: np.expand_dims(x, (0, 2)), lambda x: np.moveaxis(x, 0, 1)),
    *(
        lambda x: np.concatenate([x, x + 1], axis=1),
        lambda x: np.stack([x, 2 * x], axis=1),
        lambda x: np.broadcast_to(x, (2, *x.shape)),
    ),
    *(lambda x: np.split(x, 2, axis=2), lambda x: np.pad(x, ((0, 0), (1, 2), (0, 1))), lambda x: np.pad(x, 1, mode="edge")),
    *(lambda x: np.where(x > 0, x, -1), lambda x: np.where((x > 0) & ~(x > 1), x, 2 * x), lambda x: np.clip(x, -0.5, 0.5)),
    *(
        lambda x: x.sum(),
        lambda x: x.mean(axis=(0, 2)),
        lambda x: x.max(axis=1, keepdims=True),
        lambda x: x.min(),
        lambda x: x.prod(1),
    ),
    *(
        lambda x: x.var(axis=1),
        lambda x: np.std(x, ddof=1),
        lambda x: ad.logsumexp(x, axis=-1),
        lambda x: np.linalg.norm(x, axis=1),
    ),
    *(lambda x: np.linalg.vector_norm(x, ord=1, axis=-1), lambda x: np.cumsum(x, axis=1)),
    *(lambda x: np.all(x > 0, axis=1), lambda x: np.any(x > 1), lambda x: np.argmin(x), lambda x: np.argmax(x, axis=1)),
    *(lambda x: x @ x.mT, lambda x: x @ np.ones(4, x.dtype), lambda x: np.einsum("nij,nkj->nik", x, x), lambda x: ad.vecdot(x, x)),
    *(
        lambda x: ad.softmax(x, axis=1),
        lambda x: ad.log_softmax(x, axis=-1),
        lambda x: ad.softmax(np.where(x > 9, x, -np.inf), axis=1),
    ),
    *(lambda x: np.exp(x), lambda x: np.log(np.abs(x) + 1), lambda x: np.log1p(x * x), lambda x: np.expm1(x), lambda x: np.exp2(x)),
    *(lambda x: np.log2(x * x + 1), lambda x: np.log10(x * x + 1), lambda x: np.sqrt(x * x), lambda x: np.cbrt(x), lambda x: x**2),
    *(
        lambda x: np.abs(x) ** 1.5,
        lambda x: 2.0**x,
        lambda x: 1 / (x + 10),
        lambda x: np.reciprocal(x + 10),
        lambda x: np.hypot(x, 2 * x),
    ),
    *(lambda x: np.sin(x), lambda x: np.cos(x), lambda x: np.tan(x / 3), lambda x: np.arctan(x), lambda x: np.tanh(x)),
    *(
        lambda x: np.sinh(x),
        lambda x: np.arcsinh(x),
        lambda x: np.arcsin(np.tanh(x)),
        lambda x: ad.sigmoid(x),
        lambda x: ad.relu(x),
    ),
    *(lambda x: np.logaddexp(x, 2 * x), lambda x: np.maximum(x, 0.25), lambda x: np.minimum(x, x[:, :1]), lambda x: np.sign(x)),
    *(
        lambda x: np.floor(x),
        lambda x: np.ceil(x),
        lambda x: np.round(x),
        lambda x: np.trunc(x * 3),
        lambda x: x // 0.5,
        lambda x: x % 0.5,
    ),
    *(lambda x: np.fmod(x, 0.5), lambda x: np.deg2rad(x), lambda x: (x * 10).astype(np.int32), lambda x: x + np.arange(4)),
    *(lambda x: np.tril(x), lambda x: np.triu(x, 1), lambda x: np.roll(x, 1, axis=1), lambda x: x / len(x), lambda x: np.isnan(x)),
    *(lambda x: np.isinf(x), lambda x: np.isfinite(x), lambda x: x != 0, lambda x: (x > 0) ^ (x > 1), lambda x: x.copy() * 1),
    *(lambda x: ad.windows.unfold(x, (2, 3), padding=1), lambda x: ad.windows.max_pool(x, (2,), stride=1, padding=1)),
    *(lambda x: ad.windows.avg_pool(x, (2, 2), padding=1, count_include_pad=False), lambda x: ad.ones_like(x) + x),
]


@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_functions(number: int, tmp_path: Path) -> None:
    model = Of(FUNCTIONS[number])
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    to_onnx(model, x, tmp_path / "model.onnx")
    for size in (2, 5):
        with np.errstate(all="ignore"):
            assert_same(tmp_path / "model.onnx", model, (resized(x + np.float32(0.1), size),))


WHOLE: list[Callable[[Any], Any]] = [
    *(
        lambda x: x // 2,
        lambda x: x // -2,
        lambda x: x % 3,
        lambda x: x % -3,
        lambda x: 7 // (x * 2 + 1),
        lambda x: -x,
        lambda x: x * 2 - 1,
    ),
    *(
        lambda x: x / 2,
        lambda x: x**2,
        lambda x: np.abs(x),
        lambda x: np.maximum(x, 0),
        lambda x: np.clip(x, -1, 1),
        lambda x: np.sign(x),
    ),
    *(
        lambda x: x.sum(axis=0),
        lambda x: x.mean(),
        lambda x: x.max(axis=1),
        lambda x: np.cumsum(x, axis=1),
        lambda x: x.prod(axis=1),
    ),
    *(lambda x: x > 1, lambda x: x == 0, lambda x: x & 1, lambda x: x | 4, lambda x: x ^ 1, lambda x: ~x, lambda x: np.sqrt(x * x)),
    *(
        lambda x: x + 0.5,
        lambda x: x.astype(np.float32),
        lambda x: np.where(x > 0, x, 0),
        lambda x: np.exp2(x),
        lambda x: np.log1p(x * x),
    ),
    *(lambda x: np.trunc(x), lambda x: np.floor(x), lambda x: np.var(x, axis=1), lambda x: ad.asarray(x) + 1),
]
TRUTH: list[Callable[[Any], Any]] = [
    *(lambda x: ~x, lambda x: x & x[:, ::-1], lambda x: x.sum(axis=1), lambda x: np.where(x, 1.5, 0), lambda x: x.any(axis=1)),
    *(lambda x: x.all(), lambda x: x.astype(float), lambda x: x * 2.0, lambda x: np.logical_not(x), lambda x: x[:, None]),
]


@pytest.mark.parametrize("dtype", [np.int64, np.int32, bool])
def test_integers_and_truth_values(dtype: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(-5, 6, (2, 4)).astype(dtype)
    for function in TRUTH if dtype is bool else WHOLE:
        to_onnx(Of(function), x, tmp_path / "model.onnx")
        assert_same(tmp_path / "model.onnx", Of(function), (resized(x, 3),))


def test_a_batch_along_another_axis(tmp_path: Path) -> None:
    model, x = Of(lambda x: sum(np.tanh(row) for row in x)), np.random.default_rng(0).normal(size=(3, 2, 4))
    to_onnx(model, x, tmp_path / "model.onnx", batch_axis=1)
    for size in (1, 6):
        assert_same(tmp_path / "model.onnx", model, (resized(x, size, 1),))


def test_integers_and_float64_stay_what_they_are(tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(5, 2))

    class Lookup(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(table)

        def forward(self, numbers: Any) -> Any:
            return self.table[numbers] * 2, numbers + 1

    numbers = np.array([[0, 4, -1], [2, 2, 2]])
    to_onnx(Lookup(), numbers, tmp_path / "model.onnx")
    assert_same(tmp_path / "model.onnx", Lookup(), (numbers[[1, 0, 1]],))


def test_what_does_not_depend_on_the_input_is_an_output_too(tmp_path: Path) -> None:
    model = Of(lambda x: (x, np.arange(3.0)))
    to_onnx(model, np.zeros((2, 1)), tmp_path / "model.onnx")
    assert_same(tmp_path / "model.onnx", model, (np.ones((4, 1)),))


# --- errors -----------------------------------------------------------------------------------------------------------------------


def written(tmp_path: Path, function: Callable[[Any], Any], shape: tuple[int, ...] = (2, 3), **settings: Any) -> None:
    to_onnx(Of(function), np.ones(shape), tmp_path / "model.onnx", **settings)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: np.arctan2(x, 2), "atan2, which has no translation"),
        (lambda x: np.sort(x), "which has no translation"),
        (lambda x: x * float(x[0, 0]), "what needs numbers"),
        (lambda x: x if x.sum() > 0 else -x, "what needs numbers"),
        (lambda x: x * x.numpy().max(), "what needs numbers"),
        (lambda x: x[x > 0], r"x\[mask\]"),
    ],
)
def test_an_error_names_the_operation_the_module_and_the_line(tmp_path: Path, function: Any, what: str) -> None:
    with pytest.raises(ExportError, match=rf"^to_onnx: in Of, at .*test_export.py:\d+, there is .*{what}.* ONNX cannot say it"):
        written(tmp_path, function)


def test_the_part_of_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^to_onnx: in Of \(1.0\), at "):
        to_onnx(nn.Sequential(nn.Tanh(), nn.Sequential(Of(np.sort))), np.ones((2, 3)), tmp_path / "model.onnx")


def write_a_part(x: Any) -> Any:
    y = x * 1
    y[0] = 0.0
    return y


def write_to_a_view(x: Any) -> Any:
    y = x * 1
    row = y[0]
    row += 1
    return y


def write_to_what_has_a_view(x: Any) -> Any:
    y = x * 1
    row = y[0]
    y += 1
    return row


def write_to_a_constant(x: Any) -> Any:
    y = ad.zeros((2, 3))
    y += x
    return y


@pytest.mark.parametrize("function", [write_a_part, write_to_a_view, write_to_what_has_a_view, write_to_a_constant])
def test_changes_in_place_that_cannot_be_said_are_errors(tmp_path: Path, function: Any) -> None:
    with pytest.raises(ExportError, match="a change in place"):
        written(tmp_path, function)


def test_what_depends_on_the_batch_size_in_other_ways_is_an_error_that_tells_of_dynamic_batch(tmp_path: Path) -> None:
    for function in (lambda x: x / len(x) ** 2, lambda x: sum(row for row in x), lambda x: x.reshape(2, -1)):
        with pytest.raises(ExportError, match=r"^to_onnx: .*dynamic_batch=False"):
            written(tmp_path, function, shape=(2, 3))
        written(tmp_path, function, dynamic_batch=False)


def test_inputs_of_different_lengths_are_an_error(tmp_path: Path) -> None:
    model = nn.MSELoss()
    with pytest.raises(
        ValueError, match=r"^to_onnx: the inputs in the example have the shapes \(2, 3\), \(3,\) and batch_axis is 0"
    ):
        to_onnx(model, (np.ones((2, 3)), np.ones(3)), tmp_path / "model.onnx")
    for shape in ((), (0, 3)):
        with pytest.raises(ValueError, match="wanted arrays with the batch along that axis"):
            to_onnx(nn.Tanh(), np.ones(shape), tmp_path / "model.onnx")


def test_examples_that_are_none_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^to_onnx: there is no array or tensor in the example"):
        to_onnx(nn.Tanh(), 3, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"^to_onnx: the example does not fit the arguments of Of.forward"):
        to_onnx(Of(np.tanh), (np.ones(2), np.ones(2)), tmp_path / "model.onnx")
    with pytest.raises(ExportError, match=r"^to_onnx: the model returns str; wanted tensors"):
        written(tmp_path, lambda x: "text")


def test_without_onnx_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "onnx":
            raise ImportError(name)
        return usual(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"^to_onnx needs onnx: pip install 'chainrule\[onnx\]'.$"):
        written(tmp_path, np.tanh)


def test_a_failure_leaves_the_old_file_and_the_model_as_they_were(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Dropout(), Of(np.sort)).train()
    (tmp_path / "model.onnx").write_bytes(b"old")
    with pytest.raises(ExportError):
        to_onnx(model, np.ones((2, 3)), tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.onnx"]
    assert all(module.training for module in model.modules())
    assert model(np.ones((2, 3))).shape == (2, 3)
