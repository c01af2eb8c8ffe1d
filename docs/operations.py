"""Write the table of operations, `docs/operations.md`, from the entries of the registry: `python -m docs.operations`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from autodiff.numpy.names import name_of
from autodiff.registry import Primitive
from docs.entries import entries, text

TARGET = Path(__file__).parent / "operations.md"
HEAD = """# Operations

Made by `python -m docs.operations` from the entries in `autodiff/ops` and in `nn`.

`g` is the cotangent of the result, `y` the result. Each rule gives the cotangent of the argument; where the operation broadcasts,
the engine sums it over the copies. Every operation takes arrays too, and is then just the NumPy function.
"""


def heading(module: str) -> str:
    """What a family is called: `autodiff.ops.products` is "Linalg", `nn.functional` is that."""
    return module.removeprefix("autodiff.ops.").capitalize() if module.startswith("autodiff.ops.") else f"`{module}`"


def row(entry: Primitive) -> str:
    """The line of the table for one operation."""
    functions = ", ".join(f"`{name_of(function)}`" for function in entry.numpy)
    summary = (entry.call.__doc__ or "").split("\n")[0].replace("|", "\\|")
    rules = "; ".join(f"{argument}: `{text(rule)}`" for argument, rule in entry.formulas.items())
    return f"| `{entry.name}` | {functions} | {summary} | {rules} |"


def table() -> str:
    """The whole page."""
    page = HEAD
    for module, family in groupby(sorted(entries(), key=lambda entry: entry.module), key=lambda entry: entry.module):
        page += f"\n## {heading(module)}\n\n| name | called by | what it is | rules |\n| --- | --- | --- | --- |\n"
        page += "\n".join(map(row, family)) + "\n"
    return page


if __name__ == "__main__":
    TARGET.write_text(table())
    print(f"{TARGET}: {len(entries())} operations")
