"""`compile`: a function that runs from the program that was captured of it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Any, overload

import numpy as np

from autodiff.compiling.calling import Caller
from autodiff.compiling.capture import Capture, capture
from autodiff.compiling.floats import Numbers
from autodiff.compiling.places import Wrapper
from autodiff.compiling.refusing import CaptureError
from autodiff.compiling.repeating import Interruption, Loop, batches, interruptible
from autodiff.compiling.replay import CHANGED, build
from autodiff.compiling.verifying import verified
from autodiff.core.modes import current_mode
from autodiff.dtypes import capturing
from autodiff.program import Program

__all__ = ["compile"]


@dataclass(eq=False, slots=True)
class _Captured:
    """A program, the mode that it was captured in, what calls it, and whether that has been checked."""

    mode: Any
    capture: Capture
    caller: Caller
    checked: bool


_MANY = 8  # captures in a row, after which it is an error to capture once more


def _changed(args: Any, kwargs: Any) -> Any:
    return CHANGED


class Compiled(Wrapper):
    """A function that is captured when it is called, and runs from its program whenever that holds. See `compile`.

    Attributes:
        captures: how often the function was captured.
        backend: what runs it, "numpy" or "native": the former, too, where C was wanted but cannot be had.
    """

    def __init__(self, function: Callable[..., Any], backend: str = "numpy", check: bool = True, fallback: bool = False) -> None:
        if not callable(function):
            raise TypeError(f"compile: got {type(function).__name__}; wanted a function, such as a training step.")
        if backend not in ("numpy", "native"):
            raise ValueError(f"compile: backend is {backend!r}; wanted 'numpy' or 'native'.")
        self.captures, self.backend = 0, backend
        self._function, self._check, self._fallback = function, check, fallback
        self._args: list[Any] = []
        self._kwargs: dict[str, Any] = {}
        self._roots = {"": function, "args": self._args, "kwargs": self._kwargs}
        self._captured: list[_Captured] = []
        self._numbers = Numbers()
        self._in_a_row = 0
        self._given_up = self._calling = False
        self._again: Callable[[Any, Any], Any] = _changed
        self._settled = False  # whether all was found as it was after a step
        self._lock = RLock()
        functools.update_wrapper(self, function, updated=())
        self._name = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns; what it changes is changed."""
        lock = self._lock
        lock.acquire()
        try:
            result = self._again(args, kwargs)
            return self._anew(args, kwargs) if result is CHANGED else result
        finally:
            lock.release()

    def repeat(
        self,
        n: int,
        *args: Any,
        every: int | None = None,
        callback: Callable[[int, Any], Any] | None = None,
        batch_size: int | None = None,
        seed: int | np.random.Generator | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the function `n` times with these arguments, and return what the last call returns.

        It does what a loop would, but once all is found as it was after a step, nothing is looked at between two steps: in the
        native back end it is a loop in C, beside which other threads run. Ctrl-C stops it between two steps, as the last one has
        left all.

        Args:
            n: how many steps.
            args: what the function takes.
            kwargs: and by name.
            every: after how many steps each `callback` is called: 1 if it is not given.
            callback: a function of the number of steps so far and of what the last one returned, such as the loss, for progress or
                a history. All that the steps change is whole when it is called; an exception ends the loop there.
            batch_size: let each step have so many rows of the arguments, as a `DataLoader` gives them.
            seed: of the order of the rows, or a generator of random numbers.
            shuffle: whether the rows are in random order, another one in each epoch.
            drop_last: whether to leave out the last rows of an epoch if they are fewer.

        >>> x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])
        >>> w = np.zeros((1, 1))
        >>> @ad.compile
        ... def step(w, x, y):
        ...     error = x @ w - y
        ...     w -= 0.05 * x.T @ error
        ...     return np.sum(error**2)
        >>> history = []
        >>> step.repeat(40, w, x, y, every=20, callback=lambda n, loss: history.append((n, bool(loss < 1e-6)))) < 1e-12
        np.True_
        >>> history, w.round(3).item()
        ([(20, True), (40, True)], 2.0)
        """
        for name, number in {"n": n, "every": every, "batch_size": batch_size}.items():
            if number is not None and (not isinstance(number, (int, np.integer)) or number < 1):
                raise ValueError(f"repeat: {name} is {number!r}; wanted a whole number, 1 or more.")
        if batch_size is not None and (len({np.shape(x)[:1] for x in args}) != 1 or np.shape(args[0]) == ()):
            shapes = ", ".join(str(np.shape(x)) for x in args)
            raise ValueError(
                f"repeat: batch_size is for arguments with equally many rows, but they have the shapes {shapes or '()'}."
            )
        shuffled = np.random.default_rng(seed) if shuffle else None
        drawn = None if batch_size is None else batches(args, batch_size, shuffled, drop_last)
        stride = n if callback is None else (every or 1)
        with self._lock:
            done = 0
            while done < n:
                with interruptible() as interruption:
                    until = min(n, (done // stride + 1) * stride)
                    done, result = self._steps(done, until, args, kwargs, drawn, interruption)
                if callback is not None and done % stride == 0:
                    callback(done, result)
        return result

    def _steps(self, done: int, until: int, args: Any, kwargs: Any, drawn: Any, interruption: Interruption) -> tuple[int, Any]:
        """Steps from the number `done` on: by what looks at everything, until that has found all as it was after a step."""
        result = CHANGED
        while done < until and not (interruption.pressed and result is not CHANGED):
            caller = self._captured[0].caller if self._again is not _changed and self._settled and drawn is None else None
            if caller is not None and caller.repeated is not None:
                loop = Loop(caller.replay, caller.carried, until - done, interruption)
                made = caller.repeated(args, kwargs, loop)
                self._settled = made is not CHANGED
                result, done = (made, done + loop.done) if self._settled else (result, done)
                continue
            given = args if drawn is None else next(drawn)
            made = self._again(given, kwargs)
            self._settled = made is not CHANGED
            result, done = made if self._settled else self._anew(tuple(given), kwargs), done + 1
        return done, result

    def _anew(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call, where something may have changed since the last one."""
        if capturing.get() or self._given_up or self._calling:
            return self._function(*args, **kwargs)
        self._args[:] = args
        self._kwargs.update(kwargs)
        self._calling, self._again, self._settled = True, _changed, False
        try:
            return self._call()
        finally:
            self._args.clear()
            self._kwargs.clear()
            self._calling = False
            if self._captured and self._captured[0].checked:
                self._again = self._captured[0].caller.again

    def _call(self) -> Any:
        mode = current_mode()
        for k, known in enumerate(self._captured):
            if known.mode is mode:
                result = known.caller.call() if known.checked else self._checked(known)
                if result is not CHANGED:
                    self._in_a_row = 0
                    if k:
                        self._captured.insert(0, self._captured.pop(k))
                    return result
        try:
            return self._capture(mode)
        except CaptureError as error:
            return self._refused(error)

    def _capture(self, mode: Any) -> Any:
        if self._captured and (path := self._captured[0].caller.changed()):
            self._numbers.replaced.add(path)
            self._in_a_row += 1
        if self._in_a_row > _MANY:
            self._in_a_row = 0
            raise CaptureError(
                f"compile: {path} has changed in each of the last {_MANY} calls of {self._name}, "
                "which was captured anew each time. Let it stay the same, be a float or an array, or be changed and used "
                "outside of what is compiled."
            )
        captured, result = capture(self._function, self._args, self._kwargs, self._numbers)
        self.captures += 1
        self._captured.insert(0, _Captured(mode, captured, Caller(captured, self._build, mode), not self._check))
        captured.forget()
        return result

    def _build(self, program: Program, inputs: list[Any], into: dict[int, int]) -> Any:
        """What runs a program: in the NumPy back end, with a notice, if the native one cannot."""
        if self.backend == "native":
            from autodiff.compiling import native

            try:
                return native.build(program, inputs, into)
            except (native.NoCompiler, native.CompilerError, native.Unsupported) as error:
                self.backend = "numpy"
                warnings.warn(f"compile: {self._name} runs in the NumPy back end. {error}", RuntimeWarning, stacklevel=7)
        return build(program, inputs, into)

    def _checked(self, known: _Captured) -> Any:
        """The first run of a program, beside the function itself."""
        run = functools.partial(self._function, *self._args, **self._kwargs)
        result, complaints = verified(known.caller, known.capture, run, self._roots)
        if complaints:
            self._captured.remove(known)
            text = "\n  ".join(complaints[:5])
            return self._refused(
                CaptureError(
                    f"compile: the program that was captured of {self._name} does not do what the function does:\n  {text}\n"
                    "Something that changes from call to call is not seen, such as a clock, a file or an attribute that no "
                    "argument, variable or attribute leads to. Pass it as an argument."
                )
            )
        known.checked = result is not CHANGED
        return result

    def _refused(self, error: CaptureError) -> Any:
        """Run the function as it is from now on, with a notice, if that is wanted; raise otherwise."""
        if not self._fallback:
            raise error
        self._given_up = True
        warnings.warn(f"{error} It runs as it is.", RuntimeWarning, stacklevel=5)
        return self._function(*self._args, **self._kwargs)

    @property
    def program(self) -> Program:
        """The program that ran last, as it was captured: printed, it reads as NumPy."""
        if not self._captured:
            raise RuntimeError(f"compile: {self._name} has not been captured yet. Call it first.")
        return self._captured[0].capture.program

    @property
    def source(self) -> str:
        """The statements that ran last, after the program was simplified."""
        if not self._captured:
            raise RuntimeError(f"compile: {self._name} has not been captured yet. Call it first.")
        source: str = self._captured[0].caller.replay.source
        return source


