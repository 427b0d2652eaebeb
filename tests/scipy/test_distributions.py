"""Each distribution of scipy.stats, by its argument and by each parameter: right, or refused with the reason."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradarray as ga

stats: Any = pytest.importorskip("scipy.stats", reason="SciPy is not installed")


def each(names: str, *shapes: float) -> dict[str, tuple[float, ...]]:
    return dict.fromkeys(names.split(), shapes)


CONTINUOUS: dict[str, tuple[float, ...]] = {
    **each("anglit arcsine cauchy cosine expon gibrat gumbel_l gumbel_r halfcauchy halflogistic halfnorm hypsecant"),
    **each("kstwobign laplace levy levy_l logistic maxwell moyal norm rayleigh semicircular uniform wald landau"),
    **each("alpha chi chi2 dgamma dweibull erlang exponnorm exponpow fatiguelife fisk", 2.7),
    **each("foldcauchy foldnorm gamma genhalflogistic genlogistic gennorm gompertz", 1.6),
    **each("halfgennorm invgamma invgauss invweibull kappa3 laplace_asymmetric loggamma", 1.4),
    **each("loglaplace lognorm lomax nakagami pareto pearson3 powerlaw powernorm rdist", 2.2),
    **each("recipinvgauss rel_breitwigner rice skewnorm t truncexpon tukeylambda", 1.7),
    **each("vonmises vonmises_line weibull_max weibull_min argus", 1.3),
    **each("bradford genextreme genpareto skewcauchy wrapcauchy", 0.3),
    **each("beta betaprime burr burr12 exponweib f gengamma johnsonsb johnsonsu kappa4", 1.8, 2.4),
    **each("crystalball jf_skew_t mielke ncx2 powerlognorm geninvgauss", 2.3, 1.4),
    "triang": (0.45,),
    "genexpon": (9.1, 16.2, 3.3),
    "genhyperbolic": (0.5, 1.5, -0.5),
    "gausshyper": (3.1, 2.5, 1.4, 0.7),
    "irwinhall": (4.0,),
    "ksone": (20.0,),
    "loguniform": (0.2, 1.9),
    "reciprocal": (0.2, 1.9),
    "ncf": (7.0, 9.0, 0.4),
    "nct": (4.0, 0.3),
    "norminvgauss": (1.25, 0.5),
    "trapezoid": (0.2, 0.8),
    "truncnorm": (-1.1, 2.7),
    "truncpareto": (1.8, 5.3),
    "truncweibull_min": (2.5, 0.25, 1.75),
    "dpareto_lognorm": (3.0, 1.2, 1.5, 2.0),
    "studentized_range": (3.0, 10.0),
    "levy_stable": (1.8, -0.5),
    "kstwo": (10.0,),
}
WHOLE: dict[str, tuple[float, ...]] = {
    "bernoulli": (0.3,),
    "betabinom": (5.0, 2.3, 0.63),
    "betanbinom": (5.0, 9.3, 1.0),
    "binom": (5.0, 0.4),
    "boltzmann": (1.4, 19.0),
    "dlaplace": (0.8,),
    "geom": (0.5,),
    "hypergeom": (30.0, 12.0, 6.0),
    "nchypergeom_fisher": (14.0, 8.0, 6.0, 0.5),
    "nchypergeom_wallenius": (14.0, 8.0, 6.0, 0.5),
    "logser": (0.6,),
    "nbinom": (3.4, 0.4),
    "planck": (0.51,),
    "poisson": (2.6,),
    "randint": (7.0, 31.0),
    "skellam": (3.0, 2.2),
    "zipf": (3.6,),
    "zipfian": (1.25, 10.0),
    "yulesimon": (3.0,),
    "nhypergeom": (20.0, 7.0, 1.0),
}
# What is refused, of a method's operands; of those of whole numbers, argument and loc are so throughout.
REFUSED = {
    "irwinhall": {"n"},
    "ksone": {"n"},
    "kstwo": {"n", "density"},
    "landau": {"density"},
    "levy_stable": {"alpha", "beta", "density"},
    "betabinom": {"n"},
    "betanbinom": {"n"},
    "binom": {"n"},
    "boltzmann": {"N"},
    "hypergeom": {"M", "n", "N"},
    "nchypergeom_fisher": {"M", "n", "N"},
    "nchypergeom_wallenius": {"M", "n", "N"},
    "randint": {"low", "high"},
    "zipfian": {"n"},
    "nhypergeom": {"M", "n", "r"},
}
# Of which one method is looked at: SciPy integrates for each value.
SLOW = {*each("levy_stable studentized_range dpareto_lognorm norminvgauss gausshyper genhyperbolic geninvgauss")}
NAMES = [name for name in (*CONTINUOUS, *WHOLE) if hasattr(stats, name)]
LOC, SCALE = 0.2, 1.3


def test_each_distribution_is_in_the_tables() -> None:
    known = {name for name in dir(stats) if isinstance(getattr(stats, name), (stats.rv_continuous, stats.rv_discrete))}
    assert known - {"poisson_binom", "trapz"} == set(NAMES)  # of arrays, and an older name


def slopes(f: Any, operands: list[float], i: int, step: float) -> Iterator[Any]:
    """Yield the derivative by one operand, by differences with two steps: values are rough, or bend."""

    def at(h: float) -> Any:
        moved = list(operands)
        moved[i] += h
        return np.asarray(f(*moved))

    for h in (step, step / 8):
        yield (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_by_argument_and_parameters(name: str) -> None:
    d, mirror = getattr(stats, name), getattr(ga.scipy.stats, name)
    whole = name in WHOLE
    shapes = [*(WHOLE[name] if whole else CONTINUOUS[name])]
    names = ["x", *[part.strip() for part in (d.shapes or "").split(",") if part], "loc", "scale"]
    loc, scale = (0.0, 1.0) if whole else (LOC, SCALE)
    x = float(d.ppf(0.3, *shapes)) * scale + loc
    methods = ("pmf", "cdf") if whole else ("logpdf", "cdf", "ppf")
    if NAMES.index(name) % 6 == 0:
        methods = ("logpmf", "sf") if whole else ("pdf", "sf", "logcdf", "logsf", "isf")
    if name in SLOW:
        methods = ("cdf",)
    refused = REFUSED.get(name, set())
    for method in methods:
        operands = [0.3 if method in ("ppf", "isf") else x, *shapes, loc, *([] if whole else [scale])]
        theirs, ours = getattr(d, method), getattr(mirror, method)
        density = method in ("pdf", "logpdf") and "density" in refused
        known = []
        for i, by in enumerate(names[: len(operands)]):
            if by in refused or density or (whole and by in ("x", "loc")):
                with pytest.raises(TypeError, match="has no derivative by"):
                    ga.grad(ours, i)(*operands)
            else:
                known.append(i)
        if not known:
            continue
        value, gradients = ga.value_and_grad(ours, tuple(known))(*operands)
        assert np.asarray(value) == theirs(*operands)
        for i, found in zip(known, gradients, strict=True):
            size = max(abs(operands[i]), 0.3)
            if i == 0 and method not in ("ppf", "isf") and name not in SLOW:
                size = 20 * scale * abs(float(d.ppf(0.31, *shapes)) - float(d.ppf(0.29, *shapes)))
            near = {"rel": 2e-5, "abs": 1e-7 * max(1, abs(value))}
            right = any(found == pytest.approx(e, **near) for e in slopes(theirs, operands, i, 1e-3 * size))
            assert right, (method, names[i], found)


def calling(side: Any, method: str, args: Any, options: Any) -> Any:
    def call(*operands: Any) -> Any:
        found = getattr(side, method)(*args, *operands, **options)
        return sum(found) if isinstance(found, tuple) else found

    return call


@pytest.mark.parametrize("name", ["gamma", "beta", "t", "norm", "skewnorm", "genextreme", "poisson", "nbinom"])
def test_moments(name: str) -> None:
    d, mirror = getattr(stats, name), getattr(ga.scipy.stats, name)
    shapes = {"t": (6.2,), "genextreme": (0.1,)}.get(name) or (WHOLE | CONTINUOUS)[name]
    operands = [*shapes, LOC, *([] if name in WHOLE else [SCALE])]
    for method, args, options in (
        ("mean", (), {}),
        ("var", (), {}),
        ("std", (), {}),
        ("entropy", (), {}),
        ("moment", (3,), {}),
        ("stats", (), {"moments": "sk"}),
    ):
        theirs, ours = (calling(side, method, args, options) for side in (d, mirror))
        for i in range(len(operands)):
            found = ga.grad(ours, i)(*operands)
            expected = [*slopes(theirs, operands, i, 1e-3)]
            near = {"rel": 1e-5, "abs": 1e-6}
            assert any(np.sum(found) == pytest.approx(np.sum(e), **near) for e in expected), (
                method,
                i,
                found,
                expected,
            )


class Falling(stats.rv_continuous):  # type: ignore[misc]
    """A distribution of a user's own, of whose density alone there is a formula."""

    def _pdf(self, x: Any, rate: Any) -> Any:
        return rate * np.exp(-rate * x)


