"""Solutions of initial value problems as what they depend on, along steps that are known.

Along the steps of a Runge-Kutta method its stages are carried out again, with whatever variables the right-hand side
finds: derivatives of any order are those of the method itself, and come as close to those of the solution as the
values do. A stiff problem needs an implicit method, whose equations are solved anew by Newton's method from the known
solution, with the Jacobian of there: each iteration makes one more order of derivative exact.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.integrate import DOP853, RK23, RK45

from ...tape.wrapping import bare
from ...transforms.jacobians import jacobian
from .steps import Tableau

Slope = Callable[[Any, Any], Any]
EXPLICIT = {"RK23": RK23, "RK45": RK45, "DOP853": DOP853}
_ORDERS = 3  # of derivatives that are exact by an implicit method


class Piece:
    """One step: y as a function of time between its ends."""

    def __init__(self, start: float, length: float, inside: Callable[[Any], Any]) -> None:
        self.start, self.length, self.inside = start, length, inside


def _stages(f: Slope, t: Any, h: Any, y: Any, first: Any, a: Any, c: Any) -> list[Any]:
    """Return the slopes at the stages of an explicit method, the first of which is known."""
    k = [first]
    for row, part in zip(a[1:], c[1:], strict=True):
        k.append(f(t + part * h, y + h * _mixed(row, k)))
    return k


def _mixed(weights: Any, slopes: Sequence[Any]) -> Any:
    parts = [w * k for w, k in zip(weights.tolist(), slopes, strict=False) if w]
    return functools.reduce(lambda x, y: x + y, parts)


def explicit_steps(f: Slope, times: Sequence[float], y: Any, method: type) -> tuple[list[Piece], Any]:
    """Return the steps of an explicit method, and where they end."""
    tableau: Any = method
    a, b, c = tableau.A, tableau.B, tableau.C
    steps, slope = [], f(times[0], y)
    for t, end in itertools.pairwise(times):
        h = end - t
        k = _stages(f, t, h, y, slope, a[: len(b)], c[: len(b)])
        new = y + h * _mixed(b, k)
        slope = f(end, new)
        k.append(slope)
        if method is DOP853:
            inside = functools.partial(_inside_of_eighth, f, t, h, y, new, k)
        else:
            inside = functools.partial(_inside, tableau.P, h, y, k)
        steps.append(Piece(t, h, inside))
        y = new
    return steps, y


def _inside(p: Any, h: float, y: Any, k: list[Any], x: Any) -> Any:
    """Return what lies between, by the matrix of a method's polynomials."""
    return y + h * _mixed(p @ np.cumprod(np.full(p.shape[1], x)), k)


