"""A sample of all mistakes that can be made in the derivative rules: the gradient checker finds each. Whole: `mutations.py`."""

import functools
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import mutations
import numpy as np
import pytest
from equivalent_mutants import EQUIVALENT
from mistakes import KINDS
from mutations import Mutant, Source, all_mutants, judge, mutants_of, sample, sources, stale_explanations, unexplained
from registry_cases import ENTRIES
from statements import STATEMENTS, statements_of
from verdicts import planted, verdict

import autodiff as ad
from autodiff import extend
from autodiff.registry import registry

SIZE = 48  # operations of which one mutant is judged
OPERATIONS = random.Random(1).sample(sorted({source.entry for source in sources()}), SIZE)


@functools.cache
def every_mutant() -> dict[str, list[Mutant]]:
    return all_mutants()


def mutants_by_key(name: str) -> dict[str, Mutant]:
    return {mutant.key: mutant for mutant in all_mutants([name])[name]}


@pytest.mark.long
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_mistake_planted_into_a_rule_is_found(name: str) -> None:
    mutants = sample(all_mutants([name]), 1, seed=0)[name]
    assert unexplained(list(zip(mutants, judge(mutants), strict=True))) == []


@pytest.mark.long
def test_a_sample_is_of_as_many_operations_one_mutant_of_each_and_the_same_each_time() -> None:
    first, again = (sample(mutants, SIZE, seed=0) for mutants in (every_mutant(), all_mutants()))
    assert [len(of_entry) for of_entry in first.values()] == [1] * SIZE
    assert [m.key for of_entry in again.values() for m in of_entry] == [m.key for of_entry in first.values() for m in of_entry]


def test_a_larger_sample_has_no_third_mutant_of_an_operation_before_a_second_one_of_each() -> None:
    mutants = all_mutants(["add", "exp", "fmod", "maximum", "multiply", "relu", "tanh"])
    larger = sample(mutants, len(mutants) + 5, seed=0)
    assert sorted(map(len, larger.values())) == [1] * (len(mutants) - 5) + [2] * 5


@pytest.mark.long
def test_every_rule_has_mutants() -> None:
    declared = {(entry.name, argument) for entry in ENTRIES for argument in entry.formulas}
    assert {(source.entry, source.argument) for source in sources()} == declared
    assert all(mutants_of(source) for source in sources())


def halved(rule: Any) -> Any:
    @functools.wraps(rule)
    def half(g: Any, x: Any) -> Any:
        return rule(g, x) / 2

    return half


def _by_degree(g: Any, x: Any, degree: int) -> Any:
    return g * degree * x


RULES = {
    "lambda among lambdas": (lambda g, x: g, lambda g, x: 2 * (g * x), lambda g, x: x)[1],
    "decorated": halved(lambda g, x: 4 * (g * x)),
    "partial": functools.partial(_by_degree, degree=2),
    "helper that is a partial": lambda g, x: _with_degree(g, x),
}
_with_degree = functools.partial(_by_degree, degree=2)


@pytest.mark.usefixtures("registry_as_it_was")
@pytest.mark.parametrize("kind", RULES)
def test_a_rule_is_found_and_changed_however_it_is_made(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "OWN", (__name__,))
    extend.primitive(np.square, {"x": lambda g, x: g * (2 * x)}, name=kind)
    registry[kind].formulas["x"] = RULES[kind]
    source, g, x = Source(kind, "x"), np.array([1.0, -2.0]), np.array([3.0, 5.0])
    np.testing.assert_array_equal(source.compiled()(g, x), 2 * g * x)
    doubled = [mutant for mutant in mutants_of(source) if mutant.after.endswith(" * 2")]
    assert {mutant.function for mutant in doubled} == set(source.functions)
    for mutant in doubled:
        np.testing.assert_array_equal(mutant.rule()(g, x), 4 * g * x)


def test_every_primitive_that_stands_for_a_rule_has_mutants() -> None:
    standing = {entry.name: entry.scatter.__name__ for entry in ENTRIES if entry.scatter is not None}
    assert {source.entry: source.adjoint for source in sources() if source.adjoint} == standing


@pytest.mark.long
def test_every_kind_of_mistake_is_planted() -> None:
    assert {mutant.kind for of_entry in every_mutant().values() for mutant in of_entry} == {*KINDS, "wrong array"}


@pytest.mark.long
def test_mutants_have_keys_of_their_own_and_differ_from_their_rule() -> None:
    every = [mutant for of_entry in every_mutant().values() for mutant in of_entry]
    assert len({mutant.key for mutant in every}) == len(every)
    assert all(mutant.before != mutant.after for mutant in every)


