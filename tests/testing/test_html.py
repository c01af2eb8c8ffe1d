"""A report as HTML: what is in it, that it is well formed, and that names and notes cannot break out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np

from autodiff.testing import GradientEntry, GradientFailure, GradientReport, check_gradient, find_gradient_error, reals

X = np.array([[0.5, -1.0, 2.0, 0.1], [1.5, 0.3, -0.7, -2.0]])
VOID = {"meta", "rect", "br"}


class Outline(HTMLParser):
    """The elements of a document, each with the text in it; an element that is not closed in its turn is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def classes(self, tag: str) -> list[str]:
        return [attributes.get("class") or "" for name, attributes in self.found if name == tag]


def wrong_where_negative(f: Callable[..., Any] = lambda x: np.sum(np.abs(x) ** 3), x: np.ndarray = X) -> GradientReport:
    return check_gradient(f, x, gradient=lambda x: 3 * x**2)


def test_a_page_stands_alone_and_a_fragment_is_the_part_of_it_for_a_notebook() -> None:
    report = wrong_where_negative()
    html = report.to_html()
    assert html.startswith("<!DOCTYPE html>")
    assert report._repr_html_() in html
    assert Outline(html).texts["title"][:1] == ["Gradient of <lambda>: wrong"]
    assert not re.search(r"(src|href)=|@import|url\(", html)
    assert not report._repr_html_().lstrip().startswith("<!")


def test_it_says_what_the_text_says() -> None:
    report = wrong_where_negative()
    outline = Outline(report._repr_html_())
    assert outline.texts["h1"] == [f"✗ wrong {report.summary}"]
    assert report.comparison in outline.texts["p"]
    assert outline.texts["li"] == list(report.diagnosis)
    assert outline.texts["th"] == ["argument", "index", "by hand", "autograd", "numerical", "bound", "verdict"]
    assert len(outline.texts["tr"]) == 1 + len(report.entries)
    assert outline.texts["td"][:2] == ["x", "(0, 1)"]


def test_failures_are_listed() -> None:
    report = check_gradient(lambda x: np.sum(x * x) / 2, X, gradient=lambda x: x)
    assert Outline(report.to_html()).texts["li"] == [failure.text for failure in report.failures]
    shapeless = check_gradient(lambda x: np.sum(x), X, gradient=lambda x: np.ones(3))
    assert "table" not in Outline(shapeless.to_html()).texts


def test_each_argument_is_summed_up_and_another_dtype_is_no_success() -> None:
    report = check_gradient(lambda a, b: np.sum(a * b), X[0], X[1], gradient=lambda a, b: (b.copy(), a / 2))
    assert report.by_argument in Outline(report.to_html()).texts["p"]
    whole = Outline(check_gradient(lambda x: np.sum(x), X, gradient=lambda x: np.ones(x.shape, int)).to_html())
    assert whole.texts["title"][0] == "Gradient of <lambda>: wrong dtype"
    assert whole.texts["span"][0] == "✗ wrong dtype"


def test_verdicts_are_told_by_a_sign_and_a_word_as_well_as_by_a_colour() -> None:
    outline = Outline(check_gradient(lambda x: np.sum(np.maximum(x, 0)), np.array([1.0, 0.0]), gradient=np.ones_like).to_html())
    assert outline.texts["span"][0] == "✓ right"
    assert any(text.startswith("✓ right (at a kink") for text in outline.texts["span"])
    assert set(outline.classes("span")) == {"mark right"}
    unsure = Outline(check_gradient(lambda x: np.sum(np.sign(x)), np.zeros(2), gradient=np.zeros_like).to_html())
    assert unsure.texts["span"][0] == "? cannot tell"
    assert "mark unsure" in unsure.classes("span")


def test_a_picture_shows_each_entry_of_a_small_argument_where_it_is() -> None:
    outline = Outline(wrong_where_negative().to_html())
    assert outline.texts["figcaption"] == ["x, 2 by 4: 3 of 8 wrong"]
    side = 16
    cells = {(int(a["y"] or 0) // side, int(a["x"] or 0) // side): a["class"] for tag, a in outline.found if tag == "rect"}
    assert cells == {index: "wrong" if x < 0 else "right" for index, x in np.ndenumerate(X)}
    tips = dict(zip(cells, outline.texts["title"][1:], strict=True))
    assert tips[0, 1] == "(0, 1): wrong, given 3, numerical -3"
    assert len(outline.texts["text"]) == 3


def test_a_picture_of_several_results_shows_the_worst_at_each_entry() -> None:
    report = check_gradient(lambda x: x**2, X, vjp=lambda g, x: 2 * g * np.abs(x))
    outline = Outline(report.to_html())
    assert outline.classes("rect").count("wrong") == 3
    assert any("output (0, 1)" in text for text in outline.texts["title"])


def test_a_long_argument_with_one_axis_is_wrapped() -> None:
    x = np.linspace(-1, 1, 100)
    outline = Outline(wrong_where_negative(x=x).to_html())
    places = {(attributes["x"], attributes["y"]) for tag, attributes in outline.found if tag == "rect"}
    assert len(places) == 100
    assert len({y for _, y in places}) == 2


def test_there_is_no_picture_of_a_number_or_of_an_argument_of_which_not_all_was_compared() -> None:
    assert "svg" not in Outline(check_gradient(lambda x: x**2, 3.0).to_html()).texts
    assert "svg" not in Outline(check_gradient(lambda x: np.sum(x**2), np.linspace(0, 1, 400)).to_html()).texts
    two = check_gradient(lambda x, y: np.sum(x) * np.sum(y**2), X, np.linspace(0, 1, 400))
    assert Outline(two.to_html()).texts["figcaption"] == ["x, 2 by 4: 0 of 8 wrong"]


def test_the_table_ends_after_200_rows() -> None:
    entries = tuple(GradientEntry("x", (i,), (), 1.0, 2.0, 1e-9, "wrong") for i in range(250))
    outline = Outline(GradientReport("f", entries, (), 2).to_html())
    assert len(outline.texts["tr"]) == 201
    assert "... and 50 more" in outline.texts["p"]


def test_names_and_notes_cannot_break_out() -> None:
    bad = "<img src=x onerror=alert(1)>"
    entry = GradientEntry(bad, (0,), (), 1.0, 2.0, 1e-9, "wrong", '</td><script>alert("1")</script>')
    report = GradientReport(bad, (entry, entry), (GradientFailure("error", bad),), 2, (bad,), bad, bad)
    outline = Outline(report.to_html())
    assert not {"img", "script"} & set(outline.texts) | {tag for tag, _ in outline.found} & {"img", "script"}
    assert outline.texts["li"] == [bad, bad]
    assert report.name in outline.texts["h1"][0]


def test_a_search_gives_a_page_like_that_of_a_check() -> None:
    search = find_gradient_error(lambda x: np.sum(x**2), reals(shape=2), gradient=lambda x: 3 * x)
    assert search.report is not None
    page, of_report = search.to_html(), search.report.to_html()
    assert page.split("<body>")[0] == of_report.split("<body>")[0]
    assert "<title>Gradient of &lt;lambda&gt;: wrong</title>" in page
