"""The quick tests, how the processes that test share a machine, and what the examples in docstrings and documents find imported."""

import gc
import os
from collections import defaultdict

os.environ.setdefault("OMP_NUM_THREADS", "1")  # there is a process for each core; small arrays gain nothing by more threads

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import extend


@pytest.fixture(autouse=True)
def _imported(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(ad=ad, extend=extend, nn=nn, np=np)


def pytest_collection_finish() -> None:
    """Leave the tests themselves, which are hundreds of thousands of objects and stay, out of each later collection of garbage."""
    gc.collect()
    gc.freeze()


CASES = 12  # of one test, in the quick tests


def pytest_addoption(parser: pytest.Parser) -> None:
    """Have the options `--quick` and `--exhaustive`."""
    parser.addoption("--quick", action="store_true", help="without the long tests, some cases of each test, few examples")
    parser.addoption("--exhaustive", action="store_true", help="with the tests that go through all there is, which takes hours")


@pytest.hookimpl(trylast=True)  # so that what `-k` chooses is run, if it is not too much
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the quick tests, leave out the long ones, and of a test that has many cases take some all along their list."""
    if not config.getoption("exhaustive"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("exhaustive")])
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
    if not config.getoption("quick"):
        return
    cases = defaultdict(list)
    for item in items:
        if not item.get_closest_marker("long"):
            cases[item.path, getattr(item, "originalname", item.name)].append(item)
    chosen = {item for of_one in cases.values() for item in of_one[:: -(-len(of_one) // CASES)]}
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = [item for item in items if item in chosen]
