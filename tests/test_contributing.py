"""CONTRIBUTING.md, taken at its word: the operations that it adds, and the commands that it says to run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autodiff.registry import numpy_table

ROOT = Path(__file__).parent.parent
SECTION = (ROOT / "CONTRIBUTING.md").read_text().split("## Adding an operation")[1].split("\n## ")[0]
ENTRIES = next(block for block in re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL) if "= primitive(" in block)
COMMANDS = re.findall(r"```bash\n(.*?)```", SECTION, re.DOTALL)
NAMES = re.findall(r"^(\w+) = primitive", ENTRIES, re.MULTILINE)
NEEDED = ["autodiff", "nn", "docs", "tests", "conftest.py", "pyproject.toml"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository to which the page's entries are added as the page says."""
    copy = tmp_path / "repository"
    copy.mkdir()
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy / name)
    family, package = copy / "autodiff/ops/trigonometric.py", copy / "autodiff/__init__.py"
    # Where the operations are in the table by now, they are so in the page's words.
    family.write_text(family.read_text().replace(ENTRIES, "") + "\n" + ENTRIES)
    for path in (family, package):
        path.write_text(with_public(path.read_text(), NAMES))
    return copy


def with_public(source: str, names: list[str]) -> str:
    """A module with these names in its `__all__`."""
    before, inside, after = re.split(r"(?<=__all__ = \[)(.*?)(?=\])", source, maxsplit=1, flags=re.DOTALL)
    public = sorted({*re.findall(r"\w+", inside), *names})
    return before + ", ".join(f'"{name}"' for name in public) + after


def run(commands: str, copy: Path) -> subprocess.CompletedProcess[str]:
    script = commands.replace(".venv/bin/python", sys.executable)
    return subprocess.run(["bash", "-euc", script], cwd=copy, capture_output=True, text=True, check=False)


def test_the_page_adds_what_its_rules_use() -> None:
    rules = " ".join(re.findall(r'"x": lambda .*', ENTRIES))
    assert NAMES == ["sech", "gd"]
    assert set(re.findall(r"(?<![.\w])\w+(?=\()", rules)) == {"sech"}
    assert all(getattr(np, name) in numpy_table for name in re.findall(r"np\.(\w+)\(", rules))
    assert len(COMMANDS) == 1


@pytest.mark.long
def test_the_operations_of_the_page_pass_the_commands_of_the_page(copy: Path) -> None:
    done = run(COMMANDS[0], copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) > 150
    assert re.search(r"\d+ mutants, 0 equivalent, 0 problems", done.stdout)


@pytest.mark.long
def test_a_wrong_sign_does_not_pass_the_commands_of_the_page(copy: Path) -> None:
    family = copy / "autodiff/ops/trigonometric.py"
    right = family.read_text()
    family.write_text(right.replace("-g * y * np.tanh(x)", "g * y * np.tanh(x)"))
    assert family.read_text() != right
    done = run(COMMANDS[0], copy)
    assert done.returncode != 0
    for name in NAMES:  # the derivative of the other's derivative is wrong, too
        assert f"test_first_and_second_derivative_are_those_of_finite_differences[{name}-0]" in done.stdout
