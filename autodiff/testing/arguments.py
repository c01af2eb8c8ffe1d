"""The arguments of the function, taken apart into arrays, and put together again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.testing.libraries import as_input, by_label, described, has_own_operations, is_array, library_of, like, numbers_of
from autodiff.testing.options import checked_argnums
from autodiff.transforms.containers import Structure, flatten

__all__: list[str] = []

INSTEAD = {  # of arrays of other kinds, what to pass
    "MaskedArray": "{0}.filled(0), and the mask inside of f, such as np.where(mask, 0, ...)",
    "matrix": "np.asarray({0}), and `@` inside of f for its product",
}


class Arguments:
    """What a function is called with, taken apart into leaves, of which those of floating point are differentiated by.

    A leaf is an array, or something to be passed on as it is. All that follows is about functions of the leaves.

    Args:
        f: the function, which says what its arguments are called.
        inputs: the arguments.
        argnums: by which of them to differentiate.

    Attributes:
        leaves: all of them, in order.
        names: how Python leads to each, such as `layers[1].b`.
        positions: of the leaves to differentiate by.
    """

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any], argnums: int | Sequence[int] | None) -> None:
        titles = argument_names(f, len(inputs))
        numbers = range(len(inputs)) if argnums is None else checked_argnums(argnums, len(inputs))
        parts = [_flat(x, title, i in numbers) for i, (x, title) in enumerate(zip(inputs, titles, strict=True))]
        self._models = [leaf for leaves, _ in parts for leaf, _ in leaves]
        self._structures = [structure for _, structure in parts]
        self.names = tuple(name for leaves, _ in parts for _, name in leaves)
        owners = [i for i, (leaves, _) in enumerate(parts) for _ in leaves]
        self.leaves = tuple(map(_leaf, self._models, self.names, (i in numbers for i in owners)))
        places = {i: [p for p, owner in enumerate(owners) if owner == i] for i in numbers}
        varying = {p for i in numbers for p in places[i] if self._varies(p)}
        chosen = [i for i in numbers if varying & {*places[i]}]
        for i in numbers if argnums is not None else ():
            if i not in chosen:
                given = described(inputs[i])
                raise TypeError(f"check_gradient: argnums has {i}, but {titles[i]} is {given}; wanted floating point.")
        if not chosen:
            given = ", ".join(map(described, inputs)) or "no inputs"
            raise TypeError(
                f"check_gradient: got {given}; wanted an input of floating point to differentiate by, for example "
                "np.array(..., dtype=float)."
            )
        self._chosen = {titles[i]: (self._structures[i].of_gradients(p in varying for p in places[i]), places[i]) for i in chosen}
        self._takes_tuple = isinstance(inputs[chosen[0]], tuple)
        self.positions = tuple(p for i in chosen for p in places[i] if p in varying)

    def _varies(self, p: int) -> bool:
        """Whether a leaf can be differentiated by: an array of floating point, which must be finite."""
        x, name, model = self.leaves[p], self.names[p], self._models[p]
        kind = x.dtype.kind if isinstance(x, np.ndarray) else ""
        if has_own_operations(model) and model.dtype.kind in "cf":
            instead = INSTEAD.get(type(model).__name__, "np.asarray({0})").format(name)
            raise TypeError(
                f"check_gradient: {name} is a {type(model).__name__}, whose operations are not those of arrays; wanted {instead}."
            )
        if kind == "c":
            raise TypeError(
                f"check_gradient: {name} is complex; wanted real numbers. Check f as a function of the real and the "
                "imaginary part, lambda a, b: f(a + 1j * b), or leave the argument out by argnums=."
            )
        if kind == "f" and not np.isfinite(x).all():
            index = tuple(int(k) for k in np.argwhere(~np.isfinite(x))[0])
            raise ValueError(f"check_gradient: {name} is {x[index]} at index {index}; wanted finite numbers.")
        return kind == "f"

    def of_leaves(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the arguments as one of the leaves."""
        return lambda *leaves: f(*self.rebuilt(leaves))

    def rebuilt(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments with these leaves, in the form in which they were given.

        Raises:
            ValueError: a container does not take them; it may have conditions, and so be an end of the domain.
        """
        made = iter([like(leaf, model) for leaf, model in zip(leaves, self._models, strict=True)])
        try:
            return tuple(structure.rebuild(made) for structure in self._structures)
        except Exception as error:
            raise ValueError(
                f"check_gradient: an argument cannot be made of other numbers: {type(error).__name__}: {error}"
            ) from error

    def cotangent(self, array: np.ndarray) -> Any:
        """The array in the form of the library that the arguments are of; a number if there is one only."""
        library = next(filter(None, map(library_of, self._models)), None)
        if library is not None:
            return library.made(array, None)
        return array if array.ndim else array[()]

    def tangents(self, tangent: np.ndarray) -> Any:
        """Numbers for the leaves to differentiate by, end to end, in the form of the arguments; a tuple if these are several."""
        arrays = [self.leaves[p] for p in self.positions]
        pieces = np.split(tangent, np.cumsum([x.size for x in arrays])[:-1])
        shaped = [piece.reshape(x.shape).astype(x.dtype, copy=False) for piece, x in zip(pieces, arrays, strict=True)]
        made = {p: like(x, self._models[p]) for p, x in zip(self.positions, shaped, strict=True)}
        found = [structure.rebuild(map(made.get, places)) for structure, places in self._chosen.values()]
        return found[0] if len(found) == 1 else tuple(found)

    def gradients(self, returned: Any, source: str) -> tuple[np.ndarray, ...]:
        """What the formula `source` returned, as an array for each leaf to differentiate by, without copying any."""
        count = len(self._chosen)
        in_tuple = count > 1 or (isinstance(returned, tuple) and len(returned) == 1 and not self._takes_tuple)
        parts = returned if in_tuple else (returned,)
        if not isinstance(parts, (tuple, list)) or len(parts) != count:
            raise ValueError(
                f"check_gradient: {source} returned {described(returned)}; wanted a tuple of {count}, by "
                f"{', '.join(self._chosen)}. By which ones is chosen by argnums=."
            )
        arranged = zip(self._chosen.items(), parts, strict=True)
        try:
            leaves = [leaf for (name, (s, _)), part in arranged for leaf in s.leaves_of(part, f"the gradient by {name}")]
            models = (self._models[p] for p in self.positions)
            leaves = [(by_label(leaf, model, path), path) for (leaf, path), model in zip(leaves, models, strict=True)]
        except ValueError as error:
            raise ValueError(f"check_gradient: {error}") from None
        return tuple(as_numbers(leaf, source, path) for leaf, path in leaves)


def as_numbers(part: Any, source: str, what: str) -> np.ndarray:
    """What the formula `source` returned for an array of real numbers, as an array, without copying it."""
    array = numbers_of(part)
    if array is None:
        raise TypeError(f"check_gradient: {source} returned {described(part)} as {what}; wanted an array of real numbers.")
    return array


def _flat(x: Any, name: str, chosen: bool) -> tuple[list[tuple[Any, str]], Structure]:
    """The leaves of an argument, which is a leaf itself if it is not to be differentiated by."""
    if not chosen:
        return [(x, name)], Structure()
    try:
        leaves, structure = flatten(x, name, is_array=is_array)
    except ValueError as error:
        raise ValueError(f"check_gradient: {error}") from None
    try:
        structure.rebuild(leaf for leaf, _ in leaves)
    except Exception as error:  # whatever an object has against being copied
        raise TypeError(
            f"check_gradient: {name} cannot be copied ({error}); wanted containers of arrays, or argnums= that leaves it out."
        ) from error
    return leaves, structure


def _leaf(x: Any, name: str, chosen: bool) -> Any:
    """An array of its own for what is one."""
    try:
        return as_input(x)
    except Exception as error:  # whatever a library has against its array being one of NumPy's
        if not chosen:
            return x
        raise TypeError(f"check_gradient: {name} is no array of numbers ({error}); leave it out by argnums=.") from None


def argument_names(f: Callable[..., Any], count: int) -> list[str]:
    """What a function calls its arguments; by their positions where it does not say."""
    required, optional, _ = parameters(f) or ([], [], True)
    names = [*required, *optional][:count]
    return names + [f"argument {i}" for i in range(len(names), count)]


def parameters(f: Callable[..., Any]) -> tuple[list[str], list[str], bool] | None:
    """The arguments that a function must be given by position, those it may be given, and whether it takes more; if it says so."""
    if isinstance(f, np.ufunc):
        return ["x"] if f.nin == 1 else [f"x{i + 1}" for i in range(f.nin)], [], False
    try:
        found = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p.name for p in positional if p.default is p.empty]
    return required, [p.name for p in positional if p.default is not p.empty], any(p.kind is p.VAR_POSITIONAL for p in found)


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called."""
    return getattr(function, "__name__", None) or type(function).__name__
