"""L-BFGS: quasi-Newton steps of all parameters together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.extend import array_of
from nn.optim.line_search import Point, strong_wolfe
from nn.optim.optimizer import Optimizer

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Quasi-Newton steps by what the last gradients say of the curvature (Liu & Nocedal 1989). As `torch.optim.LBFGS`.

    All parameters are one vector x of gradient g, which moves along  d = -H g,  where H approximates the inverse of the Hessian by
    the last changes s of x and y of g, beginning with (s · y / y · y) I; the first step is along -g and not longer than 1. A call
    of `step(closure)` is many such iterations, each of which evaluates `closure`, that computes the loss and its gradients anew.

    Args:
        params: the tensors to train; there can only be one group.
        lr: how far along d a step goes, or a line search begins.
        max_iter: the most iterations of a call of `step`.
        max_eval: the most evaluations of the loss of a call of `step`; 1.25 max_iter if not given.
        tolerance_grad: no element of the gradient above it: the minimum is found.
        tolerance_change: less change of the parameters or of the loss than that: it is as good as found.
        history_size: how many of the last changes are kept.
        line_search_fn: `"strong_wolfe"`, or None to go `lr` along.

    Raises:
        TypeError: `step` without a closure.
        ValueError: a setting is negative, there are several groups, or an unknown line search.

    >>> w = nn.Parameter([1.0, -2.0])
    >>> optimizer = nn.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - np.array([3.0, 4.0])) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> np.round(w, 6)
    Tensor([3., 4.], ...)
    """

    numbers = ("func_evals", "n_iter", "al", "t", "ro", "H_diag", "prev_loss")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {"lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval}
        defaults |= {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size}
        super().__init__(params, {**defaults, "line_search_fn": line_search_fn})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Have the group of parameters: there can only be one."""
        if self.param_groups:
            raise ValueError("LBFGS: there is more than one group of parameters; wanted one, whose steps are computed together.")
        super().add_param_group(param_group)

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""
        self.require(group, "lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size")
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn is {group['line_search_fn']!r}; wanted 'strong_wolfe' or None.")

    def state_shape(self, p: ad.Tensor) -> tuple[int, ...]:
        """The shape of the arrays in the state: that of the vector of all parameters."""
        return (sum(p.size for p in self.param_groups[0]["params"]),)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Iterate until a tolerance or a limit is reached; return what `closure` returned first.

        `closure` sets the gradients to zero, computes the loss, calls `backward()` and returns the loss.
        """
        if closure is None:
            raise TypeError(
                "LBFGS: step() has no closure; wanted a function that computes the loss and its gradients and returns it."
            )
        self.stepped = True
        group = self.param_groups[0]
        line = _Line(group["params"], closure)
        loss = line.evaluate()
        state = self.state.setdefault(group["params"][0], {"func_evals": 0, "n_iter": 0})
        state["func_evals"] += 1
        if not line.converged(group["tolerance_grad"]):
            self._iterate(line, state, group)
        return loss

    @staticmethod
    def _iterate(line: _Line, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Go along quasi-Newton directions, and note in `state` what the next ones are computed from."""
        evaluations, last = 1, group["max_iter"] - 1
        for i in range(group["max_iter"]):
            loss, g = line.loss, line.gradient
            state["n_iter"] += 1
            first = state["n_iter"] == 1
            if not first:
                _remember(state, g, group["history_size"])
            else:
                state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            d = direction(g, state["old_stps"], state["old_dirs"], state["ro"], state["H_diag"])
            t = group["lr"] * (min(1.0, 1.0 / float(np.abs(g).sum())) if first else 1.0)
            state.update(d=d, t=t, prev_flat_grad=g, prev_loss=loss)
            if g @ d > -group["tolerance_change"]:
                break
            if group["line_search_fn"]:
                state["t"], used = line.search(d, t, group["max_eval"] - evaluations)
            else:
                line.move(d, t)
                used = 0 if i == last else 1  # a new batch would not tell anything of this one
                if used:
                    line.evaluate()
            evaluations += used
            state["func_evals"] += used
            small = float(np.abs(d).max()) * state["t"] <= group["tolerance_change"]
            same = abs(line.loss - loss) < group["tolerance_change"]
            if evaluations >= group["max_eval"] or line.converged(group["tolerance_grad"]) or small or same:
                break


def direction(g: Any, steps: list[Any], changes: list[Any], inverses: list[Any], scale: float) -> Any:
    """-H g, of the last `steps` s and `changes` of the gradient y, oldest first, with 1 / (s · y), and H at first `scale` I."""
    d, factors = -g, []
    for s, y, inverse in reversed(list(zip(steps, changes, inverses, strict=True))):
        factors.append(inverse * float(s @ d))
        d = d - factors[-1] * y
    d = scale * d
    for s, y, inverse in zip(steps, changes, inverses, strict=True):
        d = d + (factors.pop() - inverse * float(y @ d)) * s
    return d


def _remember(state: dict[str, Any], g: Any, size: int) -> None:
    """Note the last step and the change of the gradient, if they say that the loss curves up; forget the oldest."""
    y, s = g - state["prev_flat_grad"], state["t"] * state["d"]
    product = float(y @ s)
    if product > 1e-10:
        state["H_diag"] = product / float(y @ y)
        for name, new in (("old_dirs", y), ("old_stps", s), ("ro", 1 / product)):
            state[name] = [*state[name], new][max(0, len(state[name]) + 1 - size) :]


class _Line:
    """All parameters as one vector, the loss and the gradient where they are, and moves along a direction."""

    def __init__(self, params: list[ad.Tensor], closure: Callable[[], Any]) -> None:
        self.params, self.closure = params, closure
        self.loss, self.gradient = 0.0, np.zeros(0)

    def evaluate(self) -> Any:
        """What the closure returns; the loss and the gradient become those of the present parameters."""
        with ad.enable_grad():
            loss = self.closure()
        grads = [np.zeros_like(array_of(p)) if p.grad is None else array_of(p.grad) for p in self.params]
        self.loss, self.gradient = float(np.asarray(array_of(loss)).item()), np.concatenate([g.ravel() for g in grads])
        return loss

    def converged(self, tolerance: float) -> bool:
        """Whether no element of the gradient is above `tolerance`."""
        return bool(np.abs(self.gradient).max(initial=0) <= tolerance)

    def move(self, d: Any, t: float) -> None:
        """Add t d to the parameters."""
        ends = np.cumsum([p.size for p in self.params])
        for p, change in zip(self.params, np.split(d, ends[:-1]), strict=True):
            p.writable()[...] += t * change.reshape(p.shape)

    def search(self, d: Any, t: float, most: int) -> tuple[float, int]:
        """Move along `d` to where the line search ends; how far that was, and how often the loss was evaluated."""
        before = [array_of(p).copy() for p in self.params]

        def put(t: float) -> None:
            for p, values in zip(self.params, before, strict=True):
                p.writable()[...] = values
            self.move(d, t)

        def point(t: float) -> Point:
            return Point(t, self.loss, self.gradient, float(self.gradient @ d))

        def at(t: float) -> Point:
            put(t)
            self.evaluate()
            return point(t)

        found, evaluations = strong_wolfe(at, point(0.0), t, size=float(np.abs(d).max()), most=most)
        put(found.t)
        self.loss, self.gradient = found.loss, found.gradient
        return found.t, evaluations
