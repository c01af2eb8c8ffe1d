"""What is printed: plain tables."""

from __future__ import annotations

import numpy as np

from examples.article import by_hand
from examples.article.compare import Comparison
from examples.article.explain import FORMULAS
from examples.article.sizes import rules_of_thumb, weight_counts
from examples.article.systems import UNSEEN, System, accuracy
from examples.tables import table

__all__ = ["closing_table", "matrices", "size_table", "terms_table", "truth_table", "unseen_table"]


def plain(value: float) -> str:
    """A final figure: four decimals, or more where they would be zeros."""
    return f"{value:.4f}" if abs(value) >= 0.01 else f"{value:.6f}"


def rounding(value: float) -> str:
    """A difference, of which the size alone matters."""
    return f"{value:.0e}" if value else "0"


def point(x: np.ndarray) -> str:
    """The two inputs."""
    return f"({x[0]:g}, {x[1]:g})"


def shape(array: np.ndarray) -> str:
    """The number of rows by the number of columns."""
    return " by ".join(map(str, array.shape))


def terms_table(system: System, terms: list[tuple[str, np.ndarray, float]]) -> str:
    """Each term of the chain rule: its formula, its shape, and how far autograd's is from the one by hand."""
    rows = [(term, FORMULAS[term], shape(value), rounding(difference)) for term, value, difference in terms]
    title = f"The chain rule by hand and by autograd, in the first step of {system.name} ({system.title})\n"
    return title + table(("term", "by hand", "shape", "autograd differs by"), rows, left=2)


def matrices(terms: list[tuple[str, np.ndarray, float]]) -> str:
    """The matrix of every term."""
    with np.printoptions(precision=6, suppress=True, floatmode="fixed"):
        return "\n\n".join(f"  {term} = {FORMULAS[term]}\n    " + str(value).replace("\n", "\n    ") for term, value, _ in terms)


def size_table(inputs: int, hidden: int, outputs: int) -> str:
    """The rules of thumb for a hidden layer, whether this one follows them, and the number of weights."""
    weights, with_biases = weight_counts(inputs, hidden, outputs)
    rows = [(rule, proposed, "yes" if followed else "no") for rule, proposed, followed in rules_of_thumb(inputs, hidden, outputs)]
    title = f"A hidden layer of {hidden} between {inputs} and {outputs}: {weights} weights, or {with_biases} with biases\n"
    return title + table(("rule of thumb", "proposes", "followed"), rows)


def truth_table(result: Comparison) -> str:
    """What the trained network answers, input by input."""
    runs = {"as printed": result.as_printed, "by hand": result.hand, "framework": result.framework}
    outputs = {name: run.outputs[:, 0] for name, run in runs.items() if run}
    rows = [
        (point(x), f"{label:g}", *(f"{output:.8f}" for output in line))
        for x, label, *line in zip(result.system.x, result.system.y[:, 0], *outputs.values(), strict=True)
    ]
    title = f"{result.system.name} ({result.system.title}) after {result.epochs:,} epochs\n"
    return title + table(("input", "label", *outputs), rows)


def unseen_table(result: Comparison) -> str:
    """What the network trained on XOR answers for four points that it has not seen."""
    points, labels = UNSEEN
    rows = []
    for x, label in zip(points, labels, strict=True):
        outputs = [by_hand.predict(x, run.weights) for run in (result.hand, result.framework)]
        right = all(accuracy(output, label) == 1 for output in outputs)
        rows.append((point(x), f"{label[0]:g}", *(f"{output[0]:.8f}" for output in outputs), "yes" if right else "no"))
    return f"{result.system.name}: four unseen points\n" + table(("point", "close to", "by hand", "framework", "right side"), rows)


def final_figure(result: Comparison, which: str) -> str:
    """The final figure of one of the runs: the error, or the signed sum where the article prints that."""
    run = getattr(result, which)
    if run is None:
        return ""
    return plain(run.signed_sum if result.system.signed else run.errors[-1])


def given_by(result: Comparison) -> str:
    """Which of the runs end at the figure that the article prints, to its last digit."""
    figure = result.system.prints
    if result.epochs != result.system.epochs or not figure[0].isdigit():
        return ""
    unit = 10.0 ** -len(figure.partition(".")[2])
    runs = {"its code": result.as_printed, "by hand": result.hand, "framework": result.framework}
    names = [name for name, run in runs.items() if run and abs(run.errors[-1] - float(figure)) < unit]
    return {0: "none", 1: "".join(names)}.get(len(names), "both")


def closing_table(results: list[Comparison]) -> str:
    """Every system: the final figures side by side, how far the two are apart, and what is wrong in the article."""
    rows = []
    for result in results:
        system, complete = result.system, result.epochs == result.system.epochs
        rows.append(
            (
                system.name,
                system.title,
                f"{result.epochs:,}",
                system.prints if complete else "not compared",
                given_by(result),
                *(final_figure(result, which) for which in ("as_printed", "hand", "framework")),
                rounding(result.errors),
                rounding(max(result.gradients.values())),
                "no" if result.complaints() else "yes",
            )
        )
    figures = ("article", "given by", "its code", "by hand", "framework")
    header = ("", "system", "epochs", *figures, "errors ±", "gradients ±", "agree")
    legend = [
        "  Final error: ½ Σ (output - label)²; for B2 the signed sum Σ (output - label). Both before the last step.",
        "  errors ±: the largest relative difference in the first 100 epochs.",
        "  gradients ±: the largest difference of the first gradients, as a part of the largest element.",
    ]
    if any(result.epochs != result.system.epochs for result in results):
        legend.append("  Fewer epochs than in the articles: their figures are not compared.")
    backends = sorted({run.descent.backend for result in results for run in (result.hand, result.framework)} - {""})
    legend += [f"  Compiled by ad.compile, many steps ran as {backend}." for backend in backends]
    notes = [f"  {result.system.name}: {result.system.note}." for result in results if result.system.note]
    return "\n".join(["By hand and by the framework", table(header, rows, left=2), "", *legend, *notes])
