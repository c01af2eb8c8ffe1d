"""The fixture `assert_gradient` for pytest, and a line about the gradients in its summary.

A project that wants them says so in its `conftest.py`: `pytest_plugins = ["autodiff.testing.pytest_plugin"]`. They are not loaded
wherever the library is installed, since that would import NumPy and autodiff at the start of each run, whatever it tests.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest

__all__: list[str] = []

PROPERTY = "gradient"  # of the test's report, with the verdict for a value: xdist and JUnit's XML pass it on


@pytest.fixture
def assert_gradient(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """`autodiff.testing.assert_gradient`, with a seed of the test's own, and all reports shown if the test fails.

    The seed is made of the test's name, so that tests differ by their seeds and each repeats itself; `rng=` sets another.
    """
    from autodiff.testing import GradientMismatch, check_gradient

    item = request.node

    def check(f: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
        __tracebackhide__ = True  # pytest shows the report alone
        report = check_gradient(f, *inputs, **{"rng": zlib.crc32(item.nodeid.encode()), **options})
        item.user_properties.append((PROPERTY, report.verdict))
        if not report.ok:
            raise GradientMismatch(report)
        item.add_report_section("call", PROPERTY, str(report))
        return report

    return check


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write how many gradients were right, wrong, and neither, if any was checked."""
    verdicts = [
        verdict
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, verdict in report.user_properties
        if name == PROPERTY
    ]
    if verdicts:
        kinds = ["right", "wrong", *(["wrong dtype"] if "wrong dtype" in verdicts else []), "cannot tell"]
        counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in kinds]
        terminalreporter.write_line(f"gradients: {', '.join(counts)}")
