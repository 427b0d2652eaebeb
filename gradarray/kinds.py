"""The kinds of declaration: what is known about a function, and how a cotangent is pulled back through its call.

All derivative functions are written in plain ``np.*``, with one vocabulary: `g` the cotangent that comes in, `ans` the
result of the call, operands and parameters under NumPy's own names. Where a derivative needs only the shape and dtype
of the result or of an operand, its name starts with an underscore and it is handed a `Spec`; the values are then not
kept on the tape.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .buffers import LARGE
from .contributions import PICK, Product, Scaled
from .fitting import FLOAT64, fit
from .frames import at_askers_line
from .parallel import SPLIT, product_in_parts, scaled_in_parts
from .tape import Array, Node, PullbackRule, Spec

# How an infinity or a NaN in a cotangent came about: by the slope of a root at 0 whose exponent is at least 1/2, by
# that of another root, or otherwise. An inner derivative that vanishes excuses the first, and may excuse the second.
ROOT, SHARP, HARD = 1, 2, 3

Derivative = Callable[..., Array]
Partial = Derivative | float
# What there is no derivative by, such as the order of a Bessel function, has None.
Partials = Sequence[Partial | None]
Anew = bool | Callable[[Any, dict[str, Any]], bool]


# Functions of NumPy's, in Python, that warn at the line of their caller.
_WARNING = frozenset(
    func
    for module, names in (
        (np, ("cov", "cross", "in1d", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanquantile")),
        (np, ("histogram", "histogram_bin_edges", "nanvar", "polyfit")),
        (np.linalg, ("qr",)),
        (np.fft, ("irfftn", "rfftn")),
    )
    for name in names
    if (func := getattr(module, name, None)) is not None
)


def warning_there(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function in a form to call: what NumPy's own code warns of is said at the line that asked for it."""
    if func in (np.mean, np.var, np.std, np.nanstd):
        return _of_few_elements(func)
    return at_askers_line(func) if func in _WARNING else func


