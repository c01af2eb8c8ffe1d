"""Scripts and examples train the same when their steps are compiled.

In the scripts that were written for PyTorch, the statements of a step are put into a function without arguments, which is compiled:
what they assign are global variables, as in a notebook.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from typing import Any

import pytest
import test_ported_networks as networks
import test_ported_scripts as scripts
from numpy.testing import assert_allclose

import autodiff as ad
import nn

NOT_IN_A_STEP = ("item", "append", "losses", "scheduler", "float")


def is_of_step(statement: ast.stmt) -> bool:
    """Whether a statement can be in a program: it makes no numbers of arrays, keeps no list of them, and takes no batch of them."""
    nodes = [*ast.walk(statement)]
    names = {getattr(node, "attr", getattr(node, "id", "")) for node in nodes}
    simple = isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr)) and not any(isinstance(node, ast.Slice) for node in nodes)
    return simple and names.isdisjoint(NOT_IN_A_STEP)


def with_compiled_steps(script: str) -> str:
    """The script with each run of statements around a `backward()` as a compiled function."""
    tree = ast.parse(script)
    functions: list[ast.stmt] = []
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For)]
    for loop in loops:
        body: list[ast.stmt] = []
        for group in groups(loop.body):
            if is_of_step(group[0]) and "backward" in {getattr(node, "attr", "") for s in group for node in ast.walk(s)}:
                body.append(ast.parse(f"step_{len(functions)}()").body[0])
                functions.append(function(f"step_{len(functions)}", group))
            else:
                body += group
        loop.body = body
    first = tree.body.index(next(s for s in tree.body if isinstance(s, ast.For)))
    tree.body[first:first] = functions
    assert functions
    return ast.unparse(ast.fix_missing_locations(tree))


def groups(statements: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    group: list[ast.stmt] = []
    for statement in statements:
        if group and not (is_of_step(statement) and is_of_step(group[-1])):
            yield group
            group = []
        group.append(statement)
    yield group


def function(name: str, body: list[ast.stmt]) -> ast.stmt:
    assigned = {node.id for s in body for node in ast.walk(s) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    made: Any = ast.parse(f"@compiled\ndef {name}():\n    global {', '.join(sorted(assigned)) or '_'}").body[0]
    made.body += body
    return made  # type: ignore[no-any-return]


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("name", ["a Sequential in minibatches", "a subclass with groups"])
def test_a_script_trains_the_same_compiled(name: str, backend: str) -> None:
    made: list[Any] = []

    def compiled(function: Any) -> Any:
        made.append(ad.compile(function, backend=backend))
        return made[-1]

    eager = scripts.run(name, scripts.OURS, ad.Tensor)
    variables = scripts.variables(name, ad.Tensor) | {"compiled": compiled}
    exec(compile(with_compiled_steps(scripts.OURS + scripts.NETWORKS[name][0]), name, "exec"), variables)
    assert_allclose(variables["losses"], eager["losses"], rtol=1e-9)
    assert_allclose(variables["validation"], eager["validation"], rtol=1e-9)
    assert all(step.captures <= 3 for step in made)


@pytest.mark.filterwarnings("ignore:compile.* runs in the NumPy back end")
@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize(
    "name", ["a convolutional network", "a recurrent network", "a transformer", "two networks against each other"]
)
def test_a_network_trains_the_same_compiled(name: str, backend: str) -> None:
    state: dict[str, Any] = {}
    eager = networks.here(networks.SCRIPTS[name], state)
    made: list[Any] = []

    def compiled(function: Any) -> Any:
        made.append(ad.compile(function, backend=backend))
        return made[-1]

    found = networks.here(with_compiled_steps(networks.SCRIPTS[name]), state, compiled=compiled)
    assert_allclose(found, eager, rtol=1e-8)
    assert made
    assert all(step.captures <= 3 for step in made)


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "sequence", "transformer"])
def test_an_example_trains_the_same_compiled(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fit, histories = nn.fit, dict[bool, list[Any]]()
    for compile in (False, True):
        histories[compile] = found = []
        monkeypatch.setattr(nn, "fit", lambda *args, **kwargs: found.append(fit(*args, **kwargs, compile=compile)) or found[-1])  # noqa: B023
        importlib.import_module(f"examples.{name}").learn(1)
    for history, wanted in zip(histories[True], histories[False], strict=True):
        assert_allclose(history["loss"], wanted["loss"], rtol=1e-5 if name != "breast_cancer" else 1e-10)  # of float32
