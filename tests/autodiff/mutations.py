"""Mistakes planted into every derivative rule of the registry, one at a time, to see whether the gradient checker finds each.

`python tests/autodiff/mutations.py [--only NAME] [--jobs N] [--sample N --seed S]` prints a line for each operation, and at the end
the mistakes that were not found; the exit status is 1 if one of them is not shown to be none in `equivalent_mutants.py`.

A rule is taken from the source in `autodiff/ops`, with the functions of that file which it calls, one place in it is changed, and
the registry's entry gets the result in the place of its own rule. The examples and kinks of the entry decide.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from equivalent_mutants import EQUIVALENT
from mistakes import mistakes, places
from registry_cases import cases_of

import autodiff as ad
from autodiff import calls
from autodiff.primitive import Primitive, registry
from autodiff.testing import check_gradient

OPS = Path(ad.__file__).parent / "ops"
RULE = "_rule"  # what a rule that is written as a lambda is called


@dataclass(frozen=True)
class Source:
    """A rule as it is written: its function and those that it calls, by name.

    `entry` and `argument` say whose rule it is; `adjoint` names the primitive whose forward function it is instead, where the
    engine calls a primitive in the place of the rule.
    """

    family: str
    entry: str
    argument: str
    root: str
    functions: dict[str, ast.stmt]
    adjoint: str | None = None

    def known(self) -> list[str]:
        """What the rule may ask for that could be mistaken for something else it may ask for."""
        if self.adjoint or registry[self.entry].variadic:
            return []
        return [*registry[self.entry].arguments, "y"]

    def compiled(self, functions: dict[str, ast.stmt]) -> Callable[..., Any]:
        """The rule made of `functions`, in a copy of its module's namespace."""
        namespace = dict(vars(sys.modules[f"autodiff.ops.{self.family}"]), _axis_off=_axis_off)
        module = ast.fix_missing_locations(ast.Module(list(functions.values()), []))
        exec(compile(module, f"<{self.entry} by {self.argument}>", "exec"), namespace)
        rule: Callable[..., Any] = namespace[self.root]
        return rule


def _axis_off(axis: Any) -> Any:
    """The axis, or axes, before those meant."""
    return axis if axis is None else tuple(a - 1 for a in axis) if isinstance(axis, tuple) else axis - 1


@dataclass(frozen=True)
class Mutant:
    """A rule with one mistake: `site` is the place, counted in the order of `ast.walk`, of what `new` replaces in `function`."""

    source: Source
    function: str
    site: int
    new: ast.AST
    kind: str
    key: str

    @property
    def before(self) -> str:
        """The function without the mistake."""
        return ast.unparse(self.source.functions[self.function])

    @property
    def after(self) -> str:
        """The function with the mistake."""
        return ast.unparse(self._functions()[self.function])

    def rule(self) -> Callable[..., Any]:
        """The wrong rule."""
        return self.source.compiled(self._functions())

    def _functions(self) -> dict[str, ast.stmt]:
        tree = deepcopy(self.source.functions[self.function])
        old = list(ast.walk(tree))[self.site]
        new = deepcopy(self.new)

        class Replace(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> Any:
                return new if node is old else self.generic_visit(node)

        wrong = Replace().visit(tree)
        if self.function == self.source.root:
            _ask_for(wrong, self.source.known())
        return {**self.source.functions, self.function: ast.fix_missing_locations(wrong)}


def _ask_for(tree: Any, known: Sequence[str]) -> None:
    """Give the rule the parameters that it uses."""
    parameters = (tree.value if isinstance(tree, ast.Assign) else tree).args.args
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {p.arg for p in parameters}
    parameters += [ast.arg(name) for name in (*known, *(f"{name}_shape" for name in known)) if name in used]


# --- the rules as they are written -----------------------------------------------------------------------------------------------


def sources() -> list[Source]:
    """Every rule in `autodiff/ops`."""
    found = []
    for path in sorted(OPS.glob("[a-z]*.py")):
        body = ast.parse(path.read_text()).body
        functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
        forwards = {}
        for node in body:
            call = getattr(node, "value", None)
            if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "primitive" and isinstance(call.args[1], ast.Dict)):
                continue
            options = {keyword.arg: keyword.value for keyword in call.keywords}
            target = ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            name = ast.literal_eval(options["name"]) if "name" in options else target
            forwards[target] = ast.unparse(call.args[0])
            for argument, rule in zip(map(ast.literal_eval, call.args[1].keys), call.args[1].values, strict=True):
                found.append(_source(path.stem, name, argument, rule, functions))
                if "scatter" in options:
                    adjoint = ast.unparse(options["scatter"])
                    written = ast.Name(forwards[adjoint], ast.Load())
                    found.append(replace(_source(path.stem, name, argument, written, functions), adjoint=adjoint))
    return found