@overload
def compile(function: Callable[..., Any], *, backend: str = ..., check: bool = ..., fallback: bool = ...) -> Compiled: ...
@overload
def compile(
    function: None = ..., *, backend: str = ..., check: bool = ..., fallback: bool = ...
) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(
    function: Callable[..., Any] | None = None, *, backend: str = "numpy", check: bool = True, fallback: bool = False
) -> Any:
    """Compile a function of arrays and tensors, such as a whole training step: it is captured once, and then runs without overhead.

    In the first call the function runs as it is, and what it computes is recorded as a program of NumPy's calls: forward and
    backward pass, `optimizer.step()` and all. Later calls run the program, simplified, in memory that was planned once. They leave
    what the function would: parameters, gradients, the state of the optimizer, running statistics; learning rates and other floats
    that have been changed in between are read anew, and random numbers come from the same generators in the same order. For
    arguments of other shapes or types, another mode of a module, or anything else that is not as it was, the function is captured
    again. A tensor that is returned has no graph.

    Args:
        function: the function; without it, a decorator is returned.
        backend: what runs the program: "numpy", or "native", which writes it as C, for the system's C compiler. What C cannot say,
            or where there is no compiler, runs in the NumPy back end, with a notice.
        check: whether the first run of each program is compared with the function itself, which is run once more for it, on the
            same state: they may differ by what rounding explains.
        fallback: whether to run a function that cannot be captured as it is, with a notice, instead of raising an error.

    Raises:
        TypeError: `function` is none.
        ValueError: there is no such back end.
        CaptureError: (a TypeError) when it is called, it cannot be captured: it decides by a value, or makes a number of one.
            Nothing has been changed then.

    >>> @ad.compile
    ... def step(model, optimizer, x, y):
    ...     optimizer.zero_grad()
    ...     loss = nn.functional.mse_loss(model(x), y)
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> model = nn.Linear(2, 1, bias=False)
    >>> _ = nn.init.ones_(model.weight)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    >>> x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0], [0.0]])
    >>> [round(step(model, optimizer, x, y).item(), 4) for _ in range(3)]
    [1.0, 0.81, 0.6561]
    """
    if function is None:
        return lambda function: Compiled(function, backend, check, fallback)
    return Compiled(function, backend, check, fallback)
