"""Gradients of the solution of an initial value problem, without a tape of its steps.

The slopes at the stages of all steps are known, and so the right-hand side is called for all of them at once. What is
linear in its derivatives are the steps:

    dk[j] = J[j] (dy + h sum_i a[j, i] dk[i]) + what the right-hand side depends on,    dy' = dy + h sum_j b[j] dk[j].

A sweep goes through these backwards, step by step, and then once through that call. For derivatives of the gradient the
steps themselves are carried out again, on a tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...batch.batch import Batch
from ...batch.batched import between, pull_batch
from ...context.settings import within
from ...forward.dual import Dual
from ...kernels.arrays import Array
from ...reverse.elementwise import records
from ...reverse.tensor import variable
from ...tape.nodes import Node, next_order
from ...tape.wrapping import bare, has_variable
from ...transforms.gradients import vjp
from ...transforms.trace import pull_back
from ...transforms.vmap import vmap
from ..captured import dropped_in, outside_of
from ..written import OfValues
from .programs import known_of_stages, pulled_step, pulled_step_by_known, pulled_values, slopes_by_y, through_stages
from .steps import Steps

Slope = Callable[[Any, Any], Any]
# Takes the number of a step, how many of its stages count, and what `pulled_step` does.
_Pull = Callable[..., tuple[Any, Any]]

# Up to how many unknowns matrices are made of the right-hand side's derivatives, and what one row costs, in calls.
SMALL = 40
_PULLS = 3
# So many numbers of stages are called for at once to look, and kept as they are on the tape for the first sweep.
_KEPT = 400_000
# Up to how many unknowns a program makes them, which has as many lines for each.
_FEW = 8
# As many calls of a program as a call for all stages saves.
_CALLS = 6
# So many numbers are pulled back at once, and known of so many stages.
_AT_ONCE = 200_000
_ROWS = 64
# How far the right-hand side for all at once may be from its values one by one.
_SAME = 1e-6


class _OnTape(NamedTuple):
    """A call of the right-hand side for all stages.

    Attributes
    ----------
    start : from which order on its nodes are
    y, slopes : the nodes of the stages and of what it returned, or None
    outside : the nodes of the variables that it found, and the leaf that stands for each
    """

    start: int
    y: Node | None
    slopes: Node | None
    outside: dict[Node, Node]


class Adjoint:
    """The linear problem of a solution.

    Parameters
    ----------
    f : the right-hand side, of a time and a vector, which finds variables
    plain : the same with their values
    steps : those of the solver

    Attributes
    ----------
    stages : (m, s, n), where the right-hand side is called
    """

    def __init__(self, f: Slope, plain: Slope, steps: Steps) -> None:
        self.f, self.steps = f, steps
        self._values = plain if type(plain) is OfValues else None
        self.plain: Slope = plain if self._values is None else self._values.function
        self.h, self._when, self.stages = steps.stages()
        self._matrices: Any = None
        self.read: Any = None  # what programs read, where they are of use
        self._call: _OnTape | None = None

    def slopes(self) -> Any:
        """Return the right-hand side at all stages, called for all at once: (m s, n)."""
        return self._at(self.f, np.reshape(self.stages, (-1, self.stages.shape[2])))

    def places(self) -> Array:
        """Return where the right-hand side is called, and the end: (m s + 1, 1 + n), times first, in their order."""
        when = np.reshape(self._when, (-1, 1))
        rows = np.concatenate([when, np.reshape(self.stages, (-1, self.stages.shape[2]))], axis=1)
        turn = 1.0 if self.steps.times[-1] >= self.steps.times[0] else -1.0
        rows = rows[np.argsort(turn * np.ravel(self._when), kind="stable")]
        slopes, b = self.steps.slopes, self.steps.tableau.b
        if slopes is None:  # an implicit method, the last stage of which is the end
            return rows
        end = self.steps.y[-1] + self.h[-1] * (b[: slopes.shape[1]] @ slopes[-1])
        return np.concatenate([rows, np.append(self.steps.times[-1], end)[None]])

    def _at(self, f: Slope, y: Any) -> Any:
        return vmap(f)(np.ravel(self._when), y)

    def looked(self) -> Any:
        """Return what the right-hand side finds: the nodes of variables, or its slopes if these have tangents.

        It is None where this way is none: where it asks for values, or does not act on many vectors as on one.
        """
        ahead = self._ahead()
        if ahead is not None:
            return ahead
        values = self._values
        before = None if values is None or not values.nodes else values.snapshot()
        start = next_order()
        m, s, n = self.stages.shape
        try:
            y: Any = np.reshape(self.stages, (-1, n))
            y = variable(y) if self.by_matrices else y
            found = self._at(self.f, y)
            if isinstance(found, Dual) and self.by_matrices:
                found = self.slopes()
        except Exception:
            return None
        value, known = bare(found), self.steps.slopes
        if np.shape(value) != (m * s, n):
            return None
        if known is not None:
            off = np.reshape(value, (m, s, n))[:, : known.shape[1]] - known
            if not np.all(np.abs(off) <= _SAME * np.max(np.abs(known))):
                return None
        if isinstance(found, Dual):
            return found
        outside = outside_of(found, start)
        if has_variable(found) and found.size <= _KEPT and type(found._raw) is np.ndarray:
            self._call = _OnTape(start, y._node if self.by_matrices else None, found._node, outside)
        if before is None or values is None or values.snapshot() != before:  # it changes what it reads, as a counter
            return tuple(outside)
        self.read = before
        # What a view is read from may be on the tape in place of the view itself.
        return tuple(dict.fromkeys([*outside, *(values.nodes or ())]))

    def _ahead(self) -> tuple[Node, ...] | None:
        """Return the nodes of the variables where programs do without a call on a tape."""
        values = self._values
        if values is None or not values.nodes or not values.has_program(pulled_values):
            return None
        if not records(values.nodes) or (self.by_matrices and not values.has_program(slopes_by_y)):
            return None
        self.read = values.snapshot()
        return None if self.read is None else tuple(dict.fromkeys(values.nodes))

    def verify(self) -> None:
        """Raise if what a program reads is no longer what it was."""
        if self.read is not None and self._values is not None and self.read != self._values.snapshot():
            raise RuntimeError(
                "the right-hand side reads arrays or numbers that have been changed since it was called: a gradient "
                "would be that of another program. Change them after backward(), or give it copies of them"
            )

    def pulled_values(self, along: Array) -> dict[Node, Any] | None:
        """Return the cotangents of what the right-hand side depends on, by a program; None where there is none."""
        values = self._values
        if self.read is None or values is None or not values.nodes:
            return None
        program = values.program(pulled_values, _CALLS)
        if program is None:
            return None
        when, y = self._rows()
        try:
            pulled = program(when, y, np.concatenate([along, np.zeros((len(y) - len(along), y.shape[1]))]))
        except Exception:  # the tape says what is wrong
            return None
        # Only a sweep knows which zeros win over an infinity.
        if not all(np.all(np.isfinite(x)) for x in pulled):
            return None
        found: dict[Node, Any] = {}
        for node, g in zip(values.nodes, pulled, strict=True):
            found[node] = found[node] + g if node in found else g
        return found

    def _rows(self) -> tuple[Array, Array]:
        """Return when and where the slopes are at all stages, and some of them again.

        So there are four programs for twice as many, and not one for each number of steps.
        """
        when, y = np.ravel(self._when), np.reshape(self.stages, (-1, self.stages.shape[2]))
        unit = 2 ** max(0, len(y).bit_length() - 3)
        again = -len(y) % unit
        return np.concatenate([when, when[:again]]), np.concatenate([y, y[:again]])

    def taken(self) -> _OnTape:
        """Return a call for all stages on a tape, which is the caller's."""
        kept, self._call = self._call, None
        if kept is not None:
            return kept
        start = next_order()
        found = dropped_in(self.slopes, self.f, recorded=True)
        return _OnTape(start, None, found._node if has_variable(found) else None, outside_of(found, start))

    @property
    def by_matrices(self) -> bool:
        """Tell whether matrices are made of the right-hand side's derivatives."""
        m, s, n = self.stages.shape
        return n <= SMALL and (self.steps.tableau.is_implicit or n * _PULLS < m * s)

    def outputs(self, times: Array) -> tuple[Array, Array]:
        """Return in which step each time is, and the weights of the slopes there."""
        t = self.steps.times
        turn = 1.0 if t[-1] >= t[0] else -1.0
        which = np.clip(np.searchsorted(turn * t, turn * times, "left") - 1, 0, len(self.h) - 1)
        x = (times - t[which]) / self.h[which]
        weights = [self.steps.tableau.inside(at) for at in x.tolist()]
        return which, np.reshape(weights, (len(x), self.stages.shape[1]))

    def pulled(self, times: Array, g: Array) -> tuple[Array, Array]:
        """Return the cotangents of the slopes, (m s, n), and of where the steps begin.

        Parameters
        ----------
        times : those of the results
        g : (number of times, n), their cotangents
        """
        m, s, n = self.stages.shape
        met = np.any(g != 0, axis=1)  # often it is the last one alone
        times, g = times[met], g[met]
        which, weights = self.outputs(times)
        along = np.zeros((m, s, n))
        np.add.at(along, which, (self.h[which, None] * weights)[:, :, None] * g[:, None, :])
        at_start = np.zeros((m, n))
        np.add.at(at_start, which, g)
        if self.by_matrices:
            return self._by_matrices(along, at_start)
        for pull in self._written_pulls():
            try:
                found = self._step_by_step(along.copy(), at_start, pull)
                if np.all(np.isfinite(found[1])):  # only a sweep knows which zeros win over an infinity
                    return found
            except Exception:  # there is no program for it, or it says what is wrong below
                pass
        found = dropped_in(lambda: self._step_by_step(along, at_start, self._pulled_step), self.plain, recorded=True)
        return found  # type: ignore[no-any-return]

    def _written_pulls(self) -> Iterator[_Pull]:
        """Return by what programs a step is gone back, the quickest one first."""
        m, s, n = self.stages.shape
        values = self._values
        if values is None:
            return
        count = max(1, min(_ROWS, _AT_ONCE // n) // s)
        ahead, behind = values.program(known_of_stages, m * s), values.program(pulled_step_by_known, m * s)
        if ahead is not None and behind is not None:
            yield _ByKnown(self, count, ahead, behind)
        whole = values.program(pulled_step, m * s)
        if whole is not None:
            yield lambda _k, _j, *given: whole(*given)

    def pushed(self, times: Array, slopes: Array, first: Array) -> Array:
        """Return the tangents of the solution at some times, (count, number of times, n).

        Parameters
        ----------
        slopes : (count, m s, n), those of the slopes by what the right-hand side depends on
        first : (count, n), those of where the steps begin
        """
        m, s, n = self.stages.shape
        h, a, b = self.h[:, None, None], self.steps.tableau.a, self.steps.tableau.b
        by_y = np.swapaxes(self.matrices(), 2, 3)
        # What a step makes of tangents, those at its start in the first n columns, and of its own in the others.
        found = np.concatenate([by_y, np.reshape(slopes, (-1, m, s, n)).transpose(1, 2, 3, 0)], axis=3)
        if self.steps.tableau.is_implicit:
            found = np.linalg.solve(self._whole(by_y, a), np.reshape(found, (m, s * n, -1))).reshape(found.shape)
        else:
            for j in range(1, s):
                found[:, j] += h * np.matmul(by_y[:, j], np.tensordot(found[:, :j], a[j, :j], ([1], [0])))
        passed = h * np.tensordot(found, b, ([1], [0]))
        passed[:, :, :n] += np.eye(n)
        starts = np.empty((m, n, len(first)))
        y = first.T
        for k in range(m):
            starts[k] = y
            y = passed[k, :, :n] @ y + passed[k, :, n:]
        which, weights = self.outputs(times)
        within_step = np.einsum("ks,ksab->kab", self.h[which, None] * weights, found[which])
        at = starts[which]
        return (at + np.matmul(within_step[:, :, :n], at) + within_step[:, :, n:]).transpose(2, 0, 1)

    def _whole(self, blocks: Array, a: Array) -> Array:
        """Return the matrices of the equations for all stages of each step."""
        m, s, n, _ = blocks.shape
        inner = -self.h[:, None, None, None, None] * a[None, :, None, :, None] * blocks[:, :, :, None, :]
        whole = np.reshape(inner, (m, s * n, s * n))
        whole[:, np.arange(s * n), np.arange(s * n)] += 1
        return whole

    def matrices(self) -> Array:
        """Return the transposed derivatives of the slopes by y at all stages: (m, s, n, n)."""
        if self._matrices is None:
            self._matrices = np.swapaxes(within({"recording": False}, self._slopes_by_y), 2, 3)
        return self._matrices

    def _slopes_by_y(self) -> Array:
        m, s, n = self.stages.shape
        if self.read is not None and n <= _FEW and self._values is not None:
            program = self._values.program(slopes_by_y, _CALLS)
            if program is not None:
                try:
                    found = program(*self._rows())[: m * s]
                    if np.all(np.isfinite(found)):
                        return np.reshape(found, (m, s, n, n))
                except Exception:  # it says what is wrong below
                    pass
        if self._call is not None and self._call.y is not None and self._call.slopes is not None:
            return self._pulled_rows(self._call.y, self._call.slopes)
        y = np.reshape(self.stages, (-1, n))
        _, pull = vjp(lambda y: self._at(self.plain, y), y)
        # A variable that is an attribute of an object is one in `plain`, too.
        rows = [bare(pull(np.broadcast_to(row, y.shape))[0]) for row in np.eye(n)]
        return np.reshape(np.stack(rows, axis=1), (m, s, n, n))

    def _pulled_rows(self, leaf: Node, slopes: Node) -> Array:
        m, s, n = self.stages.shape
        path = between(slopes, [leaf])
        rows = np.broadcast_to(np.eye(n)[:, None, :], (n, m * s, n))
        found = np.zeros((m, s, n, n))
        step = max(1, _AT_ONCE // (m * s * n))
        for start in range(0, n if path else 0, step):
            pulled = pull_batch(path, [leaf], slopes, Batch(rows[start : start + step]))
            if leaf in pulled:
                by_row = np.reshape(pulled[leaf].value, (-1, m, s, n))
                found[:, :, start : start + step] = by_row.transpose(1, 2, 0, 3)
        return found

    def _by_matrices(self, along: Array, at_start: Array) -> tuple[Array, Array]:
        m, s, n = along.shape
        transposed, h = self.matrices(), self.h[:, None, None]
        a, b = self.steps.tableau.a, self.steps.tableau.b
        # What a step makes of cotangents, those at its end in the first n columns, and its own in the last one: those
        # of its slopes, and what comes to its start.
        found = np.empty((m, s, n, n + 1))
        found[..., :n] = h[..., None] * b[:, None, None] * np.eye(n)
        found[..., n] = along
        if self.steps.tableau.is_implicit:
            whole = np.swapaxes(self._whole(np.swapaxes(transposed, 2, 3), a), 1, 2)
            found = np.reshape(np.linalg.solve(whole, np.reshape(found, (m, s * n, n + 1))), found.shape)
            passed = np.sum(np.matmul(transposed, found), axis=1)
        else:
            passed = np.zeros((m, n, n + 1))
            for j in range(s - 1, -1, -1):
                back = np.matmul(transposed[:, j], found[:, j])
                passed += back
                for i in np.flatnonzero(a[j, :j]).tolist():
                    found[:, i] += a[j, i] * h * back
        passed[:, :, :n] += np.eye(n)
        passed[:, :, n] += at_start
        ends = np.empty((m, n))
        g = np.zeros(n)
        by_g, added = [*passed[:, :, :n]], [*passed[:, :, n]]
        for k in range(m - 1, -1, -1):
            ends[k] = g
            g = by_g[k].dot(g)  # a third of the time of `@`, for few unknowns
            g += added[k]
        slopes = np.matmul(found[..., :n], ends[:, None, :, None])[..., 0] + found[..., n]
        return np.reshape(slopes, (m * s, n)), g

    def _step_by_step(self, along: Array, at_start: Array, pull: _Pull) -> tuple[Array, Array]:
        m, s, n = along.shape
        shares, counts = self.steps.tableau.shares, self.steps.tableau.counts
        weights = self.h[:, None, None] * shares
        if counts[-1]:
            reach = [s] * m
        else:
            reach = np.max(np.where(counts | np.any(along, axis=2), np.arange(1, s + 1), 0), axis=1).tolist()
        is_met = np.any(np.reshape(along, (m, -1)), axis=1).tolist()
        inner = {j: weights if j == s else weights[:, :j, [*range(j), s]] for j in {*reach}}
        g, is_zero, starts = np.zeros(n), True, np.any(at_start, axis=1).tolist()
        for k in range(m - 1, -1, -1):
            if is_met[k] or not is_zero:
                j = reach[k]
                g, along[k, :j] = pull(k, j, inner[j][k], self._when[k, :j], self.stages[k, :j], along[k, :j], g)
                is_zero = False
            if starts[k]:
                g, is_zero = g + at_start[k], False
        return np.reshape(along, (m * s, n)), g

    def _pulled_step(
        self, k: int, j: int, weights: Array, when: Array, places: Array, along: Array, end: Array
    ) -> tuple[Any, Any]:
        """Do the same as `pulled_step`, by a tape of its own for each stage."""
        return through_stages(weights, along, end, lambda j, g: self._back(float(when[j]), places[j], g))

    def _back(self, t: float, y: Array, g: Array) -> Any:
        """Return what one call of the right-hand side makes of the cotangent of its slope."""
        start, leaf = next_order(), variable(np.array(y))
        node: Any = leaf._node
        slope = self.plain(t, leaf)
        if not has_variable(slope):
            return np.zeros(len(y))
        return bare(pull_back([(slope, g)], [node], start, False, traced=False)[0])


class _ByKnown:
    """Programs that go back through a step: one has what is known of all stages of several steps at once.

    There are as many of them each time, so that it is the same program.
    """

    def __init__(self, adjoint: Adjoint, count: int, ahead: Callable[..., Any], behind: Callable[..., Any]) -> None:
        self._adjoint, self._count, self._ahead, self._behind = adjoint, count, ahead, behind
        self._first = len(adjoint.h)
        self._known: list[Array] = []

    def __call__(self, k: int, j: int, *given: Any) -> tuple[Any, Any]:
        if k < self._first:
            self._first = max(0, k + 1 - self._count)
            self._known = self._of_steps(np.minimum(np.arange(self._first, self._first + self._count), k))
        found: tuple[Any, Any] = self._behind([x[k - self._first, :j] for x in self._known], *given)
        return found

    def _of_steps(self, steps: Array) -> list[Array]:
        stages = self._adjoint.stages[steps]
        rows = np.reshape(stages, (-1, stages.shape[2]))
        found = self._ahead(np.ravel(self._adjoint._when[steps]), rows)
        return [np.reshape(x, (*stages.shape[:2], *x.shape[1:])) for x in found]
