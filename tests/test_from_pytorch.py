"""The example of a network that PyTorch trained: its predictions are PyTorch's, wherever it goes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("safetensors")

from examples import from_pytorch

ROOT = Path(__file__).parents[1]


@pytest.mark.long
def test_as_a_program(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    command = [sys.executable, "-W", "error", "-m", "examples.from_pytorch", "--shipped", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("Bars, by a network that PyTorch trained earlier\n")
    assert done.stdout.endswith(f"\n\nPictures\n  {tmp_path / 'from_pytorch.png'}\n")
    assert (tmp_path / "from_pytorch.png").stat().st_size > 5_000


def test_the_file_that_is_shipped_has_the_predictions_of_its_weights() -> None:
    result = from_pytorch.load(from_pytorch.SHIPPED)
    assert result.here.dtype == np.float32
    assert result.apart < 1e-6
    assert np.array_equal(np.argmax(result.here, axis=1), result.labels)
    assert from_pytorch.SHIPPED.stat().st_size < 8_000


@pytest.mark.peer
def test_what_pytorch_has_just_trained_is_loaded(torch: Any, tmp_path: Path) -> None:
    from_pytorch.train_in_pytorch(tmp_path / "new", steps=20)
    assert from_pytorch.load(tmp_path / "new").apart < 1e-6


def test_bars_point_where_their_labels_say() -> None:
    images, labels = from_pytorch.bars(2000, np.random.default_rng(0))
    assert images.shape == (2000, 1, 8, 8)
    assert images.dtype == np.float32
    means = [np.mean(images[labels == label, 0], axis=0) for label in range(4)]
    level, falling, upright, rising = means
    assert np.ptp(level.mean(axis=1)) > 5 * np.ptp(level.mean(axis=0))
    assert np.ptp(upright.mean(axis=0)) > 5 * np.ptp(upright.mean(axis=1))
    assert np.trace(falling) > 2 * np.trace(falling[:, ::-1])
    assert np.trace(rising[:, ::-1]) > 2 * np.trace(rising)


def test_onnx_runtime_predicts_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = tmp_path / "bars.onnx"
    assert from_pytorch.main(["--shipped", "--no-plots", "--onnx", str(path)]) == 0
    told, apart = capsys.readouterr().out.splitlines()[-1].rsplit(" within ", 1)
    assert told == f"{path} has the network; what ONNX Runtime makes of it is"
    assert float(apart.split()[0]) < 1e-6


def test_a_disagreement_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    right = from_pytorch.load(from_pytorch.SHIPPED)
    monkeypatch.setattr(from_pytorch, "load", lambda path: right._replace(here=right.here - np.float32(1e-3)))
    assert from_pytorch.main(["--shipped", "--no-plots"]) == 1
    assert capsys.readouterr().err == "the probabilities are not PyTorch's: 1e-03 apart (allowed: 1e-06)\n"


def test_what_cannot_be_used(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = tmp_path / "missing" / "bars.onnx"
    assert from_pytorch.main(["--onnx", str(path)]) == 2
    assert capsys.readouterr().err == f"python -m examples.from_pytorch: --onnx {path}: there is no folder {path.parent}\n"
    for module, purpose in (("onnx", "--onnx"), ("safetensors", "the file")):
        monkeypatch.setitem(sys.modules, module, None)
        assert from_pytorch.main(["--onnx", str(tmp_path / "bars.onnx")]) == 2
        wanted = f'{purpose} needs {module}, which is not installed: pip install "chainrule[{module}]"\n'
        assert capsys.readouterr().err == f"python -m examples.from_pytorch: {wanted}"
