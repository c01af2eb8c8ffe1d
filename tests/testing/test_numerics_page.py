"""The page of the checker's constants says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autodiff.testing import comparison
from autodiff.testing.numerics import differences, judgement, thorough, verdicts

PAGE = Path(__file__).parents[2] / "docs" / "numerics.md"
CONSTANTS = {
    name: value
    for module in (comparison, differences, judgement, thorough, verdicts)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, (int, float, tuple)) and not name.startswith("_")
}
ROWS = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))


def number(text: str) -> float:
    """A value as the page writes it."""
    superscripts = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    text = text.replace("√ε", "").strip() or "2⁻²⁶"
    if "/" in text:
        above, below = map(float, text.split("/"))
        return above / below
    return 2.0 ** float(text[1:].translate(superscripts)) if "⁻" in text else float(text)


@pytest.mark.parametrize("name", ROWS)
def test_a_constant_is_what_the_page_says(name: str) -> None:
    value = CONSTANTS[name]
    assert [number(part) for part in ROWS[name].split(",")] == pytest.approx(list(value) if isinstance(value, tuple) else [value])


def test_every_constant_that_may_be_chosen_is_on_the_page() -> None:
    counts = {"QUICK", "THOROUGH", "DEPTH", "FAR", "LARGE", "SMALLEST", "NOISE_LIMIT", "PRECISE"}  # of steps, or where to look
    counts |= {"EVERY_ENTRY", "DIRECTIONS", "SAMPLE", "ENOUGH", "CHEAP", "COSTLY"}  # of what is compared, at most
    assert set(CONSTANTS) - counts == set(ROWS)
