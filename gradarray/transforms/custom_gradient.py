"""Derivatives of a user's own Python functions."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ParamSpec

import numpy as np

from ..context import settings
from ..context.settings import held, hold, plainly, within
from ..dropin import blocks
from ..dropin.making import in_reverse, in_transposition
from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..forward.levels import made_of_tensors, on_a_tape
from ..forward.tangents import gradients_for, paired
from ..kernels.arrays import FLOAT64, Array, Spec, is_floating
from ..kernels.gate import ARRAYS, argument
from ..kernels.traced import array_of
from ..reverse.boxing import saved
from ..reverse.elementwise import records
from ..tape import wrapping
from ..tape.cotangents import picked
from ..tape.loss import GradientLossError, differentiating
from ..tape.nodes import Node, PullbackRule
from ..tape.transposing import linear_transpose
from ..tape.wrapping import wrap
from .containers import Tree, flatten
from .lifting import for_each, lanes

P = ParamSpec("P")
Pull = Callable[[Any], Any]


# --- traced values ---------------------------------------------------------------------------------------------------


def is_traced(value: Any) -> bool:
    """Tell whether a derivative of either mode flows through a value."""
    return isinstance(value, Dual) or on_a_tape(value)


def highest_level(leaves: Iterable[Any]) -> int:
    """Return the highest level of a Dual among the leaves, 0 where there is none."""
    return max((leaf.level for leaf in leaves if isinstance(leaf, Dual)), default=0)


def put_on_tape(
    rule: PullbackRule, args: tuple[Any, ...], parents: tuple[Node | None, ...], outs: Sequence[Array], keep: bool
) -> list[Any]:
    """Return the results of one call as Tensors on the tape.

    `keep` says that the rule needs their values; otherwise the node has their shapes and dtypes.
    """
    if len(outs) == 1:
        (out,) = outs
        return [wrap(out, Node(rule, args, None, out if keep else None, parents, out.shape, out.dtype))]
    kept = tuple(outs) if keep else tuple(Spec(out.shape, out.dtype) for out in outs)
    return picked(Node(rule, args, None, kept, parents, (), FLOAT64), outs, wrap)


# --- calls with a derivative of their own ----------------------------------------------------------------------------


class Derivative:
    """A function that brings its own derivative.

    Attributes
    ----------
    name : what messages call the function
    keeps_result : whether `pull_again` needs the result
    least, most : how many cotangents the pull may return; those that it leaves off are none
    """

    name: str
    keeps_result = False
    least: int
    most: int

    def call(self, *args: Any) -> tuple[Any, Pull]:
        """Compute the result from plain arrays, and the pull: from its cotangent to those of the arguments."""
        raise NotImplementedError

    def pull_again(self, result: Any, args: tuple[Any, ...]) -> Pull:
        """Return the pull that belongs to a result and arguments on a tape, so that it can be differentiated itself."""
        raise NotImplementedError

    def push(self, result: Any, args: tuple[Any, ...], tangents: list[Any]) -> Any:
        """Return the tangent of the result from those of the leaves of the arguments, or leave it to `pull`."""
        return NotImplemented

    def pulled(self, pull: Pull, g: Any, args: tuple[Any, ...]) -> Any:
        """Return what the pull makes of a cotangent; `args` are those that it belongs to."""
        return pull(g)

    def __call__(self, *args: Any) -> Any:
        """Call the function on any arguments, in the mode that they are in."""
        leaves, structure = flatten(args)
        if level := highest_level(leaves):
            return self._forward(leaves, structure, level)
        taped = settings.recording() and any(map(on_a_tape, leaves))
        plain = [saved(leaf) if taped else wrapping.unwrap(leaf) for leaf in leaves]
        result, pull = plainly(self.call, structure.unflatten(map(read_only, plain)))
        outs, answer = flatten(result)
        outs = [own_result(out, plain, self.name) for out in outs]
        floating = [out for out in outs if is_floating(out)]
        parents = tuple([leaf._node if isinstance(leaf, wrapping.Tensor) else None for leaf in leaves])
        if not floating or not records(parents):
            return answer.unflatten([wrap(out) if is_floating(out) else out for out in outs])
        specs = [None if is_floating(out) else out for out in outs]
        rule = _Call(self, pull, structure, answer, specs)
        made = iter(put_on_tape(rule, tuple(plain), parents, floating, self.keeps_result))
        return answer.unflatten([next(made) if is_floating(out) else out for out in outs])

    def _forward(self, leaves: list[Any], structure: Tree, level: int) -> Any:
        duals = [isinstance(leaf, Dual) and leaf.level == level for leaf in leaves]
        values = [leaf.value if dual else leaf for leaf, dual in zip(leaves, duals, strict=True)]
        tangents = [leaf.tangent if dual else None for leaf, dual in zip(leaves, duals, strict=True)]
        args = structure.unflatten(values)
        if any(isinstance(value, Dual) or made_of_tensors(value) for value in values):
            result = self(*args)
            pull = None
        else:
            result, pull = plainly(self.call, structure.unflatten(map(read_only, values)))
        outs, answer = flatten(result)
        if pull is not None:
            outs = [own_result(out, values, self.name) for out in outs]
        pushed = self.push(result, args, tangents)
        if pushed is NotImplemented:
            pull = self.pull_again(result, args) if pull is None else pull
            again = pull
            pushed = within(
                {"making": in_transposition(held().making, level)},
                linear_transpose,
                outs,
                lambda v: self.cotangents(again, answer.unflatten(v), args),
                tangents,
                gradients_for(values, tangents),
            )
        return answer.unflatten([paired(out, t, level) for out, t in zip(outs, pushed, strict=True)])

    def cotangents(self, pull: Pull, g: Any, args: tuple[Any, ...]) -> list[Any]:
        """Return what the pull makes of a cotangent: one for each leaf of the arguments, None where there is none."""
        pulled = self.pulled(pull, g, args)
        if not isinstance(pulled, (tuple, list)) or (len(args) == 1 and _is_the_argument(pulled, args[0])):
            pulled = (pulled,)
        if not self.least <= len(pulled) <= self.most:
            raise ValueError(
                f"the gradient of {self.name} returned {len(pulled)} cotangent(s) for {len(args)} argument(s)"
            )
        found: list[Any] = []
        for i, (cotangent, arg) in enumerate(itertools.zip_longest(pulled[: len(args)], args)):
            leaves, tree = flatten(arg)
            where = f"{self.name}: the cotangent of argument {i}"
            parts = tree.spread(cotangent, where)
            parts = [part if part is None or _is_array(part) else array_of(argument(part, where)) for part in parts]
            for part, leaf in zip(parts, leaves, strict=True):
                if part is not None and not _fits(part.shape, np.shape(leaf)):
                    raise ValueError(
                        f"the gradient of {self.name} returned a cotangent of shape {part.shape} for argument {i}, "
                        f"which has the shape {np.shape(leaf)}"
                    )
            found += parts
        return found


def _is_array(value: Any) -> bool:
    return type(value) in ARRAYS or isinstance(value, (wrapping.Tensor, Dual))


def own_result(out: Any, args: Iterable[Any], name: str) -> Any:
    """Return a leaf of the result of a user's function as an array or a number of its own."""
    if is_traced(out):
        raise GradientLossError(
            f"{name} uses a variable that is not among its arguments, and so its gradient would be lost; "
            "pass the variable as an argument, or ga.stop_gradient(variable) where no gradient is wanted."
        )
    if isinstance(out, wrapping.Tensor):
        out = out._raw
    if not _is_array(out):
        out = argument(out, f"the result of {name}")
    if isinstance(out, np.ndarray):
        return apart(out, args)
    return array_of(out)[()] if isinstance(out, (float, complex)) else out


