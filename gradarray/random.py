"""The mirror of numpy.random: its functions under the same names, which also take ``constant=`` and return Tensors.

As elsewhere in the mirror, floating-point results are variables by default, and integers are constants. The numbers
are those that NumPy draws from the same seed. Derivatives do not flow through a draw, so its parameters take no
variables; what only moves elements about (`permutation`, `shuffle`, `choice`) passes them on.

Examples
--------
>>> import numpy as np
>>> import gradarray as ga
>>> rng = ga.random.default_rng(7)
>>> w = rng.normal(size=(2, 3))
>>> w.constant, np.array_equal(w.data, np.random.default_rng(7).normal(size=(2, 3)))
(False, True)
"""

# ruff: noqa: NPY002 - a mirror has the older functions, too

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.random import (
    MT19937,
    PCG64,
    PCG64DXSM,
    SFC64,
    BitGenerator,
    Philox,
    RandomState,
    SeedSequence,
    bytes,
    get_state,
    seed,
    set_state,
)

from .batch.refusals import refused
from .context import settings
from .elsewhere.answers import absence, annotate
from .forward.dual import Dual
from .mirror.mirrored import borrow
from .reverse.outputs import fill
from .reverse.tensor import Tensor
from .tape.wrapping import has_variable, unwrap

# --- what the two kinds of function do ------------------------------------------------------------------------------


