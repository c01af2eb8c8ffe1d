"""The benchmarks: that they run, that all candidates do the same, and that the README shows what was measured last."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import formats, pair, report
from benchmarks.__main__ import README, RESULTS, main
from benchmarks.libraries import by_modules
from benchmarks.work import FLOAT32, Candidate, Missing, Work, needed
from benchmarks.works import TABLE, WORKS
from benchmarks.works.sequences import LSTM, Transformer

ROOT = Path(__file__).parent.parent


def block(document: str) -> str:
    return document.split(report.BEGIN)[1].split(report.END)[0]


def test_the_readme_shows_the_table_of_the_results() -> None:
    shown = block(README.read_text())
    assert shown == block((RESULTS / "README.md").read_text()), "run python -m benchmarks"
    assert re.findall(r"^\| (.*?) \|", shown, re.MULTILINE)[2:] == [work().title for work in TABLE.values()]


def test_a_table_is_replaced_between_its_marks() -> None:
    document = f"before\n{report.block('old')}\nafter\n"
    assert report.embedded(document, "new") == f"before\n{report.block('new')}\nafter\n"


def test_figures() -> None:
    assert doctest.testmod(formats) == (0, 3)


def test_it_runs_and_writes_a_page(tmp_path: Path) -> None:
    options = ["--quick", "--works", "article", "--peers", "by hand", "eager", "scikit-learn", "--out", str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", "benchmarks", *options], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\[1/2\] article, by hand: .*\n\[2/2\] article, eager: .* of by hand\n", done.stderr)
    page = (tmp_path / "README.md").read_text()
    assert re.search(r"\| 2-4-1, 100 rows, float64 \| 1 \| by hand, [\d.]+ .s \| [\d.]+ \|", block(page))
    assert len(re.findall(r"^\| 2-4-1", page, re.MULTILINE)) == 3


@pytest.mark.parametrize("name", [name for name, work in WORKS.items() if "by hand" in work().makes])
def test_the_library_does_what_is_done_by_hand(name: str) -> None:
    work = WORKS[name]()
    pair.agree(work.makes["by hand"](), work.makes["eager"](), work.tolerance)


@pytest.fixture
def _jax_as_it_was() -> Iterator[None]:
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", before)


PEERS = {"PyTorch": "torch", "JAX": "jax", "JAX loop": "jax", "autograd": "autograd", "MyGrad": "mygrad"}


@pytest.mark.peer
@pytest.mark.long
@pytest.mark.usefixtures("_jax_as_it_was")
@pytest.mark.parametrize(
    ("name", "peer"), [(name, peer) for name, work in TABLE.items() for peer in PEERS if peer in work().makes and name != "chain"]
)
def test_a_peer_does_the_same(name: str, peer: str) -> None:
    pytest.importorskip(PEERS[peer])
    work = TABLE[name]()
    pair.agree(work.makes["eager"](), work.makes[peer](), work.tolerance)


def counting(step: float) -> Candidate:
    count = 0.0

    def run() -> float:
        nonlocal count
        count += step
        return count

    return Candidate(run)


def test_another_result_is_an_error() -> None:
    pair.agree(counting(1.0), counting(1.0 + 1e-12), 1e-9)
    with pytest.raises(ArithmeticError, match=r"another result after 3 steps: \[3\.3\], not \[3\.\]"):
        pair.agree(counting(1.0), counting(1.1), 1e-9)


def test_many_steps_in_a_call_are_compared_with_as_many() -> None:
    one = counting(1.0)
    pair.agree(counting(1.0), Candidate(lambda: [one.run() for _ in range(5)][-1], steps=5), 1e-9)


@pytest.mark.parametrize("one", [LSTM(), Transformer()], ids=["lstm", "transformer"])
def test_a_gradient_that_is_wrong_by_a_hundredth_is_noticed(one: Any) -> None:
    right, wrong = (by_modules(one.module, one.start, rate, 1)["eager"]() for rate in (one.rate, 1.01 * one.rate))
    with pytest.raises(ArithmeticError, match="another result"):
        pair.agree(right, wrong, FLOAT32)


def test_a_picture_needs_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["--works", "width", "--out", str(tmp_path)])
    assert "the picture needs matplotlib: pip install 'chainrule[plot]'" in capsys.readouterr().err


def test_what_is_not_installed_is_left_out_and_what_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(
        "counting", {"eager": lambda: counting(1.0), "JAX": lambda: needed("no_such_peer"), "autograd": lambda: counting(2.0)}
    )
    monkeypatch.setitem(WORKS, "counting", lambda: work)
    monkeypatch.setitem(TABLE, "counting", lambda: work)
    found = [next(pair.results(["counting"], name, 0.001)) for name in ("eager", "JAX", "autograd", "MyGrad")]
    assert [result.get("missing") for result in found] == [None, "no_such_peer is not installed", None, "it does not do this work"]
    assert "another result" in found[2]["error"]
    page = report.page(found, {}, None)
    assert "| autograd |" in block(page)
    assert "JAX |" not in block(page)
    assert re.search(r"\| counting \| 1 \| eager, .* \| failed \|", block(page))
    assert "- counting, autograd: ArithmeticError: another result" in page


def test_a_module_of_a_peer_that_is_missing() -> None:
    with pytest.raises(Missing, match="no_such_peer is not installed"):
        needed("no_such_peer")
    assert needed("numpy") is np