@pytest.mark.long
def test_every_explanation_is_of_a_mutant() -> None:
    assert stale_explanations(every_mutant()) == []
    assert stale_explanations({}) == [f"explained, but not among the mutants: {key}" for key in EQUIVALENT]


def test_a_planted_rule_runs_wherever_the_operation_is_called_and_is_taken_back() -> None:
    source = next(source for source in sources() if source.entry == "multiply" and source.argument == "a")
    x, b = np.array([2.0, 3.0]), np.array([5.0, 7.0])

    def gradients() -> list[np.ndarray]:
        leaves = [ad.Tensor(x, requires_grad=True) for _ in range(3)]
        for y in (leaves[0] * b, np.multiply(leaves[1], b), ad.multiply(leaves[2], b)):
            y.backward(np.ones(2))
        return [leaf.grad.numpy() for leaf in leaves]

    with planted(source, lambda g, a, y: g * y / a**2):  # asks for what the rule in its place did not keep
        for gradient in gradients():
            np.testing.assert_allclose(gradient, b / x)
    for gradient in gradients():
        np.testing.assert_array_equal(gradient, b)


def test_a_mistake_at_a_tie_is_found_there() -> None:
    mutant = mutants_by_key("maximum")["maximum.a _share: g / 2 -> g"]
    assert verdict(mutant.source, mutant.rule()) == "at a kink"


def test_a_mistake_in_float16_alone_is_found_there() -> None:
    mutant = mutants_by_key("squared errors")["squared errors.a _twice: g.astype(np.float32) -> g"]
    assert verdict(mutant.source, mutant.rule()) == "in float16"


def test_a_mistake_that_a_test_alone_finds_is_found_there() -> None:
    mutant = mutants_by_key("fmod")["fmod.b: np.rint((a - y) / b) -> (a - y) / b"]
    assert verdict(mutant.source, mutant.rule()) == "in a test"


def test_tests_state_derivatives_of_operations_for_all_of_their_values() -> None:
    assert [len(list(statements_of(name))) for name in ("fmod", "tanh")] == [1, 0]
    slopes = [test.keywords["slope"] for test in statements_of("eig") if "slope" in test.keywords]
    assert sorted(slopes) == 3 * [-1.0] + 3 * [1.0]
    assert set(STATEMENTS) <= set(registry)


def test_what_is_explained_of_a_function_is_so_in_every_rule_that_calls_it() -> None:
    for name in ("cummax", "cumprod"):
        assert mutants_by_key(name)[f"{name}.x in_a_row: 0 -> 0 - 1"].reason == EQUIVALENT["in_a_row: 0 -> 0 - 1"]


def test_a_mutant_that_names_something_unknown_is_an_error_of_the_script() -> None:
    source = next(source for source in sources() if source.entry == "exp")
    with pytest.raises(NameError):
        verdict(source, lambda g, y: g * z)  # noqa: F821


def test_a_rule_that_is_found_without_a_mistake_is_an_error_of_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutations, "verdict", lambda source, rule, order=2: "wrong")
    with pytest.raises(AssertionError, match="the rule of exp by x, without a mistake, is found: wrong"):
        judge(all_mutants(["exp"])["exp"])


def test_a_mutant_that_is_not_found_is_shown_unless_it_is_explained() -> None:
    mutants = mutants_by_key("relu")
    explained, other = mutants["relu.x: y -> x"], mutants["relu.x: y <= 0 -> y < 0"]
    assert unexplained([(explained, "survived"), (other, "at a kink")]) == []
    assert unexplained([(explained, "wrong")]) == ["said to be no mistake, but found (wrong): relu.x: y -> x"]
    assert unexplained([(other, "survived")]) == [
        "survived: relu.x: y <= 0 -> y < 0\n"
        "  before: _rule = lambda g, y: _dropped(g, y <= 0)\n"
        "  after:  _rule = lambda g, y: _dropped(g, y < 0)"
    ]


@pytest.mark.long
def test_the_command_counts_and_exits_with_0() -> None:
    command = [sys.executable, str(Path(mutations.__file__)), "--only", "relu", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    keys = mutants_by_key("relu")
    assert f"{len(keys)} mutants, {len(EQUIVALENT.keys() & keys)} equivalent, 0 problems" in done.stdout


@pytest.mark.long
def test_the_command_exits_with_1_if_a_survivor_is_not_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mutations.py", "--only", "relu"])
    monkeypatch.setattr(mutations, "EQUIVALENT", {})
    assert mutations.main() == 1
    assert "survived: relu.x: y -> x" in capsys.readouterr().out


def test_the_command_does_not_know_an_operation_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mutations.py", "--only", "cosinus"])
    with pytest.raises(SystemExit) as raised:
        mutations.main()
    assert raised.value.code == 2
