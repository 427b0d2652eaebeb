"""The new distributions of scipy.stats that are made of others: moved, truncated, mixed, or a function of one."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ....tape.wrapping import bare
from ..unswitched import special
from .forms import Form


class ShiftedScaled(Form):
    def __init__(self, base: Form, loc: Any, scale: Any) -> None:
        self.original, self.loc, self.scale = base, loc, scale
        self.up = np.greater(bare(scale), 0)
        low, high = (end * scale + loc for end in base.ends)
        self.ends = np.where(self.up, low, high), np.where(self.up, high, low)

    def _either(self, first: str, second: str, x: Any) -> Any:
        z = (x - self.loc) / self.scale
        return np.where(self.up, self.original.at(first, z), self.original.at(second, z))

    def logpdf(self, x: Any) -> Any:
        return self.original.at("logpdf", (x - self.loc) / self.scale) - np.log(np.abs(self.scale))

    def cdf(self, x: Any) -> Any:
        return self._either("cdf", "ccdf", x)

    def ccdf(self, x: Any) -> Any:
        return self._either("ccdf", "cdf", x)

    def logcdf(self, x: Any) -> Any:
        return self._either("logcdf", "logccdf", x)

    def logccdf(self, x: Any) -> Any:
        return self._either("logccdf", "logcdf", x)

    def icdf(self, p: Any) -> Any:
        return np.where(self.up, self.original.icdf(p), self.original.iccdf(p)) * self.scale + self.loc

    def iccdf(self, p: Any) -> Any:
        return np.where(self.up, self.original.iccdf(p), self.original.icdf(p)) * self.scale + self.loc

    def mean(self) -> Any:
        return self.original.mean() * self.scale + self.loc

    def central(self, order: int) -> Any:
        return self.original.central(order) * self.scale**order + 0 * self.loc

    def entropy(self) -> Any:
        return self.original.entropy() + np.log(np.abs(self.scale)) + 0 * self.loc

    def mode(self) -> Any:
        return self.original.mode() * self.scale + self.loc

    def moved(self, draw: Any, plain: Callable[[Any], Any]) -> Any:
        inner = (draw - plain(self.loc)) / plain(self.scale)
        return self.original.moved(inner, plain) * self.scale + self.loc


class Truncated(Form):
    def __init__(self, base: Form, lb: Any, ub: Any) -> None:
        self.original = base
        self.ends = np.maximum(base.ends[0], lb), np.minimum(base.ends[1], ub)
        self.mass = base.between(*self.ends)

    def logpdf(self, x: Any) -> Any:
        return self.original.at("logpdf", x) - np.log(self.mass)

    def cdf(self, x: Any) -> Any:
        return self.original.between(self.ends[0], x) / self.mass

    def ccdf(self, x: Any) -> Any:
        return self.original.between(x, self.ends[1]) / self.mass

    def icdf(self, p: Any) -> Any:
        under = self.original.icdf(self.original.at("cdf", self.ends[0]) + p * self.mass)
        return np.where(
            self._left(), under, self.original.iccdf(self.original.at("ccdf", self.ends[0]) - p * self.mass)
        )

    def iccdf(self, p: Any) -> Any:
        over = self.original.iccdf(self.original.at("ccdf", self.ends[1]) + p * self.mass)
        return np.where(self._left(), self.original.icdf(self.original.at("cdf", self.ends[1]) - p * self.mass), over)

    def _left(self) -> Any:
        return bare(self.original.at("cdf", self.ends[0])) <= 0.5


class OrderStatistic(Form):
    def __init__(self, base: Form, r: Any, n: Any) -> None:
        self.original, self.r, self.n, self.ends = base, r, n, base.ends

    def logpdf(self, x: Any) -> Any:
        low, high = self.original.at("cdf", x), self.original.at("ccdf", x)
        powers = special.xlogy(self.r - 1, low) + special.xlogy(self.n - self.r, high)
        return self.original.at("logpdf", x) + powers - special.betaln(self.r, self.n - self.r + 1)

    def cdf(self, x: Any) -> Any:
        return special.betainc(self.r, self.n - self.r + 1, self.original.at("cdf", x))

    def ccdf(self, x: Any) -> Any:
        return special.betaincc(self.r, self.n - self.r + 1, self.original.at("cdf", x))

    def icdf(self, p: Any) -> Any:
        return self.original.icdf(special.betaincinv(self.r, self.n - self.r + 1, p))

    def iccdf(self, p: Any) -> Any:
        return self.original.icdf(special.betainccinv(self.r, self.n - self.r + 1, p))


class Monotonic(Form):
    """What a function `g` makes of a number, with its inverse `h` and the logarithm of the slope of that."""

    def __init__(self, base: Form, g: Any, h: Any, logdh: Any, increasing: bool) -> None:
        self.original, self.g, self.h, self.logdh, self.up = base, g, h, logdh, increasing
        with np.errstate(all="ignore"):
            ends = tuple(map(g, base.ends))
        self.ends = ends if increasing else ends[::-1]

    def logpdf(self, x: Any) -> Any:
        return self.original.at("logpdf", self.h(x)) + self.logdh(x)

    def cdf(self, x: Any) -> Any:
        return self.original.at("cdf" if self.up else "ccdf", self.h(x))

    def ccdf(self, x: Any) -> Any:
        return self.original.at("ccdf" if self.up else "cdf", self.h(x))

    def logcdf(self, x: Any) -> Any:
        return self.original.at("logcdf" if self.up else "logccdf", self.h(x))

    def logccdf(self, x: Any) -> Any:
        return self.original.at("logccdf" if self.up else "logcdf", self.h(x))

    def icdf(self, p: Any) -> Any:
        return self.g(self.original.icdf(p) if self.up else self.original.iccdf(p))

    def iccdf(self, p: Any) -> Any:
        return self.g(self.original.iccdf(p) if self.up else self.original.icdf(p))


class Folded(Form):
    def __init__(self, base: Form) -> None:
        self.original = base
        low, high = (np.abs(end) for end in base.ends)
        both = (bare(base.ends[0]) < 0) & (bare(base.ends[1]) > 0)
        self.ends = np.where(both, 0.0, np.minimum(low, high)), np.maximum(low, high)

    def pdf(self, x: Any) -> Any:
        return self.original.at("pdf", x) + self.original.at("pdf", -x)

    def logpdf(self, x: Any) -> Any:
        return np.logaddexp(self.original.at("logpdf", x), self.original.at("logpdf", -x))

    def cdf(self, x: Any) -> Any:
        return self.original.between(-x, x)

    def ccdf(self, x: Any) -> Any:
        return self.original.at("ccdf", x) + self.original.at("cdf", -x)


class Mixture(Form):
    def __init__(self, components: list[Form], weights: Any) -> None:
        self.components, self.weights = components, [weights[i] for i in range(len(components))]
        lows, highs = zip(*[form.ends for form in components], strict=True)
        self.ends = functools.reduce(np.minimum, lows), functools.reduce(np.maximum, highs)

    def _sum(self, name: str, x: Any) -> Any:
        return sum(w * form.at(name, x) for w, form in zip(self.weights, self.components, strict=True))

    def pdf(self, x: Any) -> Any:
        return self._sum("pdf", x)

    def logpdf(self, x: Any) -> Any:
        return self._logs("logpdf", x)

    def _logs(self, name: str, x: Any) -> Any:
        terms = [np.log(w) + form.at(name, x) for w, form in zip(self.weights, self.components, strict=True)]
        return functools.reduce(np.logaddexp, terms)

    def cdf(self, x: Any) -> Any:
        return self._sum("cdf", x)

    def ccdf(self, x: Any) -> Any:
        return self._sum("ccdf", x)

    def logcdf(self, x: Any) -> Any:
        return self._logs("logcdf", x)

    def logccdf(self, x: Any) -> Any:
        return self._logs("logccdf", x)

    def mean(self) -> Any:
        return sum(w * form.mean() for w, form in zip(self.weights, self.components, strict=True))

    def central(self, order: int) -> Any:
        whole, total = self.mean(), 0.0
        for w, form in zip(self.weights, self.components, strict=True):
            off = form.mean() - whole
            own = [1.0, 0.0, *[form.central(k) for k in range(2, order + 1)]]
            total = total + w * sum(math.comb(order, k) * own[k] * off ** (order - k) for k in range(order + 1))
        return total
