"""What the rule of a call does with a cotangent, or with tangents, as lines of NumPy.

Nothing of it is written by hand: the rule is carried out on arrays that write down each call, as for `ga.source`. So a
formula gives the very number that the sweep does.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence, Set
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from ..compiler.jit import straight_source
from ..context.frames import PACKAGE
from ..forward.tangents import gradients_for
from ..rules.registry import RULES
from ..tape.fitting import fit
from ..tape.nodes import Node
from ..tape.second import FORWARD
from ..tape.transposing import transposed_call

# What needs no parentheses within an expression.
_SIMPLE = re.compile(r"[\w.]+([\[(].*[\])])?")
# How NumPy casts if nothing else is asked for: order, casting, subok, copy.
_USUAL_CAST = ["'K'", "'unsafe'", "True", "True"]
# Of what is longer, how it is computed is no help: so many lines, of so many characters together.
_LONGEST, _MOST = 24, 2400


class Formula(NamedTuple):
    """How a derivative is computed.

    Attributes
    ----------
    expression : Python code, in which names may be such as ``d x``
    before : the lines that come before it, such as ``t = np.sort(x)`` and ``t[1:] += d v``
    place : an index, if the expression is added there alone; or nothing
    but_at : an index at which it is something else; or nothing
    but : what it is there
    spread : the shape that it is spread over, or None
    helpers : the functions of this library in it, by their names
    """

    expression: str
    before: tuple[str, ...] = ()
    place: str = ""
    but_at: str = ""
    but: str = "0"
    spread: tuple[int, ...] | None = None
    helpers: tuple[tuple[str, Callable[..., Any]], ...] = ()

    def __str__(self) -> str:
        text = self.expression
        if self.but_at:
            text += f", but {self.but} at {self.but_at}"
        return text if self.spread is None else f"{text}, spread over {self.spread}"


class _Inputs:
    """The arrays that a rule is given, each with a name."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}  # by the parameter, what it is called
        self.values: list[Any] = []

    def add(self, name: str, value: Any) -> int:
        """Return the number of an array among them."""
        for i, known in enumerate(self.values):
            if known is value and [*self.names.values()][i] in (name, f"({name})"):
                return i
        simple = _SIMPLE.fullmatch(name) or name.startswith("d ")
        self.names[f"in_{len(self.names)}_"] = name if simple else f"({name})"
        self.values.append(value)
        return len(self.values) - 1


def backward(
    node: Node, g: Any, i: int, names: Sequence[str], own: str | Sequence[str], indices: Sequence[str] = ()
) -> Formula | None:
    """Return how the cotangent of the i-th operand is made; None where that is no line or two.

    Parameters
    ----------
    node : the call
    g : its cotangent, a list of them for several results
    names : what its operands are called
    own : what its result is called, or each one of several
    indices : what the arrays in its index are called
    """
    if hasattr(node.rule, "pull"):  # it is the user's own, and bound to this point
        return None
    inputs = _Inputs()
    several = isinstance(own, (list, tuple))
    parts, called = (list(g), list(own)) if several else ([g], [own])
    places = [None if part is None else inputs.add(f"d {name}", part) for part, name in zip(parts, called, strict=True)]
    saved, out = _saved(node, names, indices, inputs), _saved_results(node, own, inputs)

    def pulled(*given: Any) -> Any:
        cotangents = [None if k is None else given[k] for k in places]
        call = _again(node, saved, out, given)
        assert node.rule is not None
        found = list(node.rule.pullback(call, cotangents if several else cotangents[0]))
        c, parent = found[i], node.parents[i]
        assert parent is not None
        return c.add_to(None, parent, set(), False) if c.shape is None else fit(c, parent)

    return _formula(pulled, inputs)


