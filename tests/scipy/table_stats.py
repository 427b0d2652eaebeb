"""Calls of scipy.stats: distributions of one and of several variables, and statistics of samples."""

from __future__ import annotations

import numpy as np

from tests.scipy.calls import Call

X = np.array([0.31, 1.7, 0.9, 2.4])
P = np.array([0.2, 0.35, 0.6, 0.83])
U = np.array([0.7, 1.3, 2.9, 0.4, 1.85])
V = np.array([1.1, 0.6, 2.2, 0.95, 2.6])
M = np.array([[1.3, 0.2, 0.7], [0.4, 2.1, 1.9], [2.8, 1.2, 0.3], [0.9, 0.55, 1.45]])
S = np.array([[2.0, 0.3, 0.1], [0.3, 1.5, 0.4], [0.1, 0.4, 1.1]])
MU = np.array([0.2, -0.4, 0.9])
ALPHA = np.array([1.3, 2.2, 0.8])
SIMPLEX = np.array([0.2, 0.5, 0.3])


def spd(a):  # type: ignore[no-untyped-def]
    """Return a symmetric matrix that is positive definite around S, whatever direction S is left in."""
    return (a + a.T) / 2


CALLS = [
    # one variable: each method by everything
    Call("stats.norm.logpdf", lambda sp, x, m, s: sp.stats.norm.logpdf(x, m, s), X, 0.2, 1.3),
    Call("stats.norm.pdf, keywords", lambda sp, x, m, s: sp.stats.norm.pdf(x, loc=m, scale=s), X, 0.2, 1.3),
    Call("stats.norm.cdf", lambda sp, x, m, s: sp.stats.norm.cdf(x, m, s), X, 0.2, 1.3),
    Call("stats.norm.logcdf", lambda sp, x: sp.stats.norm.logcdf(-3 * x), X),
    Call("stats.norm.logsf", lambda sp, x, m, s: sp.stats.norm.logsf(3 * x, m, s), X, 0.2, 1.3),
    Call("stats.norm.ppf", lambda sp, q, m, s: sp.stats.norm.ppf(q, m, s), P, 0.2, 1.3),
    Call("stats.norm.interval", lambda sp, q, s: sp.stats.norm.interval(q, 0.1, s), 0.8, 1.3),
    Call("stats.norm, frozen", lambda sp, x, m, s: sp.stats.norm(m, scale=s).logpdf(x), X, 0.2, 1.3),
    Call("stats.norm, frozen by constants", lambda sp, x: sp.stats.norm(0.1, 2.0).sf(x), X),
    Call("stats.norm.rvs", lambda sp, m, s: sp.stats.norm.rvs(m, s, size=3, random_state=1), 0.2, 1.3),
    Call("stats.norm.nnlf", lambda sp, m, s, x: sp.stats.norm.nnlf((m, s), x), 0.2, 1.3, X),
    Call("stats.gamma.logpdf", lambda sp, x, a, s: sp.stats.gamma.logpdf(x, a, scale=s), X, 2.3, 1.3),
    Call("stats.gamma.cdf", lambda sp, x, a, s: sp.stats.gamma.cdf(x, a, scale=s), X, 2.3, 1.3),
    Call("stats.gamma.sf, spread", lambda sp, x, a: sp.stats.gamma.sf(x[:, None], a), X, np.array([1.2, 2.3, 4.0])),
    Call("stats.gamma.ppf", lambda sp, q, a: sp.stats.gamma.ppf(q, a, 0.1, 2.0), P, 2.3),
    Call("stats.gamma.isf", lambda sp, q, a: sp.stats.gamma.isf(q, a), P, 2.3),
    Call("stats.gamma.stats", lambda sp, a, m, s: sp.stats.gamma.stats(a, m, s, moments="mvsk"), 2.3, 0.2, 1.3),
    Call(
        "stats.gamma.mean, var, std, median",
        lambda sp, a, s: [
            sp.stats.gamma.mean(a, scale=s),
            sp.stats.gamma.var(a, scale=s),
            sp.stats.gamma.std(a, scale=s),
            sp.stats.gamma.median(a, scale=s),
        ],
        2.3,
        1.3,
    ),
    Call("stats.gamma.moment", lambda sp, a, m, s: sp.stats.gamma.moment(3, a, m, s), 2.3, 0.2, 1.3),
    Call("stats.gamma.entropy", lambda sp, a, s: sp.stats.gamma.entropy(a, scale=s), 2.3, 1.3),
    Call(
        "stats.gamma, frozen",
        lambda sp, a, s: [
            sp.stats.gamma(a, scale=s).mean(),
            sp.stats.gamma(a, scale=s).stats("vs"),
            sp.stats.gamma(a).entropy(),
        ],
        2.3,
        1.3,
    ),
    Call("stats.norm.fit", lambda sp, x: sp.stats.norm.fit(x), X),
    Call("stats.norm.fit, floc", lambda sp, x, m: sp.stats.norm.fit(x, floc=m[()]), X, 0.2),
    Call("stats.gamma.fit", lambda sp, x: sp.stats.gamma.fit(x, floc=0), X),
    Call("stats.lognorm.fit", lambda sp, x: sp.stats.lognorm.fit(x, floc=np.float64(-0.5)), X),
    Call("stats.beta.fit", lambda sp, x: sp.stats.beta.fit(x, floc=0, fscale=1), P, rough=100),
    *(
        Call(f"stats.{d}.fit", lambda sp, x, d=d: getattr(sp.stats, d).fit(x), X)
        for d in ("expon", "uniform", "laplace")
    ),
    Call("stats.pareto.fit", lambda sp, x: sp.stats.pareto.fit(x), X, refused="end of its range"),
    Call("stats.gamma.fit, moments", lambda sp, x: sp.stats.gamma.fit(x, method="mm"), X, refused="method of moments"),
    Call("stats.gamma.fit_loc_scale", lambda sp, x, a: sp.stats.gamma.fit_loc_scale(x, a), X, 2.3),
    Call("stats.gamma.rvs", lambda sp, a: sp.stats.gamma.rvs(a), 2.3, refused="no derivative"),
    Call("stats.gamma.expect", lambda sp, a: sp.stats.gamma.expect(args=(a,)), 2.3),
    Call(
        "stats.gamma.expect, of a function",
        lambda sp, a, m, s: sp.stats.gamma.expect(lambda x: x**2 + x, args=(a,), loc=m, scale=s),
        *(2.3, 0.2, 1.3),
    ),
    Call(
        "stats.norm.expect, of a part",
        lambda sp, m, a, b: sp.stats.norm.expect(np.tanh, (), m, 1.3, a[()], b[()], conditional=True),
        *(0.2, -0.5, 1.9),
    ),
    Call("stats.norm.expect, frozen", lambda sp, m, s: sp.stats.norm(m, s).expect(lambda x: x**3), 0.2, 1.3),
    Call("stats.uniform.expect, ends", lambda sp, m, s: sp.stats.uniform.expect(lambda x: x**2, (), m, s), 0.2, 1.3),
    Call("stats.poisson.expect", lambda sp, a: sp.stats.poisson.expect(lambda k: k**2.0, (a,)), 2.3),
    Call("stats.binom.expect", lambda sp, p, m: sp.stats.binom.expect(args=(5, p), loc=m, conditional=True), 0.3, 0.0),
    Call("stats.uniform.support", lambda sp, m, s: sp.stats.uniform.support(m, s), 0.2, 1.3),
    Call("stats.beta.logpdf", lambda sp, x, a, b: sp.stats.beta.logpdf(x, a, b), P, 2.3, 1.7),
    Call("stats.beta.cdf", lambda sp, x, a, b: sp.stats.beta.cdf(x, a, b), P, 2.3, 1.7),
    Call("stats.beta.ppf", lambda sp, q, a, b: sp.stats.beta.ppf(q, a, b), P, 2.3, 1.7, rough=100),
    Call("stats.t.logpdf", lambda sp, x, df, m, s: sp.stats.t.logpdf(x, df, m, s), X, 4.2, 0.2, 1.3),
    Call("stats.t.cdf", lambda sp, x, df: sp.stats.t.cdf(x, df), X, 4.2, rough=10),
    Call("stats.chi2.sf", lambda sp, x, df: sp.stats.chi2.sf(x, df), X, 3.3),
    Call("stats.f.logpdf", lambda sp, x, a, b: sp.stats.f.logpdf(x, a, b), X, 3.3, 6.1),
    Call("stats.lognorm.cdf", lambda sp, x, s: sp.stats.lognorm.cdf(x, s), X, 0.9),
    Call("stats.weibull_min.logsf", lambda sp, x, c: sp.stats.weibull_min.logsf(x, c), X, 1.9),
    Call("stats.expon.logpdf", lambda sp, x, s: sp.stats.expon.logpdf(x, scale=s), X, 1.3),
    Call("stats.expon.logpdf, outside", lambda sp, x: np.exp(sp.stats.expon.logpdf(x)), np.array([-1.0, 0.4, 2.0])),
    Call("stats.genextreme.logpdf, at 0", lambda sp, x, c: sp.stats.genextreme.logpdf(x, c), X, 0.0, orders=1),
    Call("stats.genpareto.cdf", lambda sp, x, c: sp.stats.genpareto.cdf(x, c), X, 0.2),
    Call("stats.skewnorm.cdf", lambda sp, x, a: sp.stats.skewnorm.cdf(x, a), X, 1.4, rough=10),
    Call("stats.vonmises.logpdf", lambda sp, x, k: sp.stats.vonmises.logpdf(x, k), X, 1.4),
    Call("stats.ncx2.cdf", lambda sp, x, df, nc: sp.stats.ncx2.cdf(x, df, nc), X, 3.2, 1.1, rough=100),
    Call("stats.landau.pdf", lambda sp, x: sp.stats.landau.pdf(x), X, refused="no formula"),
    # whole numbers
    Call("stats.poisson.logpmf", lambda sp, mu: sp.stats.poisson.logpmf([0, 2, 5], mu), 2.3),
    Call("stats.poisson.cdf", lambda sp, mu: sp.stats.poisson.cdf([0, 2.5, 5], mu), 2.3),
    Call("stats.poisson.pmf, by k", lambda sp, k: sp.stats.poisson.pmf(k, 2.3), 2.0, refused="whole number"),
    Call("stats.poisson.ppf", lambda sp, mu: sp.stats.poisson.ppf(0.4, mu), 2.3, refused="change in steps"),
    Call("stats.binom.pmf", lambda sp, p: sp.stats.binom.pmf([0, 2, 5], 5, p), 0.3),
    Call("stats.binom.sf", lambda sp, p: sp.stats.binom.sf([0, 2, 4], 5, p), 0.3),
    Call("stats.binom, by n", lambda sp, n: sp.stats.binom.logpmf(2, n, 0.3), 5.0, refused="whole number"),
    Call("stats.bernoulli.entropy", lambda sp, p: sp.stats.bernoulli.entropy(p), 0.3),
    Call("stats.nbinom.logpmf", lambda sp, n, p: sp.stats.nbinom.logpmf([0, 2, 5], n, p), 3.3, 0.4, rough=10),
    Call("stats.geom, frozen", lambda sp, p: [sp.stats.geom(p).pmf([1, 3]), sp.stats.geom(p).mean()], 0.4),
    Call("stats.skellam.pmf", lambda sp, a, b: sp.stats.skellam.pmf([-1, 0, 3], a, b), 2.3, 1.2, rough=10),
    # several variables
    Call(
        "stats.multivariate_normal.logpdf",
        lambda sp, x, m, c: sp.stats.multivariate_normal.logpdf(x, m, spd(c)),
        M,
        MU,
        S,
    ),
    Call(
        "stats.multivariate_normal.pdf, one point",
        lambda sp, x, c: sp.stats.multivariate_normal.pdf(x, cov=spd(c)),
        MU,
        S,
    ),
    Call(
        "stats.multivariate_normal.logpdf, numbers",
        lambda sp, x, m, c: sp.stats.multivariate_normal.logpdf(x, m, c),
        M,
        MU,
        1.4,
    ),
    Call(
        "stats.multivariate_normal.logpdf, diagonal",
        lambda sp, x, c: sp.stats.multivariate_normal.logpdf(x, MU, c),
        M,
        np.array([1.4, 0.9, 2.0]),
    ),
    Call(
        "stats.multivariate_normal.logpdf, one variable",
        lambda sp, x, m, c: sp.stats.multivariate_normal.logpdf(x, m, c),
        X,
        0.3,
        1.4,
    ),
    Call(
        "stats.multivariate_normal, frozen",
        lambda sp, x, m, c: sp.stats.multivariate_normal(m, spd(c)).logpdf(x),
        M,
        MU,
        S,
    ),
    Call("stats.multivariate_normal, frozen by constants", lambda sp, x: sp.stats.multivariate_normal(MU, S).pdf(x), M),
    Call("stats.multivariate_normal.entropy", lambda sp, c: sp.stats.multivariate_normal.entropy(cov=spd(c)), S),
    Call(
        "stats.multivariate_t.logpdf",
        lambda sp, x, m, c, df: sp.stats.multivariate_t.logpdf(x, m, spd(c), df),
        M,
        MU,
        S,
        3.4,
    ),
    Call("stats.dirichlet.logpdf", lambda sp, a: sp.stats.dirichlet.logpdf(SIMPLEX, a), ALPHA),
    Call("stats.dirichlet.pdf, by x", lambda sp, x: sp.stats.dirichlet.pdf(x, [1.3, 2.2, 1.8]), SIMPLEX[:2]),
    Call(
        "stats.dirichlet.mean, var, entropy",
        lambda sp, a: [sp.stats.dirichlet.mean(a), sp.stats.dirichlet.var(a), sp.stats.dirichlet.entropy(a)],
        ALPHA,
    ),
    Call("stats.multinomial.logpmf", lambda sp, p: sp.stats.multinomial.logpmf([2, 1, 3], 6, p / p.sum()), SIMPLEX),
    Call(
        "stats.dirichlet_multinomial.logpmf",
        lambda sp, a: sp.stats.dirichlet_multinomial.logpmf([2, 1, 3], a, 6),
        ALPHA,
    ),
    Call(
        "stats.wishart.logpdf",
        lambda sp, x, df, c: sp.stats.wishart.logpdf(spd(x), df[()], spd(c)),
        S,
        4.2,
        S + np.eye(3),
    ),
    Call(
        "stats.invwishart.logpdf",
        lambda sp, x, df, c: sp.stats.invwishart.logpdf(spd(x), df[()], spd(c)),
        S,
        4.2,
        S + np.eye(3),
    ),
    Call(
        "stats.matrix_normal.logpdf",
        lambda sp, x, m, c: sp.stats.matrix_normal.logpdf(x, m, spd(c), 1.4),
        M[:3],
        M[:3].T,
        S,
    ),
    Call(
        "stats.vonmises_fisher.logpdf",
        lambda sp, k: sp.stats.vonmises_fisher.logpdf([[0.6, 0.0, 0.8]], [0.0, 0.6, 0.8], k[()]),
        2.3,
    ),
    # samples
    Call("stats.moment", lambda sp, a: sp.stats.moment(a, 3), M),
    Call("stats.moment, several", lambda sp, a: sp.stats.moment(a, [2, 3], axis=1, center=0.3), M),
    Call("stats.skew", lambda sp, a: sp.stats.skew(a), M),
    Call("stats.skew, corrected", lambda sp, a: sp.stats.skew(a, axis=None, bias=False), M),
    Call("stats.kurtosis", lambda sp, a: sp.stats.kurtosis(a, axis=1), M),
    Call("stats.kurtosis, corrected", lambda sp, a: sp.stats.kurtosis(a, fisher=False, bias=False), M),
    Call("stats.variation", lambda sp, a: sp.stats.variation(a, ddof=1), M),
    Call("stats.sem", lambda sp, a: sp.stats.sem(a), M),
    Call("stats.zscore", lambda sp, a: sp.stats.zscore(a, ddof=1), M),
    Call("stats.zmap", lambda sp, a, b: sp.stats.zmap(a, b), U, V),
    Call("stats.gzscore", lambda sp, a: sp.stats.gzscore(a), U),
    Call("stats.gmean", lambda sp, a, w: sp.stats.gmean(a, weights=w), U, V),
    Call("stats.hmean", lambda sp, a: sp.stats.hmean(a, axis=1), M),
    Call("stats.pmean", lambda sp, a: sp.stats.pmean(a, 2.5), M),
    Call("stats.trim_mean", lambda sp, a: sp.stats.trim_mean(a, 0.25), M),
    Call("stats.tmean", lambda sp, a: sp.stats.tmean(a, (0.35, 2.5)), M),
    Call("stats.iqr", lambda sp, a: sp.stats.iqr(a, axis=0), M),
    Call("stats.entropy", lambda sp, p: sp.stats.entropy(p, base=2), U),
    Call("stats.entropy, relative", lambda sp, p, q: sp.stats.entropy(p, q), U, V),
    Call("stats.boxcox", lambda sp, x, k: sp.stats.boxcox(x, 0.4) * k, U, 0.7),
    Call("stats.boxcox, bounds", lambda sp, x: sp.stats.boxcox(x, alpha=0.1)[0], U, refused="alpha="),
    Call("stats.boxcox_llf", lambda sp, k, x: sp.stats.boxcox_llf(k, x), 0.4, U),
    Call("stats.yeojohnson", lambda sp, x: sp.stats.yeojohnson(x - 1.5, 0.4), U),
    Call("stats.yeojohnson_llf", lambda sp, k, x: sp.stats.yeojohnson_llf(k, x - 1.5), 0.4, U),
    Call("stats.wasserstein_distance", lambda sp, u, v: sp.stats.wasserstein_distance(u, v), U, V),
    Call("stats.wasserstein_distance, weighted", lambda sp, u, w: sp.stats.wasserstein_distance(u, V, w, U), U, V),
    Call("stats.energy_distance", lambda sp, u, v: sp.stats.energy_distance(u, v), U, V),
    Call("stats.pearsonr", lambda sp, x, y: [sp.stats.pearsonr(x, y).statistic, sp.stats.pearsonr(x, y).pvalue], U, V),
    Call("stats.pearsonr, one-sided", lambda sp, x, y: sp.stats.pearsonr(x, y, alternative="less")[1], U, V),
    Call("stats.linregress", lambda sp, x, y: list(sp.stats.linregress(x, y)), U, V),
    Call("stats.ttest_1samp", lambda sp, a, m: list(sp.stats.ttest_1samp(a, m)), U, 0.8),
    Call("stats.ttest_rel", lambda sp, a, b: list(sp.stats.ttest_rel(a, b)), U, V),
    Call("stats.ttest_ind", lambda sp, a, b: list(sp.stats.ttest_ind(a, b)), U, V),
    Call("stats.ttest_ind, Welch", lambda sp, a, b: list(sp.stats.ttest_ind(a, b[:4], equal_var=False)), U, V),
    Call("stats.spearmanr", lambda sp, a: sp.stats.spearmanr(a, V), U, refused="gradient|not differentiable"),
]
