"""Gamma and related functions, and the zeta function."""

from __future__ import annotations

import numpy as np

from ....kernels.arrays import Array
from ....tape.wrapping import bare
from ...numpy.pieces import nowhere
from ..declared import elementwise, flat
from ..quadrature import over_positive
from ..unswitched import special
from .series import riemann_slope, trigamma, zeta_by_order


def rgamma_slope(x: Array) -> Array:
    """Return the derivative of 1 / Gamma, also where Gamma has poles: by reflection, 5.5.3."""
    low = np.real(x) < 0.5
    far, near = np.where(low, 0.5, x), np.where(low, x, 0.5)
    whole = np.round(np.real(near))
    sign, turn = np.where(whole % 2 == 0, 1.0, -1.0), np.pi * (near - whole)
    reflected = np.cos(turn) - special.psi(1 - near) * np.sin(turn) / np.pi
    return np.where(low, sign * special.gamma(1 - near) * reflected, -special.rgamma(far) * special.psi(far))


elementwise("gamma", lambda ans, x: ans * special.psi(x))
elementwise("gammaln", lambda _ans, x: special.psi(x))
elementwise("loggamma", lambda _ans, z: special.psi(z))
elementwise("rgamma", lambda _ans, z: rgamma_slope(z))
elementwise("psi", lambda _ans, z: trigamma(z))
flat("gammasgn")

elementwise("_zeta", lambda _ans, x, q: zeta_by_order(x, q), lambda _ans, x, q: -x * special.zeta(x + 1, q))
elementwise("_riemann_zeta", lambda _ans, z: riemann_slope(z))
elementwise("zetac", lambda _ans, x: riemann_slope(x))

elementwise(
    "beta",
    lambda ans, a, b: ans * (special.psi(a) - special.psi(a + b)),
    lambda ans, a, b: ans * (special.psi(b) - special.psi(a + b)),
)
elementwise(
    "betaln",
    lambda _ans, a, b: special.psi(a) - special.psi(a + b),
    lambda _ans, a, b: special.psi(b) - special.psi(a + b),
)


def _rising_slope(ans: Array, top: Array, bottom: Array, rest: Array) -> Array:
    """Return the derivative of a multiple of Gamma(top) / Gamma(bottom) where both arguments grow alike.

    `rest` is the result without its factor 1 / Gamma(bottom): where that alone is 0, its slope is not. Where both are
    poles, the quotient is a polynomial of their difference, and reflection, 5.5.4, leads to where they are none.
    """
    above, below = _is_pole(top), _is_pole(bottom)
    if nowhere(above | below):
        return ans * (special.psi(top) - special.psi(bottom))
    both, zero = above & below, below & ~above
    slope = ans * (special.psi(np.where(above, 1 - top, top)) - special.psi(np.where(below, 1 - bottom, bottom)))
    at = np.where(zero, bottom, 0.0)
    return np.where(zero, rest * rgamma_slope(at), np.where(above & ~both, np.nan, slope))


def _is_pole(x: Array) -> Array:
    return (x <= 0) & (x == np.round(x))


def _falling_slope(ans: Array, bottom: Array, rest: Array) -> Array:
    """Return the derivative by `bottom` of a multiple of 1 / Gamma(bottom)."""
    below = _is_pole(bottom)
    if nowhere(below):
        return -ans * special.psi(bottom)
    at, safe = np.where(below, bottom, 0.0), np.where(below, 1.0, bottom)
    return np.where(below, rest * rgamma_slope(at), -ans * special.psi(safe))


def _binom_by_n(ans: Array, n: Array, k: Array) -> Array:
    if nowhere(_is_pole(n + 1) | _is_pole(n - k + 1)):
        return ans * (special.psi(n + 1) - special.psi(n - k + 1))
    return _rising_slope(ans, n + 1, n - k + 1, special.gamma(n + 1) * special.rgamma(k + 1))


def _binom_by_k(ans: Array, n: Array, k: Array) -> Array:
    if nowhere(_is_pole(k + 1) | _is_pole(n - k + 1)):
        return ans * (special.psi(n - k + 1) - special.psi(k + 1))
    whole = special.gamma(n + 1)
    by_k = _falling_slope(ans, k + 1, whole * special.rgamma(n - k + 1))
    return by_k - _falling_slope(ans, n - k + 1, whole * special.rgamma(k + 1))