def forward(
    node: Node,
    tangents: Sequence[Any],
    names: Sequence[str],
    own: str | Sequence[str],
    indices: Sequence[str] = (),
    part: int | None = None,
) -> Formula | None:
    """Return how the tangent of a call is made of those of its operands; None where that is no line or two.

    Of several results, `own` is what each one is called, and `part` says which one is meant.
    """
    if hasattr(node.rule, "pull"):  # as in `backward`
        return None
    inputs = _Inputs()
    places = [None if t is None else inputs.add(f"d {name}", t) for t, name in zip(tangents, names, strict=True)]
    saved, out = _saved(node, names, indices, inputs), _saved_results(node, own, inputs)

    def pushed(*given: Any) -> Any:
        assert node.rule is not None
        call = _again(node, saved, out, given)
        moving = [None if k is None else given[k] for k in places]
        t = node.rule.push(call, moving, FORWARD)
        if t is NotImplemented:
            t = transposed_call(call, moving, gradients_for((), moving))
        return t if part is None else t[part]

    return _formula(pushed, inputs)


def _saved(node: Node, names: Sequence[str], indices: Sequence[str], inputs: _Inputs) -> Callable[[Sequence[Any]], Any]:
    """Add the arrays that a node has saved of its operands; return what puts others in their place."""
    args = node.args
    if indices:  # of a reading or an update; the index is all that it has, or stands last
        alone = bool(getattr(node.rule, "indexes", False))
        index = args if alone else args[1]
        parts = index if isinstance(index, tuple) else (index,)
        called = iter(indices)
        at = {k: inputs.add(next(called), x) for k, x in enumerate(parts) if isinstance(x, np.ndarray)}

        def with_index(given: Sequence[Any]) -> Any:
            new = tuple([given[at[k]] if k in at else x for k, x in enumerate(parts)])
            new = new if isinstance(index, tuple) else new[0]
            return new if alone else (args[0], new, *args[2:])

        return with_index
    if type(args) is not tuple or len(args) != len(node.parents):
        return lambda _given: args
    saved = {
        k: inputs.add(names[k], x)
        for k, x in enumerate(args)
        if isinstance(x, (np.ndarray, np.generic)) and (node.parents[k] is not None or x.ndim)
    }
    return lambda given: tuple([given[saved[k]] if k in saved else x for k, x in enumerate(args)])


def _saved_results(node: Node, own: str | Sequence[str], inputs: _Inputs) -> Any:
    if type(node.out) is tuple:
        return tuple([inputs.add(name, x) for name, x in zip(own, node.out, strict=True)])
    return inputs.add(str(own), node.out) if isinstance(node.out, (np.ndarray, np.generic)) else None


def _again(node: Node, saved: Callable[[Sequence[Any]], Any], out: Any, given: Sequence[Any]) -> Node:
    """Return a node like another one, with what it has saved from among the arrays that are given."""
    if isinstance(out, tuple):
        result: Any = tuple([given[k] for k in out])
    else:
        result = node.out if out is None else given[out]
    return Node(node.rule, saved(given), node.kwargs, result, node.parents, node.shape, node.dtype)


# --- from the text of a program --------------------------------------------------------------------------------------


def _formula(compute: Callable[..., Any], inputs: _Inputs) -> Formula | None:
    parameters = ", ".join(inputs.names)
    scope: dict[str, Any] = {"compute": compute}
    exec(f"def derivative({parameters}): return compute({parameters})", scope)
    try:
        text = straight_source(scope["derivative"], *inputs.values)
    except Exception:  # it asks for what cannot be written down
        return None
    *others, function = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    more = [x.arg for x in function.args.args[len(inputs.names) :]]
    named = [part.name if isinstance(part, ast.FunctionDef) else "" for part in others] + more
    own = _helpers() if named else {}
    if not own.keys() >= {*named}:  # an array that is too large to be written
        return None
    body = [part for part in function.body if not isinstance(part, ast.Assert)]
    real = {name for name, x in zip(inputs.names, inputs.values, strict=True) if np.result_type(x).kind == "f"}
    found = _read(_Renamed(inputs.names, real).all(body))
    return None if found is None else found._replace(helpers=tuple([(name, own[name]) for name in named]))


