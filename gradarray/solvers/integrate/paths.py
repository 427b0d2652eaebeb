"""A solution of an initial value problem as a function of what it depends on."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import integrate

from ...forward.dual import Dual
from ...tape.wrapping import bare, has_variable
from ...transforms.vmap import vmap
from ..calling import unrecorded
from ..captured import dropped_in
from .adjoint import SMALL, Adjoint
from .continuous import LARGE, Continuous
from .multistep import Multistep
from .stages import (
    EXPLICIT,
    Piece,
    Slope,
    collocation_tableau,
    explicit_steps,
    explicit_tableau,
    implicit_steps,
    moved,
    that_tells,
)
from .steps import Steps
from .switches import Search, refuse_moving
from .trajectory import trajectory, with_tangents

# For derivatives along a solution whose own steps are not told: how exactly, and after how many calls it is stiff.
_TIGHT = 1e-10
_MANY = 5_000


class Path:
    """A solution as a function of what it depends on.

    Parameters
    ----------
    f : the right-hand side, which finds variables
    plain : the same with their values, as the solver calls it
    t0, y0 : where it begins; each may be a variable
    end : a time, the value of which it goes to
    told : what an explicit method has told of its steps
    dense : the solution between the steps of an implicit method, or None
    method : of the steps, or SciPy's name of the implicit method
    rtol : how exactly steps of our own are to be taken
    """

    def __init__(
        self,
        f: Slope,
        plain: Slope,
        t0: Any,
        y0: Any,
        end: float,
        *,
        told: Any = None,
        dense: Any = None,
        method: Any = None,
        rtol: Any = 1e-3,
    ) -> None:
        self.f, self.plain, self._rtol, self._method, self._dense = f, plain, rtol, method, dense
        start = float(bare(t0))
        if has_variable(t0):  # y0 is what it is at t0; what it is where the steps begin follows
            y0 = moved(f, t0, y0, start)
        self.start, self.y0, self.finish = start, y0, end
        self._told = told
        self._pieces: list[Piece] | None = None
        self._adjoints: dict[bool, Any] = {}
        self.found = self._looked()

    def _looked(self) -> Any:
        """Return what the right-hand side finds; None where it has to be carried out step by step."""
        if self.finish == self.start or np.iscomplexobj(bare(self.y0)):
            return None
        adjoint = self._adjoint(False)
        return None if adjoint is None else adjoint.looked()

    def _adjoint(self, dense: bool) -> Any:
        if dense not in self._adjoints:
            self._adjoints[dense] = steps = self._steps(dense)
            if steps is not None and not self._told and np.size(bare(self.y0)) > SMALL:
                how = self._solution(), self._method, self._rtol
                self._adjoints[dense] = Continuous(self.f, self.plain, steps, *how)
            elif steps is not None:
                self._adjoints[dense] = Adjoint(self.f, self.plain, steps)
        return self._adjoints[dense]

    def _steps(self, dense: bool) -> Steps | None:
        # An explicit method takes less time than LSODA asked anew, unless the problem is stiff.
        n, several = np.size(bare(self.y0)), isinstance(self._dense, Multistep)
        if self._told is None and (self._dense is None or n > (SMALL if several else LARGE)):
            self._told, method = self._own_steps()
            self._method = method or self._method
        if self._told:
            ends, starts, slopes = zip(*self._told, strict=True)
            times, where = np.array([self.start, *ends]), np.stack(starts)
            tableau = explicit_tableau(self._method, dense)
            known = np.stack(slopes)[:, : len(tableau.c)]
            if len(tableau.c) > known.shape[1]:  # DOP853 computes some for dense output alone
                known = self._more(times, where, known, tableau)
            return Steps(times, where, known, tableau)
        if self._dense is None:
            return None
        times = np.asarray(self._dense.ts)
        if not isinstance(self._dense, Multistep):
            times = np.insert(times, range(1, len(times)), (times[1:] + times[:-1]) / 2)
        tableau = collocation_tableau()
        when = times[:-1, None] + np.diff(times)[:, None] * tableau.c
        places = np.reshape(self._dense(np.ravel(when)).T, (*when.shape, -1))
        # The last stage of a step is where the next one begins.
        return Steps(times, np.concatenate([np.asarray(bare(self.y0))[None], places[:-1, -1]]), None, tableau, places)

    def _solution(self) -> Any:
        """Return the solution of an implicit method at any times."""
        if not isinstance(self._dense, Multistep):
            return self._dense
        return self._dense.between_steps()

    def _own_steps(self) -> tuple[Any, Any]:
        """Return steps of DOP853 to the same end, and the method; none if it would take too many."""
        told: list[Any] = []
        tight = float(np.clip(np.min(self._rtol) / 10, _TIGHT, 1e-5))
        first = np.asarray(bare(self.y0)) * 1.0
        method = that_tells(EXPLICIT["DOP853"])
        try:
            found = integrate.solve_ivp(
                *(_Bare(self.plain, _MANY), (self.start, self.finish), first, method),
                rtol=tight,
                atol=tight * 1e-2,
                told=told,
            )
        except _TooManyError:
            return [], None
        return (told, EXPLICIT["DOP853"]) if found.success else ([], None)

    def _more(self, times: Any, starts: Any, known: Any, tableau: Any) -> Any:
        for k in range(known.shape[1], len(tableau.c)):
            h = np.diff(times)
            where = starts + h[:, None] * np.tensordot(known, tableau.a[k, :k], ([1], [0]))
            found = [unrecorded(self.plain, t, y) for t, y in zip(times[:-1] + h * tableau.c[k], where, strict=True)]
            known = np.concatenate([known, np.stack(found)[:, None]], axis=1)
        return known

    def values(self, times: Sequence[float], values: Any) -> Any:
        """Return the solution at some times with its derivatives, (number of times, n), given its values."""
        if not len(times):
            return values
        if self.found is not None:
            ends = np.asarray(times)
            between = self._told and not set(ends.tolist()) <= {self.start, *[t for t, *_ in self._told]}
            adjoint = self._adjoint(bool(between))
            adjoint.read = self._adjoint(False).read
            if type(self.found) is tuple and not isinstance(self.y0, Dual):
                return trajectory(adjoint, self.found, ends, values, self.y0, lambda y0: self._again(y0, ends))
            if type(self.found) is not tuple or not self.found:
                slopes = None if type(self.found) is tuple else adjoint.slopes() if between else self.found
                along = with_tangents(adjoint, slopes, ends, values, self.y0)
                if along is not None:
                    return along
        return np.stack([self._at(t) for t in times])

    def _again(self, y0: Any, times: Any) -> Any:
        path = Path.__new__(Path)
        path.__dict__.update(self.__dict__, y0=y0, _pieces=None)
        return dropped_in(lambda: np.stack([path._at(t) for t in times.tolist()]), self.f)

    @property
    def steps(self) -> list[Piece]:
        if self._pieces is None:
            self._pieces = self._carried_out()
        return self._pieces

    def _carried_out(self) -> list[Piece]:
        if self.finish == self.start:
            return []
        if self._told is None:
            self._told, self._method = self._own_steps()
        if self._told and self._method is not None:
            return explicit_steps(self.f, [self.start, *[t for t, *_ in self._told]], self.y0, self._method)[0]
        span = self.start, self.finish
        found = integrate.solve_ivp(
            _Bare(self.f), span, bare(self.y0), "Radau", rtol=1e-6, atol=1e-9, dense_output=True
        )
        return implicit_steps(self.f, found.t.tolist(), self.y0, found.sol)[0]

    def refuse_moving(
        self, name: str, code: Sequence[Any], changed: Sequence[Callable[[], Slope]], kept: bool = False
    ) -> None:
        """Raise where the right-hand side jumps at a time that moves with a variable.

        `code` is the function that the user has given, and its last arguments; `changed` makes the right-hand side with
        variables that are slightly others, unless it has `kept` what it computed.
        """

        def of(f: Slope) -> Any:
            def at(rows: Any) -> Any:
                if self.found is not None:  # it acts on many vectors as on one
                    return vmap(f)(rows[:, 0], rows[:, 1:])
                return np.stack([bare(f(float(row[0].real), row[1:])) for row in rows])

            return at

        def search() -> Search | None:
            adjoint = None if self.finish == self.start else self._adjoint(False)
            if adjoint is None:
                return None
            others = [functools.partial(lambda make: of(make()), make) for make in changed]
            return Search([adjoint.places()], of(self.plain), others, True, kept)

        refuse_moving(name, "stop there by a terminal event, and solve from there anew", code, search)

    def at(self, t: float, value: Any) -> Any:
        """Return the solution at a time, given its value."""
        return self.values([t], value[None])[0]

    def _at(self, t: float) -> Any:
        if not self.steps:
            return self.y0
        forward = self.steps[0].length > 0
        starts = [step.start if forward else -step.start for step in self.steps]
        k = max(0, bisect_left(starts, t if forward else -t) - 1)
        step = self.steps[k]
        x = (t - step.start) / step.length
        if x == 0:
            return self.y0 if k == 0 else self.steps[k - 1].inside(1.0)
        return step.inside(x)


class _TooManyError(Exception):
    """An explicit method would take very short steps: the problem is stiff."""


class _Bare:
    """A right-hand side as SciPy calls it, so many times at most."""

    def __init__(self, f: Slope, most: int | None = None) -> None:
        self.f, self.left = f, most

    def __call__(self, t: float, y: Any) -> Any:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise _TooManyError
        return unrecorded(self.f, t, y)