def _source(family: str, entry: str, argument: str, rule: ast.expr, functions: dict[str, ast.FunctionDef]) -> Source:
    """The rule with the functions of its file that it calls, and that these call."""
    is_lambda = isinstance(rule, ast.Lambda)
    root = RULE if is_lambda else ast.unparse(rule)
    assigned = ast.fix_missing_locations(ast.Assign([ast.Name(RULE, ast.Store())], rule))
    needed: dict[str, ast.stmt] = {root: assigned if is_lambda else functions[root]}
    waiting = [needed[root]]
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in needed:
                needed[node.id] = functions[node.id]
                waiting.append(functions[node.id])
    return Source(family, entry, argument, root, needed)


def mutants_of(source: Source) -> list[Mutant]:
    """The rule with each mistake at each place."""
    found: dict[str, Mutant] = {}
    for function, tree in source.functions.items():
        known = source.known() if function == source.root else []
        counts: Counter[str] = Counter()
        for place in places(tree):
            new_here = set()
            for kind, new in mistakes(place, known):
                text = ast.unparse(ast.fix_missing_locations(new))
                if text in new_here:
                    continue
                new_here.add(text)
                change = f"{ast.unparse(place.node)} -> {text}"
                counts[change] += 1
                where = f"{source.entry}.{source.argument}" + ("" if function == RULE else f" {function}")
                key = f"{where}: {change}" + (f" (place {counts[change]})" if counts[change] > 1 else "")
                found[key] = Mutant(source, function, place.site, new, kind, key)
    return list(found.values())


def all_mutants(only: str | None = None) -> dict[str, list[Mutant]]:
    """The mutants of each entry, or of one."""
    found: dict[str, list[Mutant]] = {}
    for source in sources():
        if only in (None, source.entry):
            found.setdefault(source.entry, []).extend(mutants_of(source))
    return found


def sample(mutants: dict[str, list[Mutant]], size: int, seed: int) -> dict[str, list[Mutant]]:
    """`size` of the mutants at random, one of each entry before a second one of any."""
    rng = random.Random(seed)
    shuffled = {name: rng.sample(of_entry, len(of_entry)) for name, of_entry in mutants.items()}
    order = [(rank, rng.random(), name) for name, of_entry in shuffled.items() for rank in range(len(of_entry))]
    chosen = Counter(name for _, _, name in sorted(order)[:size])
    return {name: shuffled[name][: chosen[name]] for name in mutants if chosen[name]}


# --- planting and judging --------------------------------------------------------------------------------------------------------


@contextmanager
def changed(entry: Primitive, **attributes: Any) -> Iterator[None]:
    """The entry with other attributes, and its call made anew from them.

    The call is known in many places (operators, NumPy's protocols, other rules), so it is not replaced: it gets the contents of
    a new one.
    """
    before = {name: getattr(entry, name) for name in attributes}
    cells = entry.call.__closure__
    contents = [cell.cell_contents for cell in cells]
    factory = getattr(calls, entry.call.__code__.co_qualname.split(".")[0])
    try:
        vars(entry).update(attributes)
        for cell, new in zip(cells, factory(entry).__closure__, strict=True):
            cell.cell_contents = new.cell_contents
        yield
    finally:
        vars(entry).update(before)
        for cell, old in zip(cells, contents, strict=True):
            cell.cell_contents = old


@contextmanager
def planted(source: Source, rule: Callable[..., Any]) -> Iterator[Primitive]:
    """The entry with `rule` in the place of the one written in `source`."""
    entry = registry[source.entry]
    with ExitStack() as stack:
        if source.adjoint:
            stack.enter_context(changed(registry[source.adjoint], forward=rule))
        else:
            new = Primitive(entry.forward, {**entry.formulas, source.argument: rule}, entry.name)
            stack.enter_context(changed(entry, formulas=new.formulas, rules=new.rules, needs=new.needs))
        yield entry


