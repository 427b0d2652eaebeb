"""Numbers by math and cmath."""

import cmath
import math
from math import atan2, cos, pi, radians, sin, sqrt

import numpy as np

# One curve for each function of math that has a derivative; some have two.
CURVES = {
    "acos": lambda x: math.acos(x),
    "acosh": lambda x: math.acosh(x + 1),
    "asin": lambda x: math.asin(x),
    "asinh": lambda x: math.asinh(x),
    "atan": lambda x: math.atan(x),
    "atan2": lambda x: math.atan2(x, 0.3) + math.atan2(1.0, x),
    "atanh": lambda x: math.atanh(x),
    "cbrt": lambda x: math.cbrt(x),
    "copysign": lambda x: math.copysign(x, -2.0),
    "cos": lambda x: math.cos(x),
    "cosh": lambda x: math.cosh(x),
    "degrees": lambda x: math.degrees(x),
    "dist": lambda x: math.dist([x, 1.0], [0.0, x * x]),
    "erf": lambda x: math.erf(x),
    "erfc": lambda x: math.erfc(x),
    "exp": lambda x: math.exp(x),
    "exp2": lambda x: math.exp2(x),
    "expm1": lambda x: math.expm1(x),
    "fabs": lambda x: math.fabs(x) + math.fabs(-x),
    "fma": lambda x: math.fma(x, x, 2 * x),
    "fmod": lambda x: math.fmod(x, 0.25) + math.fmod(5.0, x),
    "frexp": lambda x: math.frexp(x)[0],
    "fsum": lambda x: math.fsum([x, x * x, 1.0]),
    "gamma": lambda x: math.gamma(x),
    "hypot": lambda x: math.hypot(x, 2 * x, 1.0),
    "ldexp": lambda x: math.ldexp(x, 3),
    "lgamma": lambda x: math.lgamma(x),
    "log": lambda x: math.log(x) + math.log(x, 2) + math.log(3.0, x),
    "log10": lambda x: math.log10(x),
    "log1p": lambda x: math.log1p(x),
    "log2": lambda x: math.log2(x),
    "modf": lambda x: math.modf(x)[0] * math.modf(x + 2)[1],
    "pow": lambda x: math.pow(x, 3) + math.pow(2.0, x),
    "prod": lambda x: math.prod([x, 2.0, x]),
    "radians": lambda x: math.radians(x),
    "remainder": lambda x: math.remainder(x, 0.4),
    "sin": lambda x: math.sin(x),
    "sinh": lambda x: math.sinh(x),
    "sqrt": lambda x: math.sqrt(x),
    "sumprod": lambda x: math.sumprod([x, 1.0], [x, x]),
    "tan": lambda x: math.tan(x),
    "tanh": lambda x: math.tanh(x),
}
# Whole numbers, truth values and steps.
STEPS = {
    "ceil": lambda x: x * math.ceil(x),
    "comb": lambda x: x * math.comb(5, 2),
    "factorial": lambda x: x * math.factorial(4),
    "floor": lambda x: x * math.floor(x * 10),
    "gcd": lambda x: x * math.gcd(12, 18),
    "isclose": lambda x: x if math.isclose(x, x) else 0.0,
    "isfinite": lambda x: x if math.isfinite(x) else 0.0,
    "isinf": lambda x: 0.0 if math.isinf(x) else x,
    "isnan": lambda x: 0.0 if math.isnan(x) else x,
    "isqrt": lambda x: x * math.isqrt(17),
    "lcm": lambda x: x * math.lcm(4, 6),
    "perm": lambda x: x * math.perm(5, 2),
    "trunc": lambda x: x * math.trunc(x * 10),
}
# Of complex numbers; the variable is real, and so is what comes out.
COMPLEX_CURVES = {
    "acos": lambda x: cmath.acos(x + 0.5j).real,
    "acosh": lambda x: cmath.acosh(x + 0.5j).imag,
    "asin": lambda x: cmath.asin(x + 0.5j).real,
    "asinh": lambda x: cmath.asinh(x + 0.5j).imag,
    "atan": lambda x: cmath.atan(x + 0.5j).real,
    "atanh": lambda x: cmath.atanh(x + 0.5j).imag,
    "cos": lambda x: cmath.cos(x + 0.5j).real,
    "cosh": lambda x: cmath.cosh(x + 0.5j).imag,
    "exp": lambda x: cmath.exp(1j * x).real,
    "isclose": lambda x: x if cmath.isclose(1j * x, 1j * x) else 0.0,
    "isfinite": lambda x: x if cmath.isfinite(1j * x) else 0.0,
    "isinf": lambda x: 0.0 if cmath.isinf(1j * x) else x,
    "isnan": lambda x: 0.0 if cmath.isnan(1j * x) else x,
    "log": lambda x: cmath.log(x + 0.5j).imag,
    "log10": lambda x: cmath.log10(x + 0.5j).real,
    "phase": lambda x: cmath.phase(x + 0.5j),
    "polar": lambda x: cmath.polar(x + 0.5j)[0] * cmath.polar(2 - 1j * x)[1],
    "rect": lambda x: (cmath.rect(x, 2 * x) ** 2).imag,
    "sin": lambda x: cmath.sin(x + 0.5j).real,
    "sinh": lambda x: cmath.sinh(x + 0.5j).imag,
    "sqrt": lambda x: cmath.sqrt(x - 1).imag,
    "tan": lambda x: cmath.tan(x + 0.5j).real,
    "tanh": lambda x: cmath.tanh(x + 0.5j).imag,
}


def great_circle(lat, lon):
    """The distance to a fixed place on the globe."""
    lat, lon, lat0, lon0 = map(math.radians, [lat, lon, 48.1, 11.6])
    a = math.sin((lat - lat0) / 2) ** 2 + math.cos(lat) * math.cos(lat0) * math.sin((lon - lon0) / 2) ** 2
    return 6371 * 2 * math.asin(math.sqrt(a))


def black_scholes(spot, strike, vol, years):
    """A call by the error function of the standard library."""

    def cdf(x):
        return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))

    d1 = (math.log(spot / strike) + (0.02 + vol**2 / 2) * years) / (vol * math.sqrt(years))
    d2 = d1 - vol * math.sqrt(years)
    return spot * cdf(d1) - strike * math.exp(-0.02 * years) * cdf(d2)


def bicycle(steer, speed):
    """A kinematic model, with functions imported by name."""
    x, y, yaw = 0.0, 0.0, radians(10)
    for _ in range(10):
        x += speed * cos(yaw) * 0.1
        y += speed * sin(yaw) * 0.1
        yaw += speed / 2.5 * sin(steer) * 0.1
        yaw = (yaw + pi) % (2 * pi) - pi
    return np.array([x, y, yaw, atan2(y, x), sqrt(x**2 + y**2)])


def matrix_of_math(angle):
    """Built from numbers of the standard library."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([1.0, 2.0, angle])


def impedance(resistance, inductance):
    """A series circuit, as complex numbers."""
    omega = 2 * cmath.pi * 0.5
    z = complex(resistance, omega * inductance) + 1 / (1j * omega * 0.2)
    current = 1.0 / z
    return abs(current) + cmath.phase(current) + (cmath.exp(1j * resistance) * z).real


def stirling(n):
    """Constants and functions of the module together."""
    correction = math.log(math.tau * n) / 2
    return n * math.log(n) - n + correction + math.e ** (1 / n) if n > 0 else math.inf
