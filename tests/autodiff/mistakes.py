"""The mistakes that people make in a derivation, as changes of one place in the source of a derivative rule."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

COTANGENT = "g"
COUNTS = {"k", "start"}  # names of positions
COUNTING = {"len", "count_of"}
NOT_OMITTED = {"np.where", "np.arange", "np.zeros", "np.prod", "np.add.at"}  # where nothing would be left
OMITTED = {"expand"}
WITHOUT_EFFECT = {"strict"}  # options that only have lengths compared
METHODS_OMITTED = {"astype", "reshape", "transpose", "sum"}
OPPOSITE: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
}


@dataclass(frozen=True)
class Place:
    """A node of a function's body: its number in the order of `ast.walk`, what it is a part of, and what it is.

    `returns` says what the function returns if the node is a result of the function, else it is empty.
    """

    node: Any
    site: int
    parent: ast.AST
    returns: str


def places(function: Any) -> list[Place]:
    """The places of a function, or of a lambda that is assigned to a name, where a mistake is possible."""
    is_lambda = isinstance(function, ast.Assign)
    body = [function.value.body] if is_lambda else function.body
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    inside = {node for part in body for node in ast.walk(part)}
    returned = {body[0]} if is_lambda else {node.value for node in inside if isinstance(node, ast.Return)}
    results = {branch for node in returned for branch in _branches(node)}
    annotation = getattr(function, "returns", None)
    returns = ast.unparse(annotation) if annotation is not None else "Any"
    return [
        Place(node, site, parents[node], returns if node in results else "")
        for site, node in enumerate(ast.walk(function))
        if node in inside and isinstance(node, (ast.expr, ast.AugAssign)) and not _is_target_or_starred(node)
    ]


def _is_target_or_starred(node: ast.AST) -> bool:
    return isinstance(node, ast.Starred) or isinstance(getattr(node, "ctx", None), ast.Store)


def _branches(node: ast.expr) -> list[ast.expr]:
    """What the result may be: one of the branches of a choice, or each of the cotangents of a sequence."""
    parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node.elt] if isinstance(node, ast.ListComp) else []
    return [branch for part in parts for branch in _branches(part)] or [node]


def mistakes(place: Place, known: Sequence[str]) -> Iterator[tuple[str, ast.AST]]:
    """What could stand at `place` by mistake, and the kind of mistake. `known` are the arrays that may be taken for each other."""
    for kind, mistake in KINDS.items():
        yield from ((kind, new) for new in mistake(place) if not isinstance(new, ast.Starred))
    yield from (("wrong array", new) for new in _wrong_array(place, known))


def expression(template: str, **parts: ast.AST) -> ast.expr:
    """The expression `template` with `parts` in the places of the names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return parts.get(node.id, node)

    filled: ast.expr = Fill().visit(ast.parse(template, mode="eval").body)
    return filled


def _sign(place: Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        yield node.operand
    numbers = not isinstance(getattr(node, "right", None), ast.Tuple)
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, (ast.Add, ast.Sub)) and numbers:
        yield _with(node, op=OPPOSITE[type(node.op)][0]())
        if isinstance(node, ast.BinOp):
            yield _with(node, left=ast.UnaryOp(ast.USub(), node.left))
    if _is_derivative(place):
        yield expression("-e", e=node)


def _factor(place: Place) -> Iterator[ast.AST]:
    if _is_derivative(place):
        for template in ("e * 2", "e / 2", "e * 1.001"):
            yield expression(template, e=place.node)
    if place.returns == "int":
        yield expression("e * 2", e=place.node)


def _off_by_one(place: Place) -> Iterator[ast.AST]:
    node, parent = place.node, place.parent
    constant = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    counted = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in COUNTS
    counting = isinstance(node, ast.Call) and ast.unparse(node.func) in COUNTING
    attribute = isinstance(node, ast.Attribute) and node.attr in ("ndim", "size")
    exponent = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and node is parent.right
    if constant or counted or counting or attribute or exponent or place.returns == "int" or _is_zero(place):
        yield expression("e + 1", e=node)
        yield expression("e - 1", e=node)


def _axis_off(place: Place) -> Iterator[ast.AST]:
    node, parent = place.node, place.parent
    asked = isinstance(parent, ast.Compare) or (isinstance(parent, ast.Call) and ast.unparse(parent.func) == "isinstance")
    if isinstance(node, ast.Name) and node.id == "axis" and not asked:
        yield expression("_axis_off(axis)")


