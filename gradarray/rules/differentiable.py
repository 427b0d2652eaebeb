"""The kinds of rule that record: how a cotangent is pulled back through a call.

All derivative functions are written in plain ``np.*``, with one vocabulary: `g` the cotangent that comes in, `ans` the
result of the call, operands and parameters under NumPy's own names. Where a derivative needs only the shape and dtype
of the result or of an operand, its name starts with an underscore and it is handed a `Spec`; the values are then not
kept on the tape.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ..kernels.arrays import FLOAT64, LARGE, SPLIT, Array, Spec, conjugate, factor_of
from ..kernels.gate import need_numbers
from ..kernels.parts import product_in_parts, scaled_in_parts
from ..tape import wrapping
from ..tape.careful import HARD, ROOT, SHARP
from ..tape.cotangents import Product, Scaled, picked
from ..tape.fitting import fit
from ..tape.nodes import Node, PullbackRule
from .kinds import Reader, Rule
from .signature import Signature, names, parameter_names
from .written import equation, formula

Derivative = Callable[..., Array]
Partial = Derivative | float
# What there is no derivative by, such as the order of a polynomial, has None, or the reason.
Partials = Sequence[Partial | str | None]

# The parameter by which a derivative is given what its function has saved; see `registry.primitive`.
SAVED = "saved"
# The parameter by which a joint derivative is told which cotangents are asked for; it may return None for the others.
WANTED = "wanted"
UFUNC_KEYWORDS = ("dtype", "casting", "order", "subok", "signature")


class Differentiable(Rule, PullbackRule):
    """A rule with recorded calls: it can pull a cotangent back through a node.

    Attributes
    ----------
    operands : names of the parameters that a derivative may flow to; they come first
    params : names of the parameters that may follow them
    variadic : any number of operands
    sequence : the operands come as one sequence, as in np.concatenate
    skip : the positions of the operands through which no derivative flows, such as a condition
    refused : those of the operands that there is no derivative by
    reasons : why not, of those that have one
    is_linear : whether it is linear in its operands together, so that it is its own derivative
    """

    operands: tuple[str, ...]
    params: tuple[str, ...] = ()
    variadic = False
    sequence = False
    skip: frozenset[int] = frozenset()
    refused: tuple[int, ...] = ()
    reasons: Mapping[int, str] = MappingProxyType({})
    is_linear = False
    shared = True
    batches = True
    along = True
    aligned = True
    keeps_out: bool
    # Tells by which function of the operands the square of a call's result can be had, and with which parameters; None
    # where the result has no kink, or its square has one too. See kinks.py.
    smooth_square: Callable[[Sequence[Any], dict[str, Any]], tuple[Differentiable, dict[str, Any]] | None] | None = None
    # Tells whether a call with these operands squares the first one; None where no call does.
    squares: Callable[..., bool] | None = None
    # Where the result is that of some elements alone, by their sizes: given the operand and the parameters, an operand
    # without a zero of which the same elements are chosen, or None where none are. See careful.py.
    extremes: Callable[..., Array | None] | None = None

    @property
    def keywords(self) -> tuple[str, ...]:
        """The names of what may be given besides operands: of a ufunc, what concerns the values alone."""
        return UFUNC_KEYWORDS if self.is_ufunc else self.params

    def keeps(self, position: int) -> bool:
        """Tell whether a derivative needs the values of this operand."""
        raise NotImplementedError

    def refuse_operands(self, variables: Sequence[bool]) -> None:
        """Raise if an operand is a variable that there is no derivative by."""
        count = len(self.operands)
        for i in self.refused:
            if variables[i]:
                reason = f" ({self.reasons[i]})" if i in self.reasons else ""
                raise TypeError(
                    f"{self.name} has no derivative by its operand {self.operands[i]}, number {i + 1} of {count}"
                    f"{reason}, which is a variable here; pass it as ga.stop_gradient(t) or ga.asarray(t) where none "
                    "is wanted"
                )

    def tangent(
        self, ans: Any, operands: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any], forward: Any
    ) -> Any:
        """Return the tangent of a call's result, or of each one of several; NotImplemented where only the vjp tells it.

        Parameters
        ----------
        ans : the result
        operands : the operands, as arrays or, where their values are not there, as a `Spec`
        tangents : one for each operand, None for a constant
        params : the parameters, by name
        forward : an object with two methods. ``product(rule, i, t, ans, operands)`` returns the derivative by the i-th
            operand of a ufunc times a tangent, ``apart(tangent, tangents)`` what may be written into without changing
            one of the tangents.
        """
        return NotImplemented

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        operands = [parent if x is None else x for x, parent in zip(node.args, node.parents, strict=True)]
        ans = node if node.out is None else node.out
        return self.tangent(ans, operands, tangents, node.kwargs or {}, forward)

    def noted(self, node: Node, g: Array) -> tuple[Any, Any, Any]:
        args, out = node.args, node.out
        if type(args) is tuple and not (self.selects or self.extremes):
            # A constant is somebody else's, most of the time.
            args = tuple([x if p is None else _shape_of(x) for x, p in zip(args, node.parents)])  # noqa: B905 - dear
            out = tuple(map(_shape_of, out)) if type(out) is tuple else _shape_of(out)
        return args, out, 0

    def lift(self, node: Node, wrap: Callable[[Array, Node], Array]) -> Node:
        """Return the node with its saved values as Tensors on the tape, so that the pullback is recorded too."""
        args = tuple(
            [
                raw if parent is None or raw is None or isinstance(raw, Spec) else wrap(raw, parent)
                for raw, parent in zip(node.args, node.parents, strict=True)
            ]
        )
        out = node.out
        if type(out) is tuple:  # several results, each with a node of its own
            out = tuple(picked(node, out, wrap))
        elif out is not None:
            out = wrap(out, node)
        return Node(node.rule, args, self.unsaved(node.kwargs), out, node.parents, node.shape, node.dtype)


def _shape_of(x: Any) -> Any:
    """Return the shape and dtype of a large array of numbers, and anything else as it is."""
    if type(x) is np.ndarray and x.size >= LARGE and x.dtype.kind in "fc":
        return Spec(x.shape, x.dtype)
    return x


def _of_numbers(func: np.ufunc, name: str) -> Callable[..., Any]:
    """Return a ufunc of Python's objects, as np.frompyfunc makes it, as one whose results are arrays of numbers."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("where", True) is not True and kwargs.get("out") is None:  # NumPy leaves None in the other places
            shape = np.broadcast_shapes(*map(np.shape, (*args, kwargs["where"])))
            kwargs["out"] = np.zeros(shape, object)
        out = func(*args, **kwargs)
        if hasattr(type(out), "__array_function__") and out.dtype != object:
            return out
        found = np.array(np.asarray(out).tolist()).reshape(np.shape(out))[()]
        need_numbers(found, name)
        return found

    return call


