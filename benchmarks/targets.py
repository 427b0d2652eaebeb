"""What gradarray aims for."""

# The largest allowed ratio of its time, or of its bytes, to another library's, by work.
TARGETS: dict[str, dict[str, float]] = {
    "chain-0d": {"torch": 0.4, "mygrad": 0.17},
    "mlp-32": {"torch": 0.55},
    "rnn": {"torch": 0.55},
    "rosenbrock-10": {"torch": 0.55},
    "elementwise-1000000": {"torch": 1.0, "numpy": 1.3},
    "polynomial-1000000": {"torch": 1.0, "numpy": 1.3},
    "rosenbrock-1000000": {"torch": 1.0, "numpy": 1.3},
    "softmax-xent-1000000": {"torch": 1.0, "numpy": 1.3},
    "pairwise-1000000": {"torch": 1.0, "numpy": 1.3},
    "jacobian-100": {"torch": 1.0, "autograd": 0.1},
    "hessian-100": {"torch": 1.0, "autograd": 0.1},
}
# Of functions of functions: to what gradarray itself takes, in the same process, for "backward" of tensors that are
# made anew, or for "grad"; "numpy" is the call without a derivative.
TRANSFORMS: dict[str, dict[str, float]] = {
    "grad": {"backward": 1.25},
    "hvp": {"grad": 2.5},
    "jvp": {"numpy": 4.0},
}
EVERY_GRADIENT: dict[str, float] = {"mygrad": 1.0, "autograd": 1.0}
EVERY_PEAK: dict[str, float] = {"torch": 1.0}

# The largest allowed ratio of the time of ga.jit to another's, in every work; and in those with a million elements.
JIT: dict[str, float] = {"numpy": 1.15, "jax": 1.5}
JIT_LARGE: dict[str, float] = {"numpy": 1.0, "jax": 3.0}
# Of ga.jit with Numba: where all is compiled and little is computed, with products of matrices, and elsewhere.
NUMBA: dict[str, float] = {"jax": 1.0}
NUMBA_FEW: dict[str, float] = {"jax": 0.5}
NUMBA_PRODUCTS: dict[str, float] = {"jax": 1.1}
# Where the trace unrolls a loop, of numbers and of arrays: to a loop by hand through Numba, and to JAX with its own
# loops by hand and without.
NUMBA_LOOPS: dict[str, float] = {"numba": 2.0, "jax": 0.5, "jax unrolled": 0.5}
NUMBA_STEPS: dict[str, float] = {"numba": 2.0, "jax": 1.0, "jax unrolled": 1.0}
# The largest allowed number of seconds of a first call: for each statement of the trace, where these are many, and of
# all, compiling included.
FIRST: dict[str, float] = {"jit": 100e-6, "jit numba": 5.0}
MANY_STATEMENTS = 1000
JIT_PEAK: dict[str, float] = {"gradarray": 1.0}

# The largest allowed ratio of each way's time to the base's, or to the fastest way's, by the first part of the name.
WAYS: dict[str, float] = {
    "guard": 1.1,
    "style": 1.25,
    "examples": 0.05,  # of a loop over the examples
    "plain": 12.0,
    "dropin": 1.03,
    "guards": 1.1,  # of a program of ga.jit
    "writing": 40.0,
    "floor": 1.2,  # of what NumPy itself takes
    "rule": 2.5,  # of the plain call: that, and one and a half times as long on the way back
    "solver": 3.0,
}

# The largest allowed slope of log time over log n, by family.
EXPONENTS: dict[str, float] = {
    "elementwise": 1.1,
    "operations": 1.1,
    "loop-read": 1.1,
    "loop-fill": 1.1,
    "loop-accumulate": 1.1,
}

# The largest allowed number of seconds; of ways, by which one takes longer than the base.
SECONDS: dict[str, float] = {
    "import": 0.06,
    "opening-1": 5e-6,
    "opening-20": 40e-6,
    "opening-first": 1e-3,
    "opening-array": 5e-6,
    "scipy-special": 10e-3,
    "scipy-linalg": 10e-3,
    "scipy-stats": 10e-3,
    "scipy-signal": 10e-3,
    "scipy-ndimage": 10e-3,
    "scipy-interpolate": 10e-3,
    "scipy-fft": 10e-3,
    "scipy-spatial": 10e-3,
    "jit-call-number": 1.5e-6,
    "jit-call-array": 1.5e-6,
}


def targets_of(work: str) -> dict[str, float]:
    """Return ``{peer: largest allowed ratio}`` of a work that takes gradients."""
    if work.startswith("transform-"):
        return EVERY_GRADIENT | TRANSFORMS[work.split("-")[1]]
    return (EVERY_PEAK if work.startswith("peak-") else EVERY_GRADIENT) | TARGETS.get(work, {})


def jit_targets_of(work: str) -> dict[str, float]:
    """Return the same for ``ga.jit``."""
    if work.startswith("transform-"):
        return {}
    return JIT_PEAK if work.startswith("peak-") else JIT_LARGE if work.endswith("-1000000") else JIT


def numba_targets_of(work: str) -> dict[str, float]:
    """Return the same for ``ga.jit`` with Numba."""
    family, _, size = work.rpartition("-")
    if work.startswith(("transform-", "peak-", "program-")) or (size == "100000" and family.startswith("loop-")):
        return {}
    if work.startswith(("loop-", "logistic-", "lennard-jones-")):
        return NUMBA_LOOPS
    if work in ("heat-200", "rnn-50", "layers-10"):
        return NUMBA_STEPS
    if work.startswith(("mlp-", "rnn", "nnet-", "jacobian-", "hessian-")):
        return NUMBA_PRODUCTS
    few = family in ("elementwise", "polynomial", "rosenbrock", "memory") and len(size) <= 4
    return NUMBA_FEW if few or work in ("chain-0d", "operations-100") else NUMBA
