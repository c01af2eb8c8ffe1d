"""Rules of thumb for the size of a hidden layer, and the number of weights that follows."""

from __future__ import annotations

__all__ = ["rules_of_thumb", "weight_counts"]


def rules_of_thumb(inputs: int, hidden: int, outputs: int) -> list[tuple[str, str, bool]]:
    """Each rule of Article B: in words, what it proposes, and whether a hidden layer of this size follows it.

    >>> rules_of_thumb(2, 4, 1)[1]
    ('2/3 of the inputs plus the outputs', '2', False)
    """
    two_thirds = (2 * inputs + 3 * outputs) // 3  # in whole numbers, since 2/3 has no exact float
    low, high = min(inputs, outputs), max(inputs, outputs)
    return [
        ("fewer than twice the inputs", f"1 to {2 * inputs - 1}" if inputs > 1 else "1", hidden < 2 * inputs),
        ("2/3 of the inputs plus the outputs", f"{two_thirds}", hidden == two_thirds),
        ("between the inputs and the outputs", f"{low} to {high}" if low < high else f"{low}", low <= hidden <= high),
    ]


def weight_counts(inputs: int, hidden: int, outputs: int) -> tuple[int, int]:
    """The number of weights without and with biases.

    >>> weight_counts(2, 4, 1)
    (12, 17)
    """
    weights = inputs * hidden + hidden * outputs
    return weights, weights + hidden + outputs