class Elementwise(Differentiable):
    """A ufunc with one partial derivative per operand."""

    kind = "elementwise"
    is_elementwise = True
    fixed = True
    shape_follows = True
    # What is asked where a zero meets an infinity, by the number of an operand; see careful.py. How an infinite slope
    # comes about, given the result and the operands; and given the node, which roots' slopes a vanishing derivative
    # excuses, and where it vanishes because a constant is zero.
    root: Callable[..., Any] | None = None
    excuses: Callable[[int, Node], Any] = staticmethod(lambda _i, _node: 0)
    constant: Callable[[int, Node], Any] = staticmethod(lambda _i, _node: False)
    # In forward mode, given the tangent of the first operand, and the operands: whether the derivative by that operand
    # vanishes so that it excuses no root (SHARP), or none of a root (ROOT); 0 otherwise.
    vanishes: Callable[..., int] | None = None
    # Numbers of Python's that, as the second operand, bring neither about.
    regular: frozenset[float] = frozenset()

    def read(self, reader: Reader) -> Any:
        return reader.elementwise(self)

    def __init__(self, func: np.ufunc, declared: Partials, *, selects: bool = False) -> None:
        super().__init__(func)
        func = self.func  # type: ignore[assignment]
        if not isinstance(func, np.ufunc):
            raise TypeError(f"{self.name} is no ufunc; declare it with linear(), bilinear(), rule() or composite()")
        self.reasons = {i: partial for i, partial in enumerate(declared) if isinstance(partial, str)}
        written = [None if isinstance(partial, str) else partial for partial in declared]
        self.refused = tuple([i for i, partial in enumerate(written) if partial is None])
        self.declared = tuple(written)
        partials: list[Partial] = [0 if partial is None else partial for partial in written]
        if len(partials) != func.nin:
            raise TypeError(
                f"{self.name} takes {func.nin} operand(s), so it needs {func.nin} partial derivative(s), "
                f"not {len(partials)}"
            )
        if func.nout != 1:
            raise TypeError(f"{self.name} has {func.nout} results; declare it with composite() or rule()")
        if func.types and all(types.endswith("O") for types in func.types):
            self.call = _of_numbers(func, self.name)
        self.nin = func.nin
        self.selects = selects
        self.exact = not any(callable(partial) for partial in partials)
        self.partials = tuple(partials)
        self._needs = tuple(self._needed(partial) for partial in partials)
        unnamed = tuple([f"x{i + 1}" for i in range(func.nin)])
        self.operands = next((names(p)[1:] for p in partials if callable(p)), unnamed)
        self.operands = tuple(name.lstrip("_") for name in self.operands)
        self.keeps_out = any(needs[0] for needs in self._needs)
        # np.absolute gives real results for complex operands: its result does not tell that conjugates are due. Of what
        # is compiled only when it is called, this is not known before.
        self._to_real = not func.types or any(
            set(types[: func.nin]) & set("FDG") and types[-1] in "fdg" for types in func.types
        )  # "D->d"
        self.pullback = _scalar_chain(self.partials, self._to_real)  # type: ignore[method-assign, assignment]

    def hasten(self, derivatives: Sequence[Derivative | None], **ways: Callable[..., Any]) -> None:
        if ways:
            raise TypeError(f"of {self.name}, which works element by element, only partial derivatives can be faster")
        self.partials = _hastened(self, self.partials, derivatives)
        self.pullback = _scalar_chain(self.partials, self._to_real)  # type: ignore[method-assign, assignment]

    def told(self) -> list[str]:
        said = [
            f"no derivative by {name}" if partial is None else equation(f"d/d{name}", formula(partial))
            for name, partial in zip(self.operands, self.declared, strict=True)
        ]
        return [*said, f"where ans = {self.name}({', '.join(self.operands)})"] if self.keeps_out else said

    def enclose(self, how: Callable[[Any], Any]) -> None:
        self.partials = tuple([how(partial) if callable(partial) else partial for partial in self.partials])
        self.pullback = _scalar_chain(self.partials, self._to_real)  # type: ignore[method-assign, assignment]

    def _needed(self, partial: Partial) -> tuple[bool, ...]:
        if not callable(partial):
            return (False,) * (self.nin + 1)
        found = names(partial)
        if len(found) != self.nin + 1:
            raise TypeError(
                f"a partial derivative of {self.name} takes (ans, "
                f"{', '.join(f'x{i + 1}' for i in range(self.nin))}), but this one takes ({', '.join(found)})"
            )
        return tuple(not name.startswith("_") for name in found)

    def partial_needs(self, i: int, position: int) -> bool:
        """Tell whether the i-th partial derivative needs the values of the operand at `position`."""
        return self._needs[i][position + 1]

    def keeps(self, position: int) -> bool:
        return any(needs[position + 1] for needs in self._needs)

    def contributions(self, node: Node, g: Array, mend: Callable[..., Any]) -> Iterable[Any]:
        if not is_large_real(g):
            return self.pullback(node, g)
        shape, dtype, parents = g.shape, g.dtype, node.parents
        for parent in parents:
            if parent is not None and (parent.shape != shape or parent.dtype is not dtype):
                return self._at_once(node, g, mend)
        saved = (node.out, *node.args)
        found: list[Any] = []
        last: Any = None
        passed = False  # where the cotangent itself is among them, its memory is still needed
        for i, d in enumerate(self.partials):
            if parents[i] is None:
                found.append(None)
            elif callable(d):
                found.append(last := Product(g, d, saved, mend(i)))
            elif d == 1:
                found.append(g)
                passed = True
            else:
                found.append(last := Scaled(g, d))
        if not passed:
            last.last = True
        return found

    def mends(self, g: Array) -> bool:
        return self.exact or is_large_real(g)

    def carefully(self, sweep: Any, node: Node, source: Node, g: Array, marks: Any) -> list[Any]:
        return sweep.elementwise(node, source, g, marks)  # type: ignore[no-any-return]

    def mark(self, journal: Any, light: Node, marks: Any, level: Any) -> None:
        journal.mark_elementwise(light, marks, level)

    def noted(self, node: Node, g: Array) -> tuple[Any, Any, Any]:
        level: Any = 0
        if self.root is not None and g is not None:
            pairs = enumerate(node.parents)
            level = max((self.root(i, node.out, *node.args) for i, p in pairs if p is not None), key=np.ndim)
            level = 0 if np.ndim(level) == 0 else np.where((level < HARD) & np.isfinite(g), level, 0)
        args, out, _ = super().noted(node, g)
        return args, out, level

    def tangent(
        self, ans: Any, operands: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any], forward: Any
    ) -> Any:
        terms = [forward.product(self, i, t, ans, operands) for i, t in enumerate(tangents) if t is not None]
        return forward.apart(sum(terms[1:], terms[0]), tangents)

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]
    ) -> Any:
        found: list[Any] = []
        out: Any = None
        operands: list[Any] | None = None
        for d, parent in zip(self.partials, node.parents, strict=True):
            if parent is None:
                found.append((None, None))
            elif not callable(d):
                factor = factor_of(d, node.dtype)
                found.append((_scaled(g, factor), None if dg is None else _scaled(dg, factor)))
            else:
                if operands is None:
                    out, operands = _along(node, tangents, tangent, dual)
                slope, along = _apart(d(out, *operands))
                dc = None if along is None else g * along
                if dg is not None:
                    dc = dg * slope if dc is None else dc + dg * slope
                found.append((None if parent.rule is None else g * slope, dc))
        return found

    def smoothed(self, node: Node) -> Node | None:
        if self.squares is None:
            return None
        root = node.parents[0]
        if root is None or not isinstance(root.rule, Differentiable) or root.rule.smooth_square is None:
            return None
        operands = [raw if parent is None else parent for raw, parent in zip(node.args, node.parents, strict=True)]
        if len(operands) == 2 and _same_call(root, operands[1]):
            operands[1] = root
        if root.shape != node.shape or not self.squares(*operands) or np.all(node.args[0]):
            return None
        found = root.rule.smooth_square(root.args, root.kwargs or {})
        if found is None:
            return None
        rule, params = found
        return Node(rule, root.args, params, None, root.parents, node.shape, node.dtype)

    def _at_once(self, node: Node, g: Array, mend: Callable[..., Any]) -> Iterable[Any]:
        """Return contributions that are computed now: they are summed, or complex, or of another precision."""
        if self.exact or any(parent is not None and parent.dtype.kind == "c" for parent in node.parents):
            return self.pullback(node, g)
        saved = (node.out, *node.args)
        return [
            None
            if parent is None
            else product_in_parts(g, d, saved, mend=mend(i))
            if callable(d)
            else g
            if d == 1
            else scaled_in_parts(g, d)
            for i, (d, parent) in enumerate(zip(self.partials, node.parents, strict=True))
        ]


