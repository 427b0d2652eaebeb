"""What the code around a line does with a name: which statements gave it a value, and which ones take that.

Nothing is noted while a program runs, so that nothing costs; the source is read when somebody asks. It tells what is
written there, and no more: neither whether a line was carried out, nor what another name for the same object goes
through.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

from .naming import Instruction

# Attributes and functions that give bare values.
_BARE_ATTRIBUTES = frozenset({"data", "item", "tolist", "detach", "to_numpy", "numpy", "tobytes"})
_BARE_CALLS = frozenset(
    {"asarray", "array", "float", "int", "stop_gradient", "asanyarray", "ascontiguousarray", "list"}
)
_FLAT_CALLS = frozenset(
    {"floor", "ceil", "round", "rint", "trunc", "fix", "sign", "argmax", "argmin", "argsort", "astype", "heaviside"}
)
_TRANSFORMS = frozenset(
    {"grad", "value_and_grad", "elementwise_grad", "vjp", "jvp", "linearize", "jacobian", "jacfwd", "jacrev", "hessian"}
)
_CLEARING = frozenset({"null_grad", "null_gradients", "zero_grad"})


class Passage(NamedTuple):
    """A statement of the user's.

    Attributes
    ----------
    number : its line
    text : its code
    calls : the last names of what is called in it, such as "tensor"
    constant : whether it says constant=True
    unrecorded : whether it stands in a ``with`` block of no_grad
    """

    number: int
    text: str
    calls: frozenset[str]
    constant: bool
    unrecorded: bool

    def __str__(self) -> str:
        return f"line {self.number}, `{self.text}`"


class Usage:
    """What the function, or the module, that a frame is in does with a name above the line that it is at.

    Attributes
    ----------
    name : what it is called there, such as ``x`` or ``model.w``; None where it is no more than an expression
    fresh : whether it is an expression, such as ``x[0]`` or ``np.exp(x)``, of which each time a new object comes
    made : the last statement that gave it a value
    bare : the first one that takes bare values of it
    flat : the first one that gives it to a function with a derivative of zero, or compares it
    unrecorded : the first one that uses it in a ``with`` block of no_grad
    given : the first one that gives it to a function that a transform has made
    cleared : the last one that clears its gradient
    updated : the last one that changes it in place
    backward : the last one that calls backward of anything
    before : the last one that does so above `made`
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.fresh = False
        self.backward: Passage | None = None
        self._begin(None)

    def _begin(self, made: Passage | None) -> None:
        """Start anew, since what stood above is about another object."""
        self.made = made
        self.before, self.backward = self.backward, None
        self.bare: Passage | None = None
        self.flat: Passage | None = None
        self.unrecorded: Passage | None = None
        self.given: Passage | None = None
        self.cleared: Passage | None = None
        self.updated: Passage | None = None

    @classmethod
    def of_argument(cls, frame: FrameType | None) -> Usage:
        """Read what is done with the first argument of the call that a frame is at, if that is a name."""
        if frame is None:
            return cls()
        here = Instruction.of(frame)
        call = here.spot.expression
        if not isinstance(call, ast.Call) or not call.args:
            return cls()
        argument = call.args[0]
        usage = cls(ast.unparse(argument) if isinstance(argument, _NAMES) else None)
        usage.fresh = not isinstance(argument, (ast.Name, ast.Attribute))
        if usage.name is None:
            return usage
        lines = tuple(linecache.getlines(here.file, here.names))
        for statement, line in _statements(lines, here.code.co_name, here.code.co_firstlineno):
            if line.number < here.line:
                usage._read(statement, line)
        return usage

    def _read(self, statement: ast.stmt, line: Passage) -> None:
        name = self.name
        parts = list(_own_parts(statement))
        if any(isinstance(x, ast.Attribute) and x.attr == "backward" for x in parts):
            self.backward = line
        targets = list(_targets(statement))
        if any(isinstance(x, ast.Subscript) and _is(x.value, name) for x in targets) or (
            isinstance(statement, ast.AugAssign) and _is(statement.target, name)
        ):
            self.updated = line
        elif any(_is(x, name) for x in targets):
            self._begin(line)
            return
        for x in parts:
            if isinstance(x, ast.Attribute) and _is_part(x.value, name):
                if x.attr in _CLEARING or (x.attr == "grad" and isinstance(x.ctx, ast.Store)):
                    self.cleared = line
                elif x.attr in _BARE_ATTRIBUTES and isinstance(x.ctx, ast.Load):
                    self.bare = self.bare or line
                elif x.attr in _FLAT_CALLS:
                    self.flat = self.flat or line
            elif isinstance(x, ast.Call) and any(_is_part(a, name) for a in x.args):
                self._read_call(x, line)
            elif isinstance(x, ast.Compare) and any(_is(a, name) for a in (x.left, *x.comparators)):
                self.flat = self.flat or line
            elif _is(x, name) and line.unrecorded:
                self.unrecorded = self.unrecorded or line

    def _read_call(self, call: ast.Call, line: Passage) -> None:
        called = _last_name(call.func)
        if called in _BARE_CALLS or ast.unparse(call.func).startswith("math."):
            self.bare = self.bare or line
        elif called in _FLAT_CALLS:
            self.flat = self.flat or line
        elif called in _TRANSFORMS or (isinstance(call.func, ast.Call) and _last_name(call.func.func) in _TRANSFORMS):
            self.given = self.given or line


