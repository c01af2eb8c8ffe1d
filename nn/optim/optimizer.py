"""What all optimizers have in common: groups of parameters with their settings, and the state that goes with each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.extend import array_of

__all__ = ["Optimizer"]

_REAL = (int, float, np.integer, np.floating)
PART = 65536  # elements at a time, which stay in the cache with all that is computed of them


class Optimizer:
    """The base of all optimizers. As `torch.optim.Optimizer`. A subclass defines `update`.

    Args:
        params: the tensors to train, or dicts of them under `"params"` with settings of their own.
        defaults: the settings of the groups that have none of their own.

    Attributes:
        param_groups: the groups: dicts of settings, with a list of tensors under `"params"`.
        stepped: whether there was a step yet, for schedules of the learning rate, which begin after it; `step` sets it.
        state: for each parameter, the dict that `update` returned last, unless it was empty.
        numbers: the names of what in the state is a number, such as a count of steps, and not an array of the parameter's shape.
        elementwise: whether `update` treats each element by itself, so that `step` may take a large array in parts.

    >>> class SignSGD(nn.optim.Optimizer):
    ...     @staticmethod
    ...     def update(p, g, state, settings):
    ...         return p - settings["lr"] * np.sign(g), state
    >>> w = nn.Parameter([1.0, 2.0])
    >>> optimizer = SignSGD([w], {"lr": 0.5})
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    Parameter([0.5, 1.5], requires_grad=True)
    """

    numbers: tuple[str, ...] = ("step",)
    elementwise = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "update" in vars(cls):  # what is true of an update is said where it is defined
            cls.elementwise = vars(cls).get("elementwise", False)

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, (ad.Tensor, Mapping)) or not isinstance(params, Iterable):
            raise TypeError(
                f"{self._name}: params is {type(params).__name__}; wanted a list of tensors or of dicts, "
                "such as model.parameters()."
            )
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[ad.Tensor, dict[str, Any]] = {}
        self.stepped = False
        groups = list(params)
        if not groups:
            raise ValueError(f"{self._name}: there are no parameters to train.")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add `param_group["params"]` to what is trained, with the settings that the dict has beside the defaults."""
        if "params" not in param_group:
            raise ValueError(f"{self._name}: a group has {', '.join(param_group)}, but no params.")
        params = param_group["params"]
        group = {**self.defaults, **param_group, "params": [params] if isinstance(params, ad.Tensor) else list(params)}
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for i, p in enumerate(group["params"]):
            if not isinstance(p, ad.Tensor):
                hint = ", such as model.parameters() gives" if hasattr(p, "parameters") else ""
                raise TypeError(f"{self._name}: parameter {i} is {type(p).__name__}; wanted a tensor{hint}.")
            if p.dtype.kind == "c":
                raise TypeError(
                    f"{self._name}: parameter {i} has dtype {p.dtype}; wanted real numbers. "
                    "Train two tensors, the real and the imaginary part, and compute a + 1j * b from them."
                )
            if not p.is_leaf:
                raise ValueError(f"{self._name}: parameter {i} was computed from others; wanted a leaf, such as an nn.Parameter.")
            if id(p) in known:
                raise ValueError(f"{self._name}: parameter {i} is given twice; it would be updated twice in each step.")
            known.add(id(p))
        self.check(group)
        self.param_groups.append(group)

    def check(self, group: dict[str, Any]) -> None:
        """Raise ValueError if the settings of `group` make no sense."""

    def require(self, group: dict[str, Any], *names: str) -> None:
        """Raise unless the settings `names` of `group` are numbers not below 0."""
        for name in names:
            value = group.get(name)
            if not isinstance(value, _REAL) or not value >= 0:
                raise ValueError(f"{self._name}: {name} is {value!r}; it must be 0 or more.")

    def require_betas(self, group: dict[str, Any]) -> None:
        """Raise unless the setting `betas` of `group` is two numbers from 0 to below 1."""
        betas = group["betas"]
        numbers = isinstance(betas, (tuple, list)) and all(isinstance(beta, _REAL) for beta in betas)
        if not numbers or len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"{self._name}: betas is {betas!r}; it must be two numbers of 0 or more and below 1.")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with `set_to_none=False` set them to zero instead."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad = ad.Tensor(np.zeros_like(array_of(p.grad)))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update each parameter that has a gradient; return what `closure`, called first, returned."""
        loss = None
        if closure is not None:
            with ad.enable_grad():
                loss = closure()
        self.stepped = True
        update, states, elementwise = self.update, self.state, self.elementwise
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                array, g, state = array_of(p), array_of(grad), states.get(p) or {}
                if elementwise and array.size > PART and self._step_in_parts(p, g, state, group):
                    continue
                new, changed = update(array, g, state, group)
                if new.dtype is not array.dtype:  # a setting or the gradient is of a wider type
                    plain = {name: _plain(setting) for name, setting in group.items() if name != "params"}
                    new, changed = update(array, g.astype(array.dtype), state, plain)
                    if new.dtype.kind == "c":
                        raise TypeError(f"{self._name}: update returned complex numbers, of dtype {new.dtype}; wanted real ones.")
                p.writable()[...] = new
                if changed:
                    states[p] = changed
        return loss

    def _step_in_parts(self, p: ad.Tensor, g: Any, state: dict[str, Any], group: dict[str, Any]) -> bool:
        """Update a large array part by part, and its state in place; False, and nothing is changed, if types or layouts differ."""
        kept = {name: value for name, value in state.items() if name not in self.numbers}
        for x in (array_of(p), g, *kept.values()):
            if type(x) is not np.ndarray or x.dtype is not g.dtype or x.shape != p.shape or not x.flags.c_contiguous:
                return False
        after: dict[str, Any] = {}
        for start in range(0, g.size, PART):
            part = slice(start, start + PART)
            arrays = {name: value.reshape(-1)[part] for name, value in kept.items()}
            new, changed = self.update(array_of(p).reshape(-1)[part], g.reshape(-1)[part], {**state, **arrays}, group)
            if start == 0:
                if new.dtype is not g.dtype:
                    return False
                written = p.writable().reshape(-1)
                after = {name: value if name in self.numbers else kept.get(name) for name, value in changed.items()}
                after = {name: np.empty_like(g) if value is None else value for name, value in after.items()}
            written[part] = new
            for name in changed.keys() - {*self.numbers}:
                after[name].reshape(-1)[part] = changed[name]
        if after:
            self.state[p] = after
        return True

    def update(self, p: Any, g: Any, state: dict[str, Any], settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The new value and the new state of a parameter: of its value `p`, its gradient `g`, its state, its group's settings.

        A pure function of arrays, made of operators and `np.` functions: it changes nothing in place, and no array of the new
        state is the gradient itself. The state is empty before the first step. `step` writes the results.
        """
        raise TypeError(
            f"{self._name} has no update(). Define how a parameter changes: "
            "def update(self, p, g, state, settings): return new_p, new_state."
        )

    def state_dict(self) -> dict[str, Any]:
        """The settings and the state, with parameters by their position. As PyTorch's."""
        params = [p for group in self.param_groups for p in group["params"]]
        position = {p: i for i, p in enumerate(params)}
        return {
            "state": {position[p]: {k: _copied(v) for k, v in s.items()} for p, s in self.state.items()},
            "param_groups": [{**g, "params": [position[p] for p in g["params"]]} for g in self.param_groups],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` returned.

        Raises:
            ValueError: the groups have other sizes, settings are missing, or an array has another shape; nothing has been changed.
        """
        groups = state_dict["param_groups"]
        given, own = [len(g["params"]) for g in groups], [len(g["params"]) for g in self.param_groups]
        if given != own:
            raise ValueError(f"{self._name}: the state has groups of {given} parameters, but the optimizer has groups of {own}.")
        missing = sorted({name for g in groups for name in self.defaults if name not in g})
        if missing:
            raise ValueError(f"{self._name}: the state has groups without {', '.join(missing)}; add it to its param_groups.")
        merged = [{**new, "params": old["params"]} for new, old in zip(groups, self.param_groups, strict=True)]
        for group in merged:
            self.check(group)
        params = [p for group in merged for p in group["params"]]
        state = {}
        for i, own_state in state_dict["state"].items():
            if i not in range(len(params)):
                raise ValueError(f"{self._name}: the state has an entry for parameter {i}, but there are {len(params)}.")
            state[params[i]] = {name: self._fitting(name, value, params[i]) for name, value in own_state.items()}
        self.param_groups, self.state = merged, state

    def state_shape(self, p: ad.Tensor) -> tuple[int, ...]:
        """The shape of the arrays in the state of `p`."""
        return tuple(p.shape)

    def _fitting(self, name: str, value: Any, p: ad.Tensor) -> Any:
        """`value` as state of `p`: a number, an array of its type, None, or a list of such."""
        if value is None:
            return None
        if isinstance(value, list):
            return [self._fitting(name, item, p) for item in value]
        array, number, shape = np.asarray(value), name in self.numbers, self.state_shape(p)
        if array.dtype.kind not in "biuf" or array.shape not in ((), () if number else shape):
            wanted = "a number" if number else f"real numbers of shape {shape}"
            raise ValueError(f"{self._name}: {name} has shape {array.shape} and dtype {array.dtype}; wanted {wanted}.")
        return array.item() if number else array.astype(p.dtype, copy=True)

    def __repr__(self) -> str:
        groups = [
            ", ".join(f"{k}={v}" for k, v in g.items() if k != "params") + f", {len(g['params'])} parameters"
            for g in self.param_groups
        ]
        return f"{self._name}({'; '.join(groups)})"


def _plain(setting: Any) -> Any:
    """A setting with Python's numbers for those of NumPy, whose type would make a float32 parameter float64."""
    if isinstance(setting, (tuple, list)):
        return tuple(map(_plain, setting))
    return setting.item() if getattr(setting, "ndim", None) == 0 else setting


def _copied(value: Any) -> Any:
    """A copy of what is in a state: an array, a number (as an array of no dimensions), None, or a list of such."""
    return [_copied(item) for item in value] if isinstance(value, list) else None if value is None else np.array(value)


# --- what updates are made of ---------------------------------------------------------------------------------------------------


def regularized(p: Any, g: Any, settings: dict[str, Any]) -> tuple[Any, Any]:
    """The parameter and the gradient to go on with: -g to `maximize`, and the decay of the weights.

    It is the penalty `weight_decay` p in the gradient, or with `decoupled_weight_decay` a parameter of (1 - lr weight_decay) p.
    """
    if settings["maximize"]:
        g = -g
    if decay := settings.get("weight_decay"):
        if settings.get("decoupled_weight_decay"):
            p = p * (1 - settings["lr"] * decay)
        else:
            g = g + decay * p
    return p, g


def moving_average(average: Any, x: Any, beta: float) -> Any:
    """`beta average + (1 - beta) x`, where an average that there is not yet, None, is 0."""
    new = (1 - beta) * x
    if average is not None:
        new += beta * average
    return new


def moved(p: Any, rate: Any, d: Any) -> Any:
    """`p - rate d`, with no array between."""
    new = -rate * d
    new += p
    return new


def fitted(number: Any, p: Any) -> Any:
    """`number`, computed from a count of steps, so that it does not change the type of `p`; only if captured it is an array."""
    return number.astype(p.dtype) if hasattr(number, "astype") else number
