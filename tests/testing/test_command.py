"""The command `python -m autodiff.testing`: what it prints, and its exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from autodiff.testing.command import main

pytestmark = pytest.mark.long

MODULE = """
import numpy as np

def loss(x, w):
    return np.sum(np.tanh(x * w))

def loss_gradient(x, w):
    slope = 1 - np.tanh(x * w) ** 2
    return slope * w, slope * x

def forgets_the_square(x, w):
    slope = 1 - np.tanh(x * w)
    return slope * w, slope * x

def square(x):
    return x**2

def square_vjp(g, x):
    return 2 * g * x

def square_jvp(t, x):
    return 2 * t * x

def step(x):
    return np.sum(np.sign(x))

def no_slope(x):
    return np.zeros_like(x)

def whole(x):
    return 3 * x

def whole_slope(x):
    return np.full(x.shape, 3)

def power(x, n, scale=1.0):
    return scale * np.sum(x**n)

def breaks(x):
    raise KeyError("the key")

def exits(x):
    raise SystemExit(0)

def of_three(x, y, w, *more):
    return np.sum(x * y * w)

def interrupts(x, calls=[]):
    calls.append(x)
    if len(calls) == 300:
        raise KeyboardInterrupt
    return np.sum(x**2)

def of_any_number(*numbers):
    return np.sum(numbers[0] ** 2)

def no_arguments():
    return 1.0

class Model:
    @staticmethod
    def loss(x):
        return np.sum(x**2)

