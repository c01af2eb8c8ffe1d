"""Where values lie: in as little memory as their lifetimes allow, over operands where they may, never where something is read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from captured_programs import Drawn, captured, replayed, traced
from hypothesis import given

from autodiff.compiling.memory import Plan, _Planner, plan
from autodiff.compiling.replay import build
from autodiff.program import operands, set_item

ND = np.ndarray
X = np.full((8, 8), 0.125)


def planned(function: Any, *inputs: Any, **options: Any) -> Plan:
    return plan(traced(function, *inputs), inputs, **{"into": {}, **options})


@given(captured())
def test_no_two_values_lie_in_one_place_while_both_are_wanted(drawn: Drawn) -> None:
    with np.errstate(all="ignore"):
        found = plan(drawn.program, drawn.inputs(0), {})
    last: dict[Any, int] = {}
    for i, step in enumerate(drawn.program.steps):
        for value in (*step.results, *operands((step.args, step.kwargs))):
            last[value] = i
    last.update(dict.fromkeys(drawn.program.outputs, len(drawn.program.steps)))
    lying: list[Any] = []
    for i, step in enumerate(drawn.program.steps):
        for result in step.results:
            if result in found.arrays:
                apart = [v for v in lying if last[v] > i and found.roots[v] != found.roots[result]]
                assert not any(np.shares_memory(found.arrays[v], found.arrays[result]) for v in apart)
                lying.append(result)


def chain(do: Any, x: Any, n: int = 10) -> list[Any]:
    for _ in range(n):
        x = do(np.sin, x)
    return [do(np.add.reduce, x)]


def alternating(do: Any, x: Any) -> list[Any]:
    for _ in range(10):
        x = do(np.matmul, x, x)
    return [do(np.add.reduce, x)]


def tree(do: Any, x: Any) -> list[Any]:
    kept = [do(np.multiply, x, float(n)) for n in range(4)]
    while len(kept) > 1:
        kept = [do(np.add, kept[0], kept[1]), *kept[2:]]
    return [do(np.add.reduce, kept[0])]


@pytest.mark.parametrize(("function", "places"), [(chain, 1), (alternating, 2), (tree, 4)])
def test_the_block_has_as_many_places_as_there_are_values_at_once(function: Any, places: int) -> None:
    assert planned(function, X).nbytes == places * X.nbytes


def test_what_is_handed_out_lies_in_no_place_of_the_block() -> None:
    found = planned(lambda do, x: [do(np.exp, x), do(ND.ravel, do(np.exp, x))], X)
    assert found.nbytes == 0
    assert found.own == [True, True]


def test_one_of_two_views_that_are_handed_out_is_copied() -> None:
    def twice(do: Any, x: Any) -> list[Any]:
        y = do(np.exp, x)
        return [y, do(ND.transpose, y), x]

    assert planned(twice, X).own == [True, False, False]


def test_a_view_prolongs_the_life_of_what_it_is_a_view_of() -> None:
    def viewed(do: Any, x: Any) -> list[Any]:
        y = do(ND.transpose, do(np.exp, x))
        return [do(np.add.reduce, do(np.add, do(np.matmul, x, x), y))]

    assert planned(viewed, X).nbytes == 2 * X.nbytes


def test_a_write_is_made_in_place_where_the_value_before_it_is_not_read_again() -> None:
    def written(do: Any, x: Any) -> list[Any]:
        return [do(np.add.reduce, do(set_item, do(np.exp, x), 0, 1.0))]

    def kept(do: Any, x: Any) -> list[Any]:
        y = do(np.exp, x)
        return [do(np.add.reduce, do(np.add, do(set_item, y, 0, 1.0), y))]

    assert planned(written, X).nbytes == X.nbytes
    assert planned(kept, X).nbytes == 2 * X.nbytes


def test_an_update_is_written_straight_into_its_parameter_unless_that_is_read_later() -> None:
    def update(do: Any, w: Any) -> list[Any]:
        return [do(np.subtract, w, 1.0)]

    def read_later(do: Any, w: Any) -> list[Any]:
        return [do(np.subtract, w, 1.0), do(np.exp, w)]

    assert len(planned(update, X, into={0: 0}).given) == 1
    assert len(planned(read_later, X, into={0: 0}).given) == 0


# --- planted mistakes -------------------------------------------------------------------------------------------------------------


def chained(do: Any, x: Any) -> list[Any]:
    """Values that are read again after other results, one of them through a view, and one of which is handed out in two shapes."""
    a = do(np.exp, x)
    t = do(ND.transpose, a)
    b = do(np.multiply, a, 2.0)
    c = do(np.matmul, b, t)
    d = do(set_item, b, (0, 0), 7.0)
    e = do(np.add, b, d)
    return [c, do(ND.ravel, c), do(np.subtract, e, t), do(ND.transpose, x)]


def chained_program() -> Drawn:
    program = traced(chained, np.ones((3, 3)))
    return Drawn(program, np.random.default_rng(0), lambda seed: [np.random.default_rng(seed).random((3, 3))])


def test_the_chain_is_right_without_a_mistake() -> None:
    replayed(chained_program())


def freed_early(self: Any) -> Any:
    return {root: i - 1 for root, i in last_reads(self).items()}


def views_forgotten(self: Any) -> None:
    find_roots(self)
    for value in self.plan.roots:
        if value not in self.program.inputs:
            self.plan.roots[value] = frozenset([value])


last_reads, find_roots = _Planner._last_reads, _Planner._find_roots


@pytest.mark.parametrize(
    ("method", "mistake"),
    [
        ("_last_reads", freed_early),
        ("_find_roots", views_forgotten),
        ("_outputs_of_their_own", lambda self: self.plan.own.extend([True] * 4) or set()),
    ],
)
def test_a_mistake_in_the_plan_is_found(monkeypatch: pytest.MonkeyPatch, method: str, mistake: Any) -> None:
    monkeypatch.setattr(_Planner, method, mistake)
    with pytest.raises(AssertionError):
        replayed(chained_program())


def test_a_result_written_over_what_is_still_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def raised(x: Any) -> Any:
        program = traced(lambda do, x: [do(np.where, do(np.less, x, 1), x, 5.0)], x)
        return build(program, [x], into={0: 0})([x])[0].tolist()

    assert raised(np.arange(3.0)) == [0, 5, 5]
    monkeypatch.setattr(_Planner, "_may_overlap", lambda self, *args: True)
    assert raised(np.arange(3.0)) != [0, 5, 5]
