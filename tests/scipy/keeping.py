"""Functions that keep something from one call to the next, in all the ways in which Python can, and solvers of them.

Each style makes of a number k a function that computes ``-k * y`` of ``(t, y)``.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate, optimize

Slope = Callable[..., Any]
STYLES: dict[str, Callable[[Any], Slope]] = {}


def style(make: Callable[[Any], Slope]) -> Callable[[Any], Slope]:
    STYLES[make.__name__] = make
    return make


# --- filled at the first call -----------------------------------------------------------------------------------------


@style
def filled_once(k: Any) -> Slope:
    kept: dict[str, Any] = {}

    def f(_: Any, y: Any) -> Any:
        if "rate" not in kept:
            kept["rate"] = k * 2.0
        return -kept["rate"] * y / 2

    return f


@style
def filled_once_in_part(k: Any) -> Slope:
    kept: dict[str, Any] = {}

    def f(_: Any, y: Any) -> Any:
        return -kept.setdefault("rate", k * 2.0) * y / 4 - k * y / 2

    return f


@style
def memo(k: Any) -> Slope:
    @functools.lru_cache
    def rate() -> Any:
        return k * 1.0

    return lambda _, y: -rate() * y


@style
def memo_by_time(k: Any) -> Slope:
    @functools.cache
    def rate(_: Any) -> Any:
        return k * 1.0

    return lambda t, y: -rate(t) * y


@style
def dict_by_time(k: Any) -> Slope:
    kept: dict[Any, Any] = {}

    def f(t: Any, y: Any) -> Any:
        if t not in kept:
            kept[t] = k * 1.0
        return -kept[t] * y

    return f


class Lazy:
    """One that computes its rate when it is first asked for it."""

    def __init__(self, k: Any) -> None:
        self.k, self._rate = k, None

    @property
    def rate(self) -> Any:
        if self._rate is None:
            self._rate = self.k * 1.0
        return self._rate

    def slope(self, _: Any, y: Any) -> Any:
        return -self.rate * y


@style
def lazy_property(k: Any) -> Slope:
    return Lazy(k).slope


class Cached:
    def __init__(self, k: Any) -> None:
        self.k = k

    @functools.cached_property
    def rate(self) -> Any:
        return self.k * 1.0

    def __call__(self, _: Any, y: Any) -> Any:
        return -self.rate * y


@style
def cached_property(k: Any) -> Slope:
    return Cached(k)


class Slots:
    __slots__ = ("k", "rate")

    def __init__(self, k: Any) -> None:
        self.k = k

    def slope(self, _: Any, y: Any) -> Any:
        if not hasattr(self, "rate"):
            self.rate = self.k * 1.0
        return -self.rate * y


@style
def lazy_slot(k: Any) -> Slope:
    return Slots(k).slope


@dataclasses.dataclass
class Data:
    k: Any
    kept: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __call__(self, _: Any, y: Any) -> Any:
        if not self.kept:
            self.kept["rate"] = self.k * 1.0
        return -self.kept["rate"] * y


@style
def dataclass(k: Any) -> Slope:
    return Data(k)


@style
def class_attribute(k: Any) -> Slope:
    class Owner:
        rate: Any = None

        @classmethod
        def of(cls) -> Any:
            if cls.rate is None:
                cls.rate = k * 1.0
            return cls.rate

    return lambda _, y: -Owner.of() * y


@style
def function_attribute(k: Any) -> Slope:
    def f(_: Any, y: Any) -> Any:
        if not hasattr(f, "rate"):
            f.rate = k * 1.0  # type: ignore[attr-defined]
        return -f.rate * y  # type: ignore[attr-defined]

    return f


@style
def default_argument(k: Any) -> Slope:
    def f(_: Any, y: Any, kept: list[Any] = []) -> Any:  # noqa: B006 - which is what it keeps
        if not kept:
            kept.append(k * 1.0)
        return -kept[0] * y

    return f


@style
def of_partial(k: Any) -> Slope:
    def f(kept: dict[str, Any], k: Any, _: Any, y: Any) -> Any:
        if "rate" not in kept:
            kept["rate"] = k * 1.0
        return -kept["rate"] * y

    return functools.partial(f, {}, k)


@style
def nested(k: Any) -> Slope:
    kept: dict[str, Any] = {"in": [{}]}

    def inner() -> Any:
        place = kept["in"][0]
        if "rate" not in place:
            place["rate"] = k * 1.0
        return place["rate"]

    return lambda _, y: -(lambda: inner())() * y


@style
def nonlocal_name(k: Any) -> Slope:
    rate = None

    def f(_: Any, y: Any) -> Any:
        nonlocal rate
        if rate is None:
            rate = k * 1.0
        return -rate * y

    return f


SHARED: dict[str, Any] = {}
RATE: Any = None


@style
def global_dict(k: Any) -> Slope:
    SHARED.clear()

    def f(_: Any, y: Any) -> Any:
        if "rate" not in SHARED:
            SHARED["rate"] = k * 1.0
        return -SHARED["rate"] * y

    return f


@style
def global_name(k: Any) -> Slope:
    global RATE
    RATE = None

    def f(_: Any, y: Any) -> Any:
        global RATE
        if RATE is None:
            RATE = k * 1.0
        return -RATE * y

    return f


@style
def generator(k: Any) -> Slope:
    def rates() -> Any:
        rate = k * 1.0
        while True:
            yield rate

    made = rates()
    return lambda _, y: -next(made) * y


@style
def iterator(k: Any) -> Slope:
    rates = itertools.cycle([k])
    return lambda _, y: -next(rates) * y


# --- filled at each call ----------------------------------------------------------------------------------------------


@style
def counter(k: Any) -> Slope:
    calls = []

    def f(_: Any, y: Any) -> Any:
        calls.append(1)
        return -k * y

    return f


class Watching:
    def __init__(self, k: Any) -> None:
        self.k, self.calls, self.last = k, 0, None

    def __call__(self, _: Any, y: Any) -> Any:
        self.calls, self.last = self.calls + 1, y
        return -self.k * y


@style
def last_place_written(k: Any) -> Slope:
    return Watching(k)


@style
def history(k: Any) -> Slope:
    kept: Any = collections.deque(maxlen=3)

    def f(_: Any, y: Any) -> Any:
        kept.append(-k * y)
        return kept[-1]

    return f


@style
def by_bytes(k: Any) -> Slope:
    kept: dict[bytes, Any] = {}

    def f(_: Any, y: Any) -> Any:
        key = np.asarray(y).tobytes()
        if key not in kept:
            kept[key] = -k * y
        return kept[key]

    return f


@style
def by_numbers(k: Any) -> Slope:
    kept: dict[Any, Any] = {}

    def f(_: Any, y: Any) -> Any:
        key = tuple(float(x) for x in np.ravel(y))
        if key not in kept:
            kept[key] = -k * y / 2
        return kept[key] - k * y / 2

    return f


@style
def last_place(k: Any) -> Slope:
    kept = types.SimpleNamespace(y=None, value=None)

    def f(_: Any, y: Any) -> Any:
        if kept.y is None or not np.array_equal(kept.y, y):
            kept.y, kept.value = y, -k * y
        return kept.value

    return f


@style
def last_place_in_part(k: Any) -> Slope:
    kept = types.SimpleNamespace(y=None, value=None)

    def f(_: Any, y: Any) -> Any:
        if kept.y is None or not np.array_equal(kept.y, y):
            kept.y, kept.value = np.copy(y), -k * y / 2
        return kept.value - k * y / 2

    return f


@style
def last_place_by_nonlocal_names(k: Any) -> Slope:
    at = value = None

    def f(_: Any, y: Any) -> Any:
        nonlocal at, value
        if at is None or not np.array_equal(at, y):
            at, value = np.copy(y), -k * y / 2
        return value - k * y / 2

    return f


@style
def all_places(k: Any) -> Slope:
    kept: list[Any] = []

    def f(_: Any, y: Any) -> Any:
        for at, value in kept:
            if np.array_equal(at, y):
                return value - k * y / 2
        kept.append((np.copy(y), -k * y / 2))
        return kept[-1][1] - k * y / 2

    return f


@style
def warm_start(k: Any) -> Slope:
    kept = [1.0]

    def f(_: Any, y: Any) -> Any:
        rate = kept[0]
        for _step in range(30):
            rate = 0.5 * (rate + k * k / rate)
        kept[0] = rate
        return -rate * y

    return f


@style
def filled_at_the_second(k: Any) -> Slope:
    kept: list[Any] = []

    def f(_: Any, y: Any) -> Any:
        kept.append(k * 1.0 if len(kept) == 1 else 0.0)
        return -(kept[1] if len(kept) > 1 else k) * y

    return f


@style
def filled_somewhere(k: Any) -> Slope:
    kept: dict[str, Any] = {}

    def f(_: Any, y: Any) -> Any:
        if kept or np.ravel(y)[0] > 1.2:
            return -kept.setdefault("rate", k * 1.0) * y
        return -k * y

    return f


@style
def buffer_made_anew(k: Any) -> Slope:
    def f(_: Any, y: Any) -> Any:
        out = np.zeros_like(y)
        out[:] = -k * y
        return out

    return f


@style
def buffer_that_is_kept(k: Any) -> Slope:
    buffer = np.zeros(2)

    def f(_: Any, y: Any) -> Any:
        buffer[:] = -k * y
        return buffer.copy()

    return f


# --- solvers ----------------------------------------------------------------------------------------------------------

_BOTH = np.array([1.0, 2.0])
_LIST = [1.0, 1.0]


def _place(x: Any) -> Any:
    return _BOTH * x


def _ivp(f: Slope, **how: Any) -> Any:
    return integrate.solve_ivp(f, (0, 1), [1.0, 2.0], rtol=1e-8, atol=1e-10, **how)


def _square(f: Slope) -> Callable[[Any], Any]:
    return lambda x: np.sum((f(0.0, x) + 3) ** 2)


def _line(f: Slope) -> Callable[[Any], Any]:
    return lambda x: np.sum((f(x, _place(x)) + 3) ** 2)


def _zero(f: Slope) -> Callable[[Any], Any]:
    return lambda x: np.sum(f(x, _place(x)) + 3)


def _system(f: Slope) -> Callable[[Any], Any]:
    return lambda x: f(0.0, x) + 3 * x**2 + np.array([-2, -3])


def _at(f: Slope) -> Callable[[Any], Any]:
    return lambda t: np.sum(f(t, _place(np.exp(-t))))


# Each takes a function of the table.
SOLVERS: dict[str, Callable[[Slope], Any]] = {
    "RK45": lambda f: np.sum(_ivp(f).y[:, -1]),
    "DOP853": lambda f: np.sum(_ivp(f, method="DOP853", t_eval=[0.3, 1.0]).y),
    "Radau": lambda f: np.sum(integrate.solve_ivp(f, (0, 1), [1.0, 2.0], "Radau", rtol=1e-7, atol=1e-9).y[:, -1]),
    "LSODA": lambda f: np.sum(_ivp(f, method="LSODA").y[:, -1]),
    "start": lambda f: np.sum(integrate.solve_ivp(f, (0, 1), f(0.0, -_BOTH), rtol=1e-8, atol=1e-10).y[:, -1]),
    "event": lambda f: integrate.solve_ivp(
        *(lambda t, y: -y, (0, 1), [1.0, 2.0]),
        events=lambda t, y: f(t, np.array([*y]))[0] + 1.0,
        rtol=1e-9,
        atol=1e-10,
    ).t_events[0][0],
    "odeint": lambda f: np.sum(
        integrate.odeint(lambda y, t: f(t, y), [1.0, 2.0], [0, 0.5, 1.0], rtol=1e-9, atol=1e-10)[-1]
    ),
    "quad": lambda f: integrate.quad(_at(f), 0, 1)[0],
    "quad, infinite": lambda f: integrate.quad(_at(f), 0, np.inf)[0],
    "quad, weight": lambda f: integrate.quad(_at(f), 0, 1, weight="cos", wvar=2.0)[0],
    "quad_vec": lambda f: np.sum(integrate.quad_vec(lambda t: f(t, _place(np.exp(-t))), 0, 1)[0]),
    "dblquad": lambda f: integrate.dblquad(lambda x, t: np.sum(f(t, _place(np.exp(-t * x)))), 0, 1, 0, 1)[0],
    "solve_bvp": lambda f: np.sum(
        integrate.solve_bvp(f, lambda a, _: a - _BOTH, np.linspace(0, 1, 5), np.ones((2, 5)), tol=1e-8).y[:, -1]
    ),
    "tanhsinh": lambda f: integrate.tanhsinh(lambda t: f(0.0, _place(1.0))[0] * np.exp(-t), 0, 1).integral,
    "brentq": lambda f: optimize.brentq(_zero(f), 0, 100),
    "newton": lambda f: optimize.newton(_zero(f), 1.0),
    "root_scalar": lambda f: optimize.root_scalar(_zero(f), bracket=(0, 100)).root,
    "fsolve": lambda f: np.sum(optimize.fsolve(_system(f), _LIST)),
    "root": lambda f: np.sum(optimize.root(_system(f), _LIST).x),
    "broyden1": lambda f: np.sum(optimize.broyden1(lambda x: f(0.0, x) + 6 * x - _BOTH, _LIST, f_tol=1e-10)),
    "fixed_point": lambda f: np.sum(optimize.fixed_point(lambda x: 1 + f(0.0, x) / 5, np.array([0.5, 1.0]))),
    "minimize": lambda f: np.sum(optimize.minimize(_square(f), _LIST).x),
    "L-BFGS-B": lambda f: np.sum(
        optimize.minimize(_square(f), _LIST, method="L-BFGS-B", bounds=[(0, 9)] * 2, options={"ftol": 1e-14}).x
    ),
    "Nelder-Mead": lambda f: np.sum(optimize.minimize(_square(f), _LIST, method="Nelder-Mead", tol=1e-9).x),
    "SLSQP": lambda f: np.sum(
        optimize.minimize(
            *(lambda x: np.sum(x**2), _LIST),
            method="SLSQP",
            constraints={"type": "eq", "fun": lambda x: np.sum(f(0.0, x)) + 3},
        ).x
    ),
    "trust-constr": lambda f: np.sum(
        optimize.minimize(
            *(lambda x: np.sum(x**2), _LIST),
            method="trust-constr",
            constraints=optimize.NonlinearConstraint(lambda x: np.sum(f(0.0, x)), -3.0, -3.0),
        ).x
    ),
    "jac": lambda f: np.sum(
        optimize.minimize(_square(f), _LIST, jac=lambda x: 2 * (f(0.0, x) + 3) * f(0.0, np.ones(2))).x
    ),
    "args": lambda f: np.sum(optimize.minimize(lambda x, g: _square(g)(x), _LIST, args=(f,)).x),
    "fmin_bfgs": lambda f: np.sum(optimize.fmin_bfgs(_square(f), _LIST, disp=0)),
    "minimize_scalar": lambda f: optimize.minimize_scalar(_line(f)).x,
    "bounded": lambda f: optimize.minimize_scalar(_line(f), bounds=(0, 9), method="bounded", options={"xatol": 1e-9}).x,
    "brent": lambda f: optimize.brent(_line(f)),
    "basinhopping": lambda f: np.sum(optimize.basinhopping(_square(f), _LIST, niter=2, rng=0).x),
    "least_squares": lambda f: np.sum(optimize.least_squares(lambda x: f(0.0, x) + 3 * x**2 - 2, _LIST).x),
    "leastsq": lambda f: np.sum(optimize.leastsq(lambda x: f(0.0, x) + 3 * x**2 - 2, _LIST)[0]),
    "curve_fit": lambda f: np.sum(
        optimize.curve_fit(lambda t, a: a + f(0.0, _place(a))[0] * t, np.arange(5.0), np.arange(5.0) ** 2)[0]
    ),
}