elementwise("binom", _binom_by_n, _binom_by_k)
elementwise(
    "poch",
    lambda ans, z, m: _rising_slope(ans, z + m, z, special.gamma(z + m)),
    lambda ans, z, m: ans * special.psi(z + m),
)

# --- incomplete gamma functions ---------------------------------------------------------------------------------------


_LARGE = 30.0


def _near_mean(a: Array, x: Array) -> Array:
    """Tell where a parameter is large and the argument near it, so that their logarithms nearly cancel."""
    return (bare(a) > _LARGE) & (np.abs(bare(x) - bare(a)) < bare(a) / 2)


def _log_peak(a: Array, x: Array) -> Array:
    """Return log(x^a exp(-x) / Gamma(a + 1)) for a large parameter and an argument near it, 8.11.11 and 5.11.1."""
    off, square = (x - a) / a, 1 / (a * a)
    rest = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / a
    return a * (np.log1p(off) - off) - rest - np.log(2 * np.pi * a) / 2


def _log_gap(a: Array, x: Array) -> Array:
    """Return log(x) - psi(a), likewise, 5.11.2."""
    square = 1 / (a * a)
    return np.log1p((x - a) / a) + 0.5 / a + square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)))


def gamma_density(a: Array, x: Array) -> Array:
    """Return x^(a-1) exp(-x) / Gamma(a), the derivative of the regularised incomplete gamma function, 8.8.13."""
    near = _near_mean(a, x)
    if not np.any(near):
        return np.exp(special.xlogy(a - 1, x) - x - special.gammaln(a))
    large, at, small, rest = _parted(near, a, x)
    far = np.exp(special.xlogy(small - 1, rest) - rest - special.gammaln(small))
    return np.where(near, np.exp(_log_peak(large, at)) * (large / at), far)


def _peak(a: Array, x: Array) -> Array:
    """Return x^a exp(-x) / Gamma(a + 1), of positive numbers."""
    near = _near_mean(a, x)
    large, at, small, rest = _parted(near, a, x)
    far = small * np.log(rest) - rest - special.gammaln(small + 1)
    return np.exp(np.where(near, _log_peak(large, at), far) if np.any(near) else far)


def _parted(near: Array, a: Array, x: Array) -> tuple[Array, Array, Array, Array]:
    """Return what is near with 30 in the place of the rest, and the rest with 1 in the place of what is near."""
    return np.where(near, a, _LARGE), np.where(near, x, _LARGE), np.where(near, 1.0, a), np.where(near, 1.0, x)


def gamma_by_shape(a: Array, x: Array) -> Array:
    """Return the derivative of the regularised lower incomplete gamma function by its parameter.

    That of the integral over t^(a-1) exp(-t) / Gamma(a) is an integral of log(t) - psi(a). Below the parameter, the
    lower integral with t = x exp(-w / a) is taken, above it the upper one with t = x + w, so that both terms have one
    sign and nothing cancels.
    """
    below = x < a
    flat_end = (x <= 0) | np.isinf(x)
    near = _near_mean(a, x)
    gap = np.log(np.where(flat_end, 1, x)) - special.psi(a)
    if np.any(near):
        gap = np.where(near, _log_gap(np.where(near, a, 1.0), np.where(near, x, 1.0)), gap)

    def lower(w: Array, a: Array, x: Array) -> Array:
        return -w * np.exp(-w - x * np.expm1(-w / a))

    def upper(w: Array, a: Array, x: Array) -> Array:
        grown = np.log1p(w / x)
        return grown * np.exp((a - 1) * grown - w)

    small, large = np.where(below & ~flat_end, x, a / 2), np.where(below | flat_end, a + 1, x)
    inner = over_positive(lower, a, small, low=-40, high=16, step=0.125) * _peak(a, small)
    outer = over_positive(upper, a, large, low=-40, high=16, step=0.125)
    under = special.gammainc(a, small) * gap + inner / a
    over = special.gammaincc(a, large) * gap + outer * gamma_density(a, large)
    return np.where(flat_end, 0, np.where(below, under, -over))