@functools.lru_cache(maxsize=8)
def _statements(lines: tuple[str, ...], name: str, first: int) -> tuple[tuple[ast.stmt, Passage], ...]:
    """Return the statements of a function, or of a module, in the order in which they are written."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return ()
    body: list[ast.stmt] = tree.body
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            starts = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            if first in starts:
                body = node.body
    return tuple(_walk(body, lines, False))


def _walk(body: list[ast.stmt], lines: tuple[str, ...], unrecorded: bool) -> Iterator[tuple[ast.stmt, Passage]]:
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        text = " ".join(lines[statement.lineno - 1].split())
        calls = [x for x in _own_parts(statement) if isinstance(x, ast.Call)]
        constant = any(
            word.arg == "constant" and isinstance(word.value, ast.Constant) and word.value.value is True
            for call in calls
            for word in call.keywords
        )
        names = frozenset(filter(None, (_last_name(call.func) for call in calls)))
        yield statement, Passage(statement.lineno, text, names, constant, unrecorded)
        inner = unrecorded
        if isinstance(statement, ast.With):
            inner = inner or any(
                _last_name(x) in ("no_grad", "no_autodiff") for item in statement.items for x in [_called(item)]
            )
        for field in ("body", "orelse", "handlers", "finalbody"):
            for part in getattr(statement, field, ()):
                if isinstance(part, ast.ExceptHandler):
                    yield from _walk(part.body, lines, inner)
                else:
                    yield from _walk([part], lines, inner)


def _called(item: ast.withitem) -> ast.expr:
    expression = item.context_expr
    return expression.func if isinstance(expression, ast.Call) else expression


def _own_parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """Return the expressions of a statement, but not those of the statements in it."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        # Handlers of exceptions and cases of a match hold statements.
        stack += [x for x in ast.iter_child_nodes(node) if not isinstance(x, (ast.stmt, ast.ExceptHandler))]


def _targets(statement: ast.stmt) -> Iterator[ast.AST]:
    """Return what a statement assigns to, with the parts of what is taken apart."""
    match statement:
        case ast.Assign(targets=targets):
            given: list[Any] = list(targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.For(target=target):
            given = [target]
        case ast.With(items=items):
            given = [item.optional_vars for item in items if item.optional_vars is not None]
        case _:
            given = [x.target for x in _own_parts(statement) if isinstance(x, ast.NamedExpr)]
    while given:
        target = given.pop()
        if isinstance(target, (ast.Tuple, ast.List)):
            given += target.elts
        else:
            yield target


# What an object is called by: ``x``, ``model.w``, ``weights[0]``.
_NAMES = (ast.Name, ast.Attribute, ast.Subscript)


def _is(node: Any, name: str | None) -> bool:
    return isinstance(node, _NAMES) and ast.unparse(node) == name


def _is_part(node: Any, name: str | None) -> bool:
    while isinstance(node, ast.Subscript) and not _is(node, name):
        node = node.value
    return _is(node, name)


def _last_name(node: Any) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
