"""Looking at derivatives on their way: an identity that shows each one that goes through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from ..batch.batch import one_by_one
from ..batch.mapped import Mapped
from ..context import settings
from ..context.settings import held, within
from ..dropin.making import in_transposition
from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..forward.levels import on_a_tape
from ..forward.tangents import copied, joined, matched, paired
from ..kernels.arrays import Array
from ..kernels.gate import ARRAYS, argument
from ..kernels.traced import array_of, copy_of
from ..reverse.elementwise import records
from ..tape import wrapping
from ..tape.loss import GradientLossError, Noted
from ..tape.nodes import Node, PullbackRule
from ..tape.wrapping import bare
from .containers import map_leaves
from .custom_gradient import put_on_tape

T = TypeVar("T")
Callback = Callable[[Any], Any]

# Whether a pullback is being recorded of which only the transpose is asked for: what goes back is no cotangent then,
# and what later goes along the recorded pullback is a tangent.
transposing: ContextVar[bool] = ContextVar("transposing", default=False)


@telling
def tap(x: T, callback: Callback) -> T:
    """Return `x` unchanged, and have a callback see the derivatives that go through it.

    Parameters
    ----------
    x : array_like, Tensor, or a container of them
        Of a container, each array is tapped by itself.
    callback : callable
        ``callback(g)`` is called with each cotangent of the result in reverse mode, which is the derivative of what is
        differentiated by this value, and with each tangent in forward mode. It is an array of the shape and dtype of
        `x`, which cannot be written into, and the callback's own to keep; a number is a NumPy scalar. If the callback
        returns None, the derivative goes on as it is; anything else is an array of the same shape that goes on in its
        place, as a clipped one. An error that the callback raises comes out of the derivative.

    Returns
    -------
    The same values, in memory of their own: Tensors as Tensors, arrays as arrays. What is no floating-point or complex
    array is returned as it is.

    Raises
    ------
    TypeError
        If the callback cannot be called; from the derivative, if it returns no numbers, or complex ones for real ones.
    ValueError
        From the derivative, if it returns an array of another shape.
    GradientLossError
        From a derivative of higher order, if the callback returns what it has computed from bare values.

    Notes
    -----
    The callback is called once for each sweep that comes by, with the sum of all that arrives; of a Jacobian, once for
    each row, or column, that is computed. It is not called where no derivative is taken, for a constant, within
    `no_grad`, and for what the result does not depend on. Where a NaN comes out of a sweep, the sweep is done once more
    with care, so that the callback may see another cotangent then.

    A derivative that is differentiated itself is given as a Tensor, so that what the callback returns is differentiated
    as well; bare values may be taken of it, for printing or comparing. In derivatives of higher order, the callback
    sees those of each order.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def f(x):
    ...     y = ga.tap(np.sin(x), lambda g: print("by y:", g))
    ...     return np.sum(y**2)
    >>> ga.grad(f)(np.array([0.0, np.pi / 2]))
    by y: [0. 2.]
    array([0.0000000e+00, 1.2246468e-16])
    >>> ga.grad(lambda x: ga.tap(x, lambda g: np.clip(g, -1, 1)) ** 3)(2.0)
    np.float64(1.0)
    """
    if not callable(callback):
        raise TypeError(f"tap takes a value and a function of its derivative, not {callback!r:.60}")
    return map_leaves(lambda leaf: _tapped(leaf, callback), x)  # type: ignore[no-any-return]


def _tapped(x: Any, callback: Callback) -> Any:
    if getattr(x, "dtype", None) is None or x.dtype.kind not in "fc":
        return x
    if type(x) is Mapped:  # as if each of them had come by itself
        return x.lane.mapped(np.stack([_tapped(one, callback) for one in x.value])) if x.lane.size else x
    if isinstance(x, Dual):
        value = _tapped(x.value, callback)
        if settings.stopped(x.level):
            return paired(value, None, x.level)
        tangent = _seen(callback, x.tangent, x.level)
        return joined(value, matched(copied(tangent), value), x.level)
    if isinstance(x, wrapping.Tensor) and records((x._node,)):
        raw = x._raw
        return put_on_tape(_Tap(callback), (), (x._node,), [np.copy(raw) if type(raw) is np.ndarray else raw], False)[0]
    return copied(x) if type(x) in ARRAYS or isinstance(x, wrapping.Tensor) else x


class _Passing(PullbackRule):
    """The rule that passes a cotangent on as it is."""

    name = "tap"

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        return (g,)


_PASSING = _Passing()


class _Tap(PullbackRule):
    """The rule of one call of `tap`."""

    name = "tap"
    opaque = True

    def __init__(self, callback: Callback) -> None:
        self.callback = callback
        self.passed: Any = None  # the last cotangent that went on as it was

    def pullback(self, node: Node, g: Array) -> Iterable[Any]:
        if transposing.get():
            return (_tapped(g, self.callback),)
        found = _seen(self.callback, g)
        self.passed = g if found is g else None
        return (found,)

    def push(self, node: Node, tangents: Sequence[Any], forward: Any) -> Any:
        return one_by_one(_seen, (self.callback, tangents[0]), {})

    # The sweep with care follows another one, which has shown the same cotangent if there is no NaN in it.

    def carefully(self, sweep: Any, node: Node, source: Node, g: Array, marks: Any) -> list[Any]:
        self.mark(sweep, node, marks, None)
        same = self.passed is not None and np.array_equal(bare(g), bare(self.passed), equal_nan=True)
        return [g] if same else list(self.pullback(source, g))

    def mark(self, journal: Any, light: Node, marks: Any, level: Any) -> None:
        journal.pass_by(Node(_PASSING, None, None, None, light.parents, light.shape, light.dtype), marks)


def _seen(callback: Callback, g: Any, level: int | None = None) -> Any:
    """Show a derivative to a callback, and return what goes on; `level` is that of a tangent in forward mode."""
    traced = isinstance(g, Dual) or on_a_tape(g)
    shown = copied(g) if traced else _own(g)
    policy, now = Noted("ignore"), held()
    making = None if now.making is None or not traced else in_transposition(now.making, level or 0)
    changes = {"making": making, "policy": policy} if traced else {"making": making}
    answer = within(changes, callback, shown) if traced else within(changes, _unrecorded, callback, shown)
    if answer is None or answer is shown:
        return g
    found = answer
    if not isinstance(answer, (wrapping.Tensor, Dual)):
        found = array_of(argument(answer, "what the callback of tap returned"))[()]
    if found.dtype.kind not in "biufc" or (found.dtype.kind == "c" and g.dtype.kind != "c"):
        raise TypeError(f"the callback of tap returned {found.dtype} for a derivative of dtype {g.dtype}")
    if found.shape != g.shape:
        raise ValueError(f"the callback of tap returned shape {found.shape} for a derivative of shape {g.shape}")
    if not traced:
        return copy_of(bare(found)).astype(g.dtype, copy=False)[()]
    if policy.left and not (isinstance(found, Dual) or on_a_tape(found)):
        raise GradientLossError(
            "the callback of tap took the bare values of a derivative that is differentiated itself, and returned "
            "another one, whose own derivative would be lost. Compute it from the derivative by NumPy's functions, or "
            "return ga.stop_gradient of that."
        )
    return found if found.dtype == g.dtype else found.astype(g.dtype)


def _unrecorded(callback: Callback, shown: Any) -> Any:
    with settings.no_grad:  # the callback may have Tensors at hand that are variables
        return callback(shown)


def _own(g: Any) -> Any:
    """Return a copy of bare values that cannot be written into."""
    values = copy_of(bare(g))
    values.flags.writeable = False
    return values[()]