_none = itertools.repeat(None)  # the cotangents of operands, of zeros


def _scaled(g: Array, factor: Any) -> Array:
    return g if factor == 1 else -g if factor == -1 else g * factor


def _along(node: Node, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]) -> tuple[Any, list[Any]]:
    """Return what a node saved of the result and of the operands, each with its tangent."""
    operands = [x if x is None or t is None else dual(x, t) for x, t in zip(node.args, tangents, strict=True)]
    return node.out if node.out is None or tangent is None else dual(node.out, tangent), operands


def _apart(x: Any) -> tuple[Any, Any]:
    """Return value and tangent of what was computed with both, None for a constant's."""
    return (x.value, x.tangent) if type(x) is wrapping.Dual else (x, None)


def _same_call(node: Node, other: Any) -> bool:
    """Tell whether two nodes are the same function of the same operands."""
    return (
        isinstance(other, Node)
        and other.rule is node.rule
        and other.parents == node.parents
        and not (node.kwargs or other.kwargs)
    )


def _hastened(rule: Differentiable, declared: tuple[Any, ...], faster: Sequence[Derivative | None]) -> tuple[Any, ...]:
    """Return the derivatives with faster ones in the place of some."""
    if len(faster) > len(declared):
        raise TypeError(f"{rule.name} is declared with {len(declared)} derivative(s), not {len(faster)}")
    derivatives = list(declared)
    for i, derivative in enumerate(faster):
        if derivative is None:
            continue
        if not callable(declared[i]) or Signature.of(derivative) != Signature.of(declared[i]):
            raise TypeError(f"a faster derivative of {rule.name} has the parameters of the one that it stands before")
        derivatives[i] = derivative
    return tuple(derivatives)


