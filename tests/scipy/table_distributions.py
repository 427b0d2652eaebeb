"""Calls of scipy.stats' newer distributions and of density estimates: objects made of variables, or given them."""

from __future__ import annotations

import numpy as np
from scipy import stats

from tests.scipy.calls import Call

X = np.array([0.31, 1.7, 0.9, 2.4, 1.2, 0.55])
P = np.array([0.2, 0.35, 0.6, 0.83])
W = np.array([0.7, 1.3, 2.9, 0.4, 1.85, 2.2])
TWO = np.array([[0.31, 1.7, 0.9, 2.4, 1.2], [0.7, 0.2, 1.9, 0.4, 2.85]])


PLACE = np.array([0.2, -0.4, 0.9])


def of_covariance(sp, cov, x):  # type: ignore[no-untyped-def]
    density = sp.stats.multivariate_normal.logpdf(PLACE, cov=cov)
    return cov.whiten(x), cov.colorize(np.stack([x, 2 * x])), cov.log_pdet, cov.covariance, density


CALLS = [
    Call("stats.gaussian_kde", lambda sp, x, d: sp.stats.gaussian_kde(d)(x), P, X),
    Call("stats.gaussian_kde, weights", lambda sp, x, w: sp.stats.gaussian_kde(X, weights=w).logpdf(x), P, W),
    Call("stats.gaussian_kde, bandwidth", lambda sp, x, b: sp.stats.gaussian_kde(X, b * 1.0).evaluate(x), P, 0.4),
    Call(
        "stats.gaussian_kde, a function",
        lambda sp, d, b, w: sp.stats.gaussian_kde(d, lambda k: b * k.scotts_factor(), w).pdf(TWO[:, :2] + 0.1),
        TWO,
        1.2,
        W[:5],
    ),
    Call("stats.gaussian_kde, Silverman", lambda sp, d, w: sp.stats.gaussian_kde(d, "silverman", w).pdf(P), X, W),
    Call(
        "stats.gaussian_kde, of constants",
        lambda sp, x: [(k := sp.stats.gaussian_kde(TWO))(x), k.logpdf(x[:, 0])],
        TWO[:, :2] + 0.1,
    ),
    Call(
        "stats.gaussian_kde, set anew",
        lambda sp, b: [(k := sp.stats.gaussian_kde(X)).set_bandwidth(b * 1.0), k.pdf(P)][1],
        0.4,
    ),
    Call(
        "stats.gaussian_kde.integrate_box_1d",
        lambda sp, a, b, d: [
            sp.stats.gaussian_kde(d).integrate_box_1d(a, b),
            sp.stats.gaussian_kde(d).integrate_box([a], [b]),
        ],
        0.3,
        2.0,
        X,
    ),
    Call(
        "stats.gaussian_kde.integrate_gaussian",
        lambda sp, m, s, d: sp.stats.gaussian_kde(d).integrate_gaussian(m, s * np.eye(2) + 0.1),
        np.array([0.1, 0.4]),
        1.4,
        TWO,
    ),
    Call(
        "stats.gaussian_kde.integrate_kde",
        lambda sp, d, e: sp.stats.gaussian_kde(d).integrate_kde(sp.stats.gaussian_kde(e)),
        X,
        W[:5],
    ),
    Call("stats.gaussian_kde.marginal", lambda sp, d: sp.stats.gaussian_kde(d).marginal([1]).pdf(P), TWO),
    Call("stats.gaussian_kde.resample", lambda sp, d: sp.stats.gaussian_kde(d).resample(3), X, refused="steps"),
]

# --- the newer distributions: what makes one of parameters, and these -------------------------------------------------