def _helpers() -> dict[str, Callable[..., Any]]:
    """Return the functions of this library that have a rule, which a program may call, by their names."""
    return {func.__name__: func for func in RULES if getattr(func, "__module__", "").partition(".")[0] == PACKAGE}


class _Renamed(ast.NodeTransformer):
    """Names as they are shown: ``d x`` for what is no name of Python's."""

    def __init__(self, names: Mapping[str, str], real: Set[str]) -> None:
        self._names = dict(names)
        self._real = {names[name] for name in real}

    def all(self, body: list[ast.stmt]) -> list[Any]:
        stored = [x.id for part in body for x in ast.walk(part) if isinstance(x, ast.Name) and type(x.ctx) is ast.Store]
        taken = set(self._names.values())
        free = (name for k in range(1, 1 << 60) if (name := f"t{k}" if k > 1 else "t") not in taken)
        self._names |= {name: next(free) for name in dict.fromkeys(stored)}
        done = []
        for part in body:
            part = self.visit(part)
            if isinstance(part, ast.Assign) and _is_false(part.value):
                self._names[ast.unparse(part.targets[0])] = "False"
            else:
                done.append(part)
        return done

    def visit_Name(self, node: ast.Name) -> ast.Name:
        name = self._names.get(node.id, node.id)
        return ast.Name(self._names.get(name, name), node.ctx)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if _is_false(one):
                    return other
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        self.generic_visit(node)
        return ast.Name("np.True_") if isinstance(node.op, ast.Invert) and _is_false(node.operand) else node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        self.generic_visit(node)
        whole = isinstance(node.slice, ast.Tuple) and not node.slice.elts
        return node.value if whole and isinstance(node.ctx, ast.Load) else node

    def visit_Call(self, node: ast.Call) -> Any:
        """Leave out what changes nothing: truth values that are known, and parameters that are as usual."""
        self.generic_visit(node)
        called = ast.unparse(node.func)
        if called == "np.conjugate" and isinstance(node.args[0], ast.Name) and node.args[0].id in self._real:
            return node.args[0]
        if called == "np.bool" and _is_false(node.args[0]):
            return ast.Name("False")
        if called == "np.bitwise_and" and any(map(_is_false, node.args)):
            return ast.Name("False")
        if called == "np.where" and _is_false(node.args[0]):
            return node.args[2]
        usual = _usual(called)
        node.keywords = [word for word in node.keywords if usual.get(word.arg or "") != ast.unparse(word.value)]
        node.args = [_bare(x) for x in node.args]
        if called.endswith(".astype") and [ast.unparse(x) for x in node.args[1:]] == _USUAL_CAST:
            del node.args[1:]
        return node


@functools.lru_cache(maxsize=256)
def _usual(called: str) -> dict[str, str]:
    """Return what the parameters of one of NumPy's functions are where they are not given, as they are written."""
    try:
        function = attrgetter(called.removeprefix("np."))(np)
        given = inspect.signature(function).parameters.values()
    except (AttributeError, TypeError, ValueError):  # a ufunc's method, and functions of C's
        return {}
    return {p.name: repr(p.default) for p in given if p.default in (None, False, True)} | {"where": "True"}


def _is_false(node: ast.expr) -> bool:
    return ast.unparse(node) in ("False", "np.bool(False)", "np.False_")


def _bare(node: ast.expr) -> ast.expr:
    """Return an argument of a call without parentheses around it."""
    if isinstance(node, ast.Name) and node.id.startswith("(") and node.id.endswith(")"):
        return ast.Name(node.id[1:-1])
    return node


