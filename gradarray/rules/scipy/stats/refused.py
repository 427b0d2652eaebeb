"""Functions of samples that have no derivative, and why; and those whose results are whole numbers or ranks."""

from __future__ import annotations

from scipy import stats
from scipy.stats import mstats

from ..declared import FUNCTIONS, function
from ..standing import constant, refuse
from . import descriptive as descriptive  # whose functions are asked for below
from . import frequencies as frequencies

_RANKS = "it depends on ranks alone, and changes in steps; give it ga.stop_gradient(...)"
refuse("scipy.stats", _RANKS, "spearmanr", "kendalltau", "weightedtau", "somersd", "chatterjeexi", "page_trend_test")
refuse("scipy.stats", _RANKS, "mannwhitneyu", "wilcoxon", "ranksums", "mood", "ansari", "brunnermunzel", "kruskal")
refuse("scipy.stats", _RANKS, "fligner", "friedmanchisquare", "cramervonmises_2samp", "ks_2samp", "median_test")
refuse("scipy.stats", _RANKS, "bws_test", "logrank", "quantile_test", "spearmanrho")

_RESAMPLES = "it draws anew, or puts the sample in another order; differentiate the statistic itself"
refuse("scipy.stats", _RESAMPLES, "bootstrap", "permutation_test", "monte_carlo_test", "goodness_of_fit", "power")
refuse("scipy.stats", _RESAMPLES, "multiscale_graphcorr", "sobol_indices")

_SOLVED = "it is found by a solver; minimise what it optimises with ga.scipy.optimize.minimize"
refuse("scipy.stats", _SOLVED, "ppcc_max", "fit", "wasserstein_distance_nd")
refuse("scipy.stats", _SOLVED, "ppcc_plot", "boxcox_normplot", "yeojohnson_normplot")

_COUNTS = "what is counted are whole numbers"
refuse("scipy.stats", _COUNTS, "barnard_exact", "boschloo_exact", "fisher_exact", "binomtest", "poisson_means_test")
refuse("scipy.stats", _COUNTS, "cumfreq", "relfreq", "ecdf")
refuse("scipy.stats.contingency", _COUNTS, "association", "crosstab", "odds_ratio", "relative_risk")

_TABLES = "its probabilities are had from tables, or compiled code"
refuse("scipy.stats", _TABLES, "anderson_ksamp", "tukey_hsd", "dunnett")
refuse("scipy.stats", "it returns distributions; make them with variables as parameters", "mvsdist")

constant("scipy.stats", "rankdata", "tiecorrect", "percentileofscore", "find_repeats")

# Those that are the same functions as without masks.
_SAME = {name for name in mstats.__all__ if getattr(mstats, name) is getattr(stats, name, None)}
function("scipy.stats.mstats", *[FUNCTIONS["scipy.stats"][name] for name in sorted(_SAME)])
_MASKED = "a masked array holds no variables; take those elements that are not masked, and scipy.stats"
refuse("scipy.stats.mstats", _MASKED, *[name for name in mstats.__all__ if name not in _SAME])
