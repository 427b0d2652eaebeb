"""Calls of SciPy's functions, on arrays large enough that a function's own work counts, and the names of its operands.

A line is an expression and, behind a bar, the arrays by which it is differentiated; the arrays are made by `arrays`.
Behind another bar stands how many times the function's own multiplications the way back has at least, if that is more
than once: where both factors of each of them vary, there are two, one for the cotangent of either. That is so of
factorizations, too: Murray (2016), Differentiation of the Cholesky decomposition, arXiv:1602.07527.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

MODULES = ("special", "linalg", "fft", "signal", "ndimage", "interpolate", "spatial", "stats")

SPECIAL = """
special.gamma(x) | x
special.gammaln(x) | x
special.loggamma(x) | x
special.psi(x) | x
special.polygamma(1, x) | x
special.zeta(x + 1) | x
special.multigammaln(x + 2, 3) | x
special.beta(x, y) | x y
special.betaln(x, y) | x y
special.comb(x + 4, x) | x
special.erf(x) | x
special.erfc(x) | x
special.erfcx(x) | x
special.erfinv(u) | u
special.dawsn(x) | x
special.wofz(x) | x
special.ndtr(x) | x
special.log_ndtr(x) | x
special.ndtri(u) | u
special.expit(x) | x
special.logit(u) | u
special.xlogy(x, y) | x y
special.entr(x) | x
special.rel_entr(x, y) | x y
special.kl_div(x, y) | x y
special.huber(1.0, x) | x
special.cbrt(x) | x
special.exprel(x) | x
special.lambertw(x) | x
special.j0(x) | x
special.j1(x) | x
special.y0(x) | x
special.y1(x) | x
special.i0(x) | x
special.i0e(x) | x
special.i1(x) | x
special.i1e(x) | x
special.k0(x) | x
special.k0e(x) | x
special.k1(x) | x
special.k1e(x) | x
special.jv(1.5, x) | x
special.iv(1.5, x) | x
special.kv(1.5, x) | x
special.spherical_jn(2, x) | x
special.airy(x) | x
special.exp1(x) | x
special.expi(x) | x
special.sici(x) | x
special.fresnel(x) | x
special.ellipk(u) | u
special.ellipe(u) | u
special.gammainc(2.5, x) | x
special.hyp1f1(0.5, 1.5, x) | x
special.logsumexp(image, axis=1) | image
special.softmax(image, axis=1) | image
special.log_softmax(image, axis=1) | image
"""

LINALG = """
linalg.inv(matrix) | matrix
linalg.det(matrix) | matrix | 2
linalg.pinv(tall) | tall
linalg.cholesky(positive) | positive | 2
linalg.cho_factor(positive)[0] | positive | 2
linalg.cho_solve(linalg.cho_factor(positive), vector) | positive vector | 2
linalg.cho_solve((factor, True), vector) | factor vector | 2
linalg.cho_solve((factor, True), square) | factor square | 2
linalg.lu(matrix)[1:] | matrix | 2
linalg.lu_factor(matrix)[0] | matrix | 2
linalg.lu_solve(linalg.lu_factor(matrix), vector) | matrix vector | 2
linalg.solve(matrix, vector) | matrix vector
linalg.solve(matrix, square) | matrix square
linalg.solve(matrix, vector) | vector
linalg.solve(positive, vector, assume_a="pos") | positive vector
linalg.solve(positive, vector, assume_a="sym") | positive vector
linalg.solve_triangular(lower, vector, lower=True) | lower vector | 2
linalg.solve_triangular(lower, square, lower=True) | lower square | 2
linalg.solve_triangular(lower, square, lower=True) | square
linalg.lstsq(tall, long)[0] | tall long
linalg.qr(matrix) | matrix
linalg.qr(tall, mode="economic") | tall
linalg.qr(matrix, mode="r")[0] | matrix | 2
linalg.qr(matrix, pivoting=True)[:2] | matrix
linalg.rq(matrix) | matrix
linalg.svd(matrix) | matrix
linalg.svd(tall, full_matrices=False) | tall
linalg.svdvals(matrix) | matrix
linalg.orth(tall) | tall
linalg.polar(matrix) | matrix
linalg.eigh(positive) | positive
linalg.eigh(positive, other) | positive other
linalg.eigvalsh(positive) | positive
linalg.eig(matrix) | matrix
linalg.eigvals(matrix) | matrix
linalg.eig_banded(half) | half
linalg.eigvals_banded(half) | half
linalg.eigh_tridiagonal(vector + 3, vector[1:]) | vector
linalg.eigvalsh_tridiagonal(vector + 3, vector[1:]) | vector
linalg.norm(matrix) | matrix
linalg.norm(matrix, 2) | matrix
linalg.norm(matrix, "nuc") | matrix
linalg.expm(positive) | positive
linalg.expm(matrix) | matrix
linalg.expm(matrices) | matrices
linalg.expm_frechet(matrix, square) | matrix square | 2
linalg.logm(matrix) | matrix
linalg.sqrtm(matrix) | matrix
linalg.fractional_matrix_power(positive, 0.4) | positive
linalg.cosm(matrix) | matrix
linalg.sinhm(matrix) | matrix
linalg.solve_sylvester(matrix, positive, square) | matrix positive square
linalg.solve_continuous_lyapunov(matrix, positive) | matrix positive
linalg.solve_discrete_lyapunov(matrix / 9, positive) | matrix positive
linalg.cholesky_banded(half) | half | 2
linalg.cho_solve_banded((linalg.cholesky_banded(half), False), vector) | half vector | 2
linalg.solveh_banded(half, vector) | half vector
linalg.solve_banded((2, 2), bands, noise) | bands noise
linalg.cholesky_banded(long_half) | long_half | 2
linalg.solveh_banded(long_half, noise) | long_half noise
linalg.solve_toeplitz(column, vector) | column vector
linalg.matmul_toeplitz((noise, noise), noise) | noise
linalg.solve_circulant(noise, noise) | noise
linalg.toeplitz(long) | long
linalg.hankel(long) | long
linalg.circulant(long) | long
linalg.companion(x[:1000]) | x
linalg.convolution_matrix(vector, 1000) | vector
linalg.leslie(x[:1000], x[:999]) | x
linalg.block_diag(square, square, square) | square
linalg.khatri_rao(square, square) | square
"""

FFT = """
fft.fft(noise) | noise
fft.ifft(wave) | wave
fft.rfft(noise) | noise
fft.irfft(wave) | wave
fft.hfft(wave) | wave
fft.fft2(image) | image
fft.rfft2(image) | image
fft.fft(image) | image
fft.rfft(image) | image
fft.dct(noise) | noise
fft.idct(noise) | noise
fft.dst(noise) | noise
fft.dctn(image) | image
fft.dct(image) | image
fft.fftshift(noise) | noise
fft.fht(noise, 0.1, 1.5) | noise
"""

SIGNAL = """
signal.convolve(noise, taps) | noise taps
signal.convolve(noise, taps, mode="same") | noise taps
signal.convolve(noise, taps, method="direct") | noise taps
signal.correlate(noise, taps) | noise taps
signal.fftconvolve(noise, taps) | noise taps
signal.oaconvolve(noise, taps) | noise taps
signal.fftconvolve(image, patch, mode="same") | image patch
signal.convolve2d(image, kernel, mode="same") | image kernel
signal.correlate2d(image, kernel, mode="same", boundary="symm") | image kernel
signal.lfilter(b, a, noise) | noise
signal.lfilter(b, a, noise) | b a noise | 2
signal.lfilter(taps, 1.0, noise) | taps noise | 2
signal.filtfilt(b, a, noise) | noise
signal.sosfilt(sos, noise) | noise
signal.sosfilt(sos, noise) | sos noise | 2
signal.sosfiltfilt(sos, noise) | noise
signal.savgol_filter(noise, 11, 3) | noise
signal.resample(noise, 50000) | noise
signal.resample_poly(noise, 3, 2) | noise
signal.decimate(noise, 4) | noise
signal.upfirdn(taps, noise, 3, 2) | taps noise | 2
signal.hilbert(noise) | noise
signal.envelope(noise[:10000], (1, 400)) | noise
signal.detrend(noise) | noise
signal.detrend(noise, type="constant") | noise
signal.czt(noise) | noise
signal.zoom_fft(noise, [0.1, 0.4], 1000) | noise
signal.cspline1d(noise) | noise
signal.symiirorder1(image, 0.7, 0.04) | image
signal.medfilt(image, 5) | image
signal.wiener(image, 5) | image
signal.find_peaks(noise, prominence=0.5)[1]["prominences"] | noise
signal.welch(noise)[1] | noise
signal.periodogram(noise)[1] | noise
signal.csd(noise, x)[1] | noise x
signal.coherence(noise, x + noise)[1] | noise x
signal.stft(noise)[2] | noise
signal.spectrogram(noise)[2] | noise
signal.freqz(b, a, 4096)[1] | b a
signal.freqz_sos(sos, 4096)[1] | sos
signal.freqs(b, a, x)[1] | b a
signal.group_delay((b, a), 4096)[1] | b a
signal.firwin(401, 0.3 * one) | one
signal.butter(4, 0.3 * one) | one
signal.windows.kaiser(100000, 5 * one) | one
signal.chirp(x, 1.0, 3.0, 5.0) | x
signal.gausspulse(x) | x
signal.lombscargle(x[::100], noise[::100], x[:100]) | x noise
signal.dlsim((b, a, 1.0), noise[:2000])[1] | noise
signal.step((b, a), T=x[:1000])[1] | b a
signal.freqresp((b, a), x[:10000])[1] | b a
"""

NDIMAGE = """
ndimage.convolve(image, kernel) | image kernel | 2
ndimage.convolve1d(image, taps[:9]) | image taps | 2
ndimage.gaussian_filter(image, 2.0) | image
ndimage.gaussian_filter(image, 2.0 * one) | image one
ndimage.gaussian_filter1d(image, 2.0) | image
ndimage.gaussian_laplace(image, 2.0) | image
ndimage.gaussian_gradient_magnitude(image, 2.0) | image
ndimage.uniform_filter(image, 5) | image
ndimage.uniform_filter1d(image, 5) | image
ndimage.sobel(image) | image
ndimage.prewitt(image) | image
ndimage.laplace(image) | image
ndimage.map_coordinates(image, places, order=1) | image
ndimage.map_coordinates(image, places, order=3) | image
ndimage.map_coordinates(image, places, order=1) | image places
ndimage.map_coordinates(image, places, order=3) | image places
ndimage.shift(image, (0.3, -1.2), order=1) | image
ndimage.shift(image, (0.3, -1.2)) | image
ndimage.zoom(image, 1.5, order=1) | image
ndimage.zoom(image, 1.5) | image
ndimage.rotate(image, 13.0, order=1) | image
ndimage.rotate(image, 13.0) | image
ndimage.affine_transform(image, turned) | image
ndimage.spline_filter(image) | image
ndimage.fourier_gaussian(spectrum, 0.7) | spectrum
ndimage.minimum_filter(image, 5) | image
ndimage.median_filter(image, 5) | image
ndimage.maximum_filter1d(image, 5) | image
ndimage.grey_erosion(image, 5) | image
ndimage.grey_opening(image, 5) | image
ndimage.morphological_gradient(image, 5) | image
ndimage.sum_labels(image, labels, range(1, 101)) | image
ndimage.mean(image, labels, range(1, 101)) | image
ndimage.standard_deviation(image, labels, range(1, 101)) | image
ndimage.maximum(image, labels, range(1, 101)) | image
ndimage.median(image, labels, range(1, 101)) | image
ndimage.center_of_mass(image, labels, range(1, 101)) | image
"""

INTERPOLATE = """
interpolate.CubicSpline(sites, heights)(points) | heights
interpolate.CubicSpline(sites, heights)(points) | sites
interpolate.CubicSpline(sites, heights)(points) | points
interpolate.PchipInterpolator(sites, heights)(points) | heights
interpolate.Akima1DInterpolator(sites, heights)(points) | heights
interpolate.interp1d(sites, heights)(points) | heights
interpolate.interp1d(sites, heights)(points) | points
interpolate.make_interp_spline(sites, heights)(points) | heights
interpolate.InterpolatedUnivariateSpline(sites, heights)(points) | heights
interpolate.InterpolatedUnivariateSpline(sites, heights)(points) | points
interpolate.KroghInterpolator(sites[::5], heights[::5])(points) | heights
interpolate.KroghInterpolator(sites[::5], heights[::5])(points) | points
interpolate.BarycentricInterpolator(sites[::5], heights[::5])(points) | heights
interpolate.BarycentricInterpolator(sites[::5], heights[::5])(points) | points
interpolate.CubicSpline(many_sites, many_heights)(0.5) | many_heights
interpolate.PchipInterpolator(many_sites, many_heights)(0.5) | many_heights
interpolate.Akima1DInterpolator(many_sites, many_heights)(0.5) | many_heights
interpolate.make_interp_spline(many_sites, many_heights)(0.5) | many_heights
interpolate.make_smoothing_spline(many_sites, many_heights, lam=1e-6)(points) | many_heights
interpolate.make_lsq_spline(many_sites, many_heights, knots, 3)(points) | many_heights
interpolate.BSpline(knots, weights, 3)(points) | weights
interpolate.BSpline(knots, weights, 3)(points) | weights points
interpolate.splev(points, interpolate.splrep(sites, heights)) | heights
interpolate.RegularGridInterpolator((lines, lines), grid)(pairs) | grid
interpolate.RegularGridInterpolator((lines, lines), grid)(pairs) | pairs
interpolate.RegularGridInterpolator((lines, lines), grid, method="slinear")(pairs) | grid
interpolate.RegularGridInterpolator((lines, lines), grid, method="cubic")(pairs) | pairs
interpolate.interpn((lines, lines), grid, pairs) | grid pairs
interpolate.RectBivariateSpline(lines, lines, grid)(lines, lines) | grid
interpolate.RectBivariateSpline(lines, lines, grid).ev(pairs[:, 0], pairs[:, 1]) | pairs
interpolate.LinearNDInterpolator(scattered, scattered[:, 0] * one)(pairs) | one
interpolate.CloughTocher2DInterpolator(scattered, scattered[:, 0] * one)(pairs) | one
interpolate.griddata(scattered, scattered[:, 0] * one, pairs) | one
interpolate.RBFInterpolator(scattered, scattered[:, 0] * one, smoothing=0.1)(pairs[:2000]) | one
"""

SPATIAL = """
spatial.distance.cdist(first, second) | first second
spatial.distance.cdist(first, second, "sqeuclidean") | first second
spatial.distance.cdist(first, second, "cityblock") | first second
spatial.distance.cdist(first, second, "chebyshev") | first second
spatial.distance.cdist(first, second, "minkowski", p=3) | first second
spatial.distance.cdist(first, second, "canberra") | first second
spatial.distance.cdist(first, second, "braycurtis") | first second
spatial.distance.cdist(first, second, "correlation") | first second
spatial.distance.cdist(first, second, "cosine") | first second
spatial.distance.cdist(abs(first), abs(second), "jensenshannon") | first second
spatial.distance.cdist(first, second, "seuclidean") | first second
spatial.distance.cdist(first, second, "mahalanobis") | first second
spatial.distance.pdist(first) | first
spatial.distance.pdist(first, "cityblock") | first
spatial.distance.pdist(first, "chebyshev") | first
spatial.distance.pdist(first, "cosine") | first
spatial.distance.euclidean(noise, x) | noise x
spatial.distance.cosine(noise, x) | noise x
spatial.distance.correlation(noise, x) | noise x
spatial.distance.squareform(noise[:44850]) | noise
spatial.distance.directed_hausdorff(first, second)[0] | first second
spatial.procrustes(pairs, pairs[::-1] + 1)[0] | pairs
spatial.minkowski_distance(pairs, pairs[::-1]) | pairs
spatial.KDTree(first).query(second)[0] | second
"""

STATS = """
stats.norm.pdf(x, 0.2, 1.3) | x
stats.norm.logpdf(x, 0.2, 1.3) | x
stats.norm.logpdf(x, 0.2 * one, 1.3 * one) | x one
stats.norm.cdf(x) | x
stats.norm.logcdf(x) | x
stats.norm.ppf(u) | u
stats.gamma.logpdf(x, 2.3) | x
stats.gamma.cdf(x, 2.3) | x
stats.beta.logpdf(u, 2.0, 3.0) | u
stats.beta.cdf(u, 2.0, 3.0) | u
stats.t.logpdf(x, 5.0) | x
stats.t.cdf(x, 5.0) | x
stats.expon.logpdf(x) | x
stats.expon.logcdf(x) | x
stats.lognorm.pdf(x, 0.8) | x
stats.weibull_min.pdf(x, 1.5) | x
stats.weibull_min.logcdf(x, 1.5) | x
stats.chi2.sf(x, 3.0) | x
stats.uniform.logcdf(u) | u
stats.poisson.logpmf(counts, 3.2 * one) | one
stats.binom.logpmf(counts, 20, 0.3 * one) | one
stats.multivariate_normal.logpdf(five, mean5, eye5) | five mean5
stats.multivariate_normal.logpdf(five, mean5, eye5 + eye5.T) | eye5
stats.multivariate_t.logpdf(five, mean5, eye5, df=4) | five mean5
stats.dirichlet.logpdf(parts, mean3) | mean3
stats.skew(x) | x
stats.kurtosis(x) | x
stats.moment(x, 3) | x
stats.variation(x) | x
stats.sem(x) | x
stats.gmean(x) | x
stats.hmean(x) | x
stats.pmean(x, 2.5) | x
stats.zscore(noise) | noise
stats.tmean(x) | x
stats.iqr(noise) | noise
stats.median_abs_deviation(noise) | noise
stats.scoreatpercentile(noise, 30.0) | noise
stats.trim_mean(noise, 0.1) | noise
stats.circmean(x) | x
stats.kstat(x) | x
stats.lmoment(noise) | noise
stats.entropy(x) | x
stats.entropy(x, y) | x y
stats.differential_entropy(noise) | noise
stats.expectile(noise) | noise
stats.boxcox(x, 0.4) | x
stats.yeojohnson(noise, 0.4) | noise
stats.boxcox_llf(0.4, x) | x
stats.yeojohnson_llf(0.4, noise) | noise
stats.pearsonr(x, noise)[:2] | x noise
stats.linregress(x, noise)[:5] | x noise
stats.ttest_ind(x, noise)[:2] | x noise
stats.ttest_1samp(noise, 0.8)[:2] | noise
stats.f_oneway(x, y, noise)[:2] | x y noise
stats.skewtest(noise)[:2] | noise
stats.jarque_bera(noise)[:2] | noise
stats.wasserstein_distance(noise, x) | noise x
stats.energy_distance(noise, x) | noise x
stats.theilslopes(noise[:500], x[:500])[:2] | noise x
stats.siegelslopes(noise[:500], x[:500])[:2] | noise x
stats.gaussian_kde(noise[:1000])(x[:2000]) | x
stats.gaussian_kde(noise[:1000])(x[:2000]) | noise
stats.binned_statistic(x, noise, "mean", bins=50)[0] | noise
stats.combine_pvalues(u)[:2] | u
"""


def arrays() -> dict[str, Any]:
    """Return the arrays that the calls name."""
    rng, n, many = np.random.default_rng(0), 200, 100_000
    square = rng.standard_normal((n, n))
    bands = rng.standard_normal((5, many))
    half = np.abs(rng.standard_normal((3, many))) * 0.1
    bands[2] += 10
    half[2] += 2
    sites, many_sites = np.linspace(0, 1, 50), np.linspace(0, 1, 5000)
    matrix = square / n**0.5 + 2 * np.eye(n)
    positive = square @ square.T / n + np.eye(n)
    signal = import_module("scipy.signal")
    b, a = signal.butter(4, 0.2)
    image = rng.standard_normal((300, 300)) + 5
    return {
        "one": np.array(1.0),
        "x": np.linspace(0.5, 3, many),
        "y": np.linspace(3, 0.5, many),
        "u": np.linspace(0.1, 0.9, many),
        "noise": rng.standard_normal(many),
        "wave": rng.standard_normal(many) + 1j * rng.standard_normal(many),
        "square": square,
        "matrix": matrix,
        "matrices": rng.standard_normal((50, 20, 20)) / 5,
        "positive": positive,
        "other": np.eye(n) + positive,
        "factor": np.linalg.cholesky(positive),
        "lower": np.tril(matrix),
        "tall": rng.standard_normal((2 * n, n // 2)),
        "vector": np.linspace(-1, 1, n),
        "long": np.linspace(0, 1, 2 * n),
        "column": np.r_[50, np.linspace(1, 0, n - 1)],
        "bands": bands,
        "half": half[:, :n].copy(),
        "long_half": half,
        "taps": rng.standard_normal(64),
        "b": b,
        "a": a,
        "sos": signal.butter(4, 0.2, output="sos"),
        "image": image,
        "patch": image[:60, :60].copy(),
        "kernel": rng.standard_normal((7, 7)),
        "places": rng.uniform(0, 298, (2, 20_000)),
        "turned": np.array([[0.9, 0.17], [-0.3, 1.1]]),
        "spectrum": np.fft.fft2(image),
        "labels": (np.arange(300) // 30)[:, None] * 10 + np.arange(300) // 30 + 1,
        "sites": sites,
        "heights": np.sin(9 * sites),
        "many_sites": many_sites,
        "many_heights": np.sin(9 * many_sites),
        "points": np.sort(rng.uniform(0, 1, many)),
        "knots": np.r_[[0] * 3, sites, [1] * 3],
        "weights": rng.standard_normal(52),
        "lines": np.linspace(0, 1, 100),
        "grid": rng.standard_normal((100, 100)),
        "pairs": rng.uniform(0, 1, (20_000, 2)),
        "scattered": np.vstack([rng.uniform(0, 1, (300, 2)), [[0, 0], [0, 1], [1, 0], [1, 1]]]),
        "first": rng.standard_normal((300, 10)),
        "second": rng.standard_normal((400, 10)),
        "counts": np.arange(many) % 20,
        "five": rng.standard_normal((20_000, 5)),
        "mean5": np.zeros(5),
        "eye5": np.eye(5),
        "parts": np.array([[0.2], [0.5], [0.3]]) * np.ones(20_000),
        "mean3": np.array([1.3, 2.2, 0.8]),
    }


@dataclass(frozen=True)
class Call:
    """A call in words, the function of the operands that makes it, these, and the least work of the way back."""

    name: str
    function: Callable[..., Any]
    operands: Sequence[Any]
    work: int = 1


def calls() -> list[Call]:
    """Return the calls, without those that the installed SciPy does not have."""
    modules = {name: import_module(f"scipy.{name}") for name in MODULES}
    import_module("scipy.spatial.distance")
    made = arrays()
    found = []
    for text in (SPECIAL, LINALG, FFT, SIGNAL, NDIMAGE, INTERPOLATE, SPATIAL, STATS):
        for line in text.strip().splitlines():
            expression, by, *work = (part.strip() for part in line.split(" | "))
            module, function = expression.partition("(")[0].split(".", 1)
            if not hasattr(modules[module], function.partition(".")[0]):
                continue
            code = f"lambda {', '.join(by.split())}: {expression}"
            call = eval(code, {"__name__": __name__, "np": np, **modules, **made})
            found.append(Call(f"{expression} by {by}", call, [made[name] for name in by.split()], *map(int, work)))
    return found
