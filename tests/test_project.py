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
from autodiff.numpy.namespaces import LATER
from autodiff.registry import Primitive
from docs import operations
from docs.entries import entries

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    module.name
    for package in (autodiff, nn)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if "__main__" not in module.name
)
# Each may import those before it. Within a line, none imports another.
LAYERS = [
    {"calls", "domain", "dtypes"},
    {"lists"},
    {"core"},
    {"registry"},
    {"array_api", "composites", "modes", "porting"},
    {"ops"},
    {"conversions", "exchange", "extend", "fft", "linalg", "members", "special", "windows"},
    {"numpy"},
    {"declaring", "transforms"},
    {"testing"},
    {"program"},
    {"compiling"},
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


@pytest.mark.parametrize("name", [name for name in MODULES if name.split(".")[:2] != ["autodiff", "core"]])
def test_no_private_name_of_the_core_is_used_above_it(name: str) -> None:
    slots = {slot for slot in autodiff.Tensor.__slots__ if not slot.startswith("__")}
    for node in ast.walk(ast.parse(Path(importlib.import_module(name).__file__ or "").read_text())):
        if isinstance(node, ast.Attribute):
            assert node.attr not in slots, f"{name} uses {ast.unparse(node)}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autodiff.core"):
            assert not [alias.name for alias in node.names if alias.name.startswith("_")], name


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("nn")])
def test_nn_uses_only_the_public_names_of_autodiff(name: str) -> None:
    path = Path(importlib.import_module(name).__file__ or "")
    assert {imported for imported in imports(name) if imported.startswith("autodiff.")} <= {"autodiff.extend"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ad":
            assert node.attr in autodiff.__all__ or f"autodiff.{node.attr}" in NAMESPACES, f"{name} uses ad.{node.attr}"


@pytest.mark.parametrize("name", ["autodiff", "nn", *MODULES])
def test_public_names_are_sorted_and_exist(name: str) -> None:
    module = importlib.import_module(name)
    names = getattr(module, "__all__", [])
    assert list(names) == sorted(names)
    assert all(hasattr(module, public) for public in names)
    assert module.__doc__


# Public by names of their own, and what `autodiff.extend` gathers.
OTHERS = (
    *("autodiff.testing", "autodiff.extend", "autodiff.registry", "autodiff.domain", "autodiff.program", "autodiff.compiling"),
    *("nn.estimators", "nn.export", "nn.functional", "nn.init", "nn.optim", "nn.utils"),
)
NAMESPACES = ("autodiff.fft", "autodiff.linalg", "autodiff.special", "autodiff.windows")


@pytest.mark.parametrize("package_name", ["autodiff", "nn", *NAMESPACES])
def test_a_package_exports_what_its_modules_do(package_name: str) -> None:
    package = importlib.import_module(package_name)
    others = (*OTHERS, *(name for name in NAMESPACES if name != package.__name__))
    inner = [name for name in MODULES if name.startswith(package.__name__ + ".") and not name.startswith(others)]
    inner += ["autodiff.compiling.compiled"] * (package_name == "autodiff")
    exported = {public for name in inner for public in getattr(importlib.import_module(name), "__all__", [])}
    assert set(package.__all__) - {"functional", "init", "optim", "utils"} == exported


@pytest.mark.parametrize(
    "name",
    [
        *("autodiff", *NAMESPACES, "autodiff.extend", "autodiff.testing"),
        *("nn", "nn.estimators", "nn.functional", "nn.init", "nn.optim", "nn.optim.lr_scheduler", "nn.utils", "nn.utils.data"),
    ],
)
def test_every_public_name_is_documented_with_an_example(name: str) -> None:
    module = importlib.import_module(name)
    for public in module.__all__:
        member = getattr(module, public)
        if callable(member):
            assert member.__doc__, public
            assert ">>>" in member.__doc__ or public in WITHOUT_EXAMPLE, f"{name}.{public} has no example"


WITHOUT_EXAMPLE = {"GradientMismatch", "GradientReport", "Kink", "Optimizer", "Primitive"}


def loaded_by(code: str) -> set[str]:
    listing = f"import sys; {code}; print(' '.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split())


def test_importing_loads_no_extra() -> None:
    extras = {"hypothesis", "sklearn", "scipy", "matplotlib", "tqdm", "safetensors", "onnx", "torch", "pytest"}
    assert not loaded_by("import autodiff, nn") & extras
    assert not loaded_by("import autodiff.testing") & extras


def test_what_few_need_is_loaded_when_it_is_first_used() -> None:
    later = {f"autodiff.{module}" for module in LATER.values()}
    assert not loaded_by("import autodiff, nn") & later
    assert loaded_by("import autodiff as ad; " + "; ".join(f"ad.{name}" for name in LATER)) >= later
    assert set(autodiff.__all__) <= set(dir(autodiff))
    optim = {f"nn.optim.{module}" for module in ("adam_variants", "adaptive", "batch", "lbfgs", "lr_scheduler")}
    assert not loaded_by("import nn") & optim
    assert loaded_by("from nn.optim import *") >= optim
    assert set(nn.optim.__all__) <= set(dir(nn.optim))


def test_every_file_is_of_a_size_to_be_read() -> None:
    for package in ("autodiff", "nn", "examples"):
        for path in (ROOT / package).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path
    core = [*(ROOT / "autodiff" / "core").glob("*.py"), ROOT / "autodiff" / "registry.py"]
    assert sum(len(path.read_text().splitlines()) for path in core) <= 1400


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries()])
def test_the_table_of_operations_has_a_line_of_each(entry: Primitive) -> None:
    assert operations.row(entry) in operations.TARGET.read_text().splitlines(), "run python -m docs.operations"


def test_the_table_of_operations_is_up_to_date() -> None:
    assert operations.table() == operations.TARGET.read_text(), "run python -m docs.operations"


@pytest.mark.parametrize("path", [pytest.param(p, id=str(p.relative_to(ROOT))) for p in sorted((ROOT / "autodiff").rglob("*.py"))])
def test_no_code_is_made_from_text_nor_read_from_code_objects(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            made = path.parent.name == "compiling" and path.name in ("calling.py", "replay.py")  # a program is run as Python
            assert made or node.func.id not in {"eval", "exec", "compile"}, f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"co_varnames", "co_argcount", "co_code"}, f"line {node.lineno}"
