"""solve_ivp and odeint: by initial values, by what the right-hand side depends on, and by times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...reverse.outputs import revalued
from ...rules.scipy.declared import looking
from ...tape.wrapping import bare, has_variable, lifted
from ..calling import each, of_values, seen_as, with_args
from ..captured import answered, dropped_in
from ..remembered import Memory, Recorded
from ..written import OfValues
from .multistep import AskedAnew, FromSteps, TellingLSODA, noting
from .paths import Path
from .stages import EXPLICIT, moved, that_tells
from .switches import holds_variables, slightly_others


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
        return _as_array(answered(fun, t, y, *args))

    given = has_variable((y0, t_span, t_eval))
    several = events if isinstance(events, (list, tuple)) else None if events is None else [events]
    asked = None if several is None else [_with_args(event, args) for event in several]
    span = [float(bare(t)) for t in t_span]
    first = bare(y0)
    kind = EXPLICIT.get(method) if isinstance(method, str) else method if method in EXPLICIT.values() else None
    told: list[Any] = []
    lsoda = method in ("LSODA", integrate.LSODA)
    telling = TellingLSODA if lsoda else None if kind is None else that_tells(kind)

    def solved(func: Any) -> Any:
        """Carry out SciPy's solver with a right-hand side that gives bare values."""
        told.clear()
        changes = dict(options, t_eval=None if t_eval is None else bare(t_eval))
        if callable(options.get("jac")):
            changes["jac"] = _plain(_with_args(options["jac"], args))
        elif "jac" in options:
            changes["jac"] = bare(options["jac"])
        if telling is not None:
            changes["told"] = told
        changes["events"] = None if asked is None else [_plain(event) for event in asked]
        return integrate.solve_ivp(
            func,
            span,
            first,
            method if telling is None else telling,
            dense_output=dense_output or telling is None,
            vectorized=vectorized,
            **changes,
        )

    def body() -> Any:
        start = span[0], np.atleast_1d(first)
        memory = Memory("scipy.integrate.solve_ivp", fun, args, several, options.get("jac"))
        smooth, solution, variable = of_values(
            *(fun, args, start, given, solved, memory), lambda: [event(*start) for event in asked or ()]
        )
        sol = solution.sol
        if not dense_output:
            solution.sol = None
        slope: Any = f
        happening: Any = asked
        if memory.kept:
            slope, happening = Recorded(f), None if asked is None else [*map(Recorded, asked)]
        known = not (variable or _any_variable(happening, solution))
        if known and not holds_variables(fun, args):
            return solution
        stopped = solution.status == 1
        end = told[-1][0] if told else float(sol.ts[-1]) if sol is not None else span[0]
        if lsoda:
            end = _last(solution, span)
            exact = {name: options.get(name, default) for name, default in (("rtol", 1e-3), ("atol", 1e-6))}
            sol = FromSteps(smooth, span[0], first, told, end, exact)
        path = Path(
            slope,
            seen_as(_as_slope, smooth),
            t_span[0],
            _as_array(y0),
            end,
            told=None if kind is None else told,
            dense=sol,
            method=method if kind is None else kind,
            rtol=options.get("rtol", 1e-3),
        )
        others = slightly_others(lambda: OfValues(fun, args, objects=True), _as_slope)
        path.refuse_moving("scipy.integrate.solve_ivp", (fun, *args), others, memory.kept)
        if known:
            return solution
        return _differentiated(solution, path, t_span, t_eval, happening, stopped, fun)

    return dropped_in(body, fun)


def _last(solution: Any, span: list[float]) -> float:
    """Return the time to which a solution goes: the end, unless an event or a failure came before."""
    if solution.status == 0:
        return span[1]
    happened = [] if solution.t_events is None else [*np.concatenate(solution.t_events)]
    times = [span[0], *np.asarray(solution.t).tolist(), *(happened if solution.status == 1 else [])]
    return float(max(times) if span[1] > span[0] else min(times))


