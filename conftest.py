"""The quick tests, and what the examples in docstrings and documents find imported."""

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import extend


@pytest.fixture(autouse=True)
def _imported(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(ad=ad, extend=extend, nn=nn, np=np)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Have the option `--quick`."""
    parser.addoption("--quick", action="store_true", help="without the long tests, and with few examples of each property")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests if they are not wanted."""
    if config.getoption("quick"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