def verdict(source: Source, rule: Callable[..., Any]) -> str:
    """How `rule` in the place of the one in `source` is found: "wrong", "at a kink", "exception", "cannot tell"; or "survived"."""
    doubts = False
    cases = [case for name in (source.entry, source.adjoint) if name for case in cases_of(registry[name])]
    with planted(source, rule) as entry, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            for order in (1, 2):
                for case in cases:
                    f, inputs = case.function()
                    found = check_gradient(f, *inputs, order=order).verdict
                    if found == "wrong":
                        return found
                    doubts |= found == "cannot tell"
                if order == 1 and not _kinks_are_as_stated(entry):
                    return "at a kink"
        except NameError:
            raise  # of a mutant that is none
        except Exception:
            return "exception"
    return "cannot tell" if doubts else "survived"


def _kinks_are_as_stated(entry: Primitive) -> bool:
    for kink in entry.kinks:
        leaves = [ad.Tensor(x, requires_grad=True) for x in kink.at]
        y = entry.call(*leaves)
        y.backward(np.full(y.shape, 3.0))
        if not all(np.array_equal(leaf.grad.numpy(), 3.0 * np.asarray(g)) for leaf, g in zip(leaves, kink.gradient, strict=True)):
            return False
    return True


def judge(mutants: Sequence[Mutant]) -> list[str]:
    """The verdict on each of the mutants of one entry, after those on their rules without a mistake."""
    for source in {id(mutant.source): mutant.source for mutant in mutants}.values():
        control = verdict(source, source.compiled(source.functions))
        if control != "survived":
            raise AssertionError(f"the rule of {source.entry} by {source.argument}, without a mistake, is found: {control}.")
    return [verdict(mutant.source, mutant.rule()) for mutant in mutants]


# --- the command -----------------------------------------------------------------------------------------------------------------

COLUMNS = ("wrong", "at a kink", "exception", "cannot tell", "survived")


def run(mutants: dict[str, list[Mutant]], jobs: int) -> list[tuple[Mutant, str]]:
    """Judge all; print a line for each entry."""
    print(f"{'operation':14}{'mutants':>8}" + "".join(f"{column:>13}" for column in COLUMNS) + f"{'seconds':>9}")
    results: list[tuple[Mutant, str]] = []
    with ExitStack() as stack:
        mapped = stack.enter_context(ProcessPoolExecutor(jobs)).map if jobs > 1 else map
        for (name, of_entry), (verdicts, seconds) in zip(mutants.items(), mapped(_timed, mutants.values()), strict=True):
            counts = Counter(verdicts)
            print(f"{name:14}{len(of_entry):8}" + "".join(f"{counts[c]:13}" for c in COLUMNS) + f"{seconds:9.1f}", flush=True)
            results += zip(of_entry, verdicts, strict=True)
    counts = Counter(found for _, found in results)
    print(f"{'all':14}{len(results):8}" + "".join(f"{counts[column]:13}" for column in COLUMNS))
    return results


def _timed(mutants: list[Mutant]) -> tuple[list[str], float]:
    start = time.perf_counter()
    return judge(mutants), time.perf_counter() - start


def unexplained(results: Sequence[tuple[Mutant, str]]) -> list[str]:
    """What is wrong with the results, in words: mistakes that were not found, and explanations that do not hold."""
    problems = []
    for mutant, found in results:
        if found in ("survived", "cannot tell") and mutant.key not in EQUIVALENT:
            problems.append(f"{found}: {mutant.key}\n  before: {mutant.before}\n  after:  {mutant.after}")
        elif found not in ("survived", "cannot tell") and mutant.key in EQUIVALENT:
            problems.append(f"said to be no mistake, but found ({found}): {mutant.key}")
    return problems


def stale_explanations(mutants: dict[str, list[Mutant]]) -> list[str]:
    """Explanations of mutants that are not made."""
    made = {mutant.key for of_entry in mutants.values() for mutant in of_entry}
    return [f"explained, but not among the mutants: {key}" for key in EQUIVALENT if key not in made]


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description="Plant mistakes into the derivative rules; count how many the checker finds.")
    parser.add_argument("--only", metavar="NAME", help="the rules of one operation")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes to use")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, spread over all operations")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    options = parser.parse_args()
    start = time.perf_counter()
    mutants = all_mutants(options.only)
    if not mutants:
        parser.error(f"no operation in autodiff/ops is called {options.only!r}.")
    problems = [] if options.only else stale_explanations(mutants)
    results = run(mutants if options.sample is None else sample(mutants, options.sample, options.seed), options.jobs)
    problems += unexplained(results)
    kinds = Counter(mutant.kind for mutant, _ in results)
    print("kinds: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    explained = sum(mutant.key in EQUIVALENT for mutant, _ in results)
    print(f"{len(results)} mutants, {explained} equivalent, {len(problems)} problems; {time.perf_counter() - start:.0f} s")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