def drawn(func: Callable[..., Any], *, shape: bool = False) -> Callable[..., Tensor]:
    """Return the mirror of a function that draws numbers; `shape` is another name for its size, as in MyGrad."""

    def call(*args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        if shape and "shape" in kwargs and "size" not in kwargs:
            kwargs["size"] = kwargs.pop("shape")
        return _draw(func, args, kwargs, constant)

    return borrow(call, func, __name__)


def method(func: Callable[..., Any], out: int | None = None) -> Any:
    """Return the mirror of a generator's method; `out` is the place of its parameter of that name."""
    name = func.__name__

    def call(self: Generator, *args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        if out is not None and len(args) > out:
            args, kwargs["out"] = args[:out], args[out]
        return _draw(getattr(self._numpys, name), args, kwargs, constant)

    return borrow(call, func, __name__)


def _draw(func: Callable[..., Any], args: Any, kwargs: dict[str, Any], constant: bool | None) -> Any:
    if settings.held().lanes:
        raise refused("random")
    into = kwargs.pop("out", None)
    args, kwargs = _plain(func.__name__, args), _plain(func.__name__, kwargs)
    try:
        return _new(func(*args, **kwargs), constant) if into is None else fill(func, args, kwargs, into)
    except TypeError as error:
        annotate(error, func)
        raise


def _plain(name: str, value: Any) -> Any:
    """Return arguments with the bare values of Tensors, which must be constants."""
    if has_variable(value) and settings.recording():
        raise TypeError(
            f"derivatives do not flow through a draw, so {name} takes no variables. Draw numbers of a fixed "
            "distribution and compute with these, as in loc + scale * rng.standard_normal(size), or pass ga.asarray(t)."
        )
    return unwrap(value)


def _new(result: Any, constant: bool | None) -> Any:
    raw = np.asarray(result)
    if raw.dtype.kind not in "biufc":  # a choice from words
        return result
    return Tensor(raw, constant=constant, copy=raw.ndim == 0)


# What only moves elements about, moves those of these itself.
_ARRAYS = (Tensor, Dual)


def _length(x: Tensor | Dual, axis: int) -> int:
    return x.shape[normalize_axis_index(axis, x.ndim)]


def _taken(x: Tensor | Dual, places: Any, axis: int | None, constant: bool | None) -> Any:
    result: Any = np.take(x, places, axis)
    return result.detach() if constant else result


# --- the generator --------------------------------------------------------------------------------------------------

_NumPys = np.random.Generator


class Generator(_NumPys):
    """A numpy.random.Generator whose methods also take ``constant=`` and return Tensors.

    Parameters
    ----------
    bit_generator : numpy.random.BitGenerator

    Examples
    --------
    >>> import gradarray as ga
    >>> rng = ga.random.Generator(ga.random.PCG64(3))
    >>> rng.uniform(size=4, constant=True).constant
    True
    >>> rng.integers(6, size=2).constant
    True
    """

    def __init__(self, bit_generator: Any) -> None:
        super().__init__(bit_generator)
        # NumPy's methods call one another, and expect arrays.
        self._numpys = _NumPys(bit_generator)

    # simple random data
    integers = method(_NumPys.integers)
    random = method(_NumPys.random, out=2)

    # distributions
    beta = method(_NumPys.beta)
    binomial = method(_NumPys.binomial)
    chisquare = method(_NumPys.chisquare)
    dirichlet = method(_NumPys.dirichlet)
    exponential = method(_NumPys.exponential)
    f = method(_NumPys.f)
    gamma = method(_NumPys.gamma)
    geometric = method(_NumPys.geometric)
    gumbel = method(_NumPys.gumbel)
    hypergeometric = method(_NumPys.hypergeometric)
    laplace = method(_NumPys.laplace)
    logistic = method(_NumPys.logistic)
    lognormal = method(_NumPys.lognormal)
    logseries = method(_NumPys.logseries)
    multinomial = method(_NumPys.multinomial)
    multivariate_hypergeometric = method(_NumPys.multivariate_hypergeometric)
    multivariate_normal = method(_NumPys.multivariate_normal)
    negative_binomial = method(_NumPys.negative_binomial)
    noncentral_chisquare = method(_NumPys.noncentral_chisquare)
    noncentral_f = method(_NumPys.noncentral_f)
    normal = method(_NumPys.normal)
    pareto = method(_NumPys.pareto)
    poisson = method(_NumPys.poisson)
    power = method(_NumPys.power)
    rayleigh = method(_NumPys.rayleigh)
    standard_cauchy = method(_NumPys.standard_cauchy)
    standard_exponential = method(_NumPys.standard_exponential, out=3)
    standard_gamma = method(_NumPys.standard_gamma, out=3)
    standard_normal = method(_NumPys.standard_normal, out=2)
    standard_t = method(_NumPys.standard_t)
    triangular = method(_NumPys.triangular)
    uniform = method(_NumPys.uniform)
    vonmises = method(_NumPys.vonmises)
    wald = method(_NumPys.wald)
    weibull = method(_NumPys.weibull)
    zipf = method(_NumPys.zipf)

    # permutations
    def permutation(self, x: Any, axis: int = 0, *, constant: bool | None = None) -> Any:
        if isinstance(x, _ARRAYS) and x.ndim:
            return _taken(x, self._numpys.permutation(_length(x, axis)), axis, constant)
        return _new(self._numpys.permutation(unwrap(x), axis), constant)

    def permuted(self, x: Any, *, axis: int | None = None, out: Any = None, constant: bool | None = None) -> Any:
        if not isinstance(x, _ARRAYS) and not isinstance(out, _ARRAYS):
            result: Any = self._numpys.permuted(x, axis=axis, out=out)
            return result if out is not None else _new(result, constant)
        x = x if isinstance(x, _ARRAYS) else np.asarray(x)
        result = np.ravel(x)[self._numpys.permuted(np.arange(x.size).reshape(x.shape), axis=axis)]
        if out is None:
            return result.detach() if constant else result

        def permuted(values: Any, out: Any) -> Any:
            if out.shape != values.shape:
                raise ValueError("out must have the same shape as x")
            np.copyto(out, values, casting="safe")
            return out

        return fill(permuted, (result,), {}, out, (lambda: result) if has_variable(result) else None)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        if isinstance(x, _ARRAYS):
            x[...] = np.take(x, self._numpys.permutation(_length(x, axis)), axis)
        else:
            self._numpys.shuffle(x, axis)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
        *,
        constant: bool | None = None,
    ) -> Any:
        size, p = unwrap(size), _plain("choice", p)
        if isinstance(a, _ARRAYS) and a.ndim:
            return _taken(a, self._numpys.choice(a.shape[axis], size, replace, p, shuffle=shuffle), axis, constant)
        return _new(self._numpys.choice(unwrap(a), size, replace, p, axis, shuffle), constant)

    for _method in (permutation, permuted, shuffle, choice):
        borrow(_method, getattr(_NumPys, _method.__name__), __name__)
    del _method

    def __reduce__(self) -> Any:
        return Generator, (self.bit_generator,)


def default_rng(seed: Any = None) -> Generator:
    """Return a generator of random Tensors; see `numpy.random.default_rng`.

    Parameters
    ----------
    seed : None, int, sequence of int, SeedSequence, BitGenerator, numpy.random.Generator or RandomState
        The numbers are those of NumPy's generator with this seed; a Generator of this module is returned as it is.

    Returns
    -------
    Generator

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.random.default_rng(1).standard_normal(3)
    Tensor([0.34558419, 0.82161814, 0.33043708])
    """
    rng = np.random.default_rng(unwrap(seed))
    return rng if isinstance(rng, Generator) else Generator(rng.bit_generator)


# --- functions of the global generator ------------------------------------------------------------------------------

rand = drawn(np.random.rand)
randint = drawn(np.random.randint, shape=True)
randn = drawn(np.random.randn)
random = drawn(np.random.random, shape=True)
random_sample = drawn(np.random.random_sample, shape=True)
ranf = drawn(np.random.ranf, shape=True)
sample = drawn(np.random.sample, shape=True)

beta = drawn(np.random.beta)
binomial = drawn(np.random.binomial)
chisquare = drawn(np.random.chisquare)
dirichlet = drawn(np.random.dirichlet)
exponential = drawn(np.random.exponential)
f = drawn(np.random.f)
gamma = drawn(np.random.gamma)
geometric = drawn(np.random.geometric)
gumbel = drawn(np.random.gumbel)
hypergeometric = drawn(np.random.hypergeometric)
laplace = drawn(np.random.laplace)
logistic = drawn(np.random.logistic)
lognormal = drawn(np.random.lognormal)
logseries = drawn(np.random.logseries)
multinomial = drawn(np.random.multinomial)
multivariate_normal = drawn(np.random.multivariate_normal)
negative_binomial = drawn(np.random.negative_binomial)
noncentral_chisquare = drawn(np.random.noncentral_chisquare)
noncentral_f = drawn(np.random.noncentral_f)
normal = drawn(np.random.normal)
pareto = drawn(np.random.pareto)
poisson = drawn(np.random.poisson)
power = drawn(np.random.power)
rayleigh = drawn(np.random.rayleigh)
standard_cauchy = drawn(np.random.standard_cauchy)
standard_exponential = drawn(np.random.standard_exponential)
standard_gamma = drawn(np.random.standard_gamma)
standard_normal = drawn(np.random.standard_normal)
standard_t = drawn(np.random.standard_t)
triangular = drawn(np.random.triangular)
uniform = drawn(np.random.uniform)
vonmises = drawn(np.random.vonmises)
wald = drawn(np.random.wald)
weibull = drawn(np.random.weibull)
zipf = drawn(np.random.zipf)


def permutation(x: Any, *, constant: bool | None = None) -> Any:
    if isinstance(x, _ARRAYS) and x.ndim:
        return _taken(x, np.random.permutation(_length(x, 0)), 0, constant)
    return _new(np.random.permutation(unwrap(x)), constant)


def shuffle(x: Any) -> None:
    if isinstance(x, _ARRAYS):
        x[...] = np.take(x, np.random.permutation(_length(x, 0)), 0)
    else:
        np.random.shuffle(x)


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None, *, constant: bool | None = None) -> Any:
    size, p = unwrap(size), _plain("choice", p)
    if isinstance(a, _ARRAYS) and a.ndim == 1:
        return _taken(a, np.random.choice(a.shape[0], size, replace, p), 0, constant)
    return _new(np.random.choice(unwrap(a), size, replace, p), constant)


