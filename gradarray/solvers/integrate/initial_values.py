"""solve_ivp and odeint: by initial values, by what the right-hand side depends on, and by times."""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...reverse.outputs import revalued
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable
from ..calling import Watched, dropped_in, each, unrecorded
from .stages import EXPLICIT, Piece, Slope, explicit_steps, implicit_steps, moved

# For derivatives along a solution whose own steps are not told: how exactly, and after how many calls it is stiff.
_TIGHT = 1e-10
_MANY = 5_000


class _Path:
    """A solution as a function of what it depends on.

    Parameters
    ----------
    f : the right-hand side, which finds variables
    t0, y0 : where it begins; each may be a variable
    end : a time, the value of which it goes to
    times : those between steps, or None for some of our own
    method : the explicit method of the steps
    rtol : how exactly steps of our own are to be taken
    """

    def __init__(self, f: Slope, t0: Any, y0: Any, end: float, times: Any, method: type | None, rtol: Any) -> None:
        self.f = f
        start = float(bare(t0))
        if has_variable(t0):  # y0 is what it is at t0; what it is where the steps begin follows
            y0 = moved(f, t0, y0, start)
        self.start, self.y0 = start, y0
        self.steps: list[Piece] = []
        self.func: Any = f
        if end == start:
            self.end = y0
            return
        plain = _Bare(f)
        if times is None:
            try:
                first = np.asarray(bare(y0)) * 1.0
                tight = float(np.clip(np.min(rtol) / 10, _TIGHT, 1e-5))
                bare_f = _Bare(f, _MANY)
                found = integrate.solve_ivp(bare_f, (start, end), first, "DOP853", rtol=tight, atol=tight * 1e-2)
                if found.success:
                    times, method = found.t, EXPLICIT["DOP853"]
            except _TooManyError:
                pass
        if times is not None and method is not None:
            self.steps, self.end = explicit_steps(f, np.asarray(times).tolist(), y0, method)
        else:
            found = integrate.solve_ivp(plain, (start, end), bare(y0), "Radau", rtol=1e-6, atol=1e-9, dense_output=True)
            self.steps, self.end = implicit_steps(f, found.t.tolist(), y0, found.sol)

    def at(self, t: Any) -> Any:
        """Return the solution at a time, which may be a variable."""
        here = float(bare(t))
        value = self._at(here)
        return moved(self.f, here, value, t) if has_variable(t) else value

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


def _plain(f: Any) -> Any:
    """Return a function with bare results, or what is no function."""
    if not callable(f):
        return f

    def call(*args: Any) -> Any:
        return bare(f(*args))

    for name in ("terminal", "direction"):
        if hasattr(f, name):
            setattr(call, name, getattr(f, name))
    return call


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: Any = "RK45",
    t_eval: Any = None,
    dense_output: bool = False,
    events: Any = None,
    vectorized: bool = False,
    args: Any = None,
    **options: Any,
) -> Any:
    args = () if args is None else tuple(args)

    def f(t: Any, y: Any) -> Any:
        return _as_array(fun(t, y, *args))

    def body() -> Any:
        watched = Watched(lambda t, y: fun(t, y, *args))
        span = [float(bare(t)) for t in t_span]
        start = np.asarray(bare(y0))
        several = events if isinstance(events, (list, tuple)) else None if events is None else [events]
        asked = None if several is None else [_with_args(event, args) for event in several]
        plain_events = None if asked is None else [_plain(event) for event in asked]
        if "jac" in options:
            jac = options["jac"]
            options["jac"] = _plain(_with_args(jac, args)) if callable(jac) else bare(jac)
        places = None if t_eval is None else bare(t_eval)
        solution = integrate.solve_ivp(
            watched, span, start, method, places, dense_output, plain_events, vectorized, None, **options
        )
        if not (watched.variable or has_variable(y0) or has_variable(t_span) or has_variable(t_eval)):
            return solution
        kind = EXPLICIT.get(method) if isinstance(method, str) else method if method in EXPLICIT.values() else None
        stopped = solution.status == 1
        end = float(solution.t[-1]) if len(solution.t) and stopped else span[1]
        times = solution.t
        if kind is not None and t_eval is not None:  # where the steps end is not told
            bare_f = functools.partial(unrecorded, watched.func)
            rest = (vectorized, None)
            times = integrate.solve_ivp(bare_f, span, start, method, None, False, plain_events, *rest, **options).t
            end = float(times[-1])
        path = _Path(f, t_span[0], _as_array(y0), end, None if kind is None else times, kind, options.get("rtol", 1e-3))
        path.func = fun
        return _differentiated(solution, path, t_span, t_eval, asked, stopped)

    return dropped_in(body, fun)