def _of_few_elements(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a mean or a deviation, whose elements may be too few, in such a form.

    NumPy tells the callers of its methods, and of np.nanvar. A deviation is the root of a variance there, too.
    """
    root = func in (np.std, np.nanstd)

    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        few = func is np.nanstd or not np.size(a) or kwargs.get("ddof") or kwargs.get("where", True) is not True
        unusual = args[2:] or "out" in kwargs or "correction" in kwargs or not isinstance(a, (np.ndarray, np.generic))
        if not few or unusual:
            return func(a, *args, **kwargs)
        if func is np.nanstd:
            return np.sqrt(at_askers_line(np.nanvar)(a, *args, **kwargs))
        if root:
            return np.sqrt(at_askers_line(a.var)(*args, **kwargs))
        return at_askers_line(getattr(a, func.__name__))(*args, **kwargs)

    return call


class Rule:
    """What is known about one function. The kinds below are its subclasses."""

    kind: ClassVar[str]
    chapter = ""  # the module that declared it
    # Answers the calls that are another function's or another form's, or returns NotImplemented; see `lowered`.
    lower: Callable[[Any, dict[str, Any]], Any] | None = None
    # The same, but for calls in an unusual form alone: with more than an array, numbers and names as arguments.
    lower_unusual: Callable[[Any, dict[str, Any]], Any] | None = None

    def __init__(self, func: Callable[..., Any]) -> None:
        # Of an object that carries a ufunc, as numba.guvectorize makes, NumPy's protocol names the ufunc.
        carried = getattr(func, "ufunc", None)
        self.func: Callable[..., Any] = carried if isinstance(carried, np.ufunc) else func
        self.name = public_name(self.func)
        self.call = warning_there(self.func)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


def public_name(func: Any) -> str:
    """Return the name that a user calls `func` by, such as ``np.linalg.norm``; of our own, what it carries out."""
    func = getattr(func, "__stands_for__", func)
    name: str = getattr(func, "__name__", repr(func))
    module: str = getattr(func, "__module__", None) or ("numpy" if isinstance(func, np.ufunc) else "")
    if isinstance(func, np.ufunc) and getattr(np, name, None) is not func:
        # It does not tell where it is from; the shortest path to it is its public one.
        homes = [m for m, holds in list(sys.modules.items()) if getattr(holds, "__dict__", {}).get(name) is func]
        homes = [m for m in homes if m != "__main__" and not any(part.startswith("_") for part in m.split("."))]
        return f"{min(homes, key=len)}.{name}" if homes else name
    module = module.replace("numpy", "np", 1) if module.split(".")[0] == "numpy" else module
    return name if module in ("", "builtins", "_operator") else f"{module}.{name}"


# --- differentiable kinds -------------------------------------------------------------------------------------------


class Differentiable(Rule, PullbackRule):
    """A rule with recorded calls: it can pull a cotangent back through a node.

    Attributes
    ----------
    operands : names of the parameters that a derivative may flow to; they come first
    params : names of the parameters that may follow them
    variadic : any number of operands
    sequence : the operands come as one sequence, as in np.concatenate
    """

    operands: tuple[str, ...]
    params: tuple[str, ...] = ()
    variadic = False
    sequence = False
    shared = True
    batches = True
    keeps_out: bool
    # Tells by which function of the operands the square of a call's result can be had, and with which parameters; None
    # where the result has no kink, or its square has one too. See rules.kinks.
    smooth_square: Callable[[Sequence[Any], dict[str, Any]], tuple[Differentiable, dict[str, Any]] | None] | None = None
    # Tells whether a call with these operands squares the first one; None where no call does.
    squares: Callable[..., bool] | None = None

    def keeps(self, position: int) -> bool:
        """Tell whether a derivative needs the values of this operand."""
        raise NotImplementedError

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
            out = tuple(
                wrap(item, Node(PICK, (k,), None, None, (node,), item.shape, item.dtype))
                if item.dtype.kind in "fc"
                else item
                for k, item in enumerate(out)
            )
        elif out is not None:
            out = wrap(out, node)
        return Node(node.rule, args, node.kwargs, out, node.parents, node.shape, node.dtype)


class Number(float):
    """A number that does not change the dtype of what it is multiplied by, and is as precise as that."""

    value: Any

    def __new__(cls, value: Any) -> Number:
        self = super().__new__(cls, value)
        self.value = value
        return self

    def beside(self, dtype: np.dtype[Any] | None) -> Any:
        """Return what to multiply an array of this dtype by."""
        return self.value if dtype is not None and dtype.char in "gG" else float(self)


def factor_of(d: Any, dtype: np.dtype[Any]) -> Any:
    """Return a constant partial derivative for arithmetic with an array of this dtype."""
    return d.beside(dtype) if type(d) is Number else d


class Elementwise(Differentiable):
    """A ufunc with one partial derivative per operand.

    Attributes
    ----------
    refused : the positions of the operands that there is no derivative by
    """

    kind = "elementwise"
    # What is asked where a zero meets an infinity, by the number of an operand; see careful.py. How an infinite slope
    # comes about, given the result and the operands; and given the node, which roots' slopes a vanishing derivative
    # excuses, and where it vanishes because a constant is zero.
    root: Callable[..., Any] | None = None
    excuses: Callable[[int, Node], Any] = staticmethod(lambda _i, _node: 0)
    constant: Callable[[int, Node], Any] = staticmethod(lambda _i, _node: False)
    # In forward mode, given the tangent of the first operand, and the operands: whether the derivative by that operand
    # vanishes so that it excuses no root (SHARP), or none of a root (ROOT); 0 otherwise.
    vanishes: Callable[..., int] | None = None

    def __init__(self, func: np.ufunc, declared: Partials, *, selects: bool = False) -> None:
        super().__init__(func)
        func = self.func  # type: ignore[assignment]
        self.refused = tuple([i for i, partial in enumerate(declared) if partial is None])
        partials = [0 if partial is None else partial for partial in declared]
        if len(partials) != func.nin:
            raise TypeError(
                f"{self.name} takes {func.nin} operand(s), so it needs {func.nin} partial derivative(s), "
                f"not {len(partials)}"
            )
        if func.nout != 1:
            raise TypeError(f"{self.name} has {func.nout} results; declare it with composite() or rule()")
        self.nin = func.nin
        self.selects = selects
        self.exact = not any(callable(partial) for partial in partials)
        self.partials = tuple(partials)
        self._needs = tuple(self._needed(partial) for partial in partials)
        self.operands = next((names(p)[1:] for p in partials if callable(p)), ("x1", "x2", "x3")[: func.nin])
        self.operands = tuple(name.lstrip("_") for name in self.operands)
        self.keeps_out = any(needs[0] for needs in self._needs)
        # np.absolute gives real results for complex operands: its result does not tell that conjugates are due.
        to_real = any(set(types[: func.nin]) & set("FDG") and types[-1] in "fdg" for types in func.types)  # "D->d"
        self.pullback = _scalar_chain(self.partials, to_real)  # type: ignore[method-assign, assignment]

    def refuse_operands(self, variables: Sequence[bool]) -> None:
        """Raise if an operand is a variable that there is no derivative by."""
        for i in self.refused:
            if variables[i]:
                raise TypeError(
                    f"{self.name} has no derivative by its operand {self.operands[i]}, number {i + 1} of {self.nin}, "
                    "which is a variable here; pass it as ga.stop_gradient(t) or ga.asarray(t) where none is wanted"
                )

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
        saved = (node.out, *node.args)
        found: list[Any] = []
        for i, (d, parent) in enumerate(zip(self.partials, node.parents, strict=True)):
            if parent is None:
                found.append(None)
            elif parent.shape != g.shape or parent.dtype is not g.dtype:
                return self._at_once(node, g, mend)
            else:
                found.append(Product(g, d, saved, mend(i)) if callable(d) else g if d == 1 else Scaled(g, d))
        # Where the cotangent itself is among them, its memory is still needed.
        if not any(c is g for c in found):
            next(c for c in reversed(found) if c is not None).last = True
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


def _same_call(node: Node, other: Any) -> bool:
    """Tell whether two nodes are the same function of the same operands."""
    return (
        isinstance(other, Node)
        and other.rule is node.rule
        and other.parents == node.parents
        and not (node.kwargs or other.kwargs)
    )


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


def conjugate(d: Array) -> Array:
    """Return the complex conjugate; a real partial derivative is not copied."""
    return np.conj(d) if np.iscomplexobj(d) else d


class Function(Differentiable):
    """Any other differentiable function: one vjp per operand, or one for all of them."""

    kind = "rule"

    def __init__(
        self,
        func: Callable[..., Any],
        vjps: Sequence[Derivative],
        *,
        jvp: Derivative | None = None,
        joint: bool = False,
        skip: Sequence[str] = (),
        holomorphic: bool = True,
        forward: Callable[..., Any] | None = None,
        sparse: Derivative | None = None,
        absent: bool = False,
        selects: bool | str = False,
        leading: Sequence[str] = ("g", "ans"),
    ) -> None:
        super().__init__(func)
        self.selects = selects
        self.exact = selects is True
        self.vjps = tuple(vjps)
        self.jvp = jvp
        self.joint = joint
        self.holomorphic = holomorphic
        self.forward = forward or self.call
        self.sparse = sparse
        self.absent = absent
        self._first = first = len(leading)
        signatures = [Signature.of(vjp) for vjp in vjps]
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
        self.params = signature.names[signature.required :]
        known = parameter_names(func)
        unknown = [name for name in (*self.operands, *self.params) if known is not None and name not in known]
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
        if not joint:
            # A skipped operand has no parent on the tape, so what stands in its place is never called.
            given = iter(self.vjps)
            self.vjps = tuple(next(given) if name in differentiable else vjps[0] for name in self.operands)
        self.alone = first == 2 and len(self.operands) == 1 and not (joint or self.variadic)
        self.keeps_out = first > 1 and any(not other.names[1].startswith("_") for other in signatures)
        self._kept = tuple(
            any(not other.names[first + i].startswith("_") for other in signatures) for i in range(len(self.operands))
        )

    def keeps(self, position: int) -> bool:
        return self._kept[0 if self.sequence else min(position, len(self._kept) - 1)]

    def partial_needs(self, i: int, position: int) -> bool:
        """Tell whether the i-th vjp needs the values of the operand at `position`."""
        return not names(self.vjps[i])[self._first + position].startswith("_")

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
            cotangents: Iterable[Any] = self._call(self.vjps[0], node, g)
            return cotangents
        return [
            None if parent is None else self._call(vjp, node, g)
            for vjp, parent in zip(self.vjps, node.parents, strict=True)
        ]


class Linear(Function):
    """A function that is linear in its operand: the vjp is its adjoint, and the jvp is the function itself."""

    kind = "linear"

    def __init__(
        self,
        func: Callable[..., Any],
        adjoint: Derivative,
        *,
        sequence: bool = False,
        forward: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(func, [adjoint], leading=("g",), joint=sequence, holomorphic=False, forward=forward)
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


class Bilinear(Function):
    """A function that is linear in each of its two operands."""

    kind = "bilinear"

    def __init__(self, func: Callable[..., Any], left: Derivative, right: Derivative) -> None:
        super().__init__(func, [left, right], leading=("g",), holomorphic=False)
        self.keeps_out = False

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


# --- kinds that record nothing of their own -------------------------------------------------------------------------


class Composite(Rule):
    """A function given a second body in differentiable np.*; no derivative is written."""

    kind = "composite"

    def __init__(self, func: Callable[..., Any], body: Callable[..., Any], anew: Anew = False) -> None:
        super().__init__(func)
        self.body = body
        self._anew = anew
        self.params = names(body)
        known = parameter_names(func)
        unknown = [] if known is None else [name for name in self.params if name not in known]
        if unknown:
            raise TypeError(f"{self.name} has no parameter {', '.join(unknown)}")

    def computes_anew(self, args: Any, kwargs: dict[str, Any]) -> bool:
        """Tell whether the body has another way to the value than NumPy, so that NumPy is asked for that."""
        return self._anew(args, kwargs) if callable(self._anew) else self._anew


class InPlace(Composite):
    """A function that changes its first argument; the body does so on a Tensor."""

    kind = "in-place"


class Nondifferentiable(Rule):
    """Integer, boolean and meta results: NumPy's own, on the raw data."""

    kind = "non-differentiable"


class Creation(Rule):
    """A new array that takes no values from a variable, as a constant Tensor."""

    kind = "creation"


class ZeroGradient(Rule):
    """Floating-point results whose derivative is zero almost everywhere."""

    kind = "zero-gradient"


class Unsupported(Rule):
    """A function that is refused, with the reason."""

    kind = "unsupported"

    def __init__(self, func: Callable[..., Any], reason: str) -> None:
        super().__init__(func)
        self.reason = reason


# --- signatures -----------------------------------------------------------------------------------------------------


class Signature(NamedTuple):
    """The parameters of a function, as far as a declaration asks.

    Attributes
    ----------
    names : the names of the parameters
    required : how many of them come first and have no default; ``*args`` counts
    variadic : whether there is an ``*args``
    takes_keywords : whether there is a ``**kwargs``, which `names` leaves out
    """

    names: tuple[str, ...]
    required: int
    variadic: bool
    takes_keywords: bool

    @property
    def plain(self) -> tuple[str, ...]:
        """The names without the underscore that says that values are not needed."""
        return tuple([name.lstrip("_") for name in self.names])

    @staticmethod
    def of(func: Callable[..., Any]) -> Signature:
        """Return the signature of a function; ValueError or TypeError where it does not tell."""
        code = getattr(getattr(func, "__wrapped__", func), "__code__", None)
        if code is None:
            return Signature._inspected(func)
        # What inspect.signature tells, in a twentieth of its time: some hundred functions are declared on import.
        positional, keyword_only = code.co_argcount, code.co_kwonlyargcount
        variadic = bool(code.co_flags & inspect.CO_VARARGS)
        found = code.co_varnames[: positional + keyword_only + variadic]
        if variadic:  # it stands behind the keyword-only ones there
            found = (*found[:positional], found[-1], *found[positional:-1])
        required = positional - len(getattr(func, "__wrapped__", func).__defaults__ or ()) + variadic
        return Signature(found, required, variadic, bool(code.co_flags & inspect.CO_VARKEYWORDS))

    @staticmethod
    def _inspected(func: Callable[..., Any]) -> Signature:
        parameters = list(inspect.signature(func).parameters.values())
        kinds = [p.kind for p in parameters]
        named = [p for p in parameters if p.kind is not p.VAR_KEYWORD]
        required = [p for p in named if p.default is p.empty and p.kind is not p.KEYWORD_ONLY]
        takes_keywords = inspect.Parameter.VAR_KEYWORD in kinds
        names = tuple([p.name for p in named])
        return Signature(names, len(required), inspect.Parameter.VAR_POSITIONAL in kinds, takes_keywords)


def names(derivative: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters."""
    return Signature.of(derivative).names


def parameter_names(func: Callable[..., Any]) -> tuple[str, ...] | None:
    """Return the names of a function's parameters, or None where it takes any or does not tell them."""
    try:
        signature = Signature.of(func)
    except (TypeError, ValueError):
        return None
    return None if signature.variadic or signature.takes_keywords else signature.names