def is_large_real(g: Any) -> bool:
    return type(g) is np.ndarray and g.size >= LARGE and g.dtype.kind == "f"


def _scalar_chain(partials: tuple[Partial, ...], to_real: bool) -> Callable[[Node, Array], Iterable[Any]]:
    """Make the pullback of an element-wise function: the cotangent times each partial derivative.

    One and two operands have a function of their own, without a loop: it is on the way of every recorded operation.
    """

    def general(node: Node, g: Array) -> Iterable[Any]:
        args, out = node.args, node.out
        return [
            None if parent is None else g * conjugate(d(out, *args) if callable(d) else d)
            for d, parent in zip(partials, node.parents, strict=True)
        ]

    float64 = FLOAT64
    first = partials[0]
    if len(partials) == 1 and callable(first):
        partial = first

        def unary(node: Node, g: Array) -> Iterable[Any]:
            if (to_real or node.dtype is not float64) and "c" in (node.dtype.kind, node.parents[0].dtype.kind):  # type: ignore[union-attr]
                return general(node, g)
            if type(g) is np.ndarray and g.size >= LARGE:
                return (product_in_parts(g, partial, (node.out, node.args[0])),)
            return (g * partial(node.out, node.args[0]),)

        return unary
    if len(partials) == 2 and callable(first) and callable(partials[1]):
        left, right = first, partials[1]

        def binary(node: Node, g: Array) -> Iterable[Any]:
            if node.dtype is not float64 and node.dtype.kind == "c":
                return general(node, g)
            p, q = node.parents
            x1, x2 = node.args
            if type(g) is np.ndarray and g.size >= LARGE:
                return (
                    None if p is None else product_in_parts(g, left, (node.out, x1, x2)),
                    None if q is None else product_in_parts(g, right, (node.out, x1, x2)),
                )
            if q is None:
                return (g * left(node.out, x1, x2), None)
            if p is None:
                return (None, g * right(node.out, x1, x2))
            return (g * left(node.out, x1, x2), g * right(node.out, x1, x2))

        return binary
    if all(not callable(d) for d in partials):
        # The parents of constant operands are None; the sweep passes them over.
        factors: tuple[Any, ...] = partials

        if factors == (1, 1):
            return lambda _node, g: (g, g)

        def constant(node: Node, g: Array) -> Iterable[Any]:
            if factors == (1, -1):
                second = node.parents[1]
                if second is None:
                    return (g, None)
                if type(g) is not np.ndarray or g.size < LARGE:
                    return (g, -g)
                if g.shape != second.shape:
                    return (g, -fit(g, second))  # the sum has fewer elements to negate
            if type(g) is np.ndarray and g.size >= SPLIT:
                return [g if d == 1 else scaled_in_parts(g, d) for d in factors]
            return [g if d == 1 else -g if d == -1 else g * factor_of(d, node.dtype) for d in factors]

        return constant
    return general