falling = Falling(a=0, name="falling")


@pytest.mark.parametrize("method", ["pdf", "logpdf", "cdf", "sf", "ppf"])
def test_a_distribution_of_the_users_own(method: str) -> None:
    f = getattr(falling, method)
    for i, operand in enumerate((0.4, 1.7, 0.1, 1.2)):
        args = [0.4, 1.7, 0.1, 1.2]

        def along(t: Any, i: int = i, args: list[Any] = args) -> Any:
            return getattr(falling, method)(*args[:i], t, *args[i + 1 :])

        expected = next(slopes(f, args, i, 1e-3))
        assert ga.grad(along)(operand) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_of_every_kind() -> None:
    """Batches, programs and higher orders, through a quantile that is found by a solver."""
    q = np.array([0.2, 0.5, 0.7])

    def f(a: Any, q: Any = q) -> Any:
        return np.sum(stats.gamma.ppf(q, a) * stats.gamma.logpdf(q, a, scale=a))

    third = ga.grad(ga.grad(ga.grad(f)))(2.3)
    second = ga.grad(ga.grad(f))
    assert third == pytest.approx((second(2.3001) - second(2.2999)) / 2e-4, rel=1e-5)
    assert ga.jit(ga.grad(f))(2.3) == pytest.approx(ga.grad(f)(2.3), rel=1e-13)
    each = ga.vmap(ga.grad(f))(np.array([1.2, 2.3]))
    np.testing.assert_allclose(each, [ga.grad(f)(1.2), ga.grad(f)(2.3)], rtol=1e-13)
    jacobian = ga.jacobian(lambda a: stats.gamma.cdf(q, a))(2.3)
    np.testing.assert_allclose(jacobian, ga.jvp(lambda a: stats.gamma.cdf(q, a), (2.3,), (1.0,))[1], rtol=1e-13)


