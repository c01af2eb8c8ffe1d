"""Saving and loading: nested states in safetensors files, from which nothing but arrays and numbers ever comes.

The arrays of a file have names; of a nested state, a name is the path of keys joined by dots. What does not follow from the names,
such as numbers, lists and keys that are integers, is kept as JSON in the file's metadata, which other libraries pass over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.extend import array_of

__all__ = ["load", "save"]

_STRUCTURE = "structure"  # the metadata that holds the JSON
_ARRAY = "array"  # what stands there for an array: {"array": its name}
_TYPES = "float64, float32, float16, complex64, bool and integers"


def save(obj: Any, path: str | os.PathLike[str]) -> None:
    """Write a model, or any nested state, to a safetensors file; whatever happens meanwhile, the old file or the new one is there.

    Args:
        obj: what has a `state_dict()`, a generator of NumPy, a tensor or array, a number, a string, None, or a dict with keys that
            are strings or integers, a list or a tuple of such: `{"model": model, "optimizer": optimizer, "epoch": 3}`.
        path: the file, which is replaced at once when all has been written.

    What is a flat dict of arrays, such as a model's state, is a file that PyTorch's `safetensors.torch.load_file` reads.

    Raises:
        ImportError: safetensors is not installed.
        TypeError: something in `obj` is of another kind; no file has been touched then.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> nn.save({"model": nn.Linear(2, 1), "epoch": 3}, path)
    >>> state = nn.load(path)
    >>> state["epoch"], list(state["model"])
    (3, ['weight', 'bias'])
    """
    arrays: dict[str, np.ndarray] = {}
    structure = _structure(obj, "", arrays)
    flat = isinstance(structure, dict) and list(structure.values()) == [{_ARRAY: key} for key in structure]
    metadata = {"format": "np"} if flat else {"format": "np", _STRUCTURE: json.dumps(structure)}
    library = require_safetensors()
    with replacing(path) as new:
        library.numpy.save_file(arrays, new, metadata)  # which makes a file of its own that only its owner can read


def require_folder(path: str | os.PathLike[str]) -> Path:
    """`path`, with links followed, whose folder must be there."""
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {path.parent}. Make it first.")
    return path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """The path of a new file to be written inside, which then takes the place of `path` at once; not if there was an error."""
    path = require_folder(path)
    new = path.with_name(f".{path.name}.{os.urandom(6).hex()}")  # beside it, where it can be renamed at once
    try:
        new.touch(exist_ok=False)
        permissions = (path if path.exists() else new).stat().st_mode & 0o777
        yield new
        new.chmod(permissions)
        with open(new, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def load(path: str | os.PathLike[str]) -> Any:
    """What `save` wrote to `path`, with arrays for tensors; of any other safetensors file, such as PyTorch's, a dict of arrays.

    Numbers of bfloat16 become float32. Nothing in a file is ever run.

    Raises:
        ImportError: safetensors is not installed.
        FileNotFoundError: there is no such file.
        ValueError: the file is cut off or damaged, or no safetensors file.

    >>> import tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "state.safetensors")
    >>> nn.save({"weights": ad.Tensor([1.0, 2.0]), "betas": (0.9, 0.999)}, path)
    >>> nn.load(path)
    {'weights': array([1., 2.]), 'betas': (0.9, 0.999)}
    """
    path = Path(path)
    library = require_safetensors()
    if not path.is_file():
        raise FileNotFoundError(f"load: there is no file {path}.")
    try:
        with library.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: _array(library, path, file, key) for key in file.keys()}  # noqa: SIM118
    except library.SafetensorError as error:
        raise ValueError(f"load: {path} is no safetensors file, or it is damaged: {error}.") from None
    if _STRUCTURE not in metadata:
        return arrays
    try:
        return _restored(json.loads(metadata[_STRUCTURE]), arrays)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"load: the structure in {path} is damaged: {type(error).__name__}: {error}.") from None


def _structure(obj: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """`obj` as JSON, with its arrays put into `arrays`."""
    if obj is None or type(obj) in (bool, int, float, str):
        return obj
    if isinstance(obj, (ad.Tensor, np.ndarray, np.generic)):
        return {_ARRAY: _named(np.asarray(array_of(obj)), path, arrays)}
    if hasattr(obj, "state_dict"):
        return _structure(obj.state_dict(), path, arrays)
    if isinstance(obj, np.random.Generator):
        return _structure(obj.bit_generator.state, path, arrays)
    if isinstance(obj, Mapping):
        items = [(key, _structure(value, _joined(path, key), arrays)) for key, value in obj.items()]
        plain = all(isinstance(key, str) for key in obj) and set(obj) not in ({_ARRAY}, {"items"}, {"tuple"})
        return dict(items) if plain else {"items": items}
    if isinstance(obj, (list, tuple)):
        parts = [_structure(part, _joined(path, i), arrays) for i, part in enumerate(obj)]
        return {"tuple": parts} if isinstance(obj, tuple) else parts
    raise TypeError(
        f"save: {path or 'the object'} is {type(obj).__name__}; wanted arrays, numbers, strings, None, what has a state_dict(), or "
        "dicts, lists and tuples of them."
    )


def _joined(path: str, key: Any) -> str:
    if not isinstance(key, str) and not (isinstance(key, int) and not isinstance(key, bool)):
        raise TypeError(f"save: {path or 'the dict'} has the key {key!r}; wanted a string or an integer.")
    return f"{path}.{key}" if path else str(key)


def _named(array: np.ndarray, path: str, arrays: dict[str, np.ndarray]) -> str:
    """The name that `array` has among the `arrays`."""
    if array.dtype.kind not in "biufc" or array.dtype.name in ("complex128", "longdouble", "clongdouble") or array.itemsize > 8:
        raise TypeError(f"save: {path or 'the array'} has dtype {array.dtype}; safetensors files can hold {_TYPES}.")
    name = path or "data"
    while name in arrays:  # {"a.b": x, "a": {"b": y}}
        name += "'"
    arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
    return name


def _restored(structure: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """What `_structure` made of a state, made into that again."""
    if isinstance(structure, list):
        return [_restored(part, arrays) for part in structure]
    if not isinstance(structure, dict):
        return structure
    if structure.keys() == {_ARRAY}:
        return arrays[structure[_ARRAY]]
    if structure.keys() == {"tuple"}:
        return tuple(_restored(part, arrays) for part in structure["tuple"])
    items: Iterator[Any] = iter(structure["items"]) if structure.keys() == {"items"} else iter(structure.items())
    return {key: _restored(value, arrays) for key, value in items}


def _array(library: Any, path: Path, file: Any, key: str) -> np.ndarray:
    """An array of a file, which may be of a type that NumPy has not."""
    kind = file.get_slice(key).get_dtype()
    if kind != "BF16":
        return np.array(file.get_tensor(key))
    raw = next(value for name, value in library.deserialize(path.read_bytes()) if name == key)
    halves = np.frombuffer(raw["data"], np.uint16).astype(np.uint32)  # the upper halves of float32
    return (halves << 16).view(np.float32).reshape(raw["shape"])


def require_safetensors() -> Any:
    """The library that reads and writes the files, which must be there."""
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise ImportError("Saving and loading needs safetensors: pip install 'chainrule[safetensors]'.") from None
    return safetensors


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, where a system lets one ask for that."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
