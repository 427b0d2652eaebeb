"""The steps of LSODA, which does not tell them: when it calls the right-hand side does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ..calling import in_plain_arrays

# So many of its steps, which are short for their orders, make one of collocation.
_TOGETHER = 2


def noting(func: Callable[..., Any], called_at: list[float], which: int = 0) -> Callable[..., Any]:
    """Return a function that notes the times at which it is called, its argument number `which`."""

    def call(*given: Any) -> Any:
        called_at.append(given[which])
        return func(*given)

    return call


class Interpolated:
    """A solution of LSODA, at any times, as it finds it when it is asked for them.

    Parameters
    ----------
    func : the right-hand side, of a time and a vector, with bare values
    start, y0 : where it begins
    called_at : the times at which LSODA has called it
    end : until when
    exact : LSODA's tolerances
    """

    def __init__(
        self,
        func: Callable[..., Any],
        start: float,
        y0: Any,
        called_at: list[float],
        end: float,
        exact: dict[str, Any],
        **options: Any,
    ) -> None:
        self._func, self._y0, self._options = func, np.atleast_1d(y0), {**exact, **options}
        self.ts = _steps(start, np.asarray(called_at, float), end)

    def __call__(self, times: Any) -> Array:
        """Return the values at some times, in the order of the solution: (n, number of times)."""
        asked = np.concatenate([self.ts[:1], times])
        found, told = in_plain_arrays(self._found, asked)
        if told["message"] != "Integration successful.":
            raise ValueError(told["message"])
        return np.asarray(found)[1:].T

    def between_steps(self) -> Any:
        """Return the solution as a function of time, for many calls."""
        span = float(self.ts[0]), float(self.ts[-1])
        exact = {key: self._options[key] for key in ("rtol", "atol")}

        def solved() -> Any:
            slope = lambda t, y: bare(self._func(t, y))  # noqa: E731
            return integrate.solve_ivp(slope, span, self._y0, "LSODA", dense_output=True, **exact).sol

        return in_plain_arrays(solved)

    def _found(self, asked: Array) -> Any:
        options = {"tfirst": True, "full_output": True, "mxstep": 100_000, **self._options}
        if "tcrit" not in options or self.ts[-1] >= self.ts[0]:
            return integrate.odeint(lambda t, y: bare(self._func(t, y)), self._y0, asked, **options)
        # To this time odeint keeps in one direction alone.
        options["tcrit"] = np.negative(options["tcrit"])
        return integrate.odeint(lambda t, y: np.negative(bare(self._func(-t, y))), self._y0, -asked, **options)


def _steps(start: float, called_at: Array, end: float) -> Array:
    """Return the times between steps: those after which no call was for an earlier time, as for a step that failed."""
    turn = 1.0 if end >= start else -1.0
    ahead = np.minimum.accumulate((turn * called_at)[::-1])[::-1]
    times = np.unique(ahead[(ahead > turn * start) & (ahead < turn * end)])
    return turn * np.array([turn * start, *times[_TOGETHER - 1 :: _TOGETHER], turn * end])