def test_objects_are_what_they_stand_for() -> None:
    norm, frozen = ga.scipy.stats.norm, ga.scipy.stats.norm(ga.tensor(0.2), 1.3)
    assert isinstance(norm, stats.rv_continuous) and norm.name == "norm"
    assert isinstance(frozen, type(stats.norm(0.2, 1.3)))
    assert pickle.loads(pickle.dumps(norm)).name == "norm"
    assert inspect.getdoc(norm.logpdf) == inspect.getdoc(stats.norm.logpdf)
    assert norm.logpdf(0.3).data == stats.norm.logpdf(0.3)
    assert norm.logpdf(ga.tensor(0.3), constant=True).constant
    with pytest.raises(AttributeError, match="fit"):  # as SciPy's own
        frozen.fit([1.0, 2.0])


def test_what_a_frozen_one_is_asked_for() -> None:
    """A parameter is what was given; what is computed of one is refused, and never the bare value."""
    mean = np.array([0.2, 0.4])

    def f(m: Any) -> Any:
        frozen = stats.multivariate_normal(m, 2.0)
        return np.sum(frozen.mean) + frozen.dim

    assert f(mean) == pytest.approx(2.6)
    np.testing.assert_array_equal(ga.grad(f)(mean), [1, 1])
    assert ga.grad(lambda a: stats.gamma(a).dist.logpdf(0.3, a))(2.3) == ga.grad(lambda a: stats.gamma.logpdf(0.3, a))(
        2.3
    )
    for ask in (
        lambda m: stats.multivariate_normal(m).cov_object,
        lambda m: stats.truncnorm(m[0], 1.0).a,
        lambda m: stats.dirichlet(m).rvs(),
    ):
        with pytest.raises(TypeError, match=r"not known here|no smooth function"):
            ga.grad(lambda m, ask=ask: np.sum(m) + ask(m))(mean)


def test_outside_of_the_support() -> None:
    """A density is constant there, also where the formula is not defined."""
    x = np.array([-1.0, 0.5, np.nan])
    found = ga.grad(lambda x: np.sum(ga.scipy.stats.gamma.pdf(x, 2.3)[:2]))(x)
    assert found[0] == 0 and found[1] == pytest.approx(next(slopes(lambda x: stats.gamma.pdf(x, 2.3), [0.5], 0, 1e-3)))
    assert np.isnan(ga.jvp(lambda a: ga.scipy.stats.gamma.pdf(0.3, a), (-1.0,), (1.0,))[1])


def test_what_is_made_of_a_newer_one_keeps_its_variables_or_says_so() -> None:
    """Whatever the library makes of it: what stands in it is a variable."""
    x = ga.tensor(0.2)
    normal = ga.scipy.stats.Normal(mu=x)
    made: Any = ga.scipy.stats.truncate(ga.scipy.stats.exp(-normal * 2), 0.1)
    made.logpdf(0.3).backward()
    assert x.grad is not None and np.isfinite(x.grad) and x.grad != 0
    for make in (stats.truncate, stats.exp, stats.abs):
        with pytest.raises(ga.GradientLossError), ga.gradient_loss("raise"):
            make(normal)