for _function in (permutation, shuffle, choice):
    borrow(_function, getattr(np.random, _function.__name__), __name__)
del _function

__all__ = [
    "MT19937",
    "PCG64",
    "PCG64DXSM",
    "SFC64",
    "BitGenerator",
    "Generator",
    "Philox",
    "RandomState",
    "SeedSequence",
    "beta",
    "binomial",
    "bytes",
    "chisquare",
    "choice",
    "default_rng",
    "dirichlet",
    "exponential",
    "f",
    "gamma",
    "geometric",
    "get_state",
    "gumbel",
    "hypergeometric",
    "laplace",
    "logistic",
    "lognormal",
    "logseries",
    "multinomial",
    "multivariate_normal",
    "negative_binomial",
    "noncentral_chisquare",
    "noncentral_f",
    "normal",
    "pareto",
    "permutation",
    "poisson",
    "power",
    "rand",
    "randint",
    "randn",
    "random",
    "random_sample",
    "ranf",
    "rayleigh",
    "sample",
    "seed",
    "set_state",
    "shuffle",
    "standard_cauchy",
    "standard_exponential",
    "standard_gamma",
    "standard_normal",
    "standard_t",
    "triangular",
    "uniform",
    "vonmises",
    "wald",
    "weibull",
    "zipf",
]

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
