"""How far a training is: a bar if tqdm is installed, else a line for each epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

__all__: list[str] = []


@contextmanager
def shown(
    total: int, now: Callable[[], tuple[int, Mapping[str, Sequence[float]]]], progress: bool | None
) -> Iterator[Callable[[], None]]:
    """A function that shows the epoch that is over, of `total`, and the last of the numbers measured: what `now` returns.

    With None for `progress` it does so on a terminal alone.
    """
    if not (sys.stderr.isatty() if progress is None else progress):
        yield lambda: None
        return

    def latest() -> dict[str, str]:
        return {name: f"{values[-1]:.4g}" for name, values in now()[1].items()}

    try:
        from tqdm import tqdm  # type: ignore[import-untyped]
    except ImportError:
        yield lambda: print(f"epoch {now()[0]} of {total}:", ", ".join(f"{k} {v}" for k, v in latest().items()), file=sys.stderr)
        return
    with tqdm(total=total, initial=now()[0], unit=" epochs") as bar:

        def show() -> None:
            bar.set_postfix(latest(), refresh=False)
            bar.update()

        yield show
