"""Mistakes planted into every derivative rule of the registry, one at a time, to see whether the gradient checker finds each.

`python tests/autodiff/mutations.py [--only NAME ...] [--jobs N] [--sample N --seed S]` prints a line for each operation, and at
the end the mistakes that were not found; the exit status is 1 if one of them is not shown to be none in `equivalent_mutants.py`.

A rule is taken from the registry, with the functions of the packages which it calls; one place in it, as it is written, is changed,
and the entry gets the result in the place of its own rule. Its samples and kinks decide, and the tests that state its derivatives.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # of this checkout, whatever is installed

from equivalent_mutants import EQUIVALENT
from mistakes import mistakes, places
from registry_cases import ENTRIES
from verdicts import COLUMNS, verdict

from autodiff import extend
from autodiff.registry import registry
from docs.entries import OWN, written

RULE = "_rule"  # what a rule that is written as a lambda is called


@dataclass(frozen=True)
class Function:
    """A function that a rule is made of, as it runs and as it is written: a `def`, or a lambda that is assigned to a name.

    `finish` puts what makes the function a `partial`, if it is one, around another.
    """

    function: FunctionType
    tree: ast.stmt
    finish: Callable[[Any], Any]

    def namespace(self) -> dict[str, Any]:
        """What the names that are not its own stand for."""
        cells = zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=True)
        return {**self.function.__globals__, **{name: cell.cell_contents for name, cell in cells}}

    def compiled(self, tree: ast.stmt) -> FunctionType:
        """The function as `tree` has it, in a namespace of its own."""
        namespace = {**self.namespace(), "_axis_off": _axis_off}
        module = ast.fix_missing_locations(ast.Module([tree], []))
        exec(compile(module, f"<{self.function.__qualname__}>", "exec"), namespace)
        new: FunctionType = namespace[_name(tree)]
        new.__dict__.update(self.function.__dict__)  # the signature, if it is that of another function
        return new


@dataclass(frozen=True)
class Source:
    """A rule as it is written.

    `entry` and `argument` say whose rule it is; `adjoint` names the primitive whose forward function it is instead, where the
    engine calls a primitive in the place of the rule.
    """

    entry: str
    argument: str
    adjoint: str | None = None

    @property
    def functions(self) -> dict[str, Function]:
        """By name, the function of the rule, which is the first, and those that it calls."""
        return _functions(self)

    @property
    def root(self) -> str:
        """The name of the function of the rule."""
        return next(iter(self.functions))

    def known(self) -> list[str]:
        """What the rule may ask for that could be mistaken for something else it may ask for."""
        if self.adjoint or registry[self.entry].variadic:
            return []
        return [*registry[self.entry].arguments, "y"]

    def compiled(self, name: str | None = None, tree: ast.stmt | None = None) -> Callable[..., Any]:
        """The rule made anew, with `tree` in the place of the function `name`."""
        made = {n: f.compiled(tree if n == name and tree is not None else f.tree) for n, f in self.functions.items()}
        finished = {n: f.finish(made[n]) for n, f in self.functions.items()}
        for name, f in self.functions.items():
            made[name].__globals__.update({n: finished[n] for n in _helpers(f)})
        rule: Callable[..., Any] = finished[self.root]
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
    def reason(self) -> str | None:
        """Why it changes no derivative, if that is explained: of this rule, or of its function in whichever rule."""
        return EQUIVALENT.get(self.key, EQUIVALENT.get(self.key_of_function))

    @property
    def key_of_function(self) -> str:
        """Its key without the rule, if the function is one that several rules may call."""
        return self.key if self.function == RULE else self.key.partition(f".{self.source.argument} ")[2]

    @property
    def before(self) -> str:
        """The function without the mistake."""
        return ast.unparse(self.source.functions[self.function].tree)

    @property
    def after(self) -> str:
        """The function with the mistake."""
        return ast.unparse(self._tree())

    def rule(self) -> Callable[..., Any]:
        """The wrong rule."""
        return self.source.compiled(self.function, self._tree())

    def _tree(self) -> ast.stmt:
        tree = deepcopy(self.source.functions[self.function].tree)
        old = list(ast.walk(tree))[self.site]
        new = deepcopy(self.new)

        class Replace(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> Any:
                return new if node is old else self.generic_visit(node)

        wrong = Replace().visit(tree)
        if self.function == self.source.root:
            _ask_for(wrong, self.source.known())
        changed: ast.stmt = ast.fix_missing_locations(wrong)
        return changed


def _ask_for(tree: Any, known: Sequence[str]) -> None:
    """Give the rule the parameters that it uses."""
    parameters = (tree.value if isinstance(tree, ast.Assign) else tree).args.args
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {p.arg for p in parameters}
    parameters += [ast.arg(name) for name in (*known, *(f"{name}_shape" for name in known)) if name in used]


# --- the rules as they are written -----------------------------------------------------------------------------------------------


def sources() -> list[Source]:
    """Every rule of the packages."""
    found = []
    for entry in ENTRIES:
        for argument in entry.formulas:
            found.append(Source(entry.name, argument))
            if entry.scatter is not None:
                adjoint = inspect.unwrap(entry.scatter)
                found.append(Source(entry.name, argument, next(other.name for other in ENTRIES if other.call is adjoint)))
    return found


@cache
def _functions(source: Source) -> dict[str, Function]:
    """The function of the rule and those of the packages that it calls, and that these call."""
    rule = registry[source.adjoint].forward if source.adjoint else registry[source.entry].formulas[source.argument]
    first = _function(rule, RULE)
    found = {_name(first.tree): first}
    waiting = [first]
    while waiting:
        helpers = _helpers(waiting.pop())
        new = {name: function for name, function in helpers.items() if name not in found}
        for name in set(helpers) - set(new):
            if found[name].function is not helpers[name].function:
                raise ValueError(f"the rule of {source.entry} by {source.argument} calls two functions named {name}.")
        found |= new
        waiting += new.values()
    return found


def _helpers(function: Function) -> dict[str, Function]:
    """The functions of the packages that `function` names, without public ones: operations, and helpers."""
    namespace, own = function.namespace(), function.function.__code__.co_varnames
    names = {node.id: None for node in ast.walk(function.tree) if isinstance(node, ast.Name) and node.id not in own}
    named = {name: _inner(namespace.get(name)) for name in names}
    return {
        name: _function(namespace[name], name)
        for name, inner in named.items()
        if isinstance(inner, FunctionType)
        and inner.__globals__["__name__"].startswith(OWN)
        and name not in extend.__all__
        and (name not in registry or inner is not registry[name].call)
    }


def _function(function: Any, name: str) -> Function:
    """The function that is called `name` if it is a lambda."""
    inner = _inner(function)
    node = deepcopy(written(inner))
    tree: ast.stmt = ast.Assign([ast.Name(name, ast.Store())], node) if isinstance(node, ast.Lambda) else node
    if isinstance(tree, ast.FunctionDef):
        tree.decorator_list = []  # the function is what they were given, or what they made of another
    return Function(inner, ast.fix_missing_locations(tree), partial(_finish, function))


def _inner(function: Any) -> Any:
    return _inner(function.func) if isinstance(function, partial) else function


def _finish(function: Any, new: Any) -> Any:
    return partial(_finish(function.func, new), *function.args, **function.keywords) if isinstance(function, partial) else new


def _name(tree: Any) -> str:
    name: str = tree.targets[0].id if isinstance(tree, ast.Assign) else tree.name
    return name


def mutants_of(source: Source) -> list[Mutant]:
    """The rule with each mistake at each place."""
    found: dict[str, Mutant] = {}
    for function, of_rule in source.functions.items():
        known = source.known() if function == source.root else []
        counts: Counter[str] = Counter()
        for place in places(of_rule.tree):
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


def all_mutants(only: Sequence[str] = ()) -> dict[str, list[Mutant]]:
    """The mutants of each entry, or of some."""
    found: dict[str, list[Mutant]] = {}
    for source in sources():
        if not only or source.entry in only:
            found.setdefault(source.entry, []).extend(mutants_of(source))
    return found


def sample(mutants: dict[str, list[Mutant]], size: int, seed: int) -> dict[str, list[Mutant]]:
    """`size` of the mutants at random, one of each entry before a second one of any."""
    rng = random.Random(seed)
    shuffled = {name: rng.sample(of_entry, len(of_entry)) for name, of_entry in mutants.items()}
    order = [(rank, rng.random(), name) for name, of_entry in shuffled.items() for rank in range(len(of_entry))]
    chosen = Counter(name for _, _, name in sorted(order)[:size])
    return {name: shuffled[name][: chosen[name]] for name in mutants if chosen[name]}


# --- judging ---------------------------------------------------------------------------------------------------------------------


def judge(mutants: Sequence[Mutant]) -> list[str]:
    """The verdict on each of the mutants of one entry. Without a mistake, their rules survive whatever finds one of them."""
    first = [verdict(mutant.source, mutant.rule(), order=1) for mutant in mutants]
    order = 2 if "survived" in first else 1
    for source in dict.fromkeys(mutant.source for mutant in mutants):
        control = verdict(source, source.compiled(), order)
        if control != "survived":
            raise AssertionError(f"the rule of {source.entry} by {source.argument}, without a mistake, is found: {control}.")
    return [verdict(m.source, m.rule()) if found == "survived" else found for m, found in zip(mutants, first, strict=True)]


# --- the command -----------------------------------------------------------------------------------------------------------------


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
        if found in ("survived", "cannot tell") and mutant.reason is None:
            problems.append(f"{found}: {mutant.key}\n  before: {mutant.before}\n  after:  {mutant.after}")
        elif found not in ("survived", "cannot tell") and mutant.reason is not None:
            problems.append(f"said to be no mistake, but found ({found}): {mutant.key}")
    return problems


def stale_explanations(mutants: dict[str, list[Mutant]]) -> list[str]:
    """Explanations of mutants that are not made."""
    made = {key for of_entry in mutants.values() for mutant in of_entry for key in (mutant.key, mutant.key_of_function)}
    return [f"explained, but not among the mutants: {key}" for key in EQUIVALENT if key not in made]


def main() -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description="Plant mistakes into the derivative rules; count how many the checker finds.")
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[], help="the rules of these operations alone")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes to use")
    parser.add_argument("--sample", type=int, metavar="N", help="only N mutants, spread over all operations")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    options = parser.parse_args()
    start = time.perf_counter()
    if unknown := set(options.only) - {entry.name for entry in ENTRIES}:
        parser.error(f"no operation is called {', '.join(sorted(unknown))}.")
    mutants = all_mutants(options.only)
    problems = [] if options.only else stale_explanations(mutants)
    results = run(mutants if options.sample is None else sample(mutants, options.sample, options.seed), options.jobs)
    problems += unexplained(results)
    kinds = Counter(mutant.kind for mutant, _ in results)
    print("kinds: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    explained = sum(mutant.reason is not None for mutant, _ in results)
    print(f"{len(results)} mutants, {explained} equivalent, {len(problems)} problems; {time.perf_counter() - start:.0f} s")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
