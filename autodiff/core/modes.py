"""Modes: whether operations are recorded, and who decides on a call instead, in the current thread or task.

A mode is *plain* if nobody does. Otherwise each call of an operation, once it is bound to its entry, operands and parameters, goes
to the innermost interpreter before anything is computed: `interpreter(entry, operands, params)` returns what the call returns.
Calls that it makes itself, such as `entry.apply(operands, params)` to go on, are in the mode outside of it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

Interpreter = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]  # of the entry, the operands and the parameters of a call
Check = Callable[[Any, Any, int], None]  # of the cotangent of an argument, by number, of an operation


@dataclass(slots=True)
class Mode:
    """What the switches that are on amount to: to record, nobody interprets, who checks cotangents, in a backward pass."""

    record: bool
    plain: bool = True
    check: Check | None = None
    walking: bool = False

    def apply(self, entry: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Let the innermost interpreter decide on a call, in the mode outside of it."""
        switches = _on.get()
        i = max(i for i, switch in enumerate(switches) if switch.interpreter is not None)
        interpreter: Any = switches[i].interpreter
        _set((*switches[:i], Switch(switches[i].record, None, switches[i].check), *switches[i + 1 :]))
        try:
            return interpreter(entry, operands, dict(params))
        finally:
            _set(switches)


RECORD, SKIP = Mode(record=True), Mode(record=False)
_mode = ContextVar("autodiff_mode", default=RECORD)
current_mode = _mode.get
_on: ContextVar[tuple[Switch, ...]] = ContextVar("autodiff_switches", default=())
_SUSPENDABLE = 0x20 | 0x80 | 0x200  # the flags of code that yields or awaits (inspect.CO_GENERATOR and so on)


@dataclass(eq=False)
class Switch(ContextDecorator):
    """A change of the mode for the time of a `with` block or a function call. One object can be used again, also inside itself.

    Leaving takes back this change and no other, whatever has been entered since; where it was not entered, nothing.
    """

    record: bool | None = None
    interpreter: Interpreter | None = None
    check: Check | None = None
    walking: bool = False  # in a backward pass that is itself recorded: what rules compute on their way is not what a user called

    def __call__(self, function: Any) -> Any:
        """Decorate a function."""
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & _SUSPENDABLE:
            raise TypeError(f"{function.__qualname__}: a mode cannot decorate a generator or coroutine. Write `with` inside it.")
        return super().__call__(function)

    def __enter__(self) -> None:
        _set((*_on.get(), self))

    def __exit__(self, *_: object) -> None:
        switches = _on.get()
        if places := [i for i, switch in enumerate(switches) if switch is self]:
            _set((*switches[: places[-1]], *switches[places[-1] + 1 :]))


def _set(switches: tuple[Switch, ...]) -> None:
    _on.set(switches)
    _mode.set(_mode_of(switches))


def _mode_of(switches: tuple[Switch, ...]) -> Mode:
    record = [True, *[switch.record for switch in switches if switch.record is not None]][-1]
    plain = not [switch for switch in switches if switch.interpreter is not None]
    checks = [switch.check for switch in switches if switch.check is not None]
    if plain and not checks:
        return RECORD if record else SKIP
    return Mode(record, plain, checks[0] if checks else None, True in [switch.walking for switch in switches])
