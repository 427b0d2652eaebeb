"""What a value is called in the user's code: by the place of an instruction, the syntax tree of its file tells."""

from __future__ import annotations

import ast
import functools
import itertools
import linecache
from types import CodeType, FrameType
from typing import Any, NamedTuple

# Lines of code, and columns in them, in which an expression or a statement stands.
Span = tuple[int, int, int, int]


class Instruction(NamedTuple):
    """An instruction of the user's that was being carried out."""

    code: CodeType
    at: int
    line: int
    names: dict[str, Any]

    @classmethod
    def of(cls, frame: FrameType) -> Instruction:
        """Return the instruction that a frame is at."""
        return cls(frame.f_code, frame.f_lasti, frame.f_lineno, frame.f_globals)

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.code.co_filename

    @property
    def text(self) -> str:
        """The line of code, without its indentation; empty where the source is not there."""
        return linecache.getline(self.code.co_filename, self.line, self.names).strip()

    @property
    def span(self) -> Span | None:
        """Where in the file the expression stands that the instruction belongs to."""
        start, end, left, right = next(itertools.islice(self.code.co_positions(), self.at // 2, None), (None,) * 4)
        if start is None or end is None or left is None or right is None:
            return None
        return start, left, end, right

    @property
    def expression(self) -> ast.expr | None:
        """The syntax tree of that expression."""
        found = self._found()
        return None if found is None else found[0]

    @property
    def targets(self) -> tuple[str | None, ...]:
        """The names that the value of the expression is assigned to: several where it is taken apart."""
        found = self._found()
        return () if found is None else found[1]

    def _found(self) -> tuple[ast.expr | None, tuple[str | None, ...]] | None:
        span = self.span
        if span is None:
            return None
        lines = tuple(linecache.getlines(self.code.co_filename, self.names))
        return None if not lines else _spans(lines).get(span)


@functools.lru_cache(maxsize=32)
def _spans(lines: tuple[str, ...]) -> dict[Span, tuple[ast.expr | None, tuple[str | None, ...]]]:
    """Return the expressions of a file by where they stand, each with the names that its value is assigned to."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return {}
    expressions: dict[Span, ast.expr | None] = {}
    targets: dict[Span, tuple[str | None, ...]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target, *_], value=value) | ast.NamedExpr(target=target, value=value):
                targets[_span(value)] = _names(target)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                targets[_span(value)] = _names(target)
            case ast.For(target=target, iter=iterable) | ast.comprehension(target=target, iter=iterable):
                targets[_span(iterable)] = _names(target)
            case ast.AugAssign(target=target):
                targets[_span(node)] = _names(target)
                expressions[_span(node)] = None
        if isinstance(node, ast.expr):
            expressions.setdefault(_span(node), node)
    return {span: (expression, targets.get(span, ())) for span, expression in expressions.items()}


def _span(node: Any) -> Span:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _names(target: ast.expr) -> tuple[str | None, ...]:
    """Return the names in the target of an assignment; None in the place of one that is no name."""
    match target:
        case ast.Name(id=name):
            return (name,)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(part.id if isinstance(part, ast.Name) else None for part in parts)
        case ast.Subscript(value=ast.Name(id=name)):
            return (name,)  # of which a part is assigned
    return (None,)