class _TellsSteps:
    """What makes a method tell its steps: until when, from where, and with what slopes."""

    def __init__(self, *args: Any, told: list[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self._told = told

    def step(self) -> Any:
        message = super().step()  # type: ignore[misc]
        if self.status != "failed":  # type: ignore[attr-defined]
            self._told.append((self.t, self.y_old, np.array(self.K)))  # type: ignore[attr-defined]
        return message


@functools.cache
def that_tells(method: type) -> type:
    """Return an explicit method that tells its steps."""
    return type(method.__name__, (_TellsSteps, method), {})


@functools.cache
def explicit_tableau(method: Any, dense: bool) -> Tableau:
    """Return the coefficients of an explicit method, with those of the stages that dense output needs."""
    b, c = method.B, method.C
    s = len(b)
    if not dense:
        return Tableau(_square(method.A[:s], s), b, c[:s], lambda x: x * b)
    rows, times = [*method.A[:s], b], [*c[:s], 1.0]
    if method is DOP853:
        rows, times = [*rows, *method.A_EXTRA], [*times, *method.C_EXTRA]
    count = len(rows)

    def inside(x: float) -> Any:
        if method is DOP853:
            zero, units = np.zeros(count), list(np.eye(count))
            new = _mixed(b, units)
            return _polynomial(zero, new, 1.0, units, x)
        return method.P @ np.cumprod(np.full(method.P.shape[1], x))

    return Tableau(_square(rows, count), np.pad(b, (0, count - s)), np.array(times), inside)


def _square(rows: Any, count: int) -> Any:
    a = np.zeros((count, count))
    for k, row in enumerate(rows):
        a[k, : min(len(row), count)] = row[:count]
    return a


def _inside_of_eighth(f: Slope, t: float, h: float, y: Any, new: Any, k: list[Any], x: Any) -> Any:
    tableau: Any = DOP853
    k = list(k)
    for row, part in zip(tableau.A_EXTRA, tableau.C_EXTRA, strict=True):
        k.append(f(t + part * h, y + h * _mixed(row, k)))
    return _polynomial(y, new, h, k, x)


def _polynomial(y: Any, new: Any, h: float, k: list[Any], x: Any) -> Any:
    tableau: Any = DOP853
    change = new - y
    parts = [change, h * k[0] - change, 2 * change - h * (k[len(tableau.B)] + k[0])]
    parts += [h * _mixed(row, k) for row in tableau.D]
    total: Any = 0.0
    for i, part in enumerate(reversed(parts)):
        total = (total + part) * (x if i % 2 == 0 else 1 - x)
    return y + total


# --- stiff ------------------------------------------------------------------------------------------------------------


@functools.cache
def _radau() -> tuple[Any, Any]:
    """Return the coefficients of Radau IIA with three stages: Hairer and Wanner, table IV.5.6."""
    s = 6**0.5
    c = np.array([(4 - s) / 10, (4 + s) / 10, 1.0])
    powers = c[:, None] ** np.arange(3)
    sums = c[:, None] ** np.arange(1, 4) / np.arange(1, 4)
    return sums @ np.linalg.inv(powers), c


STAGES = 4


@functools.cache
def collocation_tableau() -> Tableau:
    """Return the coefficients of Radau IIA with four stages, which is of order 7.

    Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.5.
    """
    legendre = np.polynomial.legendre.Legendre.basis
    c = np.append((1 + np.sort((legendre(STAGES) - legendre(STAGES - 1)).roots().real)[:-1]) / 2, 1.0)
    inverse = np.linalg.inv(c[:, None] ** np.arange(STAGES))

    def inside(x: float) -> Any:
        return x ** np.arange(1, STAGES + 1) / np.arange(1, STAGES + 1) @ inverse

    a = np.stack([inside(x) for x in c])
    return Tableau(a, a[-1], c, inside)


def implicit_steps(f: Slope, times: Sequence[float], y: Any, known: Callable[[float], Any]) -> tuple[list[Piece], Any]:
    """Return the steps of Radau IIA, near a solution that is known but for what it depends on, and where they end."""
    a, c = _radau()
    steps = []
    for t, end in itertools.pairwise(times):
        h = end - t
        # The mesh is finer than SciPy's, so that the stages come close to its solution.
        z = np.stack([known(t + part * h) for part in c.tolist()])
        n = z.shape[1]
        blocks = np.stack([_jacobian(f, t + part * h, v) for part, v in zip(c.tolist(), z, strict=True)])
        whole = np.eye(3 * n) - h * np.reshape(
            np.transpose(a[:, :, None, None] * blocks[None], (0, 2, 1, 3)), (3 * n, 3 * n)
        )
        inverse = np.linalg.inv(whole)
        for _ in range(_ORDERS + 2):
            slopes = np.stack([f(t + part * h, z[i]) for i, part in enumerate(c.tolist())])
            missed = y + h * (a @ slopes) - z
            z = z + np.reshape(inverse @ np.ravel(missed), (3, n))
        steps.append(Piece(t, h, functools.partial(_collocated, y, z)))
        y = z[2]
    return steps, y


def _jacobian(f: Slope, t: float, y: Any) -> Any:
    return bare(jacobian(lambda v: f(t, v))(y))


def _collocated(y: Any, z: Any, x: Any) -> Any:
    """Return the polynomial through the start and the stages."""
    nodes = np.concatenate([[0.0], _radau()[1]])
    total: Any = 0.0
    for i, value in enumerate([y, z[0], z[1], z[2]]):
        weight: Any = 1.0
        for j in range(4):
            if j != i:
                weight = weight * (x - nodes[j]) / (nodes[i] - nodes[j])
        total = total + weight * value
    return total


def moved(f: Slope, t: Any, y: Any, to: Any) -> Any:
    """Return what y at a time t is at another one, where one of them is a variable, and both have the same value.

    So the value stays, and has the derivatives of the solution: one step of RK45, exact up to its order.
    """
    tableau: Any = RK45
    h = to - t
    k = _stages(f, t, h, y, f(t, y), tableau.A, tableau.C)
    return y + h * _mixed(tableau.B, k)