ARGUMENT = ("pdf", "logpdf", "cdf", "ccdf", "logcdf", "logccdf")
QUANTILES = ("icdf", "iccdf", "ilogcdf", "ilogccdf")
MOMENTS = ("mean", "variance", "standard_deviation", "skewness", "kurtosis")
MADE = {
    "Normal": (lambda sp, m, s: sp.stats.Normal(mu=m, sigma=s), 0.2, 1.4),
    "Uniform": (lambda sp, a, b: sp.stats.Uniform(a=a, b=b), 0.35, 2.6),
    "moved": (lambda sp, m, s: 1 - (sp.stats.Uniform(a=m, b=2.0) * s + 0.5 - m) / 2, -3.0, 2.3),
    "truncated": (lambda sp, m, a, b: sp.stats.truncate(sp.stats.Normal(mu=m), a, b), 0.2, 0.1, 2.6),
    "truncated, right": (lambda sp, m, a, b: sp.stats.truncate(sp.stats.Normal(mu=m), lb=a, ub=b), -0.6, 0.1, 2.6),
    "order statistic": (lambda sp, m: sp.stats.order_statistic(sp.stats.Normal(mu=m, sigma=2.0), r=2, n=4), 0.4),
    "exp": (lambda sp, m: sp.stats.exp(sp.stats.Normal(mu=m, sigma=0.7)), 0.4),
    "log": (lambda sp, b: sp.stats.log(sp.stats.Uniform(a=1.2, b=b)), 9.0),
    "folded": (lambda sp, m: abs(sp.stats.Normal(mu=m, sigma=0.7)), 0.4),
    "abs": (lambda sp, m: sp.stats.abs(sp.stats.Normal(mu=m, sigma=0.7)), 0.4),
    "mixture": (
        lambda sp, m, w: sp.stats.Mixture(
            [sp.stats.Normal(mu=m, sigma=0.7), sp.stats.Uniform(a=0.0, b=3.0)], weights=np.stack([w, 1 - w])
        ),
        0.4,
        0.3,
    ),
}
if hasattr(stats, "Logistic"):
    MADE["Logistic"] = (lambda sp, m, s: sp.stats.Logistic() * s - m, 0.3, -1.2)


def of(kind, names, *first, more=""):  # type: ignore[no-untyped-def]
    """Return the call of several methods by their arguments and by what the distribution is made of."""
    make, *parameters = MADE[kind]

    def call(sp, *arrays):  # type: ignore[no-untyped-def]
        return [getattr(make(sp, *arrays[len(first) :]), name)(*arrays[: len(first)]) for name in names]

    return Call(f"stats, {kind}: {more or ', '.join(names)}", call, *first, *parameters)


EXPLICIT = [kind for kind in MADE if kind not in ("folded", "abs", "mixture")]
LOCATED = [kind for kind in ("Normal", "Uniform", "moved", "Logistic") if kind in MADE]
# Inside of all supports.
INSIDE = np.array([0.51, 1.3, 1.9])


def normal(sp):  # type: ignore[no-untyped-def]
    return sp.stats.Normal(mu=0.3, sigma=2.0)


CALLS += [
    *[of(kind, ARGUMENT, INSIDE) for kind in MADE],
    *[of(kind, QUANTILES[:2], P) for kind in EXPLICIT],
    *[of(kind, QUANTILES[2:], np.log(P)) for kind in EXPLICIT],
    *[of(kind, (*MOMENTS, "median", "mode", "entropy")) for kind in LOCATED],
    of("mixture", MOMENTS),
    Call("stats, Uniform: outside", lambda sp, x: sp.stats.Uniform(a=0.4, b=2.0).cdf(x), np.array([0.1, 0.9, 2.5])),
    Call("stats, Uniform: support", lambda sp, a: [sp.stats.Uniform(a=a, b=3.0).support()[0]], 0.2),
    Call(
        "stats, Normal: between",
        lambda sp, m, x, y: [
            sp.stats.Normal(mu=m).cdf(x, y),
            sp.stats.Normal(mu=m).ccdf(x, y),
            sp.stats.Normal(mu=m).logcdf(x, y),
        ],
        0.2,
        0.3,
        0.8,
    ),
    Call("stats, Normal: of constants", lambda sp, x: [normal(sp).logpdf(x), (normal(sp) * 2).cdf(x)], X),
    Call(
        "stats, Normal: moved by variables",
        lambda sp, m: [(normal(sp) + m).cdf(0.3), (m - normal(sp)).pdf(0.4), (m * normal(sp)).mean()],
        0.2,
    ),
    Call(
        "stats, Uniform: powers",
        lambda sp, b: [
            (sp.stats.Uniform(a=0.5, b=b) ** 2).pdf(1.3),
            (3 / sp.stats.Uniform(a=0.5, b=b)).cdf(2.3),
            (1.5 ** sp.stats.Uniform(a=0.5, b=b)).logpdf(1.4),
        ],
        2.2,
    ),
    *[
        Call(
            f"stats, Normal: {kind} moments",
            lambda sp, m, s, kind=kind: [sp.stats.Normal(mu=m, sigma=s).moment(k, kind) for k in (0, 1, 2, 3, 4)],
            0.2,
            1.4,
        )
        for kind in ("raw", "central", "standardized")
    ],
    *[
        Call(
            f"stats, {kind}: sample",
            lambda sp, *p, kind=kind: MADE[kind][0](sp, *p).sample((2, 3), rng=np.random.default_rng(1)),
            *MADE[kind][1:],
        )
        for kind in LOCATED
    ],
    Call("stats, Normal: broadcast", lambda sp, m: sp.stats.Normal(mu=m[:, None], sigma=m).logpdf(0.3), X),
    Call("stats, nested", lambda sp, m: sp.stats.exp(sp.stats.truncate(normal(sp) * 2 + m, 0, 3)).logpdf(3.0), 0.3),
    Call(
        "stats, mixture: icdf",
        lambda sp, q: sp.stats.Mixture([normal(sp)] * 2).icdf(q),
        0.3,
        refused="found by a solver",
    ),
    Call("stats, folded: icdf", lambda sp, q: abs(normal(sp)).icdf(q), 0.3, refused="found by a solver"),
    Call(
        "stats, truncated: sample, mean",
        lambda sp, m: sp.stats.truncate(sp.stats.Normal(mu=m), 0).sample(3),
        0.3,
        refused="no smooth function",
    ),
    Call("stats, exp: mean", lambda sp, m: sp.stats.exp(sp.stats.Normal(mu=m)).mean(), 0.3, refused="an integral"),
    Call(
        "stats.make_distribution",
        lambda sp, m: sp.stats.make_distribution(stats.gamma)(a=m).cdf(0.3),
        2.2,
        refused="no derivative here|gradient",
    ),
    Call(
        "stats.order_statistic, by n",
        lambda sp, n: sp.stats.order_statistic(normal(sp), r=2, n=n).cdf(0.3),
        4.0,
        refused="whole numbers",
    ),
]
if hasattr(stats, "Binomial"):
    MADE["Binomial"] = (lambda sp, p: sp.stats.Binomial(n=7, p=p), 0.3)
    CALLS += [
        Call(
            "stats, Binomial: by p",
            lambda sp, p: [
                getattr(sp.stats.Binomial(n=7, p=p), name)([0, 2, 3])
                for name in ("pmf", "logpmf", "cdf", "ccdf", "logcdf", "logccdf")
            ],
            0.3,
        ),
        of("Binomial", MOMENTS),
        Call("stats, Binomial: by k", lambda sp, k: sp.stats.Binomial(n=7, p=0.3).pmf(k), 2.0, refused="whole numbers"),
        Call("stats, Binomial: median", lambda sp, p: sp.stats.Binomial(n=7, p=p).median(), 0.3, refused="in steps"),
    ]