def _wanted(node: Node) -> tuple[bool, ...]:
    return tuple([parent is not None for parent in node.parents])


class Function(Differentiable):
    """Any other differentiable function: one vjp per operand, or one for all of them."""

    kind = "rule"

    def read(self, reader: Reader) -> Any:
        return reader.function(self)

    def __init__(
        self,
        func: Callable[..., Any],
        declared: Sequence[Derivative | str | None],
        *,
        jvp: Derivative | None = None,
        joint: bool = False,
        skip: Sequence[str] = (),
        holomorphic: bool = True,
        absent: bool = False,
        selects: bool | str = False,
        leading: Sequence[str] = ("g", "ans"),
    ) -> None:
        super().__init__(func)
        reasons = [vjp if isinstance(vjp, str) else None for vjp in declared]
        vjps = [None if isinstance(vjp, str) else vjp for vjp in declared]
        self.declared = tuple(vjps)
        self.selects = selects
        self.exact = selects is True
        self.jvp = jvp
        self.joint = joint
        self.holomorphic = holomorphic
        # Of a user's own function, what is called with arrays and numbers alone.
        self.forward: Callable[..., Any] = getattr(func, "__of_arrays__", self.call)
        self.saves = getattr(func, "__saves__", False)
        self.sparse: Derivative | None = None
        self.absent = absent
        self._first = first = len(leading)
        written = [vjp for vjp in vjps if vjp is not None]
        if not written:
            raise TypeError(
                f"{self.name} needs at least one derivative; what has none is zero_gradient() or unsupported()"
            )
        signatures = [Signature.of(vjp) for vjp in written]
        signature = signatures[0]
        if signature.plain[:first] != tuple(leading):
            raise TypeError(
                f"a derivative of {self.name} starts with ({', '.join(leading)}), not ({', '.join(signature.names)})"
            )
        if any(other.plain != signature.plain for other in signatures):
            raise TypeError(f"the derivatives of {self.name} differ in their parameters")
        if signature.takes_keywords:
            raise TypeError(f"a derivative of {self.name} takes **kwargs; list the parameters that it supports instead")
        self.variadic = signature.variadic
        self.operands = signature.plain[first : signature.required]
        known = parameter_names(func)
        self._told_wanted = joint and WANTED in signature.names and WANTED not in (known or ())
        beside = ({WANTED} if self._told_wanted else set()) | ({SAVED} if self.saves else set())
        self.params = tuple([n for n in signature.names[signature.required :] if n not in beside])
        told = self.params if isinstance(func, np.ufunc) else (*self.operands, *self.params)  # a ufunc's have no names
        unknown = [name for name in told if known is not None and name not in known]
        if unknown:
            raise TypeError(
                f"{self.name} has no parameter {', '.join(unknown)}; its parameters are {', '.join(known or ())}"
            )
        differentiable = [name for name in self.operands if name not in skip]
        if not joint and not self.variadic and len(vjps) != len(differentiable):
            raise TypeError(
                f"{self.name} has the operands ({', '.join(differentiable)}), so it needs {len(differentiable)} "
                f"derivative(s), not {len(vjps)}"
            )
        if self.variadic and not joint:
            raise TypeError(f"{self.name} has any number of operands, so it needs a joint derivative")
        self.skip = frozenset(i for i, name in enumerate(self.operands) if name in skip)
        # An operand without a derivative has no parent on the tape, so what stands in its place is never called.
        given = iter(vjps)
        each = written if joint else [next(given) if name in differentiable else written[0] for name in self.operands]
        self.refused = tuple([i for i, vjp in enumerate(each) if vjp is None])
        by = [i for i in range(len(self.operands)) if i not in self.skip]
        self.reasons = {} if joint else {i: reason for i, reason in zip(by, reasons, strict=False) if reason}
        self.vjps = tuple([vjp or written[0] for vjp in each])
        # Which of the result and the operands the forward derivative needs the values of.
        asked = () if jvp is None else names(jvp)[1 : 2 + len(self.operands)]
        self._asks_values = tuple(not name.startswith("_") for name in asked)
        self.alone = first == 2 and len(self.operands) == 1 and not (joint or self.variadic)
        self.keeps_out = first > 1 and any(not other.names[1].startswith("_") for other in signatures)
        self._kept = tuple(
            any(not other.names[first + i].startswith("_") for other in signatures) for i in range(len(self.operands))
        )

    def hasten(self, derivatives: Sequence[Derivative | None], **ways: Callable[..., Any]) -> None:
        self.vjps = _hastened(self, self.vjps, derivatives)
        self.jvp = ways.pop("jvp", self.jvp)
        self.forward = ways.pop("forward", self.forward)
        self.sparse = ways.pop("sparse", self.sparse)
        if ways:
            raise TypeError(f"a faster way is a derivative, jvp=, forward= or sparse=, not {', '.join(ways)}=")

    def told(self) -> list[str]:
        if self.joint or self.variadic:
            return ["from g, the cotangent of the result, those of the operands together:", formula(self.declared[0])]
        by = [name for i, name in enumerate(self.operands) if i not in self.skip]
        return ["from g, the cotangent of the result, that of each operand:"] + [
            f"no derivative by {name}" if vjp is None else equation(f"g_{name}", formula(vjp))
            for name, vjp in zip(by, self.declared, strict=True)
        ]

    def enclose(self, how: Callable[[Any], Any]) -> None:
        self.vjps = tuple(map(how, self.vjps))
        self.jvp = self.jvp and how(self.jvp)

    def carefully(self, sweep: Any, node: Node, source: Node, g: Array, marks: Any) -> list[Any]:
        return sweep.function(node, source, g, marks)  # type: ignore[no-any-return]

    def mark(self, journal: Any, light: Node, marks: Any, level: Any) -> None:
        journal.mark_function(light, marks)

    def tangent(
        self, ans: Any, operands: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any], forward: Any
    ) -> Any:
        values = zip((ans, *operands), self._asks_values, strict=False)  # there may be any number of operands
        if self.jvp is None or any(asked and isinstance(x, Spec) for x, asked in values):
            return NotImplemented
        if self.saves and SAVED not in names(self.jvp):
            params = self.unsaved(params)  # type: ignore[assignment]
        return forward.apart(self.jvp(tangents, ans, *operands, **params), tangents)

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]
    ) -> Any:
        apart = not self.joint or self._told_wanted
        if not apart or self.sequence or self.variadic or type(node.out) is tuple:
            return NotImplemented
        if self.exact:  # linear as long as the same elements are selected
            return zip(self.pullback(node, g), _none if dg is None else self.pullback(node, dg), strict=False)
        ans, operands = _along(node, tangents, tangent, dual)
        operands = [parent if x is None else x for x, parent in zip(operands, node.parents, strict=True)]
        both = g if dg is None else dual(g, dg)
        params: Any = self.unsaved(node.kwargs)
        found: list[Any] = []
        if self._told_wanted:
            cotangents = self.vjps[0](both, node if ans is None else ans, *operands, **params, wanted=_wanted(node))
            parts = any(c is not None and c.shape is None for c in cotangents)
            return NotImplemented if parts else [(None, None) if c is None else _apart(c) for c in cotangents]
        for vjp, parent in zip(self.vjps, node.parents, strict=True):
            if parent is None:
                found.append((None, None))
            else:
                c = vjp(both, node if ans is None else ans, *operands, **params)
                if c is not None and c.shape is None:
                    return NotImplemented
                found.append(_apart(c))
        return found

    def excusing(self, node: Node) -> int:
        """Return the worst kind of infinite slope that an inner derivative which vanishes excuses here."""
        return ROOT

    def keeps(self, position: int) -> bool:
        return self._kept[0 if self.sequence else min(position, len(self._kept) - 1)]

    def partial_needs(self, i: int, position: int) -> bool:
        """Tell whether the i-th vjp needs the values of the operand at `position`."""
        return not names(self.vjps[i])[self._first + position].startswith("_")

    def unsaved(self, params: dict[str, Any] | None) -> dict[str, Any] | None:
        return params if params is None or not self.saves else {n: x for n, x in params.items() if n != SAVED}

    def _operands(self, node: Node) -> Any:
        """Return the saved operands, and the parents, which know shape and dtype, in place of those not saved."""
        operands = [parent if raw is None else raw for raw, parent in zip(node.args, node.parents, strict=True)]
        return (operands,) if self.sequence else operands

    def _call(self, vjp: Derivative, node: Node, g: Array) -> Any:
        return vjp(g, node if node.out is None else node.out, *self._operands(node), **node.kwargs)  # type: ignore[arg-type]

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        several = type(g) is list
        if several and not self.absent:
            g = [np.zeros_like(out) if part is None else part for part, out in zip(g, node.out, strict=True)]
        if not self.holomorphic or not (any(map(np.iscomplexobj, g)) if several else node.dtype.kind == "c"):
            return self._plain(node, g)
        # The plain derivative gives J^T g; the gradient convention asks for J^H g, which is conj(J^T conj(g)).
        cotangents = self._plain(node, [np.conj(part) for part in g] if several else np.conj(g))
        return [None if c is None else np.conj(c) for c in cotangents]

    def contributions(self, node: Node, g: Array, mend: Callable[..., Any]) -> Iterable[Any]:
        if self.sparse is not None and type(g) is np.ndarray:
            found = self.sparse(g, node.out, node.args[0], **node.kwargs)  # type: ignore[arg-type]
            if found is not NotImplemented:
                return (found,)
        return self.pullback(node, g)

    def _plain(self, node: Node, g: Array) -> Iterable[Any]:
        if self.alone:  # the usual case, without a loop
            raw = node.args[0]
            ans = node if node.out is None else node.out
            return (self.vjps[0](g, ans, node.parents[0] if raw is None else raw, **node.kwargs),)  # type: ignore[arg-type]
        if self.joint:
            vjp = self.vjps[0]
            if self._told_wanted:
                vjp = functools.partial(vjp, wanted=_wanted(node))
            cotangents: Iterable[Any] = self._call(vjp, node, g)
            return cotangents
        return [
            None if parent is None else self._call(vjp, node, g)
            for vjp, parent in zip(self.vjps, node.parents, strict=True)
        ]


