"""Write the table of operations, `docs/operations.md`, from the entries in `autodiff/ops`: `python -m docs.operations`."""

from __future__ import annotations

import ast
from pathlib import Path

import autodiff as ad
from autodiff.primitive import Primitive, registry

OPS = Path(ad.__file__).parent / "ops"
TARGET = Path(__file__).parent / "operations.md"
HEAD = """# Operations

Made by `python -m docs.operations` from the entries in `autodiff/ops`.

`g` is the cotangent of the result, `y` the result. Each rule gives the cotangent of the argument; where the operation broadcasts,
the engine sums it over the copies. Every operation takes arrays too, and is then just the NumPy function.
"""


def formulas() -> dict[str, dict[str, str]]:
    """By family and name of an operation, its rules as they are written in the source."""
    families: dict[str, dict[str, str]] = {}
    for path in sorted(OPS.glob("[a-z]*.py")):
        for node in ast.parse(path.read_text()).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            call = getattr(node, "value", None)
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "primitive" and isinstance(call.args[1], ast.Dict):
                rules = {ast.literal_eval(key): rule for key, rule in zip(call.args[1].keys, call.args[1].values, strict=True)}
                bodies = {a: ast.unparse(rule.body if isinstance(rule, ast.Lambda) else rule) for a, rule in rules.items()}
                text = "; ".join(f"{argument}: `{body}`" for argument, body in bodies.items())
                families.setdefault(path.stem, {})[ast.unparse(target)] = text
    return families


def row(entry: Primitive, rules: str) -> str:
    """The line of the table for one operation."""
    functions = ", ".join(f"`np.{function.__name__}`" for function in entry.numpy)
    summary = (entry.call.__doc__ or "").split("\n")[0].replace("|", "\\|")
    return f"| `{entry.name}` | {functions} | {summary} | {rules} |"


def table() -> str:
    """The whole page."""
    page = HEAD
    for family, operations in formulas().items():
        page += f"\n## {family.capitalize()}\n\n| name | called by | what it is | rules |\n| --- | --- | --- | --- |\n"
        page += "\n".join(row(registry[name], rules) for name, rules in operations.items()) + "\n"
    return page


if __name__ == "__main__":
    TARGET.write_text(table())
    print(f"{TARGET}: {len(registry)} operations")
