"""Which derivatives to compare: every entry of a small argument; of a large one random directions, some entries, and a search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autodiff.testing.claims import Claims
from autodiff.testing.numerics.judgement import RAN_OUT, Claim, Judgement, Tolerance, no_judgement
from autodiff.testing.numerics.verdicts import QUICK, gap, judge, judge_sums
from autodiff.testing.report import GradientEntry

__all__: list[str] = []

EVERY_ENTRY = 256  # of an argument up to this size, if the evaluations allow
DIRECTIONS = 3
SAMPLE = 32  # entries of a large argument, half of them where the gradient is largest
SAME = 1e-3  # relative: slopes nearby that differ by less from those at a kink lie between them
ADD_UP = 1e-6  # relative: slopes that are so near to a sum of others are that sum
ENOUGH = 8  # wrong entries to find before a search ends
CHEAP = 64  # evaluations that the verdict on an entry may take
COSTLY = 16  # wrong entries that took more, after which no more are compared
RANDOM = 6  # directions along entries at a kink, besides those that are not random
NEARBY = 16  # points near a kink, at which the slopes are to lie between those at the kink

Index = tuple[int, ...] | str
Places = dict[int, list[GradientEntry]]  # all derivatives by one entry, by its number among those of all arguments


class Comparison:
    """The comparison of a gradient with differences, argument by argument."""

    def __init__(self, claims: Claims, tolerance: Tolerance) -> None:
        self.claims, self.tolerance = claims, tolerance
        self.subject, self.rng, cotangents = claims.subject, claims.rng, claims.cotangents
        self.labels = cotangents.labels
        units = cotangents.units or len(cotangents.labels)
        self.direct, self.summed = slice(0, units), slice(units, None)  # differences are taken of some; others are sums of those
        self.matrix, self.weights = cotangents.matrix[self.direct], cotangents.matrix[self.summed]
        self.kinked: list[int] = []  # large arguments at a kink

    def entries(self) -> list[GradientEntry]:
        """Everything that was compared, by argument; last what concerns several."""
        found: list[GradientEntry] = []
        places: Places = {}
        sizes = [scales.size for scales in self.subject.scales]
        budget, costly = self.subject.limit // 2, 0
        for slot in sorted(range(len(sizes)), key=sizes.__getitem__):
            if sizes[slot] > EVERY_ENTRY or QUICK * sizes[slot] > budget:
                found += self._large(slot, sizes[slot])
                continue
            budget -= QUICK * sizes[slot]
            for i in range(sizes[slot]):
                if costly >= COSTLY:
                    self.subject.left += sizes[slot] - i
                    break
                before = self.subject.evaluations
                entries = self._entry(slot, i)
                is_wrong = any(entry.verdict == "wrong" for entry in entries)
                costly += is_wrong and self.subject.evaluations - before > CHEAP
                places[self.subject.ends[slot] + i] = entries
                found += entries
        found += self._at_kinks(places) + self._all_together()
        order = {name: slot for slot, name in enumerate(self.subject.variable_names)}
        return sorted(found, key=lambda entry: order.get(entry.argument, len(order)))

    def _entry(self, slot: int, i: int) -> list[GradientEntry]:
        """The derivatives by one entry of an argument."""
        shape = self.subject.variables[slot].shape
        return self._judged(slot, i, tuple(int(k) for k in np.unravel_index(i, shape)))

    def _at_kinks(self, places: Places) -> list[GradientEntry]:
        """The derivatives along all entries at a kink together, of all arguments, if none of them is wrong.

        For each of two equal numbers, the largest of them has the slopes 0 and 1; but together they have the slope 1. The
        entries move in the same direction, in those in which the function, and the gradient, rises, and in random ones. Where the
        slopes just add up, as for a sum of functions of one entry each, that tells nothing new.
        """
        kinks = {number: entries for number, entries in places.items() if any(entry.at_kink for entry in entries)}
        if len(kinks) < 2 or any(entry.verdict != "right" for entries in kinks.values() for entry in entries):
            return []
        scales = np.concatenate(self.subject.scales)[[*kinks]]
        first = [next(entry for entry in entries if entry.at_kink) for entries in kinks.values()]
        steepest = np.array([np.abs(entry.slopes).max() for entry in first])
        alike = 2.0 ** np.floor(np.log2(np.min(scales * steepest) / steepest))  # moves that change f alike
        rising, given = np.array([sum(entry.slopes) for entry in first]), np.array([entry.given for entry in first])
        signs = [np.where(values == 0, 1.0, np.sign(values)) for values in (np.ones(len(kinks)), rising, given)]
        sizes = [given / np.abs(given).max(initial=1e-300), *self.rng.uniform(-1, 1, (RANDOM, len(kinks)))]
        rows = [*signs, *(np.round(256 * row) / 256 for row in sizes)]
        steps = [row * (alike if k % 2 else scales) for k, row in enumerate(rows) if row.any()]
        argument = ", ".join(dict.fromkeys(entry.argument for entry in first))
        compared = []
        for moves in map(np.array, dict.fromkeys(map(tuple, steps))):
            direction = np.zeros(self.subject.ends[-1])
            direction[[*kinks]] = moves
            along = self._judged(None, direction, "all at a kink", argument)
            if not all(self._adds_up(entry, j, kinks, moves) for j, entry in enumerate(along)):
                compared.append((direction, along))
        return self._subgradients(compared)

    def _all_together(self) -> list[GradientEntry]:
        """The derivative along all entries of all large arguments at a kink, in which they may be tied with each other."""
        if len(self.kinked) < 2:
            return []
        scales = [scales * (slot in self.kinked) for slot, scales in enumerate(self.subject.scales)]
        names = [self.subject.variable_names[slot] for slot in sorted(self.kinked)]
        direction = np.concatenate(scales)
        return self._subgradients([(direction, self._judged(None, direction, "all together", ", ".join(names)))])

    def _adds_up(self, along: GradientEntry, j: int, kinks: Places, steps: np.ndarray) -> bool:
        """Whether the slopes along a direction are the sums of those along the entries that it moves, each by a step."""
        single = [entries[j] for entries in kinks.values()]
        sides = np.array([entry.slopes for entry in single])
        sums = np.sum(np.where(steps[:, None] < 0, sides[:, ::-1], sides) * steps[:, None], axis=0)
        bound = along.bound + sum(abs(step) * entry.bound for step, entry in zip(steps, single, strict=True))
        return bool(np.all(np.abs(sums - along.slopes) <= ADD_UP * (np.abs(sums).max() + bound)))

    def _subgradients(self, compared: list[tuple[np.ndarray, list[GradientEntry]]]) -> list[GradientEntry]:
        """The entries along directions, but for wrong ones that another subgradient may excuse.

        Where all slopes nearby lie between those at the kink, as at one of a largest number or a norm, so does every subgradient.
        Else, as for the difference of two such functions, a claim must be further outside of all of these.
        """
        entries = [entry for _, along in compared for entry in along]
        if all(entry.verdict != "wrong" for entry in entries):
            return entries
        if not self.subject.affords(2 * NEARBY * len(compared)):
            return [replace(e, verdict="cannot tell", note=RAN_OUT) if e.verdict == "wrong" else e for e in entries]
        found = []
        is_regular = True
        for direction, along in compared:
            for entry, nearby in zip(along, self._slopes_nearby(direction).T, strict=True):
                low, high = entry.numerical - entry.bound, entry.numerical + entry.bound
                least, most = min(low, *nearby), max(high, *nearby)
                is_regular &= not most - least > high - low + SAME * max(abs(least), abs(most))
                found.append((entry, not low <= entry.given <= high, not 2 * least - most <= entry.given <= 2 * most - least))
        return [entry for entry, off, far_off in found if entry.verdict != "wrong" or (off if is_regular else far_off)]

    def _slopes_nearby(self, direction: np.ndarray) -> np.ndarray:
        """The slopes along a direction at random points nearby: one row for each, in the order of the labels."""
        eps = self.subject.eps
        away, step = eps ** (1 / 3), eps ** (1 / 2)

        def at(place: np.ndarray) -> np.ndarray:
            return np.asarray(self.subject.line(None, place, self.matrix).at(1.0)[0])

        places = [away * direction * self.rng.uniform(-1, 1, direction.size) for _ in range(NEARBY)]
        slopes = np.array([(at(x + step * direction) - at(x - step * direction)) / (2 * step) for x in places])
        return np.hstack([slopes, slopes @ self.weights.T]) if len(self.weights) else slopes

    def _judged(self, slot: int | None, direction: int | np.ndarray, index: Index, argument: str = "") -> list[GradientEntry]:
        if slot is not None:
            argument = self.subject.variable_names[slot]
        if not self.subject.affords(QUICK):
            claim = self.claims.claim(slot, direction, slice(None), np.zeros(len(self.labels)))
            return self._listed(argument, index, self.labels, claim, no_judgement(len(self.labels)))
        line = self.subject.line(slot, direction, self.matrix)
        slope = line.slope()
        claim = self.claims.claim(slot, direction, self.direct, slope)
        parts = judge(line, claim, self.tolerance, self.subject.affords)
        found = self._listed(argument, index, self.labels[self.direct], claim, parts)
        if len(self.weights):
            claim = self.claims.claim(slot, direction, self.summed, np.abs(self.weights) @ slope)
            sums = judge_sums(self.weights, parts, claim, self.tolerance)
            found += self._listed(argument, index, self.labels[self.summed], claim, sums)
        return found

    def _listed(self, argument: str, index: Index, labels: list[Index], claim: Claim, found: Judgement) -> list[GradientEntry]:
        """The entries of the report."""
        numbers = (claim.value, found.value, found.allowed, *found.slopes)
        columns = zip(labels, found.verdicts, found.notes, *(column.tolist() for column in numbers), strict=True)
        return [
            GradientEntry(argument, index, label, given, value, bound, verdict, note, slopes=(left, right))
            for label, verdict, note, given, value, bound, left, right in columns
        ]

    def _large(self, slot: int, size: int) -> list[GradientEntry]:
        """Derivatives along random directions; if one is wrong, by the entries that make it so; and by a sample of entries."""
        moving = np.ones(size, bool)
        sample = self._sample(slot, size)
        found: list[GradientEntry] = []
        directions = [(f"direction {k + 1}", self.subject.random_direction(slot, self.rng)) for k in range(DIRECTIONS)]
        for name, direction in directions:
            everywhere = np.zeros(self.subject.ends[-1])
            everywhere[self.subject.ends[slot] : self.subject.ends[slot + 1]] = direction * moving
            along = self._judged(slot, direction * moving, name)
            kept = self._subgradients([(everywhere, along)])
            found += kept
            if any(entry.verdict == "wrong" for entry in kept):
                sample |= set(self._culprits(slot, direction * moving))
                break
            if any(entry.at_kink for entry in along) and len(directions) == DIRECTIONS:
                # Where many kinks meet, hardly any direction is wrong: next, without the zeros, and all entries together.
                x = self.subject.variables[slot].reshape(-1)
                moving = x != 0
                signs = np.sign(self.claims.rows[slot][-1])
                signs = np.where(signs == 0, np.where(x < 0, -1.0, 1.0), signs)
                scale = self.subject.scales[slot]
                self.kinked.append(slot)
                directions += [("all together", scale), ("along the signs", signs * scale)]
        for i in sorted(sample):
            found += self._entry(slot, i)
        return found

    def _sample(self, slot: int, size: int) -> set[int]:
        """Some entries: those that matter most for the value, and random ones."""
        weights = np.abs(np.nan_to_num(self.claims.rows[slot])).max(axis=0) * self.subject.scales[slot]
        largest = np.argsort(weights)[-SAMPLE // 2 :]
        return {int(i) for i in largest} | {int(i) for i in self.rng.integers(0, size, SAMPLE // 2)}

    def _culprits(self, slot: int, direction: np.ndarray) -> list[int]:
        """The entries that make the derivative along `direction` wrong, found by halving, the worse half first."""
        everything = np.arange(direction.size)
        groups = [(everything, *self._gap(slot, direction, everything))]
        culprits: list[int] = []
        while groups and len(culprits) < ENOUGH and self.subject.affords(2 * QUICK):
            group, gap, bound = groups.pop()
            if len(group) == 1:
                culprits.append(int(group[0]))
                continue
            left, right = np.array_split(group, 2)
            of_left, its_bound = self._gap(slot, direction, left)
            halves = [(left, of_left, its_bound), (right, gap - of_left, bound + its_bound)]
            halves.sort(key=lambda half: _excess(*half[1:]))
            groups += [half for half in halves if _excess(*half[1:]) > 1]
        return culprits

    def _gap(self, slot: int, direction: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far the claims along a part of the direction are from the quick estimates, and how far they may be."""
        part = np.zeros_like(direction)
        part[group] = direction[group]
        line = self.subject.line(slot, part, self.matrix)
        return gap(line, self.claims.claim(slot, part, self.direct, line.slope()), self.tolerance)


def _excess(gaps: np.ndarray, bounds: np.ndarray) -> float:
    """The largest gap as a multiple of its bound."""
    return float(np.max(np.abs(gaps) / np.maximum(bounds, np.finfo(float).tiny), initial=0.0, where=np.isfinite(bounds)))
