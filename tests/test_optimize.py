"""The example of SciPy's optimizers: what it prints, and what it says when it cannot."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")

import autodiff as ad
from autodiff.testing import assert_gradient
from examples import optimize

ROOT = Path(__file__).parents[1]


@pytest.mark.long
def test_as_a_program() -> None:
    command = [sys.executable, "-W", "error", "-m", "examples.optimize"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("Logistic regression on 569 tumours by 30 features\n")
    lines = done.stdout.splitlines()[2:]
    assert re.match(r"  method +loss +largest gradient +iterations +gradients +products +accuracy +apart$", lines[0])
    assert [re.split(r"  +", line.strip())[0] for line in lines[1:]] == ["SciPy, Newton-CG", "SciPy, L-BFGS-B", "scikit-learn"]
    assert all("37.758945962" in line and "98.77%" in line for line in lines[1:])


def test_its_derivatives() -> None:
    rng = np.random.default_rng(0)
    x, signs = rng.normal(size=(5, 3)), np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    p, v = rng.normal(size=(2, 4))
    assert_gradient(lambda p: optimize.loss(p, x, signs), p, order=2)
    hessian = ad.hessian(optimize.loss)(p, x, signs)
    z = x @ p[:-1] + p[-1]
    a = np.column_stack([x, np.ones(5)])
    weights = 1 / (2 + np.exp(z) + np.exp(-z))  # σ'(z)
    np.testing.assert_allclose(hessian, a.T * weights @ a + np.diag([1.0, 1.0, 1.0, 0.0]), rtol=1e-12)
    np.testing.assert_allclose(ad.hvp(optimize.loss)(p, v, x, signs), hessian @ v, rtol=1e-12)


def test_a_disagreement_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    right = optimize.by_scikit_learn
    monkeypatch.setattr(optimize, "by_scikit_learn", lambda *args: right(*args)._replace(parameters=right(*args).parameters * 1.01))
    assert optimize.main() == 1
    assert "SciPy, Newton-CG and scikit-learn disagree: 1e-02 (allowed: 1e-06)\n" in capsys.readouterr().err


def test_a_missing_package(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert optimize.main() == 2
    text = 'python -m examples.optimize: the data needs scikit-learn, which is not installed: pip install "chainrule[sklearn]"\n'
    assert capsys.readouterr() == ("", text)
