"""What the examples that learn from data have in common: their options, and what they say when they cannot work."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import breast_cancer, diabetes, digits, multiclass, sequence, transformer
from examples.command import Example, run
from examples.drawing import new_figure

EXAMPLES = [module.EXAMPLE for module in (breast_cancer, diabetes, digits, multiclass, sequence, transformer)]
each = pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])


def pictures(result: int) -> Iterator[tuple[str, Any]]:
    figure, (axes,) = new_figure(2, 2)
    axes.set_title(str(result))
    yield "square", figure


SQUARE = Example("square", "Squares a number.", 7, lambda epochs: epochs**2, str, pictures, ())


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], example: Example, *arguments: str) -> str:
    """The one line that a call that cannot work ends with, before anything is learned."""
    try:
        status = run(example._replace(learn=lambda _: pytest.fail("something is learned")), arguments)
    except SystemExit as exit:
        status = exit.code
    assert status == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"python -m examples\.{example.name}: .*\n", err)
    return err


def test_the_report_is_printed_and_no_picture_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(SQUARE, ["--no-plots"]) == 0
    assert run(SQUARE, ["--no-plots", "--epochs", "3"]) == 0
    assert capsys.readouterr() == ("49\n9\n", "")
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_written_to_a_folder_of_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    for arguments, path in (([], Path("out/square/square.png")), (["--out", "else/where"], Path("else/where/square.png"))):
        assert run(SQUARE, arguments) == 0
        assert capsys.readouterr() == (f"49\n\nPictures\n  {path}\n", "")
        assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    Path("out/square/square.png").mkdir(parents=True)
    assert run(SQUARE, []) == 2
    error = r"python -m examples.square: --out out.square: cannot write .*square.png: Is a directory\n"
    assert re.fullmatch(error, capsys.readouterr().err)


def test_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(epochs: int) -> int:
        raise KeyboardInterrupt

    assert run(SQUARE._replace(learn=interrupted), ["--no-plots"]) == 130
    assert capsys.readouterr() == ("", "python -m examples.square: interrupted\n")


@pytest.mark.parametrize("epochs", ["0", "-1", "1.5", "many"])
def test_epochs_that_are_none(capsys: pytest.CaptureFixture[str], epochs: str) -> None:
    error = refused(capsys, SQUARE, f"--epochs={epochs}")
    assert error.endswith(f"argument --epochs: {epochs!r} is not a whole number of 1 or more\n")


def test_an_output_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("taken").write_text("mine")
    assert "--out taken: cannot write there: Not a directory" in refused(capsys, SQUARE, "--out", "taken", "--no-plots")


@each
def test_a_missing_package(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, example: Example) -> None:
    for module, package, extra, purpose in [*example.needs, ("matplotlib", "matplotlib", "plot", "drawing")]:
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            error = refused(capsys, example)
        assert purpose in error
        assert error.endswith(f'needs {package}, which is not installed: pip install "chainrule[{extra}]"\n')


@each
def test_help_says_what_is_learned(capsys: pytest.CaptureFixture[str], example: Example) -> None:
    with pytest.raises(SystemExit, match="0"):
        run(example, ["--help"])
    out = capsys.readouterr().out
    assert f"python -m examples.{example.name}" in out
    assert str(example.about).strip() in out
