"""Families of functions of which the gradient is known, and how often reports on them say something that is not true.

`python tests/testing/families.py --examples 20000` counts, by family, the examples on which a report says something untrue, and
shows the worst; `--family NAME --seed N` shows the reports on one of them. Where the packages are not installed, set PYTHONPATH=.
"""

from __future__ import annotations

import argparse
import random
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np
from families_rough import kinks, rectified, shared, ties
from families_smooth import constant, extreme, invariant, logistic_regression, mixed, saturated, single, smooth, vector
from families_steep import growing, periodic, steep
from truth import Example, excused, untruths, value_of

Family = Callable[[random.Random], Example]
FAMILIES: dict[str, Family] = {
    family.__name__.replace("_", " "): family
    for family in (
        *(smooth, saturated, extreme, mixed, single, logistic_regression, constant, invariant, vector),
        *(steep, growing, periodic, ties, kinks, rectified, shared),
    )
}


def run(names: list[str], seeds: range, shown: int) -> None:
    """Count what is not true, by family, and show the worst of each kind."""
    found: dict[tuple[str, str], list[tuple[float, int, str]]] = defaultdict(list)
    untold: Counter[str] = Counter()
    coarse: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for name, seed in product(names, seeds):
        rng = random.Random(f"{name} {seed}")
        example = FAMILIES[name](rng)
        report = example.check(example.true)
        entries[name] += len(report.entries)
        untold[name] += sum(e.verdict == "cannot tell" for e in report.entries)
        coarse[name] += sum(
            e.verdict == "right" and e.bound > 1e-3 * value_of(e) and not excused(example, e) for e in report.entries
        )
        kinds: dict[str, tuple[float, int, str]] = {}
        for untruth in untruths(example, report, rng):
            e = untruth.entry
            text = f"{untruth.gradient}: {example.text[:200]}"
            text += f"\n      given {e.given!r} numerical {e.numerical!r} bound {e.bound:.2g} {e.verdict} {e.note}" if e else ""
            kinds[untruth.kind] = max(kinds.get(untruth.kind, (-1.0, 0, "")), (untruth.excess, seed, text))
        for kind, worst in kinds.items():
            found[kind, name].append(worst)
    columns = ("accused", "outside", "let through", "unresolved", "false kink", "failure")
    print(f"examples with untrue reports, of {len(seeds)} of each family")
    print(f"{'':21}" + "".join(f"{kind:>13}" for kind in (*columns, "cannot tell", "coarse")))
    for name in names:
        counts = [str(len(found[kind, name]) or "-") for kind in columns]
        counts += [f"{100 * count[name] / max(entries[name], 1):.1f} %" for count in (untold, coarse)]
        print(f"{name:21}" + "".join(f"{count:>13}" for count in counts))
    for (kind, name), worst in sorted(found.items()):
        for excess, seed, text in sorted(worst, reverse=True)[:shown]:
            print(f"{kind}, {name}, seed {seed}, {excess:.3g} times; {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the untrue reports on functions of which the gradient is known.")
    parser.add_argument("--examples", type=int, default=2000, help="how many, of all families together")
    parser.add_argument("--family", choices=sorted(FAMILIES), help="one family only")
    parser.add_argument("--seed", type=int, help="show the reports on one example of the family")
    parser.add_argument("--shown", type=int, default=1, help="how many of the worst of each kind are shown")
    options = parser.parse_args()
    names = [options.family] if options.family else list(FAMILIES)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    if options.seed is None:
        run(names, range(max(1, options.examples // len(names))), options.shown)
        return
    for name in names:
        rng = random.Random(f"{name} {options.seed}")
        example = FAMILIES[name](rng)
        report = example.check(example.true)
        print(example.text, report, *untruths(example, report, rng), sep="\n")


if __name__ == "__main__":
    main()
