"""Solutions of LSODA, of whose steps odeint tells nothing, and solve_ivp where they end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from ...kernels.arrays import Array
from ...tape.wrapping import bare
from ..calling import in_plain_arrays
from ..written import OfValues

# So many of its steps, which are short for their orders, make one of collocation.
_TOGETHER = 2
# Through so many values goes the polynomial between steps: it comes as close as LSODA's own, most orders being lower.
_NODES = 8


class Multistep:
    """A solution of LSODA, at any times.

    Parameters
    ----------
    func : the right-hand side, of a time and a vector, with bare values
    y0 : where it begins
    ends : the times between its steps, from its begin to its end
    exact : LSODA's tolerances

    Attributes
    ----------
    ts : the times between the steps of collocation
    """

    def __init__(self, func: Callable[..., Any], y0: Any, ends: Array, exact: dict[str, Any]) -> None:
        # The values of a function with the values of its variables are bare already.
        self._slope = func.function if type(func) is OfValues else lambda t, y: bare(func(t, y))
        self._y0, self._exact = np.atleast_1d(y0), exact
        self.ts = np.concatenate([ends[:1], ends[1:-1][_TOGETHER - 1 :: _TOGETHER], ends[-1:]])

    def __call__(self, times: Any) -> Array:
        """Return the values at some times, in the order of the solution: (n, number of times)."""
        raise NotImplementedError

    def between_steps(self) -> Any:
        """Return the solution as a function of time, for many calls."""
        span = float(self.ts[0]), float(self.ts[-1])

        def solved() -> Any:
            return integrate.solve_ivp(self._slope, span, self._y0, "LSODA", dense_output=True, **self._exact).sol

        return in_plain_arrays(solved)


# --- solve_ivp --------------------------------------------------------------------------------------------------------


class TellingLSODA(integrate.LSODA):  # type: ignore[misc]
    """LSODA that tells where its steps end, and with what value."""

    def __init__(self, *args: Any, told: list[tuple[float, Array]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._told = told

    def step(self) -> Any:
        message = super().step()
        if self.status != "failed":
            self._told.append((self.t, np.array(self.y)))
        return message


class FromSteps(Multistep):
    """A solution whose steps are told: Lagrange's polynomials through the values between them.

    Parameters
    ----------
    start, told : when it begins, and what `TellingLSODA` has told
    end : until when, which may lie within the last step
    """

    def __init__(
        self,
        func: Callable[..., Any],
        start: float,
        y0: Any,
        told: list[tuple[float, Array]],
        end: float,
        exact: dict[str, Any],
    ) -> None:
        self._turn = 1.0 if end >= start else -1.0
        self._times = self._turn * np.array([start, *[t for t, _ in told]])
        self._values = np.stack([np.atleast_1d(y0), *[y for _, y in told]])
        inside = self._times[: np.searchsorted(self._times, self._turn * end)]
        super().__init__(func, y0, np.append(self._turn * inside, end), exact)

    def __call__(self, times: Any) -> Array:
        t, known = self._turn * np.asarray(times), self._times
        count = min(_NODES, len(known))
        first = np.clip(np.searchsorted(known, t) - count // 2, 0, len(known) - count)
        which = first[:, None] + np.arange(count)
        nodes = known[which]
        apart = nodes[:, :, None] - nodes[:, None, :]
        parts = (t[:, None] - nodes)[:, None, :]
        itself = np.arange(count)
        apart[:, itself, itself] = 1.0
        parts = parts / apart
        parts[:, itself, itself] = 1.0
        return np.matmul(np.prod(parts, axis=2)[:, None], self._values[which])[:, 0].T


# --- odeint -----------------------------------------------------------------------------------------------------------


def noting(func: Callable[..., Any], called_at: list[float], which: int = 0) -> Callable[..., Any]:
    """Return a function that notes the times at which it is called, its argument number `which`."""

    note = called_at.append

    def call(first: Any, second: Any) -> Any:
        note(second if which else first)
        return func(first, second)

    return call


class AskedAnew(Multistep):
    """A solution for whose values LSODA is asked anew, since it is called with such as it predicts alone.

    Parameters
    ----------
    start, called_at : when it begins, and the times at which LSODA has called the right-hand side
    end : until when
    options : of odeint
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
        super().__init__(func, y0, _ends_of_steps(start, np.asarray(called_at, float), end), exact)
        self._options = {"tfirst": True, "full_output": True, "mxstep": 100_000, **exact, **options}

    def __call__(self, times: Any) -> Array:
        asked = np.concatenate([self.ts[:1], times])
        found, told = in_plain_arrays(self._found, asked)
        if told["message"] != "Integration successful.":
            raise ValueError(told["message"])
        return np.asarray(found)[1:].T

    def _found(self, asked: Array) -> Any:
        return integrate.odeint(self._slope, self._y0, asked, **self._options)


def _ends_of_steps(start: float, called_at: Array, end: float) -> Array:
    """Return the times between steps: those after which no call was for an earlier time, as for a step that failed."""
    turn = 1.0 if end >= start else -1.0
    ahead = np.minimum.accumulate((turn * called_at)[::-1])[::-1]
    times = np.unique(ahead[(ahead > turn * start) & (ahead < turn * end)])
    return turn * np.array([turn * start, *times, turn * end])
