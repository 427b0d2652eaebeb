"""Functions of scipy.special that are no ufuncs, by each of the doors, against differences of SciPy's own values."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradarray as ga

pytest.importorskip("scipy", "1.15", "SciPy is an optional companion; some of these functions are older and some not")
special = pytest.importorskip("scipy.special", reason="SciPy is an optional companion")

X = np.array([0.3, 0.7, 1.4])
pytestmark = pytest.mark.filterwarnings("error::gradarray.GradientLossWarning")

Call = Callable[[Any, Any], Any]
CALLS: dict[str, Call] = {
    "assoc_laguerre": lambda sp, x: sp.assoc_laguerre(x, 3, 0.5),
    "assoc_legendre_p": lambda sp, x: sp.assoc_legendre_p(3, 1, x / 2),
    "assoc_legendre_p diff_n": lambda sp, x: sp.assoc_legendre_p(3, 2, x / 2, norm=True, diff_n=2),
    "comb": lambda sp, x: sp.comb(x + 4, x),
    "comb repetition": lambda sp, x: sp.comb(x + 4, 2, repetition=True),
    "diric": lambda sp, x: sp.diric(x, 5),
    "factorial": lambda sp, x: sp.factorial(x),
    "h1vp": lambda sp, x: np.real(sp.h1vp(1.5, x)),
    "ivp": lambda sp, x: sp.ivp(1.5, x, 3),
    "jacobi": lambda sp, x: sp.jacobi(3, 0.5, 0.2)(x) if sp is special else sp.eval_jacobi(3, 0.5, 0.2, x),
    "jvp": lambda sp, x: sp.jvp(1.5, x, 2),
    "kvp": lambda sp, x: sp.kvp(x, x + 1),
    "lambertw": lambda sp, x: np.real(sp.lambertw(x)),
    "lambertw -1": lambda sp, x: np.real(sp.lambertw(-x / 6, k=-1)),
    "legendre_p": lambda sp, x: sp.legendre_p(3, x / 2),
    "legendre_p diff_n": lambda sp, x: sp.legendre_p(np.arange(3), x / 2, diff_n=2),
    "log_softmax": lambda sp, x: sp.log_softmax(np.outer(x, x), axis=1),
    "logsumexp": lambda sp, x: sp.logsumexp(x),
    "logsumexp axis": lambda sp, x: sp.logsumexp(np.outer(x, x), axis=1, keepdims=True),
    "logsumexp b": lambda sp, x: sp.logsumexp(x, b=np.array([1.0, -0.5, 2])),
    "logsumexp return_sign": lambda sp, x: sp.logsumexp(x, b=np.array([1.0, -2.5, 0.5]), return_sign=True)[0],
    "multigammaln": lambda sp, x: sp.multigammaln(x + 2, 3),
    "perm": lambda sp, x: sp.perm(x + 4, 2),
    "polygamma": lambda sp, x: sp.polygamma(2, x),
    "polygamma of several orders": lambda sp, x: sp.polygamma(np.arange(3), x),
    "softmax": lambda sp, x: sp.softmax(np.outer(x, x), axis=0),
    "softplus": lambda sp, x: sp.softplus(x),
    "sph_harm_y": lambda sp, x: np.real(sp.sph_harm_y(2, 1, x, 2 * x)),
    "sph_harm_y diff_n": lambda sp, x: np.real(np.sum(sp.sph_harm_y(3, 2, x, 2 * x, diff_n=2)[2], axis=(-1, -2))),
    "sph_legendre_p": lambda sp, x: sp.sph_legendre_p(3, 1, x),
    "spherical_in": lambda sp, x: sp.spherical_in(np.arange(3), x - 0.5),
    "spherical_jn": lambda sp, x: sp.spherical_jn(2, x - 0.5),
    "spherical_jn derivative": lambda sp, x: sp.spherical_jn(2, x - 0.5, derivative=True),
    "spherical_kn": lambda sp, x: sp.spherical_kn(1, x),
    "spherical_yn": lambda sp, x: sp.spherical_yn(1, x, True),
    "yvp": lambda sp, x: sp.yvp(x, x + 1),
    "zeta": lambda sp, x: sp.zeta(x + 2),
    "zeta of Hurwitz": lambda sp, x: sp.zeta(x + 2, x),
}
CALLS = {name: call for name, call in CALLS.items() if hasattr(special, name.split()[0])}


def weighted(call: Call, library: Any) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        y = call(library, x)
        return np.sum(y * np.cos(np.arange(float(np.size(y)))).reshape(np.shape(y)))

    return f


def difference(f: Callable[[Any], Any], x: Any) -> Any:
    steps = 1e-3 * np.eye(len(x))
    return np.array(
        [sum(w * (f(x + m * e) - f(x - m * e)) for m, w in ((1, 2 / 3), (2, -1 / 12))) / 1e-3 for e in steps]
    )


@pytest.mark.parametrize("name", CALLS)
def test_each_door(name: str) -> None:
    call = CALLS[name]
    f = weighted(call, special)
    expected = difference(f, X)
    np.testing.assert_allclose(ga.grad(f)(X), expected, 1e-7, 1e-9, err_msg="in a transform")
    with ga.drop_in():
        t = ga.tensor(X)
        weighted(call, special)(t).backward()
    np.testing.assert_allclose(t.grad, expected, 1e-7, 1e-9, err_msg="in a block")
    x = ga.tensor(X)
    y = call(ga.scipy.special, x)
    value = call(special, X)
    np.testing.assert_allclose(y, value, 1e-12, 1e-14)
    assert np.shape(y) == np.shape(value)
    weighted(call, ga.scipy.special)(x).backward()
    np.testing.assert_allclose(x.grad, expected, 1e-7, 1e-9, err_msg="through the mirror")


@pytest.mark.parametrize("name", CALLS)
def test_both_modes_and_the_second_order(name: str) -> None:
    f = weighted(CALLS[name], special)
    slope = ga.grad(f)
    np.testing.assert_allclose(ga.jacfwd(f)(X), slope(X), 1e-9, 1e-12)
    expected = difference(lambda x: slope(x) @ X, X)
    np.testing.assert_allclose(ga.hvp(f)(X, X), expected, 1e-6, 1e-8)
    np.testing.assert_allclose(ga.jvp(slope, (X,), (X,))[1], expected, 1e-6, 1e-8)


@pytest.mark.parametrize("name", CALLS)
def test_programs_and_mapped_calls(name: str) -> None:
    f = weighted(CALLS[name], special)
    points = np.stack([X, 1.01 * X])
    expected = np.stack([ga.grad(f)(x) for x in points])
    program = ga.jit(ga.grad(f), strict=True)
    np.testing.assert_allclose(np.stack([program(x) for x in points]), expected, 1e-12)
    np.testing.assert_allclose(ga.vmap(ga.grad(f))(points), expected, 1e-12)


def test_arguments_that_scipy_refuses_are_refused() -> None:
    with pytest.raises(ValueError, match="positive integer"):
        ga.grad(lambda a: special.multigammaln(a, 1.5))(3.0)
    with pytest.raises(ValueError, match="condition a"):
        ga.grad(lambda a: special.multigammaln(a, 4))(1.0)


def test_a_function_of_scipy_as_the_one_that_is_differentiated() -> None:
    for _ in range(2):
        np.testing.assert_allclose(ga.grad(special.logsumexp)(X), special.softmax(X))


def test_spherical_functions_at_zero() -> None:
    for name in ("spherical_jn", "spherical_in"):
        call = getattr(special, name)
        for n in range(4):
            bend = ga.grad(ga.grad(lambda x, n=n, call=call: call(n, x)))(0.0)
            h = 1e-3
            about = 2 * (call(n, h) - call(n, 0.0)) / h**2 if n % 2 == 0 else 0.0
            np.testing.assert_allclose(bend, about, atol=1e-6, err_msg=f"{name} of order {n}")


REFUSED: dict[str, Callable[[Any], Any]] = {
    "roots_jacobi": lambda b: np.sum(special.roots_jacobi(3, 3.0, b)[0]),  # where both are equal, one is taken
    "comb": lambda x: special.comb(x, 2, exact=True),
    "polygamma": lambda x: special.polygamma(x, 2.0),
    "diric": lambda x: special.diric(1.0, x),
    "spherical_jn": lambda x: special.spherical_jn(x, 2.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_derivative_says_so(name: str) -> None:
    with pytest.raises(TypeError, match=rf"scipy\.special\.{name} .*(whole number|no closed form)"):
        ga.grad(REFUSED[name])(3.0)


# --- the mirror -------------------------------------------------------------------------------------------------------


def test_the_mirror_returns_tensors() -> None:
    y = ga.scipy.special.erf([0.5, 1.0])
    assert isinstance(y, ga.Tensor)
    assert y.constant
    assert not ga.scipy.special.erf([0.5], constant=False).constant
    assert ga.scipy.special.gamma(ga.tensor(2.5), constant=True).constant
    value, sign = ga.scipy.special.logsumexp(ga.tensor(X), b=-1.0, return_sign=True)
    assert isinstance(value, ga.Tensor)
    assert sign == -1
    assert ga.scipy.special.erf.__doc__ == special.erf.__doc__


def test_the_mirror_has_the_names_of_scipy() -> None:
    assert dir(ga.scipy.special) == sorted(special.__all__)
    assert ga.scipy.special.errstate is special.errstate
    with pytest.raises(AttributeError, match="no attribute 'gama'"):
        ga.scipy.special.gama  # noqa: B018


def test_the_mirror_refuses_what_it_cannot_differentiate() -> None:
    with pytest.raises(TypeError, match=r"scipy\.special\.lqn is not differentiable here"):
        ga.scipy.special.lqn(2, ga.tensor(0.3))


def test_the_mirror_of_linear_algebra() -> None:
    a = np.array([[2.0, 0.5], [0.3, 1.5]])
    t = ga.tensor(a)
    np.sum(ga.scipy.linalg.expm(t)).backward()
    import scipy.linalg

    e = np.array([[0.0, 1e-4], [0, 0]])
    slope = (np.sum(scipy.linalg.expm(a + e)) - np.sum(scipy.linalg.expm(a - e))) / 2e-4
    np.testing.assert_allclose(t.grad[0, 1], slope, 1e-6)


@pytest.mark.parametrize("code", ["ga.scipy.special.erf(0.5)", "import gradarray.scipy.special as sp; sp.erf(0.5)"])
def test_without_scipy_it_says_what_to_install(code: str) -> None:
    program = f"import sys; sys.modules['scipy'] = None\nimport gradarray as ga\n{code}"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert "pip install scipy" in found.stderr


def test_a_tuple_of_numbers_is_an_array() -> None:
    from scipy import linalg, special, stats  # of which names in the function are bound

    functions = [
        lambda a: special.logsumexp((a, 2 * a)),
        lambda a: special.logsumexp((1.0, 2.0), b=(a, 2 * a)),
        lambda a: special.softmax((a, 2 * a))[0],
        lambda a: special.polygamma(1, (a, 2 * a))[1],
        lambda a: linalg.norm((a, 3 * a)),
        lambda a: stats.zscore((a, 2 * a, a * a))[0],
    ]
    for f in functions:
        difference = (f(1.7 + 1e-5) - f(1.7 - 1e-5)) / 2e-5
        np.testing.assert_allclose(ga.grad(f)(1.7), difference, rtol=1e-6)
    np.testing.assert_allclose(ga.grad(lambda a: ga.scipy.special.logsumexp((a, 2 * a)))(0.0), 1.5)


def test_truncnorm_by_both_ends_to_second_order() -> None:
    from scipy import stats

    for f in (lambda p: stats.truncnorm.logpdf(0.3, -p, p), lambda p: stats.truncnorm.cdf(0.3, -p, p)):
        difference = (f(2.0 + 1e-3) - 2 * f(2.0) + f(2.0 - 1e-3)) / 1e-6
        np.testing.assert_allclose(ga.hessian(f)(2.0), difference, rtol=1e-4)