def _dropped(place: Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.BinOp):
        yield node.left
        if isinstance(node.op, ast.Sub):
            yield expression("-e", e=node.right)
        elif isinstance(node.op, ast.Div):
            yield from [] if ast.unparse(node.left) == "1" else [expression("1 / e", e=node.right)]
        elif not isinstance(node.op, (ast.Pow, ast.Mod)):
            yield node.right
    if isinstance(node, ast.BoolOp):
        yield from node.values
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    if _is_where(node):
        for branch in node.args[1:]:
            constant = isinstance(branch, ast.Constant)
            yield expression("e + np.zeros_like(where)", e=branch, where=node) if constant else branch


def _swapped(place: Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.Pow, ast.Mod)):
        yield _with(node, left=node.right, right=node.left)
    if _is_where(node):
        condition, a, b = node.args
        yield _with(node, args=[condition, b, a])
    if isinstance(node, ast.IfExp):
        yield _with(node, body=node.orelse, orelse=node.body)
    if isinstance(place.parent, ast.If) and node is place.parent.test:
        yield expression("not e", e=node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_"):
        for i, (first, second) in enumerate(pairwise(node.args)):
            if type(first) is type(second):
                yield _with(node, args=[*node.args[:i], second, first, *node.args[i + 2 :]])


def _missing_call(place: Place) -> Iterator[ast.AST]:
    """A transpose, a reshape, a new axis, a logarithm and so on that was forgotten."""
    node = place.node
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if node.args and (name in OMITTED or (name.startswith("np.") and name not in NOT_OMITTED)):
            yield node.args[0]
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS_OMITTED and not name.startswith("np."):
            yield node.func.value
    if isinstance(node, ast.Subscript) and any(
        isinstance(part, ast.Constant) and part.value in (None, ...) for part in ast.walk(node.slice)
    ):
        yield node.value


def _transposed(place: Place) -> Iterator[ast.AST]:
    """The right numbers in the order of the transpose."""
    if _is_derivative(place):
        yield expression("np.reshape(np.transpose(e), e.shape)", e=place.node)


def _missing_option(place: Place) -> Iterator[ast.AST]:
    """An axis or `keepdims` that was forgotten."""
    node = place.node
    if isinstance(node, ast.Call):
        for option in node.keywords:
            if option.arg in WITHOUT_EFFECT:
                continue
            yield _with(node, keywords=[other for other in node.keywords if other is not option])


def _cotangent(place: Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.Name) and node.id == COTANGENT and not isinstance(place.parent, ast.Attribute):
        yield expression("np.ones_like(g)")
        yield expression("np.sum(g) + np.zeros_like(g)")


def _wrong_array(place: Place, known: Sequence[str]) -> Iterator[ast.AST]:
    """The result in the place of the argument, as in σ'(σ(x)), or one argument in the place of another, or its shape."""
    node = place.node
    if not isinstance(node, ast.Name) or isinstance(place.parent, ast.Attribute):
        return
    if node.id in known:
        yield from (ast.Name(name, ast.Load()) for name in known if name != node.id)
    if node.id.removesuffix("_shape") in known[:-1] and node.id not in known:
        yield from (ast.Name(f"{name}_shape", ast.Load()) for name in known[:-1] if f"{name}_shape" != node.id)


def _comparison(place: Place) -> Iterator[ast.AST]:
    node = place.node
    if isinstance(node, ast.Compare):
        yield from (_with(node, ops=[other(), *node.ops[1:]]) for other in OPPOSITE[type(node.ops[0])])
    if isinstance(node, ast.BoolOp) or (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr))):
        yield _with(node, op=OPPOSITE[type(node.op)][0]())


def _is_derivative(place: Place) -> bool:
    """Whether the place is a result with a sign, a factor, and an order of its elements."""
    return place.returns == "Any" and not _is_zero(place)


def _is_zero(place: Place) -> bool:
    return place.returns == "Any" and ast.unparse(place.node).startswith("np.zeros")


def _is_where(node: Any) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "np.where" and len(node.args) == 3


def _with(node: Any, **fields: object) -> ast.AST:
    """The node with other fields."""
    return type(node)(**{**dict(ast.iter_fields(node)), **fields})


KINDS = {
    "sign": _sign,
    "factor": _factor,
    "off by one": _off_by_one,
    "axis off": _axis_off,
    "dropped": _dropped,
    "swapped": _swapped,
    "missing call": _missing_call,
    "missing option": _missing_option,
    "transposed": _transposed,
    "cotangent": _cotangent,
    "comparison": _comparison,
}
