"""How much the property tests search, and what they do where PyTorch is not installed."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from autodiff.numpy.namespaces import NAMESPACES, load_namespace
from autodiff.registry import numpy_table, registry

settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)  # how fast it is depends on what else the machine does
settings.register_profile("quick", deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("quick"):
        settings.load_profile("quick")


@pytest.fixture(scope="session")
def torch() -> Any:
    """PyTorch, to compare with; without it the tests that ask for it are skipped, and counted in the summary."""
    return pytest.importorskip(
        "torch", reason="PyTorch is not installed, so nothing was compared with it: pip install torch==2.13.0"
    )


@pytest.fixture
def registry_as_it_was() -> Iterator[None]:
    """The registry of operations, put back after a test that adds to it."""
    for name in NAMESPACES:  # which add to it when they are first used
        load_namespace(name)
    entries, table = dict(registry), dict(numpy_table)
    yield
    for mapping, before in ((registry, entries), (numpy_table, table)):
        mapping.clear()
        mapping.update(before)


@pytest.fixture
def _double(torch: Any) -> Iterator[None]:
    """PyTorch with float64 by default, as NumPy."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