def apart(out: Any, args: Iterable[Any]) -> Any:
    """Return a result that shares no memory with an argument: an array that does is copied."""
    owns = type(out) is np.ndarray and out.base is None and out.flags.owndata
    for arg in args:
        if owns and type(arg) is np.ndarray and arg.base is None:  # so both have memory of their own
            if out is arg:
                return np.array(out)
        elif type(arg) not in _NO_MEMORY and np.may_share_memory(out, arg):
            return np.array(out)
    return out


_NO_MEMORY = frozenset((type(None), bool, int, float, complex, str))


def read_only(x: Any) -> Any:
    """Return a view for code that would update an array without the tape's knowledge; it gets NumPy's error instead."""
    if type(x) is np.ndarray:
        x = x.view()
        x.setflags(write=False)
    return x


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Tell whether an array of one shape is that of another one, broadcast."""
    extra = len(shape) - len(wanted)
    return extra >= 0 and all(m in (n, 1) for n, m in zip(shape[extra:], wanted, strict=True))


def _is_the_argument(pulled: Any, arg: Any) -> bool:
    """Tell whether what was pulled back is the cotangent of the only argument, and not a tuple that it stands in."""
    return isinstance(arg, (tuple, list)) and not (len(pulled) == 1 and isinstance(pulled[0], (type(arg), type(None))))


class _Call(PullbackRule):
    """The rule of one call of a `Derivative`; it is made anew for each call.

    Parameters
    ----------
    others : the leaves of the result; None in place of those that have a gradient
    """

    opaque = True

    def __init__(self, derivative: Derivative, pull: Pull, structure: Tree, answer: Tree, others: list[Any]) -> None:
        self.name = derivative.name
        self.derivative = derivative
        self.pull = pull
        self.structure = structure
        self.answer = answer
        self.others = others

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        parts = [g]
        if type(g) is list:
            parts = [np.zeros(s.shape, s.dtype) if part is None else part for part, s in zip(g, node.out, strict=True)]
        slots = iter(parts)
        cotangent = self.answer.unflatten([next(slots) if other is None else None for other in self.others])
        if any(map(made_of_tensors, parts)):
            return self._pull(self.derivative.pull_again(self._result(node), self._args(node)), cotangent, node)
        with settings.no_grad:  # the pull may have Tensors at hand that are variables
            found = self._pull(self.pull, cotangent, node)
        return [c._raw if isinstance(c, wrapping.Tensor) else c for c in found]

    def _pull(self, pull: Pull, cotangent: Any, node: Node) -> list[Any]:
        found = self.derivative.cotangents(pull, cotangent, self.structure.unflatten(node.args))
        return [None if parent is None else c for c, parent in zip(found, node.parents, strict=True)]

    def _args(self, node: Node) -> tuple[Any, ...]:
        pairs = zip(node.args, node.parents, strict=True)
        return tuple(self.structure.unflatten([raw if parent is None else wrap(raw, parent) for raw, parent in pairs]))

    def _result(self, node: Node) -> Any:
        """Return the result as it stands on the tape, where the derivative asks for it."""
        if not self.derivative.keeps_result:
            return None
        made = [wrap(node.out, node)] if type(node.out) is not tuple else picked(node, node.out, wrap)
        slots = iter(made)
        return self.answer.unflatten([next(slots) if other is None else other for other in self.others])


# --- custom_gradient -------------------------------------------------------------------------------------------------


class _Custom(Derivative):
    """A function that returns its result and its pull."""

    def __init__(self, func: Callable[..., Any], kwargs: dict[str, Any], least: int, most: int) -> None:
        self.name = getattr(func, "__name__", repr(func))
        self.func = func
        self.kwargs = kwargs
        self.least = least
        self.most = most

    def call(self, *args: Any) -> tuple[Any, Pull]:
        answer = self.func(*args, **self.kwargs)
        if not (isinstance(answer, tuple) and len(answer) == 2 and callable(answer[1])):
            raise TypeError(f"{self.name} returns the pair (result, pull) here, not {answer!r:.60}")
        return answer

    def pulled(self, pull: Pull, g: Any, args: tuple[Any, ...]) -> Any:
        return blocks.in_kind(pull, (g,), {}, args)

    def pull_again(self, result: Any, args: tuple[Any, ...]) -> Pull:
        before = held()
        try:
            hold(differentiating(before, in_reverse(before.making), recorded=True))
            return blocks.call(self.call, args, {}, self.func)[1]  # type: ignore[no-any-return]
        except Exception as error:
            error.add_note(
                f"A derivative of the gradient of {self.name} was asked for, which calls {self.name} on Tensors: "
                "that needs differentiable np.* code throughout."
            )
            raise
        finally:
            hold(before)


@telling
def custom_gradient(func: Callable[P, tuple[Any, Callable[[Any], Any]]]) -> Callable[P, Any]:
    """Give a Python function a gradient of your own.

    Parameters
    ----------
    func : callable
        ``func(*args, **kwargs)`` returns the pair ``(result, pull)``. Arguments and result may be arrays, numbers and
        containers of these. ``pull(g)`` takes the cotangent of the result, an array or a container like it, to the
        cotangents of the positional arguments: a tuple with one for each, made like the argument, or None where there
        is none; without a tuple where there is one argument. Parameters with a default value may be left off at the
        end while no variable is given to them. Both functions see plain arrays, which they cannot write into.

    Returns
    -------
    callable
        The same function of tensors, with Tensors for the floating-point arrays of the result. It works in both modes;
        forward mode transposes `pull`, which therefore has to be linear in `g`. For a derivative of the gradient `func`
        is called again, on Tensors: then it has to be written in differentiable ``np.*`` code, and what `pull` uses of
        it is differentiated too.

    Raises
    ------
    TypeError
        When called, if `func` does not return such a pair, or if a variable is given to a keyword-only parameter, for
        which there is no cotangent.
    GradientLossError
        When called, if the result depends on a variable that is not among the arguments.
    ValueError
        In the backward pass, if `pull` returns a wrong number of cotangents, or one that is not made like its argument.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> @ga.custom_gradient
    ... def log1pexp(x):
    ...     e = np.exp(x)
    ...     return np.log1p(e), lambda g: g * (1 - 1 / (1 + e))
    >>> x = ga.tensor(0.0)
    >>> log1pexp(x).backward()
    >>> x.grad
    array(0.5)
    """
    if not callable(func):
        raise TypeError(f"custom_gradient takes a function, not {type(func).__name__}")
    names, defaults = _positional(func)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        if lanes() and (found := for_each(call, args, kwargs)) is not NotImplemented:
            return found
        if kwargs:
            args, kwargs = _by_position(names, defaults, args, kwargs)
            refuse_traced(kwargs, getattr(func, "__name__", repr(func)))
        traced = max((i + 1 for i, arg in enumerate(args) if _traced(arg)), default=0)
        return _Custom(func, kwargs, max(traced, len(names) - len(defaults)), max(len(names), len(args)))(*args)

    return call


def _positional(func: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the names of the parameters that can be given by position, and the defaults of those that have one."""
    try:
        parameters = inspect.signature(func).parameters.values()
    except (TypeError, ValueError):
        return [], {}
    named = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD or p.kind is p.POSITIONAL_ONLY]
    return [p.name for p in named], {p.name: p.default for p in named if p.default is not p.empty}


def _by_position(
    names: list[str], defaults: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Move what was given by keyword to its position where it has a cotangent: operands and traced parameters."""
    rest = names[len(args) :]
    last = max((i for i, n in enumerate(rest) if n in kwargs and (n not in defaults or _traced(kwargs[n]))), default=-1)
    kwargs = dict(kwargs)
    moved = []
    for name in rest[: last + 1]:
        if name not in kwargs and name not in defaults:
            break  # Python's own error
        moved.append(kwargs.pop(name) if name in kwargs else defaults[name])
    return (*args, *moved), kwargs


def _traced(value: Any) -> bool:
    return any(map(is_traced, flatten(value)[0]))


def refuse_traced(kwargs: dict[str, Any], name: str) -> None:
    """Raise where a keyword argument holds a variable, which would get no gradient."""
    for key, value in kwargs.items():
        if _traced(value):
            raise TypeError(
                f"{name} has no gradient with respect to the keyword argument '{key}', which was given a variable; "
                f"make it a positional parameter, or pass ga.stop_gradient({key}) where no gradient is wanted."
            )
