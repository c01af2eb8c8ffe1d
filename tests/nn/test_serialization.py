"""Saving and loading: nothing is lost, on the way or when it is interrupted, and no file does harm."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from numpy.testing import assert_allclose, assert_array_equal

import autodiff as ad
import nn

pytest.importorskip("safetensors")
import safetensors.numpy

ROOT = Path(__file__).parents[2]
DTYPES = ["f2", "f4", "f8", "c8", "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def same(a: Any, b: Any) -> bool:
    """Whether two nested states are of the same kinds and values."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a)


numbers = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
some_arrays = arrays_of.arrays(
    st.sampled_from(DTYPES).map(np.dtype), arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
)
keys = st.sampled_from(["a", "b", "a.b", "array", "items", "tuple", "", "é"]) | st.integers(-1, 1)
states = st.recursive(
    numbers | some_arrays,
    lambda parts: st.dictionaries(keys, parts, max_size=3) | st.lists(parts, max_size=3) | st.lists(parts, max_size=3).map(tuple),
    max_leaves=8,
)


@given(state=states)
def test_what_is_saved_is_what_is_loaded(tmp_path_factory: Any, state: Any) -> None:
    path = tmp_path_factory.mktemp("states") / "state.safetensors"
    nn.save(state, path)
    assert same(nn.load(path), state)


@pytest.mark.parametrize(
    "layout", [lambda x: x.T, lambda x: x[::2], lambda x: x[:, ::-1], lambda x: x.astype(">f8"), np.asfortranarray]
)
def test_an_array_is_saved_as_it_is_seen_however_it_lies_in_memory(tmp_path: Path, layout: Callable[[Any], Any]) -> None:
    x = layout(np.arange(12.0).reshape(3, 4))
    nn.save({"x": x}, tmp_path / "x")
    assert_array_equal(nn.load(tmp_path / "x")["x"], x)


def model() -> Any:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def test_the_state_of_a_model_is_loaded_into_another(tmp_path: Path) -> None:
    one, other = model(), model()
    nn.save(one, tmp_path / "model.safetensors")
    other.load_state_dict(nn.load(tmp_path / "model.safetensors"))
    x = np.ones((2, 3))
    assert_array_equal(one(x).numpy(), other(x).numpy())


@pytest.mark.peer
def test_files_go_both_ways_between_here_and_pytorch(torch: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    ours, theirs = model(), torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    nn.save(ours, tmp_path / "ours")
    theirs.load_state_dict(load_file(tmp_path / "ours"))
    assert_allclose(theirs(torch.ones(2, 3).double()).detach().numpy(), ours(np.ones((2, 3))).numpy(), rtol=1e-12)
    save_file({name: tensor * 2 for name, tensor in theirs.state_dict().items()}, tmp_path / "theirs")
    ours.load_state_dict(nn.load(tmp_path / "theirs"))
    assert_array_equal(ours[0].weight.numpy(), 2 * theirs[0].weight.detach().numpy())


@pytest.mark.peer
def test_bfloat16_becomes_float32(torch: Any, tmp_path: Path) -> None:
    from safetensors.torch import save_file

    x = torch.tensor([[1.5, -2.0, 1e30], [float("inf"), 0.0, 3e-40]]).to(torch.bfloat16)
    save_file({"x": x, "y": torch.ones(2)}, tmp_path / "half")
    loaded = nn.load(tmp_path / "half")
    assert loaded["x"].dtype == np.float32
    assert_array_equal(loaded["x"], x.float().numpy())
    assert_array_equal(loaded["y"], np.ones(2))


class Steps:
    """A training run, with all that it is made of."""

    def __init__(self) -> None:
        nn.manual_seed(0)
        self.model, self.epoch = model(), 0
        self.optimizer = nn.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.data = nn.utils.data.TensorDataset(np.random.default_rng(0).normal(size=(20, 3)), np.arange(20.0)[:, None] / 20)

    def run(self, epochs: int) -> None:
        for _ in range(epochs):
            for x, y in nn.utils.data.DataLoader(self.data, batch_size=8, shuffle=True):
                self.optimizer.zero_grad()
                nn.functional.mse_loss(self.model(x), y).backward()
                self.optimizer.step()
            self.epoch += 1

    def save(self, path: Path) -> None:
        nn.save({"model": self.model, "optimizer": self.optimizer, "rng": nn.get_rng_state(), "epoch": self.epoch}, path)

    def load(self, path: Path) -> None:
        state = nn.load(path)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        nn.set_rng_state(state["rng"])
        self.epoch = state["epoch"]


def test_a_training_that_is_resumed_is_the_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    whole = Steps()
    whole.run(2)
    whole.save(tmp_path / "checkpoint")
    whole.run(3)
    resumed = Steps()
    resumed.run(1)
    resumed.load(tmp_path / "checkpoint")
    resumed.run(3)
    assert resumed.epoch == whole.epoch == 5
    for a, b in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert_array_equal(a.numpy(), b.numpy())


# --- interruptions and damage ----------------------------------------------------------------------------------------------------

SAVING = """
import sys, numpy as np, nn
path, n = sys.argv[1], 0
while True:
    n += 1
    nn.save({"x": np.full(200_000, float(n)), "n": n}, path)
    if n == 1:
        print("ready", flush=True)
"""


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="there is no kill -9")
def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    nn.save({"x": np.zeros(200_000), "n": 0}, path)
    started = time.perf_counter()
    nn.save({"x": np.zeros(200_000), "n": 0}, path)
    takes = time.perf_counter() - started
    rng, seen = np.random.default_rng(0), set()
    for _ in range(50):
        process = subprocess.Popen([sys.executable, "-c", SAVING, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0.0, 10 * takes))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        state = nn.load(path)
        assert_array_equal(state["x"], np.full(200_000, float(state["n"])))
        seen.add(state["n"])
    assert len(seen) > 1  # it was killed while it was saving