class Linear(Function):
    """A function that is linear in its operand: the vjp is its adjoint, and the jvp is the function itself."""

    kind = "linear"
    is_linear = True
    # The start value of a reduction, which is added to what is linear.
    added = frozenset({"initial"})

    def read(self, reader: Reader) -> Any:
        return reader.linear(self)

    def __init__(
        self,
        func: Callable[..., Any],
        adjoint: Derivative,
        *,
        sequence: bool = False,
    ) -> None:
        super().__init__(func, [adjoint], leading=("g",), joint=sequence, holomorphic=False)
        self.sequence = sequence
        self.keeps_out = False
        self.exact = True
        if len(self.operands) != 1:
            raise TypeError(f"an adjoint of {self.name} has one operand, not ({', '.join(self.operands)})")

    def keeps(self, position: int) -> bool:
        return False

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        adjoint, keywords = self.vjps[0], node.kwargs
        if self.sequence:
            return adjoint(g, *self._operands(node), **keywords)  # type: ignore[arg-type, no-any-return]
        return (adjoint(g, node.parents[0], **keywords) if keywords else adjoint(g, node.parents[0]),)

    def tangent(
        self, ans: Any, operands: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any], forward: Any
    ) -> Any:
        params = {name: value for name, value in params.items() if name not in self.added}
        if not self.sequence:
            (t,) = tangents
            return (self.forward if type(t) is np.ndarray else self.call)(t, **params)
        likes = [x if isinstance(x, Spec) else Spec(np.shape(x), np.result_type(x)) for x in operands]
        pairs = zip(likes, tangents, strict=True)
        return self.func([np.zeros(x.shape, x.dtype) if t is None else t for x, t in pairs], **params)

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]
    ) -> Any:
        return zip(self.pullback(node, g), _none if dg is None else self.pullback(node, dg), strict=False)

    # It only moves, adds and scales elements.
    carefully = Differentiable.carefully
    mark = Differentiable.mark


