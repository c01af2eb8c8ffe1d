"""What is looked at before any work is done: whether the packages are there and the pictures can be written."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path

__all__ = ["Unusable", "check_writable", "require"]


class Unusable(Exception):
    """Something that the user must change, in one line."""


def require(module: str, package: str, extra: str, purpose: str) -> None:
    """Say which extra to install if `package` is missing."""
    try:
        import_module(module)
    except ImportError:
        raise Unusable(f'{purpose} needs {package}, which is not installed: pip install "chainrule[{extra}]"') from None


def check_writable(directory: Path) -> None:
    """Find out whether pictures can be written there, and leave no trace of the attempt."""
    made: list[Path] = []
    try:
        for part in [*reversed(directory.absolute().parents), directory.absolute()]:
            if not part.exists():
                part.mkdir()
                made.append(part)
        tempfile.TemporaryFile(dir=directory).close()
    except (OSError, ValueError) as error:
        raise Unusable(f"--out {directory}: cannot write there: {getattr(error, 'strerror', None) or error}") from None
    finally:
        for part in reversed(made):
            part.rmdir()
