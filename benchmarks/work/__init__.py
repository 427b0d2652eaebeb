"""The works. To add one, add a file here that defines ``WORKS``."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache, partial
from time import perf_counter
from typing import Any, ClassVar, NamedTuple

import numpy as np

from benchmarks.libraries import (
    BY_STYLE,
    EACH,
    JIT,
    MATRICES,
    STEPS,
    TRANSFORMS,
    Arrays,
    Loss,
    module_of,
    statements,
    tensor_gradients,
)
from benchmarks.measures import Sampler, Timed, expression_sampler, missing_for_peak, peak_sampler, time_sampler


class Wrong(Exception):
    """A library's value or gradient differs from hand-written NumPy's."""


class LeftOut(Exception):
    """A library cannot do a work, or not in reasonable time; the message says why."""


class Prepared(NamedTuple):
    """What is to be timed; the seconds until it returned for the first time; of ``ga.jit``, statements of its trace."""

    call: Callable[[], Any]
    first: float = 0.0
    statements: int = 0


def first_called(library: str, make: Callable[[], Callable[[], Any]]) -> tuple[Prepared, Any]:
    """Make what is to be timed and call it; return it, and its result."""
    warm(library)
    start = perf_counter()
    call = make()
    result = call()
    return Prepared(call, perf_counter() - start, statements(call) if library == "jit" else 0), result


@dataclass(frozen=True)
class Work:
    """A loss whose value and gradients are taken by every library.

    Parameters
    ----------
    name, about : str
    inputs : callable
        Returns the leaves (differentiated) and the constants, the same ones in every process.
    loss : callable
        ``loss(xp, *leaves, *constants)``, with ``xp`` the library's namespace of NumPy-like functions.
    by_hand : callable
        ``by_hand(*leaves, *constants)`` in plain NumPy: the value, and a list of one gradient for each leaf.
    styles : mapping
        Other losses, for the libraries whose users would write the work differently.
    left_out : mapping
        The libraries that cannot do it, and why.
    n : int
        The size, where the work is one of a family of several sizes. Its name then ends in ``-n``.
    heavy : bool
        Whether ``--quick`` leaves it out.
    """

    name: str
    about: str
    inputs: Callable[[], tuple[Arrays, Arrays]]
    loss: Loss
    by_hand: Callable[..., tuple[Any, Arrays]]
    styles: Mapping[str, Loss] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    n: int = 0
    heavy: bool = False
    quantity: ClassVar[str] = "seconds"

    def sampler(self, library: str, batch: float) -> Sampler | None:
        """Return what takes one sample in a library; None where the work says nothing about it."""
        prepared = self.prepare(library)
        return prepared and Timed(time_sampler(prepared.call, batch), prepared.first, prepared.statements)

    @property
    def family(self) -> str:
        """Return the name without the size."""
        return self.name.removesuffix(f"-{self.n}")

    def prepare(self, library: str) -> Prepared | None:
        """Return what is to be timed, after checking its result."""
        if library in self.left_out:
            raise LeftOut(self.left_out[library])
        if library in BY_STYLE and library not in self.styles:
            return None
        leaves, constants = self.inputs()
        if library == "numpy":
            return Prepared(lambda: self.by_hand(*leaves, *constants))
        loss = self.styles.get(library) or self.styles.get(module_of(library), self.loss)
        module = importlib.import_module(module_of(library))
        prepared, result = first_called(library, lambda: STEPS[library](module, loss, leaves, constants))
        self.check(result, leaves, constants)
        return prepared

    def check(self, result: Any, leaves: Arrays, constants: Arrays) -> None:
        """Raise `Wrong` unless value and gradients are those by hand."""
        value, gradients = result
        expected_value, expected_gradients = self.by_hand(*leaves, *constants)
        agree("the value", value, expected_value)
        for number, (gradient, expected) in enumerate(zip(gradients, expected_gradients, strict=True)):
            agree(f"gradient {number}", gradient, expected)


@dataclass(frozen=True)
class Matrix(Work):
    """A function of one array whose Jacobian or Hessian, `what`, is taken by every library that has such a thing.

    Here `loss` may return an array, and `by_hand` returns the matrix.
    """

    what: str = "jacobian"

    def prepare(self, library: str) -> Prepared | None:
        (x,), constants = self.inputs()
        if library == "numpy":
            return Prepared(lambda: self.by_hand(x, *constants))
        if library not in MATRICES:
            return None
        function = self.styles.get(library) or self.styles.get(module_of(library), self.loss)
        call = MATRICES[library](importlib.import_module(module_of(library)), self.what, function, x, constants)
        agree(f"the {self.what}", call(), self.by_hand(x, *constants))
        return Prepared(call)


@dataclass(frozen=True)
class Transform(Work):
    """A function of functions, `what`, of a loss: "grad", "hvp" or "jvp".

    NumPy's column is the call of the loss itself, without any derivative. In its own process gradarray takes turns
    with `base`, what it is compared with there: "backward" of tensors, or "grad".
    """

    what: str = "grad"
    base: str = ""

    def sampler(self, library: str, batch: float) -> Sampler | None:
        own = super().sampler(library, batch)
        if own is None or library != "gradarray" or not self.base:
            return own
        ga = importlib.import_module(module_of(library))
        leaves, constants = self.inputs()
        if self.base == "backward":
            call = tensor_gradients(ga, self.loss, leaves, constants)
        else:
            call = TRANSFORMS[library](ga, self.base, self.loss, leaves, self.vectors(), constants)
        beside = time_sampler(call, batch)
        return lambda: {library: own(), self.base: beside()}  # type: ignore[dict-item]

    def vectors(self) -> Arrays:
        """Return the direction: an array for each leaf."""
        rng = np.random.default_rng(1)
        return [np.asarray(rng.normal(size=leaf.shape)) for leaf in self.inputs()[0]]

    def prepare(self, library: str) -> Prepared | None:
        leaves, constants = self.inputs()
        if library == "numpy":
            return Prepared(lambda: self.loss(np, *leaves, *constants))
        if library not in TRANSFORMS:
            return None
        loss = self.styles.get(library, self.loss)
        made_of = importlib.import_module(module_of(library)), self.what, loss, leaves, self.vectors(), constants
        call = TRANSFORMS[library](*made_of)
        found, expected = call(), self.expected()
        for number, (actual, wanted) in enumerate(zip([found] if self.what == "jvp" else found, expected, strict=True)):
            agree(f"part {number} of the {self.what}", actual, wanted)
        return Prepared(call)

    def expected(self) -> Arrays:
        """Return the result, from gradients by hand: their change along the direction by differences of order 8."""
        leaves, constants = self.inputs()
        vectors, h = self.vectors(), 5e-4

        def gradients(steps: float) -> Arrays:
            moved = [leaf + steps * h * v for leaf, v in zip(leaves, vectors, strict=True)]
            return self.by_hand(*moved, *constants)[1]

        if self.what == "grad":
            return gradients(0)
        if self.what == "jvp":
            return [np.sum(np.array([np.sum(g * v) for g, v in zip(gradients(0), vectors, strict=True)]))]
        pairs = [(c, gradients(k), gradients(-k)) for k, c in enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), 1)]
        changes = ([c / h * (a - b) for a, b in zip(up, down, strict=True)] for c, up, down in pairs)
        return [np.sum(parts, axis=0) for parts in zip(*changes, strict=True)]


@dataclass(frozen=True)
class Each(Work):
    """The gradients of each example: `inputs` returns parameters, and arrays with a row for each example.

    `loss` is that of one example; `by_hand` returns the gradients by the parameters, with one more axis in front.
    JAX's is compiled where it is `jitted`. PyTorch's is not, in either case.
    """

    jitted: bool = True

    def prepare(self, library: str) -> Prepared | None:
        params, examples = self.inputs()
        if library == "numpy":
            return Prepared(lambda: self.by_hand(*params, *examples))
        if library not in EACH or (library in JIT and not self.jitted):
            return None
        jitted = library in JIT or (library == "jax" and self.jitted)
        call = EACH[library](importlib.import_module(module_of(library)), self.loss, params, examples, jitted)
        for number, (found, wanted) in enumerate(zip(call(), self.by_hand(*params, *examples), strict=True)):
            agree(f"gradient {number} of each example", found, wanted)
        return Prepared(call)


@dataclass(frozen=True)
class Program(Work):
    """A function of one variable, and of constants, in ordinary NumPy code, which gradarray takes as it stands.

    Here `loss` is called without a namespace; the `styles` are what it had to be rewritten to for other libraries.
    """

    def prepare(self, library: str) -> Prepared | None:
        if module_of(library) != "gradarray":
            return super().prepare(library)
        leaves, constants = self.inputs()
        arrays = (*leaves, *constants)
        ga = importlib.import_module("gradarray")
        value_and_grad = ga.value_and_grad(self.loss)

        def made() -> Callable[[], Any]:
            if library not in JIT:
                return partial(value_and_grad, *arrays)
            run = ga.jit(value_and_grad, strict=True, backend="numba" if library == "jit numba" else "numpy")
            if library == "jit numba":
                run(*arrays)
            return partial(run, *arrays)

        prepared, (value, gradient) = first_called(library, made)
        self.check((value, [gradient]), leaves, constants)
        return prepared


@dataclass(frozen=True)
class Call:
    """One call without any gradient, as gradarray's user writes it and as NumPy's user does."""

    name: str
    about: str
    numpy: Callable[[], Any]
    gradarray: Callable[[Any], Callable[[], Any]]  # given the library
    heavy: ClassVar[bool] = False
    quantity: ClassVar[str] = "seconds"

    def sampler(self, library: str, batch: float) -> Sampler | None:
        call = self.prepare(library)
        return call and time_sampler(call, batch)

    def prepare(self, library: str) -> Callable[[], Any] | None:
        if library == "numpy":
            return self.numpy
        if library != "gradarray":
            return None
        call = self.gradarray(importlib.import_module(module_of(library)))
        agree("the value", call(), self.numpy())
        return call


@dataclass(frozen=True)
class Peak:
    """The most memory that one step of another work allocates at a time, beyond what there was before it."""

    name: str
    work: Work
    heavy: bool = False
    quantity: ClassVar[str] = "bytes"

    @property
    def about(self) -> str:
        return f"peak memory: {self.work.about}"

    def sampler(self, library: str, batch: float) -> Sampler | None:
        if library in BY_STYLE and library not in self.work.styles:
            return None
        if missing := missing_for_peak(library):
            raise LeftOut(f"its allocations are seen by {missing} alone, which is not installed")
        prepared = self.work.prepare(library)
        return prepared and peak_sampler(library, prepared.call, batch)


@dataclass(frozen=True)
class Ways:
    """Several ways in which gradarray does the same thing, taking turns in its one process.

    Parameters
    ----------
    name, about : str
    codes : sequence of str
        The ways: expressions. Those without a `base` among them are compared with the fastest one.
    names : callable
        Given the library, returns what the expressions refer to. Where `x` is among it, each result is differentiated
        with respect to it before anything is timed, and all have to agree.
    around : mapping
        Code to a function that, given the library, returns what the code is timed in.
    base : str
        The code that the others are compared with.
    floors : sequence of str
        Expressions that are timed too, but are no competitors: what NumPy itself takes to hand a call over.
    """

    name: str
    about: str
    codes: Sequence[str]
    names: Callable[[Any], dict[str, Any]]
    around: Mapping[str, Callable[[Any], AbstractContextManager[Any]]] = field(default_factory=dict)
    base: str = ""
    floors: Sequence[str] = ()
    heavy: ClassVar[bool] = False
    quantity: ClassVar[str] = "seconds"

    def sampler(self, library: str, batch: float) -> Sampler | None:
        if library != "gradarray":
            return None
        ga = importlib.import_module(module_of(library))
        names = self.names(ga)
        if "x" in names:
            self._compare(names)
        codes = (*self.codes, *self.floors)
        contexts = {code: make(ga) for code, make in self.around.items()}
        return expression_sampler({code: contexts.get(code) for code in codes}, names, batch)

    def _compare(self, names: dict[str, Any]) -> None:
        def value_and_gradient(code: str) -> tuple[Any, Any]:
            result = eval(code, names)
            result.backward()
            return result.data, names["x"].grad

        expected = value_and_gradient(self.codes[0])
        for code in self.codes[1:]:
            for what, actual, wanted in zip(("value", "gradient"), value_and_gradient(code), expected, strict=True):
                agree(f"the {what} of {code}", actual, wanted)


AnyWork = Work | Peak | Call | Ways
KINDS: list[type[AnyWork]] = [Work, Program, Matrix, Transform, Each, Peak, Call, Ways]


def agree(what: str, actual: Any, expected: Any) -> None:
    """Raise `Wrong` unless `actual` has the shape, dtype and (up to rounding) the values of `expected`."""
    expected = np.asarray(expected)
    actual = np.asarray(actual, expected.dtype if type(actual) is float else None)  # Python's numbers have one alone
    if (actual.shape, actual.dtype) != (expected.shape, expected.dtype):
        raise Wrong(f"{what} is {actual.dtype}{actual.shape}, should be {expected.dtype}{expected.shape}")
    # Relative to the largest entry: an entry that cancels to almost 0 carries the rounding of its terms.
    tolerance = np.finfo(expected.dtype).eps ** (2 / 3) * np.max(np.abs(expected))
    worst = np.max(np.abs(actual - expected))
    if not worst <= tolerance:
        raise Wrong(f"{what} is off by {worst:.2g}, more than {tolerance:.2g}")


def _square_by_hand(x: Any) -> tuple[Any, Any]:
    return np.sum(x * x), (2 * x,)


SQUARE = Work(
    "warm-up",
    "the square of a vector",
    lambda: ([np.ones(2)], []),
    lambda xp, x: xp.sum(x * x),
    _square_by_hand,
    {"numba": _square_by_hand},
)


@cache
def warm(library: str) -> None:
    """Let a library load what it needs for its first function, which is no matter of that function."""
    loss = SQUARE.styles.get(library, SQUARE.loss)
    STEPS[library](importlib.import_module(module_of(library)), loss, *SQUARE.inputs())()


@cache
def works() -> dict[str, AnyWork]:
    """Return every work by name, kind by kind, those that take gradients first."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    found = sorted((work for module in modules for work in module.WORKS), key=lambda work: KINDS.index(type(work)))
    return {work.name: work for work in found}
