"""Which floats and integers are inputs of a program, and which are constants that are looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Numbers"]


@dataclass(eq=False)
class Numbers:
    """Which floats are recorded, by their paths, and which arrays of integers are not; all else is a constant that is looked at.

    At first these are all floats but the settings of modules, then, where that cannot be captured, only those that are seen to
    change; and all arrays but those of integers that have decided something, such as how long a result is.

    Attributes:
        seen: the values that they had.
        varying: those that change.
        refused: those that change, but cannot be recorded, since something else than arithmetic is done with them.
        hopeful: whether those are recorded, too, that have not been seen to change.
        some: whether any were recorded.
        deciding: the arrays of integers that decide.
        replaced: the places where something else was found: of a container there, what is in it is looked at, not which it is.
    """

    seen: dict[str, Any] = field(default_factory=dict)
    varying: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    hopeful: bool = True
    some: bool = False
    deciding: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)

    def is_recorded(self, path: str, value: Any, setting: bool) -> bool:
        """Whether the number at a path, which has this value now, is to be recorded."""
        if self.seen.setdefault(path, value) != value:
            self.varying.add(path)
        recorded = (path in self.varying or (self.hopeful and not setting)) and path not in self.refused
        self.some |= recorded
        return recorded

    def record_fewer(self, deciding: set[str]) -> bool:
        """Record less, where a capture has failed in which these arrays of integers have decided; False if that is no use."""
        if not deciding <= self.deciding:
            self.deciding |= deciding
            return True
        if not self.some:
            return False
        if not self.hopeful:
            self.refused |= self.varying
        self.hopeful = self.some = False
        return True