def test_an_error_while_saving_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    nn.save({"x": np.ones(2)}, path)

    def fail(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", fail)
    with pytest.raises(OSError, match="No space left"):
        nn.save({"x": np.zeros(2)}, path)
    assert os.listdir(tmp_path) == ["state"]
    assert_array_equal(nn.load(path)["x"], np.ones(2))


@pytest.mark.skipif(os.name != "posix", reason="there are no such permissions")
def test_a_file_keeps_its_permissions_and_a_link_its_file(tmp_path: Path) -> None:
    path, link = tmp_path / "state", tmp_path / "link"
    nn.save(np.ones(2), path)
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
    path.chmod(0o640)
    link.symlink_to(path)
    nn.save(np.zeros(2), link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert_array_equal(nn.load(path), np.zeros(2))


def test_a_file_that_is_cut_off_or_changed_is_an_error_or_gives_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "state"
    nn.save({"x": np.arange(3.0), "n": [1, (2, None)], "y": {"z": np.ones((2, 2))}}, path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"^load: .* is no safetensors file, or it is damaged"):
            nn.load(path)
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole) - 56, 2):  # before the numbers, of which all are possible
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(bytes(damaged))
        with suppress(ValueError):  # and nothing else
            nn.load(path)


def header(text: bytes, length: int | None = None) -> bytes:
    return (len(text) if length is None else length).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04\x95" + b"\0" * 20,  # a pickle
        header(b"{}", 2**63),
        header(b"{}", 2**40),
        header(b'{"x":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000]}}'),
        header(b'{"x":{"dtype":"F64","shape":[4294967296,4294967296,2],"data_offsets":[0,0]}}'),
        header(b'{"x":{"dtype":"F64","shape":[1],"data_offsets":[-8,0]}}') + b"\0" * 8,
        header(b'{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"y":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}')
        + b"\0" * 8,
        header(b'{"__metadata__":{"structure":"' + b"[" * 100_000 + b'"}}'),
        header(json.dumps({"__metadata__": {"structure": '{"array": "no such"}'}}).encode()),
        header(json.dumps({"__metadata__": {"structure": '{"items": 3}'}}).encode()),
        header(json.dumps({"__metadata__": {"structure": '{"items": [[[], 1]]}'}}).encode()),
    ],
    ids=range(12),
)
def test_a_hostile_file_is_an_error_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(content)
    started = time.perf_counter()
    with pytest.raises(ValueError, match=r"^load: "):
        nn.load(path)
    assert time.perf_counter() - started < 5


def test_what_cannot_be_saved_is_an_error_that_says_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state"
    for state, text in [
        ({"a": [1, {2: object()}]}, r"^save: a\.1\.2 is object; wanted arrays"),
        ({"a": {(1, 2): 3}}, r"^save: a has the key \(1, 2\); wanted a string or an integer"),
        ({"a": np.ones(2) * 1j}, r"^save: a has dtype complex128; safetensors files can hold"),
        ({"a": np.array(["text"])}, r"^save: a has dtype <U4"),
        (print, "^save: the object is builtin_function_or_method"),
    ]:
        with pytest.raises(TypeError, match=text):
            nn.save(state, path)
        assert os.listdir(tmp_path) == []


def test_without_the_library_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for use in (lambda: nn.save(np.ones(2), tmp_path / "x"), lambda: nn.load(tmp_path / "x")):
        with pytest.raises(ImportError, match=r"chainrule\[safetensors\]"):
            use()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^load: there is no file"):
        nn.load(tmp_path / "nothing")


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model cannot be written: there is no folder \S+missing\. Make it first\.$"):
        nn.save(np.ones(2), tmp_path / "missing" / "model")


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_generators_go_on_where_they_were(tmp_path_factory: Any, seed: int) -> None:
    path = tmp_path_factory.mktemp("generators") / "state"
    for kind in (np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64):
        rng, other = np.random.Generator(kind(seed)), np.random.Generator(kind(0))
        rng.normal(size=3)
        nn.save({"rng": rng}, path)
        other.bit_generator.state = nn.load(path)["rng"]
        assert_array_equal(other.normal(size=5), rng.normal(size=5))


def test_a_tensor_is_saved_as_its_values(tmp_path: Path) -> None:
    nn.save([ad.Tensor([1.0, 2.0], requires_grad=True), np.float32(3)], tmp_path / "x")
    x, y = nn.load(tmp_path / "x")
    assert_array_equal(x, [1.0, 2.0])
    assert (y.dtype, y.shape) == (np.float32, ())