KERNELS, NORMAL = stats.gaussian_kde([0.3, 1.7, 0.9, 2.4]), stats.Normal(mu=0.3, sigma=2.0)


def test_objects_from_elsewhere() -> None:
    """Their methods take variables in drop-in mode, and only there."""

    def f(x: Any) -> Any:
        return NORMAL.logpdf(x) + abs(NORMAL).cdf(x) + KERNELS(x)[0]

    assert ga.grad(f)(0.7) == pytest.approx(next(slopes(f, [0.7], 0, 1e-3)), rel=1e-8)


def test_a_generator_that_is_made_in_the_function_goes_to_the_library() -> None:
    def f(scale: Any) -> Any:
        rng = np.random.default_rng(3)
        draws = [stats.qmc.Sobol(1, rng=rng).random(4)[:, 0], stats.norm.rvs(scale=scale, size=4, random_state=rng)]
        return np.sum(draws[0] * draws[1])

    expected = next(slopes(f, [1.2], 0, 1e-3))
    assert ga.grad(f)(1.2) == pytest.approx(expected, rel=1e-9)


def test_the_mean_of_a_function_that_jumps() -> None:
    """The jump stands still in the places that are integrated over: it is the probability that changes."""

    def share(loc: Any, scale: Any) -> Any:
        return stats.expon.expect(lambda x: 1.0 * (x > 1), (), loc, scale)

    p = np.exp(-0.8 / 1.3)
    assert ga.grad(share, argnums=(0, 1))(0.2, 1.3) == pytest.approx((p / 1.3, p * 0.8 / 1.69), rel=1e-9)


def test_parameters_of_the_greatest_likelihood_that_a_solver_finds() -> None:
    """The solver's own numbers are exact to four digits, too few for differences: those of its equations are taken."""
    data = np.random.default_rng(1).weibull(1.7, 40)

    def likelihood(theta: Any, x: Any) -> Any:
        return stats.weibull_min.nnlf((theta[0], 0.0, theta[1]), x)

    slopes = ga.grad(lambda x: stats.weibull_min.fit(x, floc=0)[0])(data)
    at = np.array(stats.weibull_min.fit(data, floc=0))[[0, 2]]
    by_theta = ga.hessian(lambda theta: likelihood(theta, data))(at)
    mixed = ga.jacobian(lambda x: ga.grad(likelihood)(at, x))(data)
    assert slopes == pytest.approx(-np.linalg.solve(by_theta, mixed)[0], rel=5e-3)


@pytest.mark.parametrize("name", ["boxcox", "yeojohnson"])
def test_the_most_likely_exponent(name: str) -> None:
    """A search for it is exact to eight digits, too few for differences: the likelihood has no slope there."""
    x = np.array([0.31, 1.7, 0.9, 2.4, 1.2, 0.55, 3.1, 1.05]) - (0.8 if name == "yeojohnson" else 0.0)
    likelihood = getattr(stats, f"{name}_llf")
    find = getattr(stats, f"{name}_normmax")
    options = {"method": "mle"} if name == "boxcox" else {}

    def slope(exponent: Any, x: Any) -> Any:
        return ga.grad(likelihood)(exponent, x)

    def implied(x: Any) -> Any:
        at = find(x, **options)
        return -ga.grad(slope, argnums=1)(at, x) / ga.grad(slope)(at, x)

    def exponent(x: Any) -> Any:
        return find(x, **options)

    assert ga.grad(exponent)(x) == pytest.approx(implied(x), rel=1e-6)
    off, step = np.cos(np.arange(8.0)), 1e-4
    twice = ga.jvp(ga.grad(exponent), (x,), (off,))[1]
    assert twice == pytest.approx((implied(x + step * off) - implied(x - step * off)) / (2 * step), rel=1e-3, abs=1e-5)
    whole = ga.grad(lambda x: np.sum(getattr(stats, name)(x)[0]))(x)
    made = ga.grad(lambda x: np.sum(getattr(stats, name)(x, exponent(x))))(x)
    assert whole == pytest.approx(made, rel=1e-7)


def test_quantiles_of_many_numbers() -> None:
    """They are selected, and not sorted; differences would change the order of what lies so near together."""
    x = np.sin(np.arange(3000.0) ** 1.3)
    scores = stats.scoreatpercentile(x, [13.1, 57.3])
    slopes = ga.jacobian(lambda x: stats.scoreatpercentile(x, [13.1, 57.3]))(x)
    assert slopes @ x == pytest.approx(scores, rel=1e-12) and slopes.sum(axis=1) == pytest.approx([1, 1])
    for row, score in zip(slopes, scores, strict=True):
        low, high = np.sort(x[row != 0])
        assert low <= score <= high and not np.any((x > low) & (x < high))
