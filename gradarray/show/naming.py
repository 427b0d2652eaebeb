"""What a value is called in the user's code: by the place of an instruction, the syntax tree of its file tells."""

from __future__ import annotations

import ast
import dis
import functools
import itertools
import linecache
from types import CodeType, FrameType
from typing import Any, NamedTuple

# Lines of code, and columns in them, in which an expression or a statement stands.
Span = tuple[int, int, int, int]
Names = tuple[str | None, ...]


class Spot(NamedTuple):
    """What stands at one place of a file.

    Attributes
    ----------
    expression : the expression, None for a statement
    targets : the names that its value is assigned to, several where it is taken apart; None for what has no name
    elements : of a target that an array is taken apart into, its names
    updated : the name of the array that is written into: that of which a place such as ``x[1:]`` is assigned to, that
        for ``out=``, or the first operand of a function that returns nothing
    value : the expression that is assigned to a place
    """

    expression: ast.expr | None = None
    targets: Names = ()
    elements: Names = ()
    updated: str | None = None
    value: ast.expr | None = None


_NOWHERE = Spot()
# The instruction that a loop begins its turns with. Its place is that of the loop, and since Python 3.13 that of what
# is gone through. Behind an instruction there may be room in which Python notes things.
_NEXT, _ROOM = dis.opmap["FOR_ITER"], dis.opmap["CACHE"]


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
        """The line of code, without its indentation and a comment; empty where the source is not there."""
        line = linecache.getline(self.code.co_filename, self.line, self.names).strip()
        code, hash_sign, _ = line.partition("  # ")
        return code.rstrip() if hash_sign else line

    @property
    def spot(self) -> Spot:
        """What stands in the file where the instruction is from."""
        start, end, left, right = next(itertools.islice(self.code.co_positions(), self.at // 2, None), (None,) * 4)
        if start is None or end is None or left is None or right is None:
            return _NOWHERE
        spots, loops = _spots(tuple(linecache.getlines(self.code.co_filename, self.names)))
        codes, at = self.code.co_code, self.at
        while at > 0 and codes[at] == _ROOM:
            at -= 2
        return (loops if codes[at] == _NEXT else spots).get((start, left, end, right), _NOWHERE)


@functools.lru_cache(maxsize=32)
def _spots(lines: tuple[str, ...]) -> tuple[dict[Span, Spot], dict[Span, Spot]]:
    """Return what stands in a file, by where; and the loops by themselves."""
    spots: dict[Span, Spot] = {}
    loops: dict[Span, Spot] = {}
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return spots, loops

    def span(node: Any) -> Span:
        return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset

    def note(node: Any, **what: Any) -> None:
        place = span(node)
        spots[place] = spots.get(place, _NOWHERE)._replace(**what)

    def note_loop(node: ast.For, target: ast.expr) -> None:
        loops[span(node)] = loops[span(node.iter)] = Spot(targets=_names(target))

    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
                for target, value in zip(names, values, strict=True):
                    note(value, targets=_names(target))
            case ast.Assign(targets=targets, value=value):
                note(value, targets=_names(targets[0]))
                note(targets[0], elements=_names(targets[0]))
                for target in targets:
                    if isinstance(target, ast.Subscript):
                        note(target, updated=_name(target.value), value=value)
            case ast.NamedExpr(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                note(value, targets=_names(target))
            # Where an array is gone through, one element comes after the other.
            case ast.For(target=ast.Tuple(elts=[_, target]), iter=ast.Call(func=ast.Name(id="enumerate"))):
                note_loop(node, target)
            case ast.For(target=target):
                note_loop(node, target)
            case ast.AugAssign(target=ast.Subscript() as target):
                note(node, updated=_name(target.value))
            case ast.AugAssign(target=target):
                note(node, targets=_names(target))
            case ast.Call(args=args, keywords=keywords):
                outs = [word.value for word in keywords if word.arg == "out"]
                note(node, updated=next(map(_name, [*outs, *args]), None))
        if isinstance(node, ast.expr):
            note(node, expression=node)
    return spots, loops


def _names(target: ast.expr) -> Names:
    """Return the names in the target of an assignment."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return tuple(map(_name, target.elts))
    return (_name(target),)


def _name(target: ast.expr) -> str | None:
    return target.id if isinstance(target, ast.Name) else None