def _as_array(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        value = np.stack([np.asarray(v) if not hasattr(v, "dtype") else v for v in value])
    elif not hasattr(value, "dtype"):
        value = np.asarray(value)
    return np.atleast_1d(value)


def _with_args(func: Any, args: tuple[Any, ...]) -> Any:
    if not args:
        return func

    def call(t: Any, y: Any) -> Any:
        return func(t, y, *args)

    for name in ("terminal", "direction"):
        if hasattr(func, name):
            setattr(call, name, getattr(func, name))
    return call


def _differentiated(solution: Any, path: _Path, t_span: Any, t_eval: Any, events: Any, stopped: bool) -> Any:
    """Return the solution with times and values as variables, where they are."""
    result = type(solution)(solution)
    ends: list[Any] = [*solution.t.tolist()]
    if events is not None:
        result.t_events, result.y_events = _at_events(solution, path, events)
    if t_eval is not None:
        asked = [t_eval[k] for k in range(len(ends))] if has_variable(t_eval) else ends
        ends = [at if has_variable(at) else t for at, t in zip(asked, ends, strict=True)]
    elif ends:
        if has_variable(t_span[0]):
            ends[0] = t_span[0]
        if has_variable(t_span[1]) and not stopped:
            ends[-1] = t_span[1]
        if stopped and result.t_events is not None:
            last = [found[-1] for found in result.t_events if len(found) and float(bare(found[-1])) == ends[-1]]
            ends[-1] = last[0] if last else ends[-1]
    if ends:
        values = np.stack([path.at(t) for t in ends], axis=-1)
        result.y = revalued(values, solution.y)
        if has_variable(ends):
            result.t = revalued(np.stack([t if has_variable(t) else np.asarray(t) for t in ends]), solution.t)
    if solution.sol is not None:
        result.sol = _Dense(path, solution.sol, path.func)
    return result


def _at_events(solution: Any, path: _Path, events: Any) -> tuple[list[Any], list[Any]]:
    """Return when events happen, and the values then: where each one's function is 0 along the solution."""
    all_times, all_values = [], []
    for event, times, values in zip(events, solution.t_events, solution.y_events, strict=True):
        found, there = [], []
        for t in times.tolist():
            y = path.at(t)

            def along(s: Any, t: float = t, y: Any = y, event: Any = event) -> Any:
                return event(s, moved(path.f, t, y, s))

            step = 1e-6 * max(1.0, abs(t))
            slope = (bare(along(t + step)) - bare(along(t - step))) / (2 * step)
            at: Any = t
            for _ in range(3):  # each makes one more order of derivative exact
                missed = along(at)
                at = at - (missed - bare(missed)) / slope
            found.append(at)
            there.append(moved(path.f, t, y, at))
        all_times.append(revalued(_as_array(found), times) if has_variable(found) else times)
        all_values.append(revalued(np.stack(there), values) if has_variable(there) else values)
    return all_times, all_values


class _Dense:
    """The solution between steps, at any time."""

    def __init__(self, path: _Path, plain: Any, func: Any) -> None:
        self._path, self._plain, self._func = path, plain, func

    def __call__(self, t: Any) -> Any:
        return dropped_in(lambda: self._at(t), self._func)

    def _at(self, t: Any) -> Any:
        if np.ndim(t) == 0:
            return revalued(self._path.at(t), self._plain(bare(t)))
        found = np.stack([self._path.at(at) for at in t], axis=-1)
        return revalued(found, self._plain(bare(t)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


def odeint(
    func: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    Dfun: Any = None,
    col_deriv: int = 0,
    full_output: int = 0,
    *rest: Any,
    tfirst: bool = False,
    **options: Any,
) -> Any:
    args = args if isinstance(args, tuple) else (args,)

    def f(at: Any, y: Any) -> Any:
        return _as_array(func(at, y, *args) if tfirst else func(y, at, *args))

    def body() -> Any:
        watched = Watched(lambda *given: func(*given, *args))
        slope = None if Dfun is None else _plain(lambda *given: Dfun(*given, *args))
        times = np.asarray(bare(t))
        result = integrate.odeint(
            watched, bare(y0), times, (), slope, col_deriv, full_output, *rest, tfirst=tfirst, **options
        )
        if not (watched.variable or has_variable(y0) or has_variable(t)):
            return result
        values = result[0] if full_output else result
        begin = t[0] if has_variable(t) else float(times[0])
        start = np.atleast_1d(y0 if hasattr(y0, "dtype") else _as_array(y0))
        rtol = rest[2] if len(rest) > 2 else options.get("rtol")
        path = _Path(f, begin, start * 1.0, float(times[-1]), None, None, 1.5e-8 if rtol is None else rtol)
        asked = [t[k] for k in range(len(times))] if has_variable(t) else times.tolist()
        found = revalued(np.stack([start * 1.0, *[path.at(at) for at in asked[1:]]]), values)
        return (found, *result[1:]) if full_output else found

    return dropped_in(body, func)


looking("scipy.integrate", each(solve_ivp), each(odeint))
