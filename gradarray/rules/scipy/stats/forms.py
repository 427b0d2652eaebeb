"""The new distributions of scipy.stats as formulas, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ....tape.wrapping import bare
from ..unswitched import special
from .compiled import _binom_cdf, _binom_sf

# What each function of the argument is below the support, and above it.
_BEYOND = {
    "pdf": (0.0, 0.0),
    "logpdf": (-np.inf, -np.inf),
    "cdf": (0.0, 1.0),
    "ccdf": (1.0, 0.0),
    "logcdf": (-np.inf, 0.0),
    "logccdf": (0.0, -np.inf),
}


def refused(what: str, why: str) -> TypeError:
    return TypeError(f"scipy.stats: {what} of a variable has no derivative here: {why}")


class Form:
    """A distribution: each function that it has a formula for, and those that follow from one another.

    Attributes
    ----------
    ends : the support
    """

    ends: tuple[Any, Any] = (-np.inf, np.inf)
    whole = False

    def at(self, name: str, x: Any) -> Any:
        """Return a function of the argument by its name, also where that is outside of the support."""
        low, high = self.ends
        values, low, high = bare(x), bare(low), bare(high)
        below, above = values < low, values > high
        out = below | above | np.isnan(values)
        if not np.any(out):
            return getattr(self, name)(x)
        span = np.where(np.isfinite(low) & np.isfinite(high), (high - np.where(np.isfinite(low), low, 0.0)) / 2, 1.0)
        within = np.where(np.isfinite(low), low + span, np.where(np.isfinite(high), high - span, 0.0))
        found = getattr(self, name)(np.where(out, within, x))
        first, second = _BEYOND[name]
        return np.where(below, first, np.where(above, second, np.where(np.isnan(values), np.nan, found)))

    def pdf(self, x: Any) -> Any:
        return np.exp(self.logpdf(x))

    def logpdf(self, x: Any) -> Any:
        return np.log(self.pdf(x))

    def ccdf(self, x: Any) -> Any:
        return 1 - self.cdf(x)

    def logcdf(self, x: Any) -> Any:
        return np.log(self.cdf(x))

    def logccdf(self, x: Any) -> Any:
        return np.log(self.ccdf(x))

    def cdf(self, x: Any) -> Any:
        raise self.unknown("cdf")

    def icdf(self, p: Any) -> Any:
        raise self.unknown("icdf", "it is found by a solver; use scipy.optimize.root_scalar")

    def iccdf(self, p: Any) -> Any:
        return self.icdf(1 - p)

    def between(self, low: Any, high: Any) -> Any:
        """Return the probability of an interval, counted from the side where it loses no digits."""
        left = bare(self.at("cdf", low)) <= 0.5
        under = self.at("cdf", high) - self.at("cdf", low)
        return np.where(left, under, self.at("ccdf", low) - self.at("ccdf", high))

    def mean(self) -> Any:
        raise self.unknown("mean", "it is an integral; compute it with scipy.integrate.quad")

    def central(self, order: int) -> Any:
        raise self.unknown("moment", "it is an integral; compute it with scipy.integrate.quad")

    def entropy(self) -> Any:
        raise self.unknown("entropy", "it is an integral; compute it with scipy.integrate.quad")

    def mode(self) -> Any:
        raise self.unknown("mode", "it is found by a solver")

    def moved(self, draw: Any, plain: Callable[[Any], Any]) -> Any:
        """Return a draw as the function of the parameters that it is; `plain` takes their variables away."""
        raise self.unknown("sample", "a draw is no smooth function of such parameters")

    def unknown(self, what: str, why: str = "no formula of it is known") -> TypeError:
        return refused(f"{type(self).__name__}.{what}", why)


class Normal(Form):
    def __init__(self, mu: Any, sigma: Any) -> None:
        self.mu, self.sigma = mu, sigma

    def _z(self, x: Any) -> Any:
        return (x - self.mu) / self.sigma

    def logpdf(self, x: Any) -> Any:
        return -(self._z(x) ** 2) / 2 - math.log(2 * math.pi) / 2 - np.log(self.sigma)

    def cdf(self, x: Any) -> Any:
        return special.ndtr(self._z(x))

    def ccdf(self, x: Any) -> Any:
        return special.ndtr(-self._z(x))

    def logcdf(self, x: Any) -> Any:
        return special.log_ndtr(self._z(x))

    def logccdf(self, x: Any) -> Any:
        return special.log_ndtr(-self._z(x))

    def icdf(self, p: Any) -> Any:
        return self.mu + self.sigma * special.ndtri(p)

    def iccdf(self, p: Any) -> Any:
        return self.mu - self.sigma * special.ndtri(p)

    def mean(self) -> Any:
        return self.mu + 0 * self.sigma

    mode = mean

    def central(self, order: int) -> Any:
        return 0 * self.mu + (0 if order % 2 else math.prod(range(1, order, 2))) * self.sigma**order

    def entropy(self) -> Any:
        return 0 * self.mu + np.log(self.sigma) + math.log(2 * math.pi * math.e) / 2

    def moved(self, draw: Any, plain: Callable[[Any], Any]) -> Any:
        return self.mu + self.sigma * ((draw - plain(self.mu)) / plain(self.sigma))


class Uniform(Form):
    def __init__(self, a: Any, b: Any) -> None:
        self.ends = a, b

    def logpdf(self, x: Any) -> Any:
        return 0 * x - np.log(self.ends[1] - self.ends[0])

    def cdf(self, x: Any) -> Any:
        return (x - self.ends[0]) / (self.ends[1] - self.ends[0])

    def ccdf(self, x: Any) -> Any:
        return (self.ends[1] - x) / (self.ends[1] - self.ends[0])

    def icdf(self, p: Any) -> Any:
        return self.ends[0] + (self.ends[1] - self.ends[0]) * p

    def iccdf(self, p: Any) -> Any:
        return self.ends[1] - (self.ends[1] - self.ends[0]) * p

    def mean(self) -> Any:
        return self.ends[0] + (self.ends[1] - self.ends[0]) / 2

    mode = mean

    def central(self, order: int) -> Any:
        return (0 if order % 2 else 1 / (order + 1)) * ((self.ends[1] - self.ends[0]) / 2) ** order

    def entropy(self) -> Any:
        return np.log(self.ends[1] - self.ends[0])

    def moved(self, draw: Any, plain: Callable[[Any], Any]) -> Any:
        a, b = self.ends
        return a + (b - a) * ((draw - plain(a)) / (plain(b) - plain(a)))


class Logistic(Form):
    def logpdf(self, x: Any) -> Any:
        return special.log_expit(x) + special.log_expit(-x)

    def cdf(self, x: Any) -> Any:
        return special.expit(x)

    def ccdf(self, x: Any) -> Any:
        return special.expit(-x)

    def logcdf(self, x: Any) -> Any:
        return special.log_expit(x)

    def logccdf(self, x: Any) -> Any:
        return special.log_expit(-x)

    def icdf(self, p: Any) -> Any:
        return special.logit(p)

    def iccdf(self, p: Any) -> Any:
        return -special.logit(p)

    def mean(self) -> Any:
        return 0.0

    mode = mean

    def central(self, order: int) -> Any:
        return {2: math.pi**2 / 3, 3: 0.0, 4: 7 * math.pi**4 / 15}[order]

    def entropy(self) -> Any:
        return 2.0

    def moved(self, draw: Any, plain: Callable[[Any], Any]) -> Any:
        return draw


_STEPS = "its values are whole numbers, and change in steps"


class Binomial(Form):
    whole = True

    def __init__(self, n: Any, p: Any) -> None:
        self.n, self.p = n, p
        self.ends = 0.0, n

    def logpdf(self, x: Any) -> Any:
        ways = special.gammaln(self.n + 1) - special.gammaln(x + 1) - special.gammaln(self.n - x + 1)
        found = ways + special.xlogy(x, self.p) + special.xlog1py(self.n - x, -self.p)
        return np.where(bare(x) == np.floor(bare(x)), found, -np.inf)

    def cdf(self, x: Any) -> Any:
        return _binom_cdf(np.floor(x), self.n, self.p)

    def ccdf(self, x: Any) -> Any:
        return _binom_sf(np.floor(x), self.n, self.p)

    def icdf(self, p: Any) -> Any:
        raise self.unknown("icdf", _STEPS)

    def mode(self) -> Any:
        raise self.unknown("mode", _STEPS)

    def mean(self) -> Any:
        return self.n * self.p

    def central(self, order: int) -> Any:
        p, both = self.p, self.n * self.p * (1 - self.p)
        if order == 2:
            return both
        return both * (1 - 2 * p) if order == 3 else both * (1 + 3 * both * (1 - 2 / self.n))