# --- of several variables, and of a histogram -------------------------------------------------------------------------

S = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.4], [0.1, 0.4, 1.1]])
ALPHA = np.array([1.2, 2.0, 0.7])
SHARES = np.array([0.2, 0.3, 0.5])
HISTOGRAM = np.array([3.0, 5.0, 2.0, 4.0]), np.arange(5.0)


def spd(a):  # type: ignore[no-untyped-def]
    """Return a symmetric matrix, whatever direction one is left in."""
    return (a + a.T) / 2


def several(kind, names, function, *arrays):  # type: ignore[no-untyped-def]
    """Return the call of several methods of a distribution by the same arrays."""
    return Call(
        f"stats.{kind}.{', '.join(names)}",
        lambda sp, *a: [getattr(getattr(sp.stats, kind), name)(*function(*a)) for name in names],
        *arrays,
    )


CALLS += [
    Call(
        "stats.multivariate_normal.cdf",
        lambda sp, x, m, c: [
            sp.stats.multivariate_normal.cdf(x, m[()], c[()]),
            sp.stats.multivariate_normal.logcdf(x, m[()], c[()]),
        ],
        X,
        0.3,
        1.7,
    ),
    Call(
        "stats.multivariate_normal.cdf, several",
        lambda sp, x: sp.stats.multivariate_normal.cdf(x, np.zeros(3), S),
        ALPHA,
        refused="several variables",
    ),
    Call("stats.multivariate_normal.fit", lambda sp, x: list(sp.stats.multivariate_normal.fit(x)), TWO.T),
    Call(
        "stats.multivariate_normal.rvs",
        lambda sp, m: sp.stats.multivariate_normal.rvs(m, S, size=2, random_state=1),
        ALPHA,
    ),
    Call(
        "stats.multivariate_normal.rvs, cov",
        lambda sp, c: sp.stats.multivariate_normal.rvs(ALPHA, spd(c)),
        S,
        refused="cholesky",
    ),
    *(
        Call(
            f"stats.Covariance.{way}",
            lambda sp, x, part, way=way, kept=kept: of_covariance(sp, getattr(sp.stats.Covariance, way)(kept(part)), x),
            *(ALPHA, part),
        )
        for way, part, kept in (
            ("from_diagonal", np.array([1.0, 2.0, 0.5]), lambda d: d),
            ("from_precision", S, spd),
            ("from_cholesky", np.linalg.cholesky(S), np.tril),
        )
    ),
    Call(
        "stats.Covariance.from_eigendecomposition",
        lambda sp, x, w, v: of_covariance(sp, sp.stats.Covariance.from_eigendecomposition((w, v)), x),
        *(ALPHA, *np.linalg.eigh(S)),
    ),
    Call(
        "stats.Covariance, alone",
        lambda sp, d: sp.stats.multivariate_normal(PLACE, sp.stats.Covariance.from_diagonal(d)).logpdf(ALPHA),
        np.array([1.0, 2.0, 0.5]),
    ),
    Call(
        "stats.multivariate_normal, Covariance",
        lambda sp, x: sp.stats.multivariate_normal.logpdf(x, cov=stats.Covariance.from_diagonal([1.0, 2.0, 0.5])),
        ALPHA,
    ),
    Call(
        "stats.multivariate_t.entropy",
        lambda sp, c, df: [
            sp.stats.multivariate_t.entropy(None, spd(c), df[()]),
            sp.stats.multivariate_t(None, spd(c), df[()]).entropy(),
        ],
        S,
        4.2,
    ),
    Call("stats.multivariate_t.cdf", lambda sp, x: sp.stats.multivariate_t.cdf(x, df=3), ALPHA, refused="no formula"),
    several("dirichlet", ["cov"], lambda a: (a,), ALPHA),
    several("multinomial", ["cov", "mean", "entropy"], lambda p: (5, p / p.sum()), SHARES),
    several("dirichlet_multinomial", ["mean", "var", "cov"], lambda a: (a, 5), ALPHA),
    several("wishart", ["mean", "mode", "var", "entropy"], lambda df, c: (df[()], spd(c)), 6.3, S),
    several("invwishart", ["mean", "mode", "var", "entropy"], lambda df, c: (df[()], spd(c)), 9.3, S),
    Call("stats.matrix_normal.entropy", lambda sp, a: sp.stats.matrix_normal.entropy(spd(a), S[:2, :2]), S),
    Call("stats.matrix_normal, of constants", lambda sp, x: sp.stats.matrix_normal(rowcov=S).logpdf(x[:, None]), ALPHA),
    Call("stats.matrix_normal.rvs", lambda sp, m: sp.stats.matrix_normal.rvs(m), S, refused="no smooth function"),
    Call(
        "stats.vonmises_fisher.entropy",
        lambda sp, k: [
            sp.stats.vonmises_fisher.entropy([0, 0.6, 0.8], k[()]),
            sp.stats.vonmises_fisher([0, 0.6, 0.8], k[()]).entropy(),
        ],
        2.3,
    ),
]
if hasattr(stats, "matrix_t"):
    CALLS += [
        Call(
            "stats.matrix_t.logpdf",
            lambda sp, x, m, c, df: sp.stats.matrix_t.logpdf(x, m, spd(c), 1.3 * np.eye(2), df[()]),
            TWO.T[:3],
            TWO.T[1:4],
            S,
            3.4,
        ),
        Call(
            "stats.matrix_t, of constants", lambda sp, x: sp.stats.matrix_t(row_spread=S, df=3).pdf(x[:, None]), ALPHA
        ),
    ]
if hasattr(stats, "normal_inverse_gamma"):
    CALLS += [
        Call(
            "stats.normal_inverse_gamma.logpdf",
            lambda sp, x, s, m, k, a, b: [
                sp.stats.normal_inverse_gamma.logpdf(x, s, m, k, a, b),
                sp.stats.normal_inverse_gamma(m, k, a, b).pdf(x, s),
            ],
            X,
            1.4,
            0.2,
            1.3,
            2.4,
            3.1,
        ),
        Call(
            "stats.normal_inverse_gamma, of constants",
            lambda sp, x, s: sp.stats.normal_inverse_gamma(0.1, 1.2, 2.0, 3.0).logpdf(x, s),
            0.3,
            1.5,
        ),
        several("normal_inverse_gamma", ["mean", "var"], lambda *p: p, 0.2, 1.3, 2.4, 3.1),
    ]
CALLS += [
    Call(
        "stats.rv_histogram",
        lambda sp, x, q: [
            (h := sp.stats.rv_histogram(HISTOGRAM)).cdf(x),
            h.sf(x),
            h.pdf(x),
            h.ppf(q),
        ],
        X,
        P,
    )
]
