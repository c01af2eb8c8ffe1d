"""What the examples in docstrings and documents find imported."""

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import extend


@pytest.fixture(autouse=True)
def _imported(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(ad=ad, extend=extend, nn=nn, np=np)