class Bilinear(Function):
    """A function that is linear in each of its two operands."""

    kind = "bilinear"

    def read(self, reader: Reader) -> Any:
        return reader.bilinear(self)

    def __init__(self, func: Callable[..., Any], left: Derivative, right: Derivative) -> None:
        super().__init__(func, [left, right], leading=("g",), holomorphic=False)
        self.keeps_out = False

    def tangent(
        self, ans: Any, operands: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any], forward: Any
    ) -> Any:
        (a, b), (ta, tb) = operands, tangents
        terms = [self.call(*pair, **params) for pair, t in (((ta, b), ta), ((a, tb), tb)) if t is not None]
        return terms[0] if len(terms) == 1 else terms[0] + terms[1]

    def pull_along(
        self, node: Node, g: Array, dg: Array | None, tangents: Sequence[Any], tangent: Any, dual: Callable[..., Any]
    ) -> Any:
        (p, q), (a, b), (ta, tb) = node.parents, node.args, tangents
        a, b = p if a is None else a, q if b is None else b
        keywords = node.kwargs or {}
        found: list[Any] = []
        for vjp, parent, turned in zip(self.vjps, (p, q), ((a, tb), (ta, b)), strict=True):
            if parent is None:
                found.append((None, None))
                continue
            c = None if parent.rule is None else vjp(g, a, b, **keywords)
            dc = None if any(x is None for x in turned) else vjp(g, *turned, **keywords)
            if dg is not None:
                other = vjp(dg, a, b, **keywords)
                dc = other if dc is None else dc + other
            found.append((c, dc))
        return found

    def excusing(self, node: Node) -> int:
        return SHARP if node.parents[0] is node.parents[1] else ROOT

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        p, q = node.parents
        a, b = node.args
        if node.dtype.kind == "c":
            a, b = (raw if raw is None or isinstance(raw, Spec) else conjugate(raw) for raw in (a, b))
        a, b = p if a is None else a, q if b is None else b
        left, right = self.vjps
        keywords = node.kwargs or {}
        return (
            None if p is None else left(g, a, b, **keywords),
            None if q is None else right(g, a, b, **keywords),
        )
