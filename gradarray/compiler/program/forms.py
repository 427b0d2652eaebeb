"""What a statement does, read from its text by Python's own parser.

A statement is text, cut at its variables. Whoever wants to know more than that asks for its form: which operator or
function it is, with which operands. Each text is parsed once, with holes in place of the variables; most statements of
a program have the same few.
"""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from .statements import Statement

R = TypeVar("R")

# How tightly Python's operators bind, as `ast.unparse` has it.
ANYTHING, TEST, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = 0, 1, 4, 5, 10, 11, 12, 13, 15
_BINARY: dict[type, tuple[str, int]] = {
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.LShift: ("<<", 9),
    ast.RShift: (">>", 9),
    ast.Add: ("+", SUM),
    ast.Sub: ("-", SUM),
    ast.Mult: ("*", PRODUCT),
    ast.Div: ("/", PRODUCT),
    ast.FloorDiv: ("//", PRODUCT),
    ast.Mod: ("%", PRODUCT),
    ast.MatMult: ("@", PRODUCT),
    ast.Pow: ("**", POWER),
}
_UNARY: dict[type, tuple[str, int]] = {
    ast.USub: ("neg", SIGN),
    ast.UAdd: ("pos", SIGN),
    ast.Invert: ("~", SIGN),
    ast.Not: ("not", NOT),
}
_COMPARISONS: dict[type, str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class Hole(int):
    """Which of a statement's variables an operand is."""


class Other(NamedTuple):
    """An operand that is neither a variable nor a value that is spelt out."""

    text: str


class Form:
    """What a statement's text says. All statements with the same text but for their variables have one form.

    Attributes
    ----------
    op : the operator; "call", with the function's name, or "method"; "index", "attribute", "update" (its name is the
        operator), "assignment"; or "" for anything else
    name : of what is called, or of the attribute
    args : the operands: `Hole`, `Other` or the value that is spelt out; those of a method begin with its object
    keys : the operands that are given by keyword
    level : how tightly the text binds
    holes : how tightly each variable's text has to bind where it stands
    told : what others have found out of the text alone, by who asked; see `of_text`
    """

    __slots__ = ("args", "holes", "keys", "level", "name", "op", "told")

    def __init__(
        self, op: str, name: str, args: tuple[Any, ...], keys: dict[str, Any], level: int, holes: tuple[int, ...]
    ) -> None:
        self.op, self.name, self.args, self.keys, self.level, self.holes = op, name, args, keys, level, holes
        self.told: dict[Any, Any] = {}

    def of(self, args: tuple[Any, ...]) -> Form:
        """Return the form of a text with other operands."""
        return Form(self.op, self.name, args, self.keys, self.level, self.holes)


_MOST = 10_000  # texts of which the forms are kept
_forms: dict[tuple[Any, ...], Form] = {}


def form_read(s: Statement) -> Form:
    """Return the form of a statement."""
    form: Form | None = s.form
    if form is None:
        pieces = tuple([piece if type(piece) is str else None for piece in s.pieces])
        form = _forms.get(pieces)
        if form is None:
            form = _read(pieces)
        s.form = form
    return form


def known_form(pieces: tuple[Any, ...]) -> Form | None:
    """Return the form of a text, cut at its variables, for each of which there is None; if it has been read before."""
    return _forms.get(pieces)


def _read(pieces: tuple[Any, ...]) -> Form:
    if len(_forms) >= _MOST:
        _forms.clear()
    holes = itertools.count()
    text = "".join([f"_{next(holes)}_" if piece is None else piece for piece in pieces])
    form = _forms[pieces] = _parsed(text, pieces.count(None))
    return form


def of_text(ask: Callable[[Form], R]) -> Callable[[Statement], R]:
    """Let a question about a form be answered once for each text."""

    @functools.wraps(ask)
    def answer(s: Statement) -> R:
        told = (s.form or form_read(s)).told
        if ask not in told:
            told[ask] = ask(s.form)
        return told[ask]  # type: ignore[no-any-return]

    return answer


def operand(s: Statement, arg: Any) -> Any:
    """Return the variable that an operand is, or the operand."""
    return s.reads[arg] if type(arg) is Hole else arg


def _parsed(text: str, count: int) -> Form:
    (node,) = ast.parse(text).body
    levels = [ATOM] * count
    _note_levels(node, ANYTHING, levels)
    op, name, level = "", "", ANYTHING
    args: tuple[Any, ...] = ()
    keys: dict[str, Any] = {}
    if isinstance(node, ast.AugAssign):
        op, name, args = "update", _BINARY[type(node.op)][0], (_operand(node.target), _operand(node.value))
    elif isinstance(node, ast.Assign):
        op, args = "assignment", (_operand(node.targets[0]), _operand(node.value))
    elif isinstance(node, ast.Expr):
        op, name, args, keys = _expression(node.value)
        level = _level(node.value)
    return Form(op, name, args, keys, level, tuple(levels))


def _expression(x: ast.expr) -> tuple[str, str, tuple[Any, ...], dict[str, Any]]:
    if isinstance(x, ast.BinOp):
        return _BINARY[type(x.op)][0], "", (_operand(x.left), _operand(x.right)), {}
    if isinstance(x, ast.UnaryOp):
        return _UNARY[type(x.op)][0], "", (_operand(x.operand),), {}
    if isinstance(x, ast.Compare) and len(x.ops) == 1:
        return _COMPARISONS.get(type(x.ops[0]), ""), "", (_operand(x.left), _operand(x.comparators[0])), {}
    if isinstance(x, ast.Subscript):
        return "index", "", (_operand(x.value), _operand(x.slice)), {}
    if isinstance(x, ast.Attribute):
        return "attribute", x.attr, (_operand(x.value),), {}
    if isinstance(x, ast.Call) and all(k.arg for k in x.keywords):
        args, keys = tuple(map(_operand, x.args)), {str(k.arg): _operand(k.value) for k in x.keywords}
        if isinstance(x.func, ast.Attribute) and not _is_dotted(x.func):
            return "method", x.func.attr, (_operand(x.func.value), *args), keys
        return "call", ast.unparse(x.func), args, keys
    return "", "", (), {}


def _is_dotted(x: ast.expr) -> bool:
    while isinstance(x, ast.Attribute):
        x = x.value
    return isinstance(x, ast.Name) and x.id in ("np", "math")


def _hole(x: ast.expr) -> int | None:
    if isinstance(x, ast.Name) and x.id.startswith("_") and x.id.endswith("_") and x.id[1:-1].isdigit():
        return int(x.id[1:-1])
    return None


def _operand(x: ast.expr) -> Any:
    hole = _hole(x)
    if hole is not None:
        return Hole(hole)
    try:
        return _literal(x)
    except ValueError:
        return Other(ast.unparse(x))


def _literal(x: ast.expr) -> Any:
    """Return the value that is spelt out; `ast.literal_eval` makes functions that refer to each other in a circle."""
    if isinstance(x, ast.Constant):
        return x.value
    if isinstance(x, ast.UnaryOp) and isinstance(x.op, ast.USub):
        value = _literal(x.operand)
        if type(value) in (int, float, complex):
            return -value
    if isinstance(x, (ast.Tuple, ast.List)):
        values = map(_literal, x.elts)
        return tuple(values) if isinstance(x, ast.Tuple) else list(values)
    raise ValueError("no literal")


def _level(x: ast.AST) -> int:
    if isinstance(x, ast.BinOp):
        return _BINARY[type(x.op)][1]
    if isinstance(x, ast.UnaryOp):
        return _UNARY[type(x.op)][1]
    if isinstance(x, ast.Compare):
        return COMPARISON
    return TEST if isinstance(x, (ast.BoolOp, ast.IfExp, ast.Lambda)) else ATOM


def _note_levels(x: ast.AST, outer: int, levels: list[int]) -> None:
    """Note how tightly what stands in each hole has to bind."""
    hole = _hole(x) if isinstance(x, ast.expr) else None
    if hole is not None:
        levels[hole] = outer
    elif isinstance(x, ast.BinOp):
        level = _BINARY[type(x.op)][1]
        power = isinstance(x.op, ast.Pow)
        _note_levels(x.left, level + 1 if power else level, levels)
        _note_levels(x.right, SIGN if power else level + 1, levels)
    elif isinstance(x, (ast.UnaryOp, ast.Compare, ast.BoolOp)):
        level = COMPARISON + 1 if isinstance(x, ast.Compare) else _level(x) if isinstance(x, ast.UnaryOp) else NOT
        for child in ast.iter_child_nodes(x):
            _note_levels(child, level, levels)
    elif isinstance(x, (ast.Attribute, ast.Subscript, ast.Call)):
        inner = x.func if isinstance(x, ast.Call) else x.value
        for child in ast.iter_child_nodes(x):
            _note_levels(child, ATOM if child is inner else ANYTHING, levels)
    else:
        for child in ast.iter_child_nodes(x):
            _note_levels(child, ANYTHING if not isinstance(x, ast.Slice) else TEST, levels)


Condition = Callable[[Form], bool]


class RulesByName(dict[str, list[tuple[R, Condition | None]]]):
    """Rules about statements, by the operator, or the name of what is called, in the order in which they are tried."""

    def adding(self, *names: str, when: Condition | None = None) -> Callable[[R], R]:
        """Decorate a rule about these, of texts of which the condition holds."""

        def add(rule: R) -> R:
            for name in names:
                self.setdefault(name, []).append((rule, when))
            return rule

        return add

    def of(self, form: Form) -> list[R]:
        """Return the rules about a text."""
        name = form.op if form.op not in ("call", "method", "attribute") else form.name
        return [rule for rule, when in self.get(name, ()) if when is None or when(form)]
