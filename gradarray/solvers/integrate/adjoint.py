"""Gradients of the solution of an initial value problem, without a tape of its steps.

The slopes at the stages of all steps are known, and so the right-hand side is called for all of them at once. What is
linear in its derivatives are the steps:

    dk[j] = J[j] (dy + h sum_i a[j, i] dk[i]) + what the right-hand side depends on,    dy' = dy + h sum_j b[j] dk[j].

A sweep goes through these backwards, step by step, and then once through that call. For derivatives of the gradient the
steps themselves are carried out again, on a tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...context.settings import RECORDED, within
from ...forward.dual import Dual
from ...forward.levels import made_of_tensors
from ...kernels.arrays import Array
from ...reverse.elementwise import records
from ...tape import plans
from ...tape.nodes import Node, PullbackRule, next_order
from ...tape.wrapping import bare, has_variable, wrap
from ...transforms.checkpoint import joined_root
from ...transforms.custom_gradient import put_on_tape
from ...transforms.gradients import vjp
from ...transforms.trace import ARGUMENT
from ...transforms.vmap import vmap
from ..captured import outside_of

Slope = Callable[[Any, Any], Any]

# Up to how many unknowns in the stages of a step matrices are made of the right-hand side's derivatives.
SMALL = 160
# How far the right-hand side for all at once may be from its values one by one.
_SAME = 1e-6


class Tableau(NamedTuple):
    """A Runge-Kutta method.

    Attributes
    ----------
    a, b, c : its coefficients; stages that only dense output needs have the weight 0
    inside : from where in a step, between 0 and 1, to the weights of the slopes there
    """

    a: Array
    b: Array
    c: Array
    inside: Callable[[float], Array]


class Steps(NamedTuple):
    """The steps that a solver took.

    Attributes
    ----------
    times : (m + 1,)
    y : (m, n), where each step begins
    slopes : (m, s, n), those at the stages as far as they are known, or none
    tableau : their method
    places : (m, s, n) the stages, or None where the slopes tell
    """

    times: Array
    y: Array
    slopes: Array | None
    tableau: Tableau
    places: Array | None = None

    def stages(self) -> tuple[Array, Array, Array]:
        """Return the lengths of the steps, and the times and values at which the right-hand side is called."""
        h = np.diff(self.times)
        when = self.times[:-1, None] + h[:, None] * self.tableau.c
        if self.places is not None:
            return h, when, self.places
        slopes, a = self.slopes, self.tableau.a
        assert slopes is not None
        where = self.y[:, None] + h[:, None, None] * np.matmul(a[:, : slopes.shape[1]], slopes)
        return h, when, where


class Adjoint:
    """The linear problem of a solution.

    Parameters
    ----------
    f : the right-hand side, of a time and a vector, which finds variables
    plain : the same with their values
    steps : those of the solver
    """

    def __init__(self, f: Slope, plain: Slope, steps: Steps) -> None:
        self.f, self.plain, self.steps = f, plain, steps
        self.h, self._when, self._where = steps.stages()
        self._matrices: Any = None

    def slopes(self) -> Any:
        """Return the right-hand side at all stages, called for all at once: (m s, n)."""
        return self._at(self.f, np.reshape(self._where, (-1, self._where.shape[2])))

    def _at(self, f: Slope, y: Any) -> Any:
        return vmap(f)(np.ravel(self._when), y)

    def outside(self) -> tuple[Node, ...] | None:
        """Return the nodes of the variables that the right-hand side finds, or None where this way is none.

        That is so where it asks for values, or does not act on many vectors as on one; and in forward mode.
        """
        start = next_order()
        try:
            found = self.slopes()
        except Exception:
            return None
        value, known = bare(found), self.steps.slopes
        if isinstance(found, Dual) or np.shape(value) != (
            self._where.shape[0] * self._where.shape[1],
            self._where.shape[2],
        ):
            return None
        if known is not None:
            off = np.reshape(value, self._where.shape)[:, : known.shape[1]] - known
            if not np.all(np.abs(off) <= _SAME * np.max(np.abs(known))):
                return None
        return tuple(outside_of(found, start))

    def outputs(self, times: Array) -> tuple[Array, Array]:
        """Return in which step each time is, and the weights of the slopes there."""
        t = self.steps.times
        turn = 1.0 if t[-1] >= t[0] else -1.0
        which = np.clip(np.searchsorted(turn * t, turn * times, "left") - 1, 0, len(self.h) - 1)
        x = (times - t[which]) / self.h[which]
        return which, np.stack([self.steps.tableau.inside(at) for at in x.tolist()])

    def pulled(self, times: Array, g: Array) -> tuple[Array, Array]:
        """Return the cotangents of the slopes, (m s, n), and of where the steps begin.

        Parameters
        ----------
        times : those of the results
        g : (number of times, n), their cotangents
        """
        m, s, n = self._where.shape
        which, weights = self.outputs(times)
        along = np.zeros((m, s, n))
        np.add.at(along, which, (self.h[which, None] * weights)[:, :, None] * g[:, None, :])
        at_start = np.zeros((m, n))
        np.add.at(at_start, which, g)
        if s * n <= SMALL:
            return self._by_matrices(along, at_start)
        return self._one_by_one(along, at_start)

    def _by_matrices(self, along: Array, at_start: Array) -> tuple[Array, Array]:
        m, s, n = along.shape
        if self._matrices is None:
            y = np.reshape(self._where, (-1, n))
            _, pull = vjp(lambda y: self._at(self.plain, y), y)
            rows = [pull(np.broadcast_to(row, y.shape))[0] for row in np.eye(n)]
            slopes = np.reshape(np.stack(rows, axis=1), (m, s, n, n))
            h = self.h[:, None, None, None, None]
            inner = h * self.steps.tableau.a[None, :, None, :, None] * slopes[:, :, :, None, :]
            whole = np.eye(s * n) - np.reshape(inner, (m, s * n, s * n))
            first = np.reshape(slopes, (m, s * n, n))
            inverse = np.linalg.inv(whole)
            self._matrices = np.swapaxes(inverse, 1, 2), np.swapaxes(first, 1, 2)
        inverse, first = self._matrices
        weights = np.reshape(np.kron(self.steps.tableau.b[:, None], np.eye(n)), (s * n, n))
        # What a step makes of a cotangent at its end: that of its slopes, and that at its start.
        from_end = self.h[:, None, None] * np.matmul(inverse, weights)
        at_once = np.matmul(inverse, np.reshape(along, (m, s * n, 1)))
        passed = np.eye(n) + np.matmul(first, from_end)
        added = at_start + np.matmul(first, at_once)[:, :, 0]
        ends = np.empty((m, n))
        g = np.zeros(n)
        for k in range(m - 1, -1, -1):
            ends[k] = g
            g = passed[k] @ g + added[k]
        found = at_once[:, :, 0] + np.matmul(from_end, ends[:, :, None])[:, :, 0]
        return np.reshape(found, (m * s, n)), g

    def _one_by_one(self, along: Array, at_start: Array) -> tuple[Array, Array]:
        a, b = self.steps.tableau.a, self.steps.tableau.b
        m, s, n = along.shape
        g = np.zeros(n)
        for k in range(m - 1, -1, -1):
            cotangents = along[k]
            cotangents += (self.h[k] * b)[:, None] * g
            g = g + at_start[k]
            for j in range(s - 1, -1, -1):
                if np.any(cotangents[j]):
                    t = float(self._when[k, j])
                    _, pull = vjp(lambda y, t=t: self.plain(t, y), self._where[k, j])
                    (back,) = pull(cotangents[j])
                    g = g + back
                    cotangents[:j] += (self.h[k] * a[j, :j])[:, None] * back
        return np.reshape(along, (m * s, n)), g


class _Trajectory(PullbackRule):
    """The rule of the values of a solution at some times.

    Parameters
    ----------
    again : carries out the steps on a tape, from where they begin to the values at the times
    outside : the nodes of the variables that they depend on, in which `first` is that of where they begin, if any
    """

    opaque = True
    name = "solve_ivp"

    def __init__(
        self, adjoint: Adjoint, times: Array, again: Callable[[Any], Any], outside: tuple[Node, ...], first: Node | None
    ) -> None:
        self.adjoint, self.times, self.again, self.outside = adjoint, times, again, outside
        self._begins = first is not None

    def pullback(self, node: Node, g: Array) -> list[Any]:
        # A sweep may be carried out inside a no_grad block.
        return within(RECORDED, self._twice if made_of_tensors(g) else self._pulled, node, g)  # type: ignore[no-any-return]

    def _pulled(self, node: Node, g: Array) -> list[Any]:
        along, at_start = within({"recording": False}, self.adjoint.pulled, self.times, g)
        start = next_order()
        found = self._swept(self.adjoint.slopes(), along, start, {}, False)
        if self._begins:
            other = found.get(self.outside[0])
            found[self.outside[0]] = at_start if other is None else at_start + other
        return [found.get(old) for old in self.outside]

    def _twice(self, node: Node, g: Array) -> list[Any]:
        now = dict(zip(self.outside, node.parents, strict=True))
        first = self.adjoint.steps.y[0]
        start = next_order()
        value = self.again(wrap(first, node.parents[0]) if self._begins else first)
        found = self._swept(value, g, start, now, True)
        first_now: Any = node.parents[0]
        if self._begins and first_now is not self.outside[0]:
            parts = [found[n] for n in (first_now, self.outside[0]) if found.get(n) is not None]
            found[self.outside[0]] = sum(parts[1:], parts[0]) if parts else None
        return [found.get(old) for old in self.outside]

    def _swept(self, value: Any, g: Any, start: int, now: dict[Node, Any], traced: bool) -> dict[Node, Any]:
        outside = outside_of(value, start)
        if not set(outside) <= {*self.outside, *now.values()}:
            raise RuntimeError(
                f"the right-hand side of {self.name} found other variables when it was called again for the derivative"
            )
        if traced:
            # Where this tape was cut from what is older, other nodes stand for the variables; see `cut_from_older`.
            for old in outside:
                outside[old].rule, outside[old].parents = ARGUMENT, (now.get(old, old),)
        if not outside:
            return {}
        one: Any = np.float64(1)
        root = joined_root([(value._node, g)])
        found = plans.sweep(root, wrap(one) if traced else one, traced, wrap if traced else None, start)
        return {old: found.get(leaf) for old, leaf in outside.items()}


def trajectory(
    adjoint: Adjoint, outside: tuple[Node, ...], times: Array, values: Array, y0: Any, again: Callable[[Any], Any]
) -> Any:
    """Return the values of a solution at some times with their derivatives.

    Parameters
    ----------
    outside : the nodes of the variables that the right-hand side finds
    values : (number of times, n)
    y0 : where the steps begin; it may be a variable
    again : carries out the steps on a tape, from there to the values
    """
    first = y0._node if has_variable(y0) else None
    nodes = outside if first is None else (first, *[node for node in outside if node is not first])
    if not nodes or not records(nodes):
        return values
    rule = _Trajectory(adjoint, times, again, nodes, first)
    return put_on_tape(rule, (), nodes, [np.array(values)], False)[0]
