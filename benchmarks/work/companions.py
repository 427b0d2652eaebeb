"""Functions of SciPy: value and gradient, over the plain call."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.work import LeftOut, Ways, agree

Make = Callable[[Any], tuple[Callable[..., Any], Any]]  # given SciPy, returns a function of an array, and the array
_N = 100_000


def _ufunc(name: str) -> Make:
    return lambda sp: (lambda x: np.sum(getattr(sp.special, name)(x)), np.linspace(0.5, 3, _N))


def _matrix(name: str, n: int, *rest: Any) -> Make:
    def make(sp: Any) -> tuple[Callable[..., Any], Any]:
        a = np.random.default_rng(0).standard_normal((n, n)) / n**0.5
        return lambda x: np.sum(getattr(sp.linalg, name)(x, *rest)), a @ a.T + np.eye(n)

    return make


def _densities(sp: Any) -> tuple[Callable[..., Any], Any]:
    return lambda x: np.sum(sp.stats.norm.logpdf(x, 0.5, 2.0)), np.linspace(-3, 3, _N)


def _filtered(sp: Any) -> tuple[Callable[..., Any], Any]:
    return lambda x: np.sum(sp.signal.lfilter([0.2, 0.1], [1.0, -0.6], x) ** 2), np.linspace(-3, 3, _N)


def _smoothed(sp: Any) -> tuple[Callable[..., Any], Any]:
    return lambda x: np.sum(sp.ndimage.gaussian_filter(x, 2.0) ** 2), np.random.default_rng(0).standard_normal(
        (300, 300)
    )


def _spline(sp: Any) -> tuple[Callable[..., Any], Any]:
    knots = np.linspace(0, 1, 50)
    spline = sp.interpolate.CubicSpline(knots, np.sin(9 * knots))
    return lambda x: np.sum(spline(x)), np.linspace(0, 1, _N)


def _of_samples(name: str) -> Make:
    return lambda sp: (lambda x: getattr(sp.stats, name)(x), np.random.default_rng(0).standard_normal(_N) ** 2)


def _last(found: Any) -> Any:
    return found[-1] if isinstance(found, tuple) else found


def _of_signal(name: str, *rest: Any) -> Make:
    return lambda sp: (
        lambda x: np.sum(_last(getattr(sp.signal, name)(x, *rest))),
        np.random.default_rng(0).standard_normal(_N),
    )


def _distances(sp: Any) -> tuple[Callable[..., Any], Any]:
    first, other = np.random.default_rng(0).standard_normal((2, 400, 10))
    return lambda x: np.sum(sp.spatial.distance.cdist(x, other)), first


def _triangular(sp: Any) -> tuple[Callable[..., Any], Any]:
    rng, n = np.random.default_rng(0), 200
    a = np.tril(rng.standard_normal((n, n)) / n**0.5) + 2 * np.eye(n)
    return lambda b: np.sum(sp.linalg.solve_triangular(a, b, lower=True)), rng.standard_normal((n, n))


def _interpolated(sp: Any) -> tuple[Callable[..., Any], Any]:
    sites, points = np.linspace(0, 1, 1000), np.linspace(0, 1, _N)
    return lambda y: np.sum(sp.interpolate.make_interp_spline(sites, y)(points)), np.sin(9 * sites)


def _predators(sp: Any) -> tuple[Callable[..., Any], Any]:
    def slope(_t: float, y: Any, p: Any) -> Any:
        return np.array([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])

    start = np.array([10.0, 5.0])
    return lambda p: np.sum(sp.integrate.solve_ivp(slope, (0, 10), start, args=(p,)).y[:, -1]), np.array(
        [1.5, 1, 0.3, 1]
    )


def _by_lsoda(sp: Any) -> tuple[Callable[..., Any], Any]:
    def slope(_t: float, y: Any, p: Any) -> Any:
        return np.array([p[0] * y[0] - p[1] * y[0] * y[1], p[2] * y[0] * y[1] - p[3] * y[1]])

    start, times = np.array([10.0, 5.0]), np.linspace(0, 10, 50)
    return lambda p: np.sum(sp.integrate.odeint(slope, start, times, args=(p,), tfirst=True)[-1]), np.array(
        [1.5, 1, 0.3, 1]
    )


def _network(sp: Any) -> tuple[Callable[..., Any], Any]:
    rng, n = np.random.default_rng(0), 100
    first, last = rng.standard_normal((2 * n, n)) / n**0.5, rng.standard_normal((n, 2 * n)) / n**0.5
    start = rng.standard_normal(n)

    def loss(w: Any) -> Any:
        found = sp.integrate.solve_ivp(lambda _, y: last @ np.tanh(w @ y) - y, (0, 5), start)
        return np.sum(found.y[:, -1] ** 2)

    return loss, first


def _heat(method: str) -> Make:
    def make(sp: Any) -> tuple[Callable[..., Any], Any]:
        start = np.sin(np.pi * np.linspace(0, 1, 402)[1:-1])

        def slope(_t: float, y: Any, k: Any) -> Any:
            z = np.concatenate([[0.0], y, [0.0]])
            return k[0] * 1e4 * (z[2:] - 2 * z[1:-1] + z[:-2]) + k[1] * y * (1 - y)

        def loss(k: Any) -> Any:
            return np.sum(sp.integrate.solve_ivp(slope, (0, 0.05), start, method, args=(k,)).y[:, -1] ** 2)

        return loss, np.array([0.1, 0.3])

    return make


def _integral(sp: Any) -> tuple[Callable[..., Any], Any]:
    def loss(p: Any) -> Any:
        return sp.integrate.quad(lambda x: np.sqrt(x) * np.exp(-p[0] * x) * p[1], 0, 2)[0]

    return loss, np.array([1.3, 2.1])


def _fitted(sp: Any) -> tuple[Callable[..., Any], Any]:
    def loss(b: Any) -> Any:
        found = sp.optimize.minimize(lambda x: np.sum((x - b) ** 2 + 0.1 * np.cos(x)), np.zeros(50), tol=1e-9)
        return np.sum(found.x**2)

    return loss, np.linspace(-1, 1, 50)


_RULES: dict[str, Make] = {
    "gammaln": _ufunc("gammaln"),
    "erf": _ufunc("erf"),
    "solve-200": _matrix("solve", 200, np.linspace(-1, 1, 200)),
    "inv-200": _matrix("inv", 200),
    "sqrtm-200": _matrix("sqrtm", 200),
    "solve-triangular": _triangular,
    "cdist": _distances,
    "kurtosis": _of_samples("kurtosis"),
    "j1": _ufunc("j1"),
    "decimate": _of_signal("decimate", 4),
    "welch": _of_signal("welch"),
    "interp-spline": _interpolated,
    "norm-logpdf": _densities,
    "lfilter": _filtered,
    "gaussian-filter": _smoothed,
    "cubic-spline": _spline,
}
_SOLVERS: dict[str, Make] = {
    "expm-200": _matrix("expm", 200),
    "solve-ivp": _predators,
    "minimize-50": _fitted,
    "odeint": _by_lsoda,
    "network-100": _network,
    "heat-400": _heat("RK45"),
    "stiff-400": _heat("BDF"),
    "quad": _integral,
}
PLAIN, GRADIENT = "f(a)", "value_and_grad(a)"
_MODULES = ("special", "linalg", "stats", "signal", "ndimage", "interpolate", "integrate", "optimize", "spatial")


CHAPTERS = ("special", "linalg", "stats", "signal", "ndimage", "interpolate", "fft", "spatial")


def _need_scipy() -> None:
    if find_spec("scipy") is None:
        raise LeftOut("SciPy is not installed")


def over_plain(kind: str, name: str, make: Make) -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        _need_scipy()
        for module in _MODULES:
            import_module(f"scipy.{module}")
        f, a = make(import_module("scipy"))
        return {"f": f, "value_and_grad": ga.value_and_grad(f), "a": a}

    about = f"value and gradient over the plain call, of SciPy's {name}"
    return Ways(f"{kind}-{name}", about, [PLAIN, GRADIENT], names, base=PLAIN)


def _cholesky_by_hand(sp: Any, a: Any) -> Any:
    """Return the gradient of the sum of a factor with LAPACK and BLAS alone: in halves, which is twice its own work."""
    lapack, blas = sp.linalg.lapack, sp.linalg.blas

    def back(factor: Any, g: Any) -> Any:
        n = len(factor)
        if n <= 64:
            inverse = lapack.dtrtri(factor, lower=1)[0]
            middle = np.tril(factor.T @ g)
            middle.reshape(-1)[:: n + 1] *= 0.5
            return inverse.T @ (middle + middle.T) @ inverse
        m = n // 2
        first, under = factor[:m, :m], factor[m:, :m]
        last = back(factor[m:, m:], g[m:, m:])
        of_under = blas.dtrsm(1.0, first.T, (g[m:, :m] - last @ under).T).T
        return np.block([[back(first, g[:m, :m] - of_under.T @ under), of_under.T], [of_under, last]])

    upper = sp.linalg.cholesky(a)
    found = np.tril(back(upper.T, np.ones(a.shape)))
    found.reshape(-1)[:: len(a) + 1] *= 0.5
    return np.sum(upper), found.T


def _by_hand() -> Ways:
    def names(ga: Any) -> dict[str, Any]:
        _need_scipy()
        sp = import_module("scipy")
        import_module("scipy.linalg")
        f, a = _matrix("cholesky", 200)(sp)
        found, expected = ga.value_and_grad(f)(a), _cholesky_by_hand(sp, a)
        for what, actual, wanted in zip(("the value", "the gradient"), found, expected, strict=True):
            agree(what, actual, wanted)
        return {"hand": _cholesky_by_hand, "sp": sp, "a": a, "value_and_grad": ga.value_and_grad(f)}

    about = "value and gradient of SciPy's cholesky, over the same by LAPACK: the way back has twice the work"
    return Ways("floor-cholesky-200", about, ["hand(sp, a)", GRADIENT], names, base="hand(sp, a)")


def chapter(name: str) -> Ways:
    """Return how long it takes to read what is declared of one of SciPy's modules."""

    def names(_ga: Any) -> dict[str, Any]:
        _need_scipy()
        import_module(f"scipy.{name}")
        folder = TemporaryDirectory()  # for compiled files, where the library's own may have none

        def read(module: str, kept: Any = folder) -> None:
            before = sys.dont_write_bytecode, sys.pycache_prefix
            for known in [known for known in sys.modules if known.startswith(f"gradarray.rules.scipy.{module}")]:
                del sys.modules[known]
            sys.dont_write_bytecode, sys.pycache_prefix = False, kept.name
            try:
                import_module(f"gradarray.rules.scipy.{module}")
            finally:
                sys.dont_write_bytecode, sys.pycache_prefix = before

        read(name)
        return {"read": read, "name": name}

    return Ways(f"scipy-{name}", f"reading the chapter on scipy.{name}", ["None", "read(name)"], names, base="None")


WORKS = [
    *map(chapter, CHAPTERS),
    _by_hand(),
    *[over_plain("rule", name, make) for name, make in _RULES.items()],
    *[over_plain("solver", name, make) for name, make in _SOLVERS.items()],
]
