"""Calls of scipy.stats on samples: what is trimmed, sorted, circular, tested, counted; points that fill a cube."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from tests.scipy.calls import Call

X = np.array([0.31, 1.7, 0.9, 2.4, 1.2, 0.55, 3.1, 1.05])
Y = np.array([0.7, 1.3, 2.9, 0.4, 1.85, 2.2, 2.6, 1.1])
Z = np.array([1.1, 0.6, 2.2, 0.95, 2.6, 1.45, 0.2, 3.3])
LONG = np.concatenate([X, Y, Z + 0.03])
M = np.array([[1.3, 0.2, 0.7, 1.1], [0.4, 2.1, 1.9, 0.35], [2.8, 1.2, 0.3, 2.2], [0.9, 0.55, 1.45, 0.6]])
P = np.array([0.2, 0.35, 0.6, 0.83])
POINTS = np.vstack([M, [0.15, 3.0, 2.5, 1.6]])[:, :3] / 4
SCIPY = tuple(map(int, version("scipy").split(".")[:2]))


def one(name, *args, a=X, label="", **kwargs):  # type: ignore[no-untyped-def]
    """Return the call of a function by a sample alone."""

    def call(sp, sample):  # type: ignore[no-untyped-def]
        found = getattr(sp.stats, name)(sample, *args, **kwargs)
        return [part for part in found if not isinstance(part, int)] if isinstance(found, tuple) else found

    return Call(f"stats.{name}{label and ', '}{label}", call, a)


def both(name, *args, label="", **kwargs):  # type: ignore[no-untyped-def]
    """Return the call of a function by two samples."""
    return Call(
        f"stats.{name}{label and ', '}{label}",
        lambda sp, a, b: list(getattr(sp.stats, name)(a, b, *args, **kwargs)),
        X,
        Z,
    )


def by_ranks(name, *others):  # type: ignore[no-untyped-def]
    return Call(f"stats.{name}, by ranks", lambda sp, a: getattr(sp.stats, name)(a, *others), X, refused="ranks alone")


CALLS = [
    # within limits
    one("tvar"),
    one("tvar", (0.5, 2.8), label="limits"),
    one("tstd", (0.5, 2.9), (True, False), a=M, axis=1, label="rows"),
    one("tsem", (0.5, 2.8), axis=None, label="limits"),
    one("tmin", 0.5),
    one("tmax", 2.5, axis=0, a=M),
    one("trimboth", 0.2),
    one("trim1", 0.3, "left", a=M),
    Call("stats.sigmaclip", lambda sp, a, k: list(sp.stats.sigmaclip(a, k, 1.5)), X, 1.4),
    one("median_abs_deviation"),
    one("median_abs_deviation", scale="normal", axis=1, a=M, label="normal"),
    one("trim_mean", 0.25, axis=None, a=M, label="of all"),
    one("mode", keepdims=True),
    # quantiles
    Call("stats.scoreatpercentile", lambda sp, a, p: sp.stats.scoreatpercentile(a, p), X, 100 * P),
    Call("stats.scoreatpercentile, lower", lambda sp, a: sp.stats.scoreatpercentile(a, 30, (), "lower", 0), M),
    Call("stats.scoreatpercentile, limits", lambda sp, a: sp.stats.scoreatpercentile(a, [30, 60], (0.5, 3)), X),
    Call("stats.expectile", lambda sp, a, alpha: sp.stats.expectile(a, alpha), X, 0.3),
    Call("stats.expectile, weighted", lambda sp, a, w: sp.stats.expectile(a, 0.8, weights=w), X, Y),
    # in order
    one("lmoment"),
    one("lmoment", 3, axis=1, standardize=False, a=M, label="one"),
    one("differential_entropy"),
    *[
        one("differential_entropy", method=m, base=2, label=m, window_length=2)
        for m in ("vasicek", "van es", "ebrahimi", "correa")
    ],
    Call("stats.binned_statistic", lambda sp, v: sp.stats.binned_statistic(X, v, "sum", bins=3)[0], Y),
    Call("stats.binned_statistic, median", lambda sp, v: sp.stats.binned_statistic(X, v, "median", bins=2)[0], Y),
    Call("stats.binned_statistic, by x", lambda sp, x: sp.stats.binned_statistic(x, Y)[0], X, refused="respect to 'x'"),
    Call("stats.binned_statistic_2d", lambda sp, v: sp.stats.binned_statistic_2d(X, Z, v, "sum", bins=2)[0], Y),
    Call("stats.binned_statistic_dd", lambda sp, v: sp.stats.binned_statistic_dd([X, Z], v, np.sum, bins=2)[0], Y),
    # circular
    one("circmean"),
    Call("stats.circmean, ends", lambda sp, a, h, k: sp.stats.circmean(a, h, k), X, 3.5, -1.0),
    one("circvar", a=M, axis=1),
    one("circstd", high=4.0, keepdims=True),
    one("circstd", normalize=True, label="normalised"),
    Call(
        "stats.directional_stats",
        lambda sp, a: [
            sp.stats.directional_stats(a).mean_direction,
            sp.stats.directional_stats(a, axis=1, normalize=False).mean_resultant_length,
        ],
        M.reshape(2, 2, 4),
    ),
    # moments
    *[one("kstat", k, label=str(k)) for k in (1, 2, 3, 4)],
    one("kstatvar", 1, label="of the mean"),
    one("kstatvar", axis=0, a=M),
    one("gstd", ddof=0, axis=1, a=M),
    one("describe", axis=None, bias=False, a=M),
    one("bayes_mvs"),
    Call("stats.bayes_mvs, by alpha", lambda sp, q: list(sp.stats.bayes_mvs(X, q)), 0.8),
    one("skew", nan_policy="omit", axis=(0, 1), a=M, label="no NaN"),
    Call("stats.obrientransform", lambda sp, a, b: sp.stats.obrientransform(a, b), X, Z),
    one("probplot"),
    # correlation and regression
    both("pearsonr", alternative="greater", label="greater"),
    Call(
        "stats.pearsonr, its interval",
        lambda sp, a, b: [
            *sp.stats.pearsonr(a, b).confidence_interval(0.9),
            sp.stats.pearsonr(a, b, alternative="less").confidence_interval()[1],
        ],
        X,
        Z,
    ),
    both("pointbiserialr"),
    both("linregress", alternative="less", label="less"),
    Call("stats.linregress, error", lambda sp, a, b: sp.stats.linregress(a, b).intercept_stderr, X, Z),
    both("theilslopes"),
    both("theilslopes", 0.8, "joint", label="joint"),
    both("siegelslopes"),
    both("siegelslopes", method="separate", label="separate"),
    Call("stats.siegelslopes, odd", lambda sp, a, b: list(sp.stats.siegelslopes(a, b)), X[:7], Z[:7]),
    Call("stats.siegelslopes, ties", lambda sp, a: list(sp.stats.siegelslopes(a, [1.0, 2, 2, 3, 5, 7, 7, 8])), X),
    Call("stats.theilslopes, ties", lambda sp, a: list(sp.stats.theilslopes(a, [1.0, 2, 2, 3, 5, 7, 7, 8])), X),
    # means
    Call(
        "stats.ttest_1samp, its interval",
        lambda sp, a, m: list(sp.stats.ttest_1samp(a, m, alternative="less").confidence_interval(0.9))[1],
        X,
        0.5,
    ),
    Call("stats.ttest_rel, its interval", lambda sp, a, b: list(sp.stats.ttest_rel(a, b).confidence_interval()), X, Z),
    Call(
        "stats.ttest_ind, its interval",
        lambda sp, a, b: [
            *sp.stats.ttest_ind(a, b, equal_var=False).confidence_interval(),
            sp.stats.ttest_ind(a, b, equal_var=False).df,
        ],
        X,
        Z[:5],
    ),
    Call("stats.ttest_ind, trim", lambda sp, a: sp.stats.ttest_ind(a, Z, trim=0.2), X, refused="not known here"),
    *[
        Call(
            f"stats.ttest_ind_from_stats, {equal}",
            lambda sp, m, s, n, v, equal=equal: list(sp.stats.ttest_ind_from_stats(m, s, 9, n, v, 7, equal)),
            1.0,
            2.0,
            0.5,
            1.5,
        )
        for equal in (True, False)
    ],
    Call("stats.f_oneway", lambda sp, a, b, c: list(sp.stats.f_oneway(a, b, c)), X, Z, Y[:5]),
    Call("stats.f_oneway, rows", lambda sp, a: list(sp.stats.f_oneway(a, M[::-1] ** 2, axis=1)), M),
    Call(
        "stats.alexandergovern",
        lambda sp, a, b: [sp.stats.alexandergovern(a, b, Y).statistic, sp.stats.alexandergovern(a, b, Y).pvalue],
        X,
        Z,
    ),
    both("bartlett"),
    both("levene"),
    both("levene", center="mean", label="mean"),
    # shape
    *[one(name, a=LONG) for name in ("skewtest", "kurtosistest", "normaltest", "jarque_bera")],
    one("skewtest", alternative="less", a=LONG, label="less"),
    # frequencies and probabilities
    one("chisquare"),
    one("chisquare", ddof=1, axis=None, a=M, label="of all"),
    *[
        Call(
            f"stats.power_divergence, {power}",
            lambda sp, a, b, power=power: list(sp.stats.power_divergence(a / a.sum(), b / b.sum(), lambda_=power)),
            X,
            Z,
        )
        for power in ("log-likelihood", "mod-log-likelihood", "neyman", 0.3)
    ],
    Call("stats.chi2_contingency", lambda sp, a: list(sp.stats.chi2_contingency(10 * a)), M[:3, :3]),
    Call("stats.chi2_contingency, corrected", lambda sp, a: list(sp.stats.chi2_contingency(9 * a)), M[1:3, :2]),
    Call(
        "stats.chi2_contingency, corrected whole",
        lambda sp, a: sp.stats.chi2_contingency(a)[0],
        np.array([[4.1, 2.0], [8.0, 4.1]]),
    ),
    Call("stats.contingency.margins", lambda sp, a: sp.stats.contingency.margins(a), M),
    Call("stats.contingency.chi2_contingency", lambda sp, a: list(sp.stats.contingency.chi2_contingency(9 * a)), M),
    Call("stats.contingency.expected_freq", lambda sp, a: sp.stats.contingency.expected_freq(a), M),
    *[
        Call(f"stats.combine_pvalues, {m}", lambda sp, p, m=m: list(sp.stats.combine_pvalues(p, m)), P)
        for m in ("fisher", "pearson", "mudholkar_george", "tippett")
    ],
    Call(
        "stats.combine_pvalues, weighted", lambda sp, p, w: list(sp.stats.combine_pvalues(p, "stouffer", w)), P, P + 1
    ),
    Call("stats.false_discovery_control", lambda sp, p: sp.stats.false_discovery_control(p), P[[2, 0, 3, 1]] / 3),
    Call(
        "stats.false_discovery_control, by",
        lambda sp, p: sp.stats.false_discovery_control(p, method="by", axis=None),
        P[[2, 0, 3, 1]].reshape(2, 2) / 3,
    ),
    # points in a cube
    *[
        Call(
            f"stats.qmc.discrepancy, {m}",
            lambda sp, x, m=m: sp.stats.qmc.discrepancy(x, method=m, iterative=m == "MD"),
            POINTS,
        )
        for m in ("CD", "WD", "MD", "L2-star")
    ],
    *[
        Call(
            f"stats.qmc.geometric_discrepancy, {m}",
            lambda sp, x, m=m: sp.stats.qmc.geometric_discrepancy(x, m),
            POINTS,
        )
        for m in ("mindist", "mst")
    ],
    Call("stats.qmc.scale", lambda sp, x, a, b: sp.stats.qmc.scale(x, a, b), POINTS, -1.0, np.array([2.0, 1.0, 1.5])),
    Call("stats.qmc.scale, back", lambda sp, x: sp.stats.qmc.scale(x, -1, 2, reverse=True), POINTS),
    Call("stats.qmc.update_discrepancy", lambda sp, x: sp.stats.qmc.update_discrepancy(x, POINTS, 0.1), POINTS[0] / 2),
    # no derivative
    by_ranks("kendalltau", Z),
    by_ranks("weightedtau", Z),
    by_ranks("somersd", Z),
    by_ranks("mannwhitneyu", Z),
    by_ranks("wilcoxon", Z),
    by_ranks("kruskal", Z, Y),
    by_ranks("friedmanchisquare", Y, Z),
    by_ranks("ks_2samp", Z),
    by_ranks("median_test", Z),
    by_ranks("quantile_test"),
    Call("stats.bootstrap", lambda sp, a: sp.stats.bootstrap((a,), np.mean), X, refused="it draws anew"),
    Call(
        "stats.permutation_test", lambda sp, a: sp.stats.permutation_test((a, Z), np.mean), X, refused="it draws anew"
    ),
    Call("stats.boxcox_normmax", lambda sp, a: sp.stats.boxcox_normmax(a), X, refused="'mle' is"),
    Call("stats.wasserstein_distance_nd", lambda sp, a: sp.stats.wasserstein_distance_nd(a, M), M, refused="solver"),
    Call("stats.fisher_exact", lambda sp, a: sp.stats.fisher_exact(a), M[:2, :2], refused="whole numbers"),
    Call("stats.binomtest", lambda sp, p: sp.stats.binomtest(3, 10, p).pvalue, 0.4, refused="whole numbers"),
    Call("stats.kstest, two samples", lambda sp, a: sp.stats.kstest(a, Z)[0], X, refused="ranks"),
    Call("stats.kstest, p", lambda sp, a: sp.stats.kstest(a, "norm")[1] + 1, X, refused="no derivative"),
    Call("stats.anderson, logistic", lambda sp, a: sp.stats.anderson(a, "logistic")[0], X, refused="by a solver"),
    Call("stats.tukey_hsd", lambda sp, a: sp.stats.tukey_hsd(a, Z).statistic, X, refused="from tables"),
    Call("stats.mstats.trimmed_mean", lambda sp, a: sp.stats.mstats.trimmed_mean(a), X, refused="masked"),
    Call("stats.mstats.gmean", lambda sp, a: sp.stats.mstats.gmean(a), X),
    # of a distribution
    *[one("shapiro", a=a, label=str(np.shape(a))) for a in (X[:3], X[:5], X, LONG, M.T)],
    *[Call(f"stats.anderson, {d}", lambda sp, a, d=d: sp.stats.anderson(a, d)[0], X) for d in ("norm", "expon")],
    *[
        Call(
            f"stats.ks_1samp, {side}",
            lambda sp, a, m, s, side=side: sp.stats.ks_1samp(a, sp.stats.gamma.cdf, (m, 0, s), side)[0],
            *(X, 2.3, 0.4),
        )
        for side in ("two-sided", "greater", "less")
    ],
    Call("stats.kstest", lambda sp, a, m: sp.stats.kstest(a, "norm", (m, 1.3))[0], X, 0.7),
    Call("stats.cramervonmises", lambda sp, a, m: sp.stats.cramervonmises(a, "expon", (0, m)).statistic, X, 0.7),
    Call("stats.epps_singleton_2samp", lambda sp, a, b: list(sp.stats.epps_singleton_2samp(a, b)), X, Z, rough=100),
    Call(
        "stats.epps_singleton_2samp, t",
        lambda sp, a, b, t: list(sp.stats.epps_singleton_2samp(a, b, t)),
        *(LONG, Y + 0.013, np.array([0.5, 1.1])),
        rough=100,
    ),
    Call("stats.mvsdist", lambda sp, a: sp.stats.mvsdist(a), X, refused="returns distributions"),
    Call("stats.skew, NaN", lambda sp, a: sp.stats.skew(a, nan_policy="omit"), np.append(X, np.nan), refused="isnan"),
]
if SCIPY >= (1, 16):
    CALLS += [
        Call("stats.quantile", lambda sp, a, p: sp.stats.quantile(a, p), X, P),
        *[
            Call(
                f"stats.quantile, {m}",
                lambda sp, a, p, m=m: sp.stats.quantile(a, p, method=m, axis=1),
                M,
                (P[:, None] + 0.013),
            )
            for m in ("median_unbiased", "weibull", "harrell-davis", "interpolated_inverted_cdf")
        ],
        *[
            Call(f"stats.quantile, {m}", lambda sp, a, m=m: sp.stats.quantile(a, P[:3], method=m, axis=None), M)
            for m in ("inverted_cdf", "averaged_inverted_cdf", "closest_observation")
        ],
        Call("stats.quantile, rows", lambda sp, a: sp.stats.quantile(a, 0.3, axis=-1, keepdims=True), M),
    ]
if SCIPY >= (1, 17):
    CALLS += [
        Call(
            "stats.f_oneway, Welch",
            lambda sp, a, b, c: list(sp.stats.f_oneway(a, b, c, equal_var=False)),
            X,
            Z,
            Y[:5],
        ),
        by_ranks("spearmanrho", Z),
        both("levene", center="trimmed", proportiontocut=0.2, label="trimmed"),
    ]