number = 3
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple]]:
    (tmp_path / "a_model.py").write_text(MODULE)
    (tmp_path / "a_broken_module.py").write_text("import numpy\n1 / 0\n")
    (tmp_path / "a_module_that_exits.py").write_text("raise SystemExit(0)\n")
    for name in ("random", "math"):
        (tmp_path / f"{name}.py").write_text("f = abs\n")
    for folder in ("of_files", "a_package"):
        (tmp_path / folder / "inner").mkdir(parents=True)
    (tmp_path / "of_files" / "beside.py").write_text("from model_in_file import loss as beside\n")
    (tmp_path / "of_files" / "model_in_file.py").write_text(MODULE)
    for init in ("__init__.py", "inner/__init__.py"):
        (tmp_path / "a_package" / init).write_text("")
    (tmp_path / "a_package" / "inner" / "model.py").write_text("from ..base import loss\n")
    (tmp_path / "a_package" / "base.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    before = set(sys.modules)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = main([argument.replace("m:", "a_model:") for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield command
    for name in sys.modules.keys() - before:
        del sys.modules[name]


FEW = "--max-examples=15"
OF_FILE = "of_files/model_in_file.py:"
CALLS: list[tuple[int, str, list[str]]] = [
    (0, "The gradient of loss is right.", ["m:loss", "--input", "[1.0, 2.0]", "--input", "-0.5"]),
    (0, "The gradient of loss is right.", ["m:loss", "--gradient", "m:loss_gradient", "--input", "[[0.3]]", "--input", "[[2.]]"]),
    (1, "The gradient of loss is wrong.", ["m:loss", "--gradient", "m:forgets_the_square", "--input", "1.0", "--input", "2.0"]),
    (3, "is not known to be right", ["m:step", "--gradient", "m:no_slope", "--input", "0.0"]),
    (0, "The gradient of square is right.", ["m:square", "--vjp", "m:square_vjp", "--input=[1.0, -2.0]"]),
    (
        4,
        "is right but for its type: the gradient by x has dtype int64",
        ["m:whole", "--gradient", "m:whole_slope", "--input", "3.0"],
    ),
    (0, "The gradient of square is right.", ["m:square", "--jvp", "m:square_jvp", "--input=[1.0, -2.0]", "--seed", "5"]),
    (1, "The gradient of square is wrong.", ["m:square", "--vjp", "numpy:multiply", "--input", "3.0"]),
    (0, "The gradient of square is right.", ["m:square", "--vjp", "numpy:multiply", "--input", "3.0", "--rtol", "0.6"]),
    (0, "The gradient of square is right.", ["m:square", "--vjp", "numpy:multiply", "--input", "3.0", "--atol", "20"]),
    (0, "The gradient of power is right.", ["m:power", "--input", "[1.5]", "--input", "3", "--order", "2"]),
    (3, "max_evaluations reached", ["m:loss", "--input", "[1.0, 2.0, 3.0]", "--input", "2.0", "--max-evaluations", "3"]),
    (0, "No gradient error of loss found at 15 points.", ["m:loss", "--shape", "n", "--reals", "-2,2", FEW]),
    (0, "No gradient error of loss found", ["m:loss", "--reals", "-2,2", "--reals", "0,1", FEW]),
    (0, "No gradient error of loss found", ["m:loss", "--reals=-2,2", "--shape", "n,3", "--shape", "3", FEW]),
    (0, "No gradient error of loss found", ["m:loss", "--reals", "-2,2", "--shape=any", FEW]),
    (0, "No gradient error of loss found", ["m:Model.loss", FEW]),
    (0, "No gradient error of loss found", ["a_model.py:Model.loss", FEW]),
    (0, "The gradient of loss is right.", ["./of_files/beside.py:beside", "--input", "[0.3]", "--input", "2.0"]),
    (0, "The gradient of loss is right.", ["a_package/inner/model.py:loss", "--input", "[0.3]", "--input", "2.0"]),
    (1, "from model_in_file import forgets_the_square, loss", [OF_FILE + "loss", "--gradient", OF_FILE + "forgets_the_square"]),
    (0, "(max_seconds=1e-06), at 1 of 200 points.", ["m:Model.loss", "--max-seconds", "1e-6"]),
    (130, "points. The search was interrupted after ", ["m:interrupts", "--shape=3"]),
    (130, "interrupted", ["m:interrupts", "--input", str([1.0] * 250)]),
    (0, "No gradient error of of_any_number found", ["m:of_any_number", "--reals=-2,2", FEW]),
    (0, "No gradient error of square found", ["numpy:square", "--vjp", "m:square_vjp", FEW]),
    (1, "assert_gradient(loss, x, w, gradient=forgets_the_square", ["m:loss", "--gradient", "m:forgets_the_square"]),
    (3, "cannot tell at any of", ["m:step", "--reals", "0,0", "--shape", "()"]),
    (0, "exit code: 0 if the gradient is right, 1 if it is wrong, 3 if the differences cannot tell, 2", ["--help"]),
]


@pytest.mark.parametrize(("code", "text", "arguments"), CALLS, ids=[" ".join(arguments) for _, _, arguments in CALLS])
def test_the_exit_code_is_the_verdict(run: Callable[..., tuple], code: int, text: str, arguments: list[str]) -> None:
    found, out, err = run(*arguments)
    assert (found, err) == (code, "")
    assert text in out


ERRORS: list[tuple[str, list[str]]] = [
    ("'a_model' names no function; wanted module:function, such as model:loss, or model.py:loss.", ["a_model"]),
    ("'a_model:' names no function", ["a_model:"]),
    ("cannot import no_such_module: ModuleNotFoundError: No module named 'no_such_module'.", ["no_such_module:f"]),
    ("cannot import no_such_file.py: there is no such file.", ["no_such_file.py:f"]),
    ("Did you mean the file, ./a_model.py:loss?", ["./a_model:loss"]),
    ("cannot import random.py: random is the module of ", ["random.py:f"]),
    ("random.py. Give the file another name.", ["random.py:f"]),
    ("cannot import math.py: math is the module of ", ["math.py:f"]),
    ("a_broken_module: ZeroDivisionError: division by zero, raised by <module> in line 2 of ", ["a_broken_module:f"]),
    ("cannot import a_module_that_exits: SystemExit: 0, raised by <module> in line 1 of ", ["a_module_that_exits:f"]),
    ("SystemExit: 0, raised by exits in line ", ["m:exits", "--input", "1.0"]),
    ("SystemExit: 0, raised by exits in line ", ["m:exits"]),
    ("module a_model has no los.", ["m:los"]),
    ("module a_model has no loss_grad.", ["m:loss", "--gradient", "m:loss_grad"]),
    ("a_model:number is a int; wanted a function.", ["m:number"]),
    ("--input is 'abc'; wanted a number, lists of numbers of equal lengths, or a .npy file.", ["m:square", "--input", "abc"]),
    ("--input is '[1, [2]]'; wanted", ["m:square", "--input", "[1, [2]]"]),
    ("--input is \"'text'\"; wanted", ["m:square", "--input", "'text'"]),
    ("--input is '__import__(\"os\")'; wanted", ["m:square", "--input", '__import__("os")']),
    ("cannot read --input missing.npy: ", ["m:square", "--input", "missing.npy"]),
    ("--input '1' has integers only; wanted numbers to differentiate by, with a decimal point", ["m:square", "--input", "1"]),
    ("--input '[1, 2]' --input '3' has integers only", ["m:power", "--input", "[1, 2]", "--input", "3"]),
    ("seed is -1; wanted at least 0", ["m:square", "--seed", "-1"]),
    ("loss takes x, w; --input was given 1 time: w is missing.", ["m:loss", "--input", "1.0"]),
    ("loss takes x, w; --input was given 3 times: 1 too many.", ["m:loss", *["--input=1.0"] * 3]),
    ("loss takes x, w; --reals was given 3 times: 1 too many.", ["m:loss", *["--reals=0,1"] * 3]),
    ("power takes x, n, [scale]; --input was given 1 time: n is missing.", ["m:power", "--input", "1.0"]),
    ("power takes x, n, [scale]; --input was given 5 times: 2 too many.", ["m:power", *["--input=1.0"] * 5]),
    ("of_three takes x, y, w, ...; --input was given 1 time: y and w are missing.", ["m:of_three", "--input", "1.0"]),
    ("of_three takes x, y, w, ...; --shape was given 2 times: w is missing.", ["m:of_three", "--shape=n", "--shape=n"]),
    ("multiply takes x1, x2; --input was given 1 time: x2 is missing.", ["numpy:multiply", "--input", "1.0"]),
    ("no_arguments takes no arguments; --input was given 1 time: 1 too many.", ["m:no_arguments", "--input", "1.0"]),
    ("max_seconds is -1.0; wanted a positive number of seconds", ["m:square", "--max-seconds", "-1"]),
    ("KeyError: 'the key', raised by breaks in line ", ["m:breaks", "--input", "1.0"]),
    ("KeyError: 'the key', raised by breaks in line ", ["m:breaks"]),
    ("find_gradient_error: this was raised at\nx = np.array(", ["m:breaks"]),
    ("gradient= is for a function that returns one number", ["m:square", "--gradient", "m:square", "--input", "[1.0, 2.0]"]),
    ("the gradient of square could be checked at none of", ["m:square", "--gradient", "m:square", "--shape", "2", FEW]),
    ("--input is a point, --reals and --shape are for a search.", ["m:square", "--input", "1.0", "--reals", "0,1"]),
    ("--reals is '0'; wanted two numbers, such as 0,1 or -inf,0.", ["m:square", "--reals", "0"]),
    ("reals: low is 1.0 and high is 0.0; wanted low <= high.", ["m:square", "--reals", "1,0"]),
    ("--shape is '2.5'; wanted lengths and names, such as 4,3 or n,3, or () for a number, or any.", ["m:square", "--shape", "2.5"]),
    ("--reals was given 2 times, but there are 3 arguments", ["m:power", "--reals=0,1", "--reals=0,1", *["--shape=n"] * 3]),
    (
        "no domain for no_arguments: it has no argument that must be given. Give --reals or --shape once for each, or --input.",
        ["m:no_arguments"],
    ),
    ("not allowed with argument --gradient", ["m:square", "--gradient", "m:square", "--vjp", "m:square_vjp"]),
    ("argument --order: invalid choice: 3", ["m:square", "--order", "3"]),
    ("the following arguments are required: module:function", []),
    ("cannot write --html nowhere/report.html: ", ["m:square", "--input", "1.0", "--html", "nowhere/report.html"]),
]


@pytest.mark.parametrize(("text", "arguments"), ERRORS, ids=[f"{text} {' '.join(arguments)}" for text, arguments in ERRORS])
def test_an_error_of_use_is_one_message_and_exit_code_2(run: Callable[..., tuple], text: str, arguments: list[str]) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert "python -m autodiff.testing: " in err
    assert text in err
    assert "Traceback" not in err


def test_an_input_may_be_a_file(run: Callable[..., tuple], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[0.5, 1.0], [2.0, 3.0]]))
    code, out, _ = run("m:square", "--vjp", "m:square_vjp", "--input", "x.npy")
    assert code == 0
    assert "24 entries compared: 24 right" in out
    np.save(tmp_path / "i.npy", np.arange(3))
    code, _, err = run("m:square", "--input", "i.npy")
    assert code == 2
    assert "--input 'i.npy' has integers only; wanted numbers to differentiate by" in err