def _read(body: list[Any]) -> Formula | None:
    match body:
        case [ast.Return(value=value)]:
            return _plain(value)
        case [ast.Assign(targets=[ast.Name(id=t)], value=value), ast.Return(value=ast.Name(id=result))] if t == result:
            return _plain(value)
        # Added at an index into zeros.
        case [
            ast.Assign(targets=[ast.Name(id=t)], value=ast.Call(func=ast.Attribute(attr="zeros"))),
            ast.AugAssign(target=ast.Subscript(value=ast.Name(id=at), slice=index), op=ast.Add(), value=value),
            ast.Return(value=ast.Name(id=result)),
        ] if t == at == result:
            return Formula(_text(value), place=f"[{_index(index)}]")
        case [
            ast.Assign(targets=[ast.Name(id=t)], value=ast.Call(func=ast.Attribute(attr="zeros"))),
            ast.Expr(value=ast.Call(func=ast.Attribute(attr="at"), args=[ast.Name(id=at), index, value])),
            ast.Return(value=ast.Name(id=result)),
        ] if t == at == result:
            return Formula(_text(value), place=f"[{_index(index)}]")
        # The same, but for zeros at an index.
        case [
            ast.Assign(targets=[ast.Name(id=t)], value=ast.Call(func=ast.Attribute(value=value, attr="copy"), args=[])),
            ast.Assign(targets=[ast.Subscript(value=ast.Name(id=at), slice=index)], value=ast.Constant(value=0)),
            ast.Return(value=ast.Name(id=result)),
        ] if t == at == result:
            return Formula(_text(value), but_at=f"[{_index(index)}]")
        case [*lines, ast.Return(value=ast.expr() as value)]:
            match lines[-1]:
                case ast.Assign(targets=[ast.Name(id=t)], value=last) if ast.unparse(value) == t:
                    lines, value = lines[:-1], last
            found = _plain(value)
            needed = _needed(lines, value)
            if len(needed) <= _LONGEST and sum(map(len, needed)) + len(found.expression) <= _MOST:
                return found._replace(before=tuple(needed))
    return None


def _needed(lines: Sequence[ast.stmt], value: ast.expr) -> list[str]:
    """Return the lines of which a value needs what they assign, directly or by another one of them."""
    needed: list[str] = []
    known = _names(value)
    shown_by: dict[str, set[str]] = {}  # what a name may be a view of, itself among it
    for line in lines:
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=made):
                base = _base(made)
                shown_by[name] = {name} | (shown_by.get(base, {base}) if base else set())
    for line in reversed(lines):
        match line:
            case ast.Assign(targets=[ast.Name(id=name)]):
                changed = {name}
            case ast.Assign(targets=targets):
                changed = _names(*targets)
            case ast.AugAssign(target=target):
                changed = _names(target)
            case _:
                changed = _names(line)
        if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
            changed = set().union(*[shown_by.get(name, {name}) for name in changed])
        if not known.isdisjoint(changed):
            known |= _names(line)
            needed += reversed(ast.unparse(line).split("\n"))
    return needed[::-1]


def _base(value: ast.expr) -> str | None:
    """Return the name of the array that another one may be a view of."""
    while not isinstance(value, ast.Name):
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np")), args=[inner, *_]):
                value = inner
            case ast.Call(func=inner) | ast.Attribute(value=inner) | ast.Subscript(value=inner):
                value = inner
            case _:
                return None
    return value.id


def _names(*parts: ast.AST) -> set[str]:
    return {x.id for part in parts for x in ast.walk(part) if isinstance(x, ast.Name)} - {"np"}


def _plain(value: Any) -> Formula:
    match value:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="np"), attr="broadcast_to"), args=[inner, ast.Tuple() as shape]
        ):
            return Formula(_text(inner), spread=ast.literal_eval(shape))
        case ast.Call(func=ast.Attribute(value=inner, attr="copy"), args=[] | [ast.Constant("K")]):
            return Formula(_text(inner))
    return Formula(_text(value))


def _text(value: Any) -> str:
    return ast.unparse(value)


def _index(index: Any) -> str:
    return (
        ast.unparse(index).removeprefix("(").removesuffix(")") if isinstance(index, ast.Tuple) else ast.unparse(index)
    )
