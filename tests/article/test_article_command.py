"""The command line: what it prints and writes, and what it says when it cannot."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from examples import checks
from examples.article import __main__ as command
from examples.article import by_hand, compare, framework, report
from examples.article.compare import Comparison
from examples.article.descent import Descent
from examples.article.systems import SYSTEMS, Run

ROOT = Path(__file__).parents[2]


def call(*arguments):
    """The exit status of the command, however it exits."""
    try:
        return command.main(arguments)
    except SystemExit as exit:
        return exit.code


def refused(capsys, *arguments):
    """The one line that a call that cannot work ends with."""
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_every_system_without_plots(capsys, tmp_path):
    assert call("--epochs", "50", "--no-plots") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert list(tmp_path.iterdir()) == []
    closing = out[out.index("By hand and by the framework") :]
    for name in SYSTEMS:
        row = re.search(rf"^  {name}  .*$", closing, re.MULTILINE)[0]
        assert "not compared" in row
        assert row.endswith("yes")
    assert "Fewer epochs than in the articles" in closing
    assert "4.17" in closing.partition("A1: ")[2]
    assert "12 weights, or 17 with biases" in out
    assert "B3: four unseen points" in out
    assert re.search(r"dcost/dwh .* 2 by 3", out)


def test_as_a_program():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "examples.article", "--epochs", "3", "--only", "B2", "--no-plots"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "OR gate, single layer" in done.stdout


@pytest.mark.long
def test_in_full_it_says_which_run_gives_the_articles_figure(capsys):
    assert call("--only", "B2", "--no-plots") == 0
    row = re.search(r"^  B2  .*$", capsys.readouterr().out.partition("By hand and by")[2], re.MULTILINE)[0]
    assert row.split()[5:] == ["10,000", "a", "signed", "sum", "0.4804", "0.4317", "0.4317", *row.split()[-3:]]


@pytest.mark.parametrize(
    ("name", "final", "printed", "expected"),
    [
        ("A1", 4.14874, 4.179259, "its code"),
        ("A2", 1.5033, None, "both"),
        ("B1", 0.000265, None, "none"),
        ("B3", 0.00078, None, ""),
    ],
)
def test_which_run_gives_the_figure(name, final, printed, expected):
    system = SYSTEMS[name]()
    descents = (Descent(np.array([0, 1]), np.array([1.0, error]), None, "") if error else None for error in (final, printed))
    run, as_printed = (Run(descent, 0.0, {}, system.y) if descent else None for descent in descents)
    assert report.given_by(Comparison(system, system.epochs, run, run, as_printed, {})) == expected
    assert report.given_by(Comparison(system, system.epochs - 1, run, run, as_printed, {})) == ""


def test_only_some_systems(capsys):
    assert call("--epochs", "5", "--no-plots", "--only", "a2", "--only", "B1", "B1") == 0
    out = capsys.readouterr().out
    closing = out[out.index("By hand and by the framework") :]
    assert re.findall(r"^  ([AB]\d)  ", closing, re.MULTILINE) == ["A2", "B1"]
    assert "weights, or" not in out


def test_sizes_alone_train_nothing(capsys, tmp_path):
    assert call("--sizes", "3", "5", "2") == 0
    out = capsys.readouterr().out
    assert "A hidden layer of 5 between 3 and 2: 25 weights, or 32 with biases" in out
    assert "By hand" not in out
    assert list(tmp_path.iterdir()) == []
    assert call("--only", "B4") == 0
    assert "A hidden layer of 3 between 2 and 1" in capsys.readouterr().out


def test_sizes_with_a_system(capsys):
    assert call("--sizes", "3", "5", "2", "--only", "B2", "--epochs", "2", "--no-plots") == 0
    out = capsys.readouterr().out
    assert "25 weights" in out
    assert "OR gate" in out


def test_every_matrix(capsys):
    assert call("--explain", "--only", "B2", "--epochs", "2", "--no-plots") == 0
    out = capsys.readouterr().out
    assert "dzo/dah = wo\n    [[0.700000]\n     [0.800000]\n     [0.900000]]" in out
    assert "[-0.009890 -0.011006 -0.011948]" in out


def test_help(capsys):
    assert call("--help") == 0
    out = capsys.readouterr().out
    assert "A2  a hidden layer of four" in out
    assert "exit status" in out


# --- pictures


@pytest.mark.long
def test_every_picture(capsys, tmp_path):
    assert call("--epochs", "20", "--out", "new/pictures") == 0
    names = {"moons", "boundaries", "xor", "errors", *(f"network-{name.lower()}" for name in SYSTEMS)}
    written = {path.stem: path for path in (tmp_path / "new" / "pictures").iterdir()}
    assert set(written) == names
    assert all(path.suffix == ".png" and path.read_bytes().startswith(b"\x89PNG") for path in written.values())
    listed = capsys.readouterr().out.partition("Pictures\n")[2].split()
    assert sorted(listed) == sorted(str(Path("new", "pictures", f"{name}.png")) for name in names)


@pytest.mark.long
def test_pictures_of_one_epoch_of_one_system(tmp_path):
    assert call("--epochs", "1", "--only", "B1") == 0
    assert {path.name for path in (tmp_path / "out" / "article").iterdir()} == {"errors.png", "network-b1.png"}


# --- calls that cannot work


@pytest.mark.parametrize("epochs", ["-1", "0", "abc", "1.5", ""])
def test_epochs_that_are_none(capsys, tmp_path, epochs):
    error = refused(capsys, "--epochs", epochs)
    assert "--epochs" in error
    assert f"{epochs!r} is not a whole number of 1 or more" in error
    assert list(tmp_path.iterdir()) == []


def test_a_system_that_is_none(capsys):
    assert "invalid choice: 'X9' (choose from" in refused(capsys, "--only", "X9")


@pytest.mark.parametrize("sizes", [("2",), ("2", "4"), ("2", "4", "1", "1"), ("2", "-4", "1"), ("2", "four", "1"), ("0", "4", "1")])
def test_sizes_that_are_none(capsys, sizes):
    refused(capsys, "--sizes", *sizes)


def test_an_output_that_is_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "run", None)  # nothing is trained before
    Path("taken").write_text("mine")
    assert "--out taken: cannot write there: Not a directory" in refused(capsys, "--out", "taken")
    assert "cannot write there" in refused(capsys, "--out", "taken/below")
    assert "cannot write there" in refused(capsys, "--out", "taken", "--no-plots")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert Path("taken").read_text() == "mine"


def test_an_output_that_cannot_be_made_leaves_nothing(capsys, tmp_path):
    assert "cannot write there" in refused(capsys, "--out", "made/" + "x" * 300)
    assert "cannot write there" in refused(capsys, "--out", "made/\0")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_may_not_be_written_to(capsys, tmp_path, monkeypatch):
    def forbidden(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(checks.tempfile, "TemporaryFile", forbidden)
    assert "--out some/where: cannot write there: Permission denied" in refused(capsys, "--out", "some/where")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_cannot_be_written(capsys):
    Path("out/article/errors.png").mkdir(parents=True)
    assert call("--epochs", "1", "--only", "B1") == 2
    assert re.fullmatch(r".*: --out out.article: cannot write .*errors.png: Is a directory\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("module", "extra", "arguments"),
    [
        ("sklearn.datasets", "sklearn", ("--only", "A1", "--no-plots")),
        ("sklearn.datasets", "sklearn", ("--only", "A2", "B1", "--no-plots")),
        ("matplotlib", "plot", ("--only", "B1")),
        ("tqdm", "progress", ("--only", "B1", "--no-plots")),
    ],
)
def test_a_missing_package(capsys, monkeypatch, tmp_path, module, extra, arguments):
    monkeypatch.setitem(sys.modules, module, None)
    assert f'which is not installed: pip install "chainrule[{extra}]"' in refused(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_not_needed_may_be_missing(monkeypatch):
    for module in ("sklearn", "sklearn.datasets", "matplotlib"):
        monkeypatch.setitem(sys.modules, module, None)
    assert call("--only", "B1", "--epochs", "2", "--no-plots") == 0


def test_an_interruption(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run", interrupted)
    assert call("--no-plots", "--only", "B1") == 130
    assert capsys.readouterr().err == "python -m examples.article: interrupted\n"


# --- disagreement


def test_a_wrong_gradient_is_told(capsys, monkeypatch):
    right = by_hand.sigmoid_derivative
    monkeypatch.setattr(by_hand, "sigmoid_derivative", lambda z: right(z) * (1 + 1e-8))
    assert call("--epochs", "5", "--no-plots", "--only", "B1") == 1
    out, err = capsys.readouterr()
    assert re.search(r"^  B1  .* no$", out, re.MULTILINE)
    lines = err.splitlines()
    assert all(line.startswith("by hand and framework disagree: B1: ") for line in lines)
    assert any("dcost/dwh in the first epoch differs by 2.0e-08 of its size (allowed: 1e-12)" in line for line in lines)
    assert any("dao/dzo by autograd differs by 1.0e-08 of its size" in line for line in lines)


def test_a_wrong_step_is_told_with_its_epoch(capsys, monkeypatch):
    right = framework.optim.SGD
    monkeypatch.setattr(framework.optim, "SGD", lambda parameters, lr: right(parameters, lr=1.01 * lr))
    assert call("--epochs", "5", "--no-plots", "--only", "B2") == 1
    assert (
        "B2: the errors differ from epoch 1 on: by hand 0.424927075, framework 0.424879647 (allowed: 1e-09 of it)"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_none_is_a_disagreement(value):
    system = SYSTEMS["B2"]()
    hand = by_hand.train(system, 3)
    broken = hand._replace(descent=hand.descent._replace(errors=np.array([hand.errors[0], value, hand.errors[2]])))
    complaints = Comparison(system, 3, hand, broken, None, {"w": np.nan}).complaints()
    assert "dcost/dw" in complaints[0]
    assert "from epoch 1 on" in complaints[1]


def test_gradients_of_zero_agree():
    assert compare.apart(np.zeros((2, 1)), np.zeros((2, 1))) == 0
    assert compare.apart(np.zeros((2, 1)), np.ones((2, 1))) == 1