@pytest.mark.parametrize("search", [False, True])
def test_the_report_is_written_as_a_page(run: Callable[..., tuple], tmp_path: Path, search: bool) -> None:
    point = () if search else ("--input", "1.0", "--input", "2.0")
    code, _, _ = run("m:loss", "--gradient", "m:forgets_the_square", "--html", "report.html", *point)
    assert code == 1
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "The gradient of loss is wrong." in page
    assert ("assert_gradient(loss, x, w, gradient=forgets_the_square" in page) is search


def test_the_current_directory_is_searched(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(MODULE)
    command = [sys.executable, "-m", "autodiff.testing", "mine:loss", "--gradient", "mine:forgets_the_square"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "from mine import forgets_the_square, loss" in done.stdout


AT_ONE = ["math:exp", "--gradient=math:exp", "--input=1.0"]


@pytest.mark.parametrize(("codes", "arguments"), [({141}, AT_ONE), ({0, 141}, ["--help"])])
@pytest.mark.parametrize("closed", ["stdout", "both"])
def test_a_closed_pipe_is_no_verdict(codes: set[int], arguments: list[str], closed: str) -> None:
    read, write = os.pipe()
    os.close(read)
    stderr = write if closed == "both" else subprocess.PIPE
    command = [sys.executable, "-m", "autodiff.testing", *arguments]
    with open(write, "wb"):
        done = subprocess.run(command, stdout=write, stderr=stderr, check=False)
    assert done.returncode in codes
    assert not done.stderr


def test_the_page_is_written_although_the_pipe_is_closed(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    page = tmp_path / "page.html"
    command = [sys.executable, "-m", "autodiff.testing", *AT_ONE, f"--html={page}"]
    with open(write, "wb"):
        assert subprocess.run(command, stdout=write, check=False).returncode == 141
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_without_hypothesis_the_extra_to_install_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    assert main(["math:exp"]) == 2
    assert "find_gradient_error needs hypothesis: pip install 'chainrule[testing]'" in capsys.readouterr().err