def _as_array(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        value = np.stack([np.asarray(v) if not hasattr(v, "dtype") else v for v in value])
    elif not hasattr(value, "dtype"):
        value = np.asarray(value)
    return value if np.ndim(value) else np.atleast_1d(value)


def _as_slope(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda t, y: _as_array(answered(f, t, y))


def _as_swapped_slope(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda t, y: _as_array(answered(f, y, t))


def _with_args(func: Any, args: tuple[Any, ...]) -> Any:
    if not args:
        return func

    def call(t: Any, y: Any) -> Any:
        return func(t, y, *args)

    for name in ("terminal", "direction"):
        if hasattr(func, name):
            setattr(call, name, getattr(func, name))
    return call


def _any_variable(events: Any, solution: Any) -> bool:
    """Tell whether an event that happens depends on a variable."""
    if events is None:
        return False
    found = zip(events, solution.t_events, solution.y_events, strict=True)
    return any(has_variable(event(t, y)) for event, times, values in found for t, y in zip(times, values, strict=True))


def _differentiated(solution: Any, path: Path, t_span: Any, t_eval: Any, events: Any, stopped: bool, func: Any) -> Any:
    """Return the solution with times and values as variables, where they are."""
    result = type(solution)(solution)
    times = np.asarray(solution.t).tolist()
    ends: list[Any] = [*times]
    if events is not None:
        result.t_events, result.y_events = _at_events(solution, path, events)
    if t_eval is not None:
        asked = [t_eval[k] for k in range(len(ends))] if has_variable(t_eval) else ends
        ends = [at if has_variable(at) else t for at, t in zip(asked, ends, strict=True)]
    elif ends:
        if has_variable(t_span[0]):
            ends[0] = t_span[0]
        if has_variable(t_span[1]) and not stopped and solution.status == 0:
            ends[-1] = t_span[1]
        if stopped and result.t_events is not None:
            last = [found[-1] for found in result.t_events if len(found) and float(bare(found[-1])) == times[-1]]
            ends[-1] = last[0] if last else ends[-1]
    if times:
        values = _along(path, times, ends, solution.y.T)
        result.y = revalued(np.transpose(values), solution.y)
        if has_variable(ends):
            result.t = revalued(np.stack([t if has_variable(t) else np.asarray(t) for t in ends]), solution.t)
    if solution.sol is not None:
        result.sol = _Dense(path, solution.sol, func)
    return result


def _along(path: Path, times: list[float], ends: Any, plain: Any) -> Any:
    """Return the solution at times that may be variables, given their values and its own."""
    values = path.values(times, plain)
    if not has_variable(ends):
        return values
    both = enumerate(zip(times, ends, strict=True))
    return np.stack([moved(path.f, t, values[k], at) if has_variable(at) else values[k] for k, (t, at) in both])


def _at_events(solution: Any, path: Path, events: Any) -> tuple[list[Any], list[Any]]:
    """Return when events happen, and the values then: where each one's function is 0 along the solution."""
    all_times, all_values = [], []
    for event, times, values in zip(events, solution.t_events, solution.y_events, strict=True):
        found, there = [], []
        for t, plain in zip(times.tolist(), values, strict=True):
            y = path.at(t, plain)

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

    def __init__(self, path: Path, plain: Any, func: Any) -> None:
        self._path, self._plain, self._func = path, plain, func

    def __call__(self, t: Any) -> Any:
        return dropped_in(lambda: self._at(t), self._func)

    def _at(self, t: Any) -> Any:
        t = lifted(t)
        plain = self._plain(bare(t))
        whole = np.reshape(plain.T, (-1, plain.shape[0]))
        asked = [t] if np.ndim(t) == 0 else [t[k] for k in range(len(t))] if has_variable(t) else np.asarray(t).tolist()
        found = _along(self._path, [float(bare(at)) for at in asked], asked, whole)
        return revalued(found[0] if np.ndim(t) == 0 else np.transpose(found), plain)

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

    whole = with_args(func, args)
    called_at: list[float] = []

    def swapped(function: Callable[..., Any]) -> Callable[..., Any]:
        return function if tfirst else lambda at, y: function(y, at)

    def anew(at: Any, y: Any) -> Any:
        return _as_array(answered(swapped(whole), at, y))

    def body() -> Any:
        slope = None if Dfun is None else _plain(lambda *given: Dfun(*given, *args))
        times, first = np.asarray(bare(t), float), np.atleast_1d(bare(y0))

        def solved(plain: Any) -> Any:
            called_at.clear()
            given = (
                noting(plain, called_at, 0 if tfirst else 1),
                bare(y0),
                times,
                (),
                slope,
                col_deriv,
                full_output,
                *rest,
            )
            return integrate.odeint(*given, tfirst=tfirst, **options)

        at = (times[0], first) if tfirst else (first, times[0])
        memory = Memory("scipy.integrate.odeint", func, args, Dfun)
        smooth, result, variable = of_values(func, args, at, has_variable((y0, t)), solved, memory)
        if not variable and not holds_variables(func, args):
            return result
        values = result[0] if full_output else result
        rtol, atol = [rest[k] if len(rest) > k else options.get(name) for k, name in ((2, "rtol"), (3, "atol"))]
        exact = {"rtol": 1.49e-8 if rtol is None else rtol, "atol": 1.49e-8 if atol is None else atol}
        plain = swapped(smooth)
        form = _as_slope if tfirst else _as_swapped_slope
        dense = None
        if times[-1] != times[0]:
            dense = AskedAnew(plain, float(times[0]), first * 1.0, called_at, float(times[-1]), exact)
        path = Path(
            Recorded(anew) if memory.kept else anew,
            seen_as(form, smooth),
            t[0] if has_variable(t) else float(times[0]),
            _as_array(y0) * 1.0,
            float(times[-1]),
            dense=dense,
            method="LSODA",
            rtol=exact["rtol"],
        )
        others = slightly_others(lambda: OfValues(func, args, objects=True), form)
        path.refuse_moving("scipy.integrate.odeint", (func, *args), others, memory.kept)
        if not variable:
            return result
        asked = [t[k] for k in range(len(times))] if has_variable(t) else times.tolist()
        later = _along(path, times[1:].tolist(), asked[1:], values[1:])
        found = revalued(np.concatenate([(_as_array(y0) * 1.0)[None], later]), values)
        return (found, *result[1:]) if full_output else found

    return dropped_in(body, func)


looking("scipy.integrate", each(solve_ivp), each(odeint))