elementwise("gammainc", lambda _ans, a, x: gamma_by_shape(a, x), lambda _ans, a, x: gamma_density(a, x))
elementwise("gammaincc", lambda _ans, a, x: -gamma_by_shape(a, x), lambda _ans, a, x: -gamma_density(a, x))
elementwise(
    "gammaincinv",
    lambda ans, a, _y: -gamma_by_shape(a, ans) / gamma_density(a, ans),
    lambda ans, a, _y: 1 / gamma_density(a, ans),
)
elementwise(
    "gammainccinv",
    lambda ans, a, _y: -gamma_by_shape(a, ans) / gamma_density(a, ans),
    lambda ans, a, _y: -1 / gamma_density(a, ans),
)

# --- incomplete beta functions ----------------------------------------------------------------------------------------


def beta_density(a: Array, b: Array, x: Array) -> Array:
    """Return x^(a-1) (1-x)^(b-1) / B(a, b), the derivative of the regularised incomplete beta function."""
    return np.exp(special.xlogy(a - 1, x) + special.xlog1py(b - 1, -x) - special.betaln(a, b))


def beta_by_first(a: Array, b: Array, x: Array, rest: Array) -> Array:
    """Return the derivative of the regularised incomplete beta function by its first parameter; `rest` is 1 - x.

    As for the gamma function, up to the mean the lower integral is taken with t = x exp(-w / a), and from there on the
    upper one with t = 1 - (1 - x) exp(-w / b), so that both terms have one sign.
    """
    below = x * (a + b) < a
    flat_end = (x <= 0) | (rest <= 0)
    middle = a / (a + b)
    gap = np.log(np.where(flat_end, 1, x)) - special.psi(a) + special.psi(a + b)

    def lower(w: Array, a: Array, b: Array, x: Array) -> Array:
        return -w * np.exp(-w + (b - 1) * np.log1p(-x * np.exp(-w / a)))

    def upper(w: Array, a: Array, b: Array, x: Array, rest: Array) -> Array:
        left = rest * -np.expm1(-w / b)  # t - x
        grown = np.log1p(left / x)
        return grown * np.exp((a - 1) * grown - w)

    small = np.where(below & ~flat_end, x, middle / 2)
    inside = ~below & ~flat_end
    large, small_rest = np.where(inside, x, middle), np.where(inside, rest, 1 - middle)
    inner = over_positive(lower, a, b, small, low=-40, high=16, step=0.125)
    outer = over_positive(upper, a, b, large, small_rest, low=-40, high=16, step=0.125)
    lead = special.betaln(a, b)
    under = special.betainc(a, b, small) * gap + inner * np.exp(a * np.log(small) - lead) / (a * a)
    scale = np.exp((a - 1) * np.log(large) + b * np.log(small_rest) - lead) / b
    over = special.betainc(b, a, small_rest) * gap + outer * scale
    return np.where(flat_end, 0, np.where(below, under, -over))


def beta_by_second(a: Array, b: Array, x: Array, rest: Array) -> Array:
    """Return the derivative of the regularised incomplete beta function by its second parameter, by reflection."""
    return -beta_by_first(b, a, rest, x)


elementwise(
    "betainc",
    lambda _ans, a, b, x: beta_by_first(a, b, x, 1 - x),
    lambda _ans, a, b, x: beta_by_second(a, b, x, 1 - x),
    lambda _ans, a, b, x: beta_density(a, b, x),
)
elementwise(
    "betaincc",
    lambda _ans, a, b, x: -beta_by_first(a, b, x, 1 - x),
    lambda _ans, a, b, x: -beta_by_second(a, b, x, 1 - x),
    lambda _ans, a, b, x: -beta_density(a, b, x),
)
elementwise(
    "betaincinv",
    lambda ans, a, b, _y: -beta_by_first(a, b, ans, 1 - ans) / beta_density(a, b, ans),
    lambda ans, a, b, _y: -beta_by_second(a, b, ans, 1 - ans) / beta_density(a, b, ans),
    lambda ans, a, b, _y: 1 / beta_density(a, b, ans),
)
elementwise(
    "betainccinv",
    lambda ans, a, b, _y: -beta_by_first(a, b, ans, 1 - ans) / beta_density(a, b, ans),
    lambda ans, a, b, _y: -beta_by_second(a, b, ans, 1 - ans) / beta_density(a, b, ans),
    lambda ans, a, b, _y: -1 / beta_density(a, b, ans),
)
