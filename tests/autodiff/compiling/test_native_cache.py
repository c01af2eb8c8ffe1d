"""The cache of what was compiled: private, whole or not there, and never needed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from native_programs import needs_compiler, traced

from autodiff.compiling import native
from autodiff.compiling.native import compiler

pytestmark = needs_compiler

X = np.arange(5.0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(compiler, "_loaded", {})
    return tmp_path / "chainrule"


def works() -> None:
    """A program that was not loaded in this process is compiled, or found, and right."""
    compiler._loaded.clear()
    np.testing.assert_array_equal(native.build(traced(lambda x: x * 3, [X]))([X])[0], X * 3)


def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    run = compiler._run
    monkeypatch.setattr(compiler, "_run", lambda command, text, result: seen.append(text) or run(command, text, result))
    return seen


def test_what_was_compiled_is_found_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = compilations(monkeypatch)
    works()
    works()
    assert len(seen) == 1
    assert [path.suffix for path in cache.iterdir()] == [".so"]
    assert cache.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_file_is_compiled_again(cache: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None) -> None:
    works()
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    path.unlink()  # the one that is loaded stays as it was
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    seen = compilations(monkeypatch)
    works()
    assert len(seen) == 1
    assert path.read_bytes()[:4] == whole[:4]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="modes of folders are those of POSIX")
def test_nothing_is_loaded_from_a_folder_that_others_can_write_to(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir()
    cache.chmod(0o777)
    works()
    assert not list(cache.iterdir())
    cache.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    works()
    assert not list(cache.iterdir())


def test_a_link_in_the_place_of_the_folder_is_not_followed(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    cache.symlink_to(tmp_path / "elsewhere")
    works()
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_in_the_place_of_the_folder(cache: Path) -> None:
    cache.write_text("not a folder")
    works()
    assert cache.read_text() == "not a folder"


def test_a_full_disk(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def full(path: Path, target: Path) -> Path:
        if target.parent == cache:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full)
    works()
    assert not list(cache.iterdir())


def test_the_text_the_flags_and_the_compiler_are_in_the_key(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works()
    monkeypatch.setattr(compiler, "_FLAGS", [flag.replace("-O3", "-O1") for flag in compiler._FLAGS])
    works()
    monkeypatch.setattr(compiler, "processor", lambda: "another")
    works()
    monkeypatch.setenv("CC", f"{' '.join(compiler.compiler())} -DOTHER")
    works()
    assert len(list(cache.iterdir())) == 4


def test_processes_at_the_same_time(cache: Path) -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; import numpy as np; from native_programs import traced\n"
        "from autodiff.compiling import native; x = np.arange(5.0)\n"
        "assert (native.build(traced(lambda x: x * 3, [x]))([x])[0] == x * 3).all()"
    )
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[3])]
    running = [subprocess.Popen([sys.executable, "-c", program, *paths]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert {path.suffix for path in cache.iterdir()} == {".so"}


def test_a_compiler_that_fails(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(native.CompilerError, match=r"compile: the C compiler .*false failed:\nexit status 1"):
        works()
    assert not list(cache.iterdir())


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "a-compiler-that-is-not-there")
    with pytest.raises(native.NoCompiler, match=r"\$CC, 'a-compiler-that-is-not-there', was not found. Install one"):
        works()
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(native.NoCompiler, match="neither cc, gcc nor clang was found, nor the package ziglang"):
        works()


@pytest.mark.long
def test_from_the_cache_takes_30_ms(cache: Path) -> None:
    works()
    times = []
    for _ in range(5):
        compiler._loaded.clear()
        begin = time.perf_counter()
        native.build(traced(lambda x: x * 3, [X]))
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.03
