"""The project as a whole: what depends on what, what it exports, what importing it loads."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import autodiff
import nn
from autodiff.primitive import registry

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    module.name
    for package in (autodiff, nn)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if "__main__" not in module.name
)
# Each may import those before it. Within a line, none imports another.
LAYERS = [
    {"domain", "modes", "guards"},
    {"graph"},
    {"backward", "calls"},
    {"primitive"},
    {"ops"},
    {"protocols", "differentiable"},
    {"tensor"},
    {"transforms"},
    {"testing"},
]


def imports(name: str) -> set[str]:
    """The modules that `name` imports when it is loaded; what stands under TYPE_CHECKING is not."""
    path = Path(importlib.import_module(name).__file__ or "")
    found = set()
    stack: list[ast.AST] = [ast.parse(path.read_text())]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {
                f"{node.module}.{alias.name}" for alias in node.names if f"{node.module}.{alias.name}" in MODULES
            }
        stack += list(ast.iter_child_nodes(node))
    return found


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("autodiff.")])
def test_imports_run_one_way(name: str) -> None:
    part = name.split(".")[1]
    layer = next(i for i, layer in enumerate(LAYERS) if part in layer)
    below = set().union(*LAYERS[:layer]) | {part}
    for imported in imports(name):
        if imported.startswith("autodiff."):
            assert imported.split(".")[1] in below, f"{name} imports {imported}"
        assert imported.split(".")[0] != "nn", f"{name} imports {imported}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("nn")])
def test_nn_uses_only_the_public_names_of_autodiff(name: str) -> None:
    path = Path(importlib.import_module(name).__file__ or "")
    assert not {imported for imported in imports(name) if imported.startswith("autodiff.")}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ad":
            assert node.attr in autodiff.__all__, f"{name} uses ad.{node.attr}"


@pytest.mark.parametrize("name", ["autodiff", "nn", *MODULES])
def test_public_names_are_sorted_and_exist(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert list(names) == sorted(names)
    assert all(hasattr(module, public) for public in names)
    assert module.__doc__


@pytest.mark.parametrize("package", [autodiff, nn])
def test_a_package_exports_what_its_modules_do(package: object) -> None:
    inner = [
        name
        for name in MODULES
        if name.startswith(package.__name__ + ".") and not name.startswith(("autodiff.testing", "nn.optim", "nn.init"))
    ]
    inner = [name for name in inner if name != "nn.functional"]
    exported = {public for name in inner for public in getattr(importlib.import_module(name), "__all__", [])}
    assert set(package.__all__) - {"functional", "init", "optim"} == exported


@pytest.mark.parametrize("name", ["autodiff", "nn", "autodiff.testing", "nn.functional", "nn.init", "nn.optim"])
def test_every_public_name_is_documented_with_an_example(name: str) -> None:
    module = importlib.import_module(name)
    for public in module.__all__:
        member = getattr(module, public)
        if callable(member):
            assert member.__doc__, public
            assert ">>>" in member.__doc__ or public in WITHOUT_EXAMPLE, f"{name}.{public} has no example"


WITHOUT_EXAMPLE = {"Example", "GradientMismatch", "GradientReport", "Kink", "Optimizer", "Primitive"}


def loaded_by(code: str) -> set[str]:
    listing = f"import sys; {code}; print(' '.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())


def test_importing_loads_no_extra() -> None:
    extras = {"hypothesis", "sklearn", "scipy", "matplotlib", "tqdm", "safetensors", "onnx", "torch", "pytest"}
    assert not loaded_by("import autodiff, nn") & extras
    assert not loaded_by("import autodiff.testing") & extras


def test_every_file_is_of_a_size_to_be_read() -> None:
    for package in ("autodiff", "nn", "examples"):
        for path in (ROOT / package).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path
    heart = sum(len((ROOT / "autodiff" / name).read_text().splitlines()) for name in ("tensor.py", "graph.py", "primitive.py"))
    assert heart < 700


def test_the_table_of_operations_is_up_to_date() -> None:
    from docs.operations import TARGET, formulas, table

    assert table() == TARGET.read_text(), "run python -m docs.operations"
    listed = {name for operations in formulas().values() for name in operations}
    assert listed == {name for name, entry in registry.items() if entry.call.__module__ == "autodiff" and hasattr(autodiff, name)}
