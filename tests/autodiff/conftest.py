"""The interpreter in a state in which mistakes show: without the garbage collector, or with threads that take turns often.

What is compiled does not go to the user's cache.
"""

import gc
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def without_gc() -> Iterator[None]:
    """No garbage collector, after one last run: what is in a reference cycle stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Threads that take turns after a microsecond."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
