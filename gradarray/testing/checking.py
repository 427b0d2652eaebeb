"""Checks for users: whether the derivatives of a function are right, and if not, where and why."""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..dropin import blocks
from ..elsewhere.answers import telling
from ..kernels.arrays import is_floating
from ..tape.wrapping import unwrap
from ..transforms.containers import flatten
from ..transforms.gradients import jvp, vjp
from .differences import (
    Differences,
    FlatFunction,
    Wrong,
    distance,
    doubled,
    fresh_copy,
    inner,
    largest,
    likely_cause,
    machine_eps,
    plain_arrays,
    same_values,
    slopes,
    some_indices,
    unit_direction,
    values_at,
)
from .kinks import look, rough

Arrays = Sequence[Any]
Index = tuple[int, ...]

# Elements of an argument that are looked at one by one: while all is well, and to find out what is wrong.
_SAMPLE, _SEARCH = 24, 256
# A step that meets a kink or a pole nearby is followed by smaller ones.
_SMALLER = 1 / 30
_STEPS = (1.0, _SMALLER, _SMALLER**2)
_MODES = {"rev": "reverse", "fwd": "forward"}


@telling
def check_grads(
    f: Callable[..., Any],
    args: Any,
    order: int = 2,
    modes: str | Sequence[str] = ("rev", "fwd"),
    *,
    rtol: float | None = None,
    atol: float | None = None,
    eps: float | None = None,
    seed: int = 0,
) -> None:
    """Compare the derivatives of a function with central differences, and say what is wrong where they differ.

    First `f` itself is looked at: where it is not finite at the point, has a kink or jumps, there is nothing to compare
    with, and that is said. Then derivatives are taken for random cotangents and along random directions, and for 1
    where the result, or the argument, is a single number: in each mode, and up to `order` in each sequence of modes,
    such as forward over reverse. A derivative of order n is compared with differences of the one of order n - 1.

    Parameters
    ----------
    f : callable
        A function of arrays, in plain ``np.*`` code, whose result is one array or a container of arrays. It is called
        as ``f(*args)``, some hundred times.
    args : tuple
        The point: arrays, numbers, or containers of these; anything that is no tuple is a single argument. Integers
        and whatever is no number are passed on as they are.
    order : int
        The highest order of differentiation.
    modes : sequence of {"rev", "fwd"}
        Reverse mode, forward mode, or both.
    rtol, atol : float, optional
        Tolerances. The default depends on the precision: relatively 1e-6 for double, 1e-3 for single, 3e-2 for half.
        Rounding in the differences is allowed for besides.
    eps : float, optional
        The step of the differences, for elements of size one; larger elements have a larger one.
    seed : int
        For the random numbers.

    Raises
    ------
    AssertionError
        If a derivative is wrong: with mode and order, the argument, the element, both values and the likely cause; in
        other words, if what is differentiated has a kink or a jump at the point, and so no derivative.
    TypeError
        If no argument or no result is floating-point or complex.
    ValueError
        If `f` is not deterministic, has no finite element at the point, or for another mode or order.

    Warns
    -----
    UserWarning
        If some elements of the results are not finite, which are left out.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.check_grads(lambda x, w: np.tanh(w @ x), (np.ones(3), np.eye(3)))
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or not set(modes) <= _MODES.keys():
        raise ValueError(f"modes are 'rev' and 'fwd', not {modes!r}")
    if order < 1:
        raise ValueError(f"the order of a derivative is at least 1, not {order}")
    leaves, tree = flatten(args if isinstance(args, tuple) else (args,))
    leaves = [np.asarray(x)[()] if isinstance(x, (float, complex)) else unwrap(x) for x in leaves]
    chosen = [i for i, x in enumerate(leaves) if is_floating(x)]
    if not chosen:
        raise TypeError("check_grads needs a floating-point or complex argument; convert one, as by x.astype(float)")
    paths = list(tree.paths())
    found: list[str] = []

    def call(*xs: Any) -> list[Any]:
        given = list(leaves)
        for i, x in zip(chosen, xs, strict=True):
            given[i] = x
        # As itself, and not as what this function calls, since drop-in mode looks at what a function is given.
        results, made = flatten(blocks.call(f, tree.unflatten(given), {}))
        results = [np.asarray(y)[()] if type(y) in (float, complex) else y for y in results]
        found[:] = [f"result{path}" for path, y in zip(made.paths(), results, strict=True) if is_floating(y)]
        return [y for y in results if is_floating(y)]

    point = [leaves[i] for i in chosen]
    fine = [doubled(x) for x in point]
    first, second = plain_arrays(call(*map(fresh_copy, fine))), plain_arrays(call(*map(fresh_copy, fine)))
    if not first:
        raise TypeError("check_grads needs a function with a floating-point or complex result")
    if not all(map(same_values, first, second)):
        raise ValueError("check_grads needs a deterministic function; this one gave two results for the same arguments")
    left_out = _left_out(first, found, fine, [f"args{paths[i]}" for i in chosen])
    if left_out:
        warnings.warn(f"check_grads compares all but what is not finite: {left_out}", stacklevel=2)
    coarsest = max(machine_eps(x) for x in (*point, *plain_arrays(call(*map(fresh_copy, point)))))
    default = 1e-6 if coarsest < 1e-8 else 1e-3 if coarsest < 1e-5 else 3e-2
    step = max(map(machine_eps, first)) ** 0.2 if eps is None else eps
    tolerance = _Tolerance(default if rtol is None else rtol, default * 1e-3 if atol is None else atol)
    checker = _Checker(
        [f"args{paths[i]}" for i in chosen],
        point,
        fine,
        [step * s for s in (_STEPS if eps is None else (1.0,))],
        tolerance,
        modes,
        np.random.default_rng(seed),
    )
    checker.look(FlatFunction(call, found))
    checker.check(FlatFunction(call, found), order, ())


def _left_out(results: Arrays, names: list[str], point: Arrays, given: list[str]) -> str:
    """Say which elements have no difference quotient, because f is not finite there; raise if none is left."""
    if not any(y.size for y in results):
        raise ValueError("check_grads has nothing to compare: f has no element at this point")
    text = _not_finite(results, names)
    if not text:
        return ""
    if told := _not_finite(point, given):
        text += f"; nor is the argument {told}"
    if not any(np.any(np.isfinite(y)) for y in results):
        raise ValueError(
            f"check_grads has nothing to compare: f is not finite at this point ({text}). What computes it there, says "
            "ga.detect_anomaly"
        )
    return text


def _not_finite(arrays: Arrays, names: list[str]) -> str:
    text = []
    for name, y in zip(names, arrays, strict=True):
        places = np.argwhere(~np.isfinite(y))
        if len(places):
            place = tuple(map(int, places[0]))
            text.append(f"{name}, element {place}: {y[place]}" + (f", and {len(places) - 1} more" * (len(places) > 1)))
    return "; ".join(text)


class _Tolerance(NamedTuple):
    rtol: float
    atol: float


class _Checker:
    """One call of `check_grads`.

    Attributes
    ----------
    names : what the arguments are called
    point, fine : the arguments, as given and in double precision for the differences
    steps : the step of the differences, then smaller ones
    """

    def __init__(
        self,
        names: list[str],
        point: Arrays,
        fine: Arrays,
        steps: list[float],
        tolerance: _Tolerance,
        modes: Sequence[str],
        rng: np.random.Generator,
    ) -> None:
        self.names = names
        self.point = point
        self.fine = fine
        self.steps = steps
        self.tolerance = tolerance
        self.modes = modes
        self.rng = rng

    def look(self, function: FlatFunction) -> None:
        """Raise where the function itself has no derivative, before any is computed."""
        step = self.steps[0]
        told = look(function, self.names, self.fine, lambda: self._drawn(self.fine), step, _SAMPLE, self.rng)
        if told:
            raise AssertionError(f"check_grads has nothing to compare, since f itself is not smooth: {told}")

    def check(self, function: FlatFunction, order: int, earlier: tuple[str, ...]) -> None:
        """Check the derivative of a function in each mode, and those of its derivatives."""
        for mode in self.modes:
            chain = (*earlier, mode)
            try:
                if mode == "rev":
                    self._reverse(function, chain)
                else:
                    self._forward(function, chain)
                if len(chain) < order:
                    checker, derivative = self._derivative(function, mode)
                    checker.check(derivative, order, chain)
            except AssertionError:
                raise
            except Exception as error:
                if not getattr(error, "__notes__", ()):
                    error.add_note(f"check_grads computed {_called(chain)} then.")
                raise

    def _derivative(self, function: FlatFunction, mode: str) -> tuple[_Checker, FlatFunction]:
        """Return a derivative as a function, and who checks it: a gradient is one of the cotangents, too."""
        if mode == "fwd":
            direction = self._drawn(self.point)
            names = [f"tangent of {name}" for name in function.names]
            return self, FlatFunction(lambda *xs: _tangents(function, xs, direction), names)
        values, count = values_at(function, self.point), len(self.point)
        cotangents = self._drawn(values)
        checker = copy.copy(self)
        checker.names = [*self.names, *(f"the cotangent of {name}" for name in function.names)]
        checker.point = [*self.point, *(g.astype(y.dtype) for g, y in zip(cotangents, values, strict=True))]
        checker.fine = [*self.fine, *cotangents]

        def gradients(*xs: Any) -> list[Any]:
            # What is not finite has no part in the derivative.
            given = [np.where(np.isfinite(y), g, 0) for g, y in zip(xs[count:], values, strict=True)]
            return _gradients(function, xs[:count], given)

        return checker, FlatFunction(gradients, [f"gradient by {name}" for name in self.names])

    # --- reverse mode -----------------------------------------------------------------------------------------------

    def _reverse(self, function: FlatFunction, chain: tuple[str, ...]) -> None:
        cotangents = self._drawn(values_at(function, self.fine))
        analytic = plain_arrays(_gradients(function, list(map(fresh_copy, self.point)), cotangents))
        differences = Differences(function, self.fine, cotangents)
        for k, x in enumerate(self.point):
            # Beyond the first order a random direction is enough, unless it says that something is wrong.
            indices = some_indices(x, _SAMPLE if len(chain) == 1 else 0, self.rng)
            if not np.all(np.isfinite(analytic[k])) or any(
                self._differs(differences, k, i, analytic[k][i]) for i in indices
            ):
                raise self._report_gradient(chain, differences, k, analytic[k])
        direction = self._drawn(self.fine)
        total = sum(map(inner, analytic, direction))
        if not self._agrees(differences, direction, total):
            for k in range(len(self.point)):
                error = self._report_gradient(chain, differences, k, analytic[k], True)
                if error is not None:
                    raise error
            numeric = differences.along(direction, self.steps[0])[0]
            raise AssertionError(
                f"check_grads: {_called(chain)} is wrong along a random direction\n"
                f"  analytic {total:.9g}, by central differences {numeric:.9g}; no single element stands out"
            )

    def _agrees(self, differences: Differences, direction: Arrays, analytic: float) -> bool:
        before = None
        for step in self.steps:
            numeric, size, noise = differences.along(direction, step)
            allowed = self.tolerance.atol + self.tolerance.rtol * size
            if abs(analytic - numeric) <= allowed + noise:
                return True
            if before is not None and abs(analytic - _limit(before, numeric)) <= allowed + 2 * noise:
                return True
            before = numeric
        return False

    def _differs(self, differences: Differences, k: int, index: Index, analytic: complex) -> bool:
        directions = [(unit_direction(self.fine, k, index, 1), np.real(analytic))]
        if self.fine[k].dtype.kind == "c":
            directions.append((unit_direction(self.fine, k, index, 1j), np.imag(analytic)))
        return not all(self._agrees(differences, direction, value) for direction, value in directions)

    def _report_gradient(
        self, chain: tuple[str, ...], differences: Differences, k: int, analytic: Any, may_be_right: bool = False
    ) -> Any:
        """Return the error for one argument, or None where it is right after all."""
        x = self.fine[k]
        indices = some_indices(x, _SEARCH, self.rng)
        numeric = np.full(x.shape, np.nan, x.dtype)
        wrong = []
        for i in indices:
            numeric[i] = differences.element(k, i, self.steps[0])
            if not np.isfinite(analytic[i]) or self._differs(differences, k, i, analytic[i]):
                wrong.append(Wrong(i, analytic[i], numeric[i]))
        if not wrong and may_be_right:
            return None
        worst = max(wrong, key=distance)
        function, at = differences.function, f"{self.names[k]}, element {worst.place}"
        self._excuse(function, chain, at, unit_direction(self.fine, k, worst.place, 1))
        errors = [np.abs(worst.analytic - differences.element(k, worst.place, step)) for step in self.steps]
        settled = any(a <= 3 * b for a, b in itertools.pairwise(errors)) or len(errors) == 1
        if not settled and np.isfinite(worst.analytic):
            raise AssertionError(
                f"check_grads cannot compare {_called(chain)}: at argument {at}, the differences change with their "
                f"step, {self.steps[0]:.2g} and smaller ones, because f changes too fast near the point, or is not "
                "finite there; move the point, or give a smaller eps"
            )
        return AssertionError(
            f"check_grads: {_called(chain)} is wrong\n"
            f"  argument {self.names[k]}, shape {x.shape}, element {worst.place}\n"
            f"  analytic {worst.analytic:.9g}\n"
            f"  numeric  {worst.numeric:.9g} (central differences, step {self.steps[0]:.2g})\n"
            f"  {len(wrong)} of the {len(indices)} elements compared differ\n"
            f"  likely cause: {likely_cause(analytic, numeric, wrong)}"
            f"{self._of_one_result(function, k, worst.place, differences.weights)}"
        )

    def _of_one_result(self, function: FlatFunction, k: int, index: Index, weights: Arrays) -> str:
        """Say what is compared for one element of the results, by 1, where several have been by random numbers."""
        if len(weights) == 1 and np.all(weights[0] == 1):
            return ""
        for j, name in enumerate(function.names):
            for place in some_indices(weights[j], _SAMPLE, self.rng):
                one = unit_direction(weights, j, place, 1)
                analytic = plain_arrays(_gradients(function, list(map(fresh_copy, self.point)), one))[k][index]
                differences = Differences(function, self.fine, one)
                if weights[j][place] != 0 and self._differs(differences, k, index, analytic):
                    numeric = differences.element(k, index, self.steps[0])
                    return f"\n  that of {name}, element {place}, alone: analytic {analytic:.9g}, numeric {numeric:.9g}"
        return ""

    def _excuse(self, function: FlatFunction, chain: tuple[str, ...], at: str, direction: Arrays) -> None:
        """Raise another error where what is differentiated has no derivative, so that none can be called wrong."""
        for name, found in zip(function.names, rough(function, self.fine, direction, self.steps[0]), strict=True):
            if told := found.told(name):
                raise AssertionError(f"check_grads cannot compare {_called(chain)}: at argument {at}, {told}")

    # --- forward mode -----------------------------------------------------------------------------------------------

    def _forward(self, function: FlatFunction, chain: tuple[str, ...]) -> None:
        direction = self._drawn(self.fine)
        for j, analytic in enumerate(plain_arrays(_tangents(function, list(map(fresh_copy, self.point)), direction))):
            wrong, _ = self._compare_tangent(function, j, analytic, direction)
            if np.any(wrong):
                raise self._report_tangent(function, chain, direction, j)

    def _compare_tangent(self, function: FlatFunction, j: int, analytic: Any, direction: Arrays) -> tuple[Any, Any]:
        """Tell which elements of the tangent of the j-th result are wrong, and what they are by differences."""
        wrong = np.ones(analytic.shape, bool)
        first = before = None
        for step in self.steps:
            numeric, noise = slopes(function, self.fine, direction, step)[j]
            first = numeric if first is None else first
            size = np.abs(numeric) + 1e-3 * largest(numeric)
            allowed = self.tolerance.atol + self.tolerance.rtol * size
            wrong = wrong & ~(np.abs(analytic - numeric) <= allowed + noise)
            if before is not None:
                wrong = wrong & ~(np.abs(analytic - _limit(before, numeric)) <= allowed + 2 * noise)
            before = numeric
            # Where the function itself is not finite, it has no difference quotient.
            wrong = wrong & np.isfinite(values_at(function, self.fine)[j])
            if not np.any(wrong):
                break
        return wrong, first

    def _report_tangent(
        self, function: FlatFunction, chain: tuple[str, ...], direction: Arrays, j: int
    ) -> AssertionError:
        alone = direction
        named = "all together"
        for k, t in enumerate(direction):
            only = [t if i == k else np.zeros_like(other) for i, other in enumerate(direction)]
            analytic = plain_arrays(_tangents(function, list(map(fresh_copy, self.point)), only))[j]
            if np.any(self._compare_tangent(function, j, analytic, only)[0]):
                alone, named = only, self.names[k]
                break
        analytic = plain_arrays(_tangents(function, list(map(fresh_copy, self.point)), alone))[j]
        mask, numeric = self._compare_tangent(function, j, analytic, alone)
        places = [tuple(map(int, i)) for i in np.argwhere(mask)]
        wrong = [Wrong(i, analytic[i], numeric[i]) for i in places]
        worst = max(wrong, key=distance)
        self._excuse(function, chain, named, alone)
        return AssertionError(
            f"check_grads: {_called(chain)} is wrong\n"
            f"  argument {named}, {function.names[j]}, shape {analytic.shape}, element {worst.place}\n"
            f"  analytic {worst.analytic:.9g}\n"
            f"  numeric  {worst.numeric:.9g} (central differences, step {self.steps[0]:.2g})\n"
            f"  {len(wrong)} of the {analytic.size} elements compared differ\n"
            f"  likely cause: {likely_cause(analytic, numeric, wrong)}"
            f"{self._by_one_element(function, alone, j, worst.place)}"
        )

    def _by_one_element(self, function: FlatFunction, direction: Arrays, j: int, place: Index) -> str:
        """Say what is compared along 1 for one element of the arguments, where it has been along random numbers."""
        if sum(t.size for t in direction) == 1:
            return ""
        for k, name in enumerate(self.names):
            for i in some_indices(direction[k], _SAMPLE if np.any(direction[k]) else 0, self.rng):
                one = unit_direction(self.fine, k, i, 1)
                analytic = plain_arrays(_tangents(function, list(map(fresh_copy, self.point)), one))[j]
                wrong, numeric = self._compare_tangent(function, j, analytic, one)
                if wrong[place]:
                    a, n = analytic[place], numeric[place]
                    return f"\n  that by {name}, element {i}, alone: analytic {a:.9g}, numeric {n:.9g}"
        return ""

    def _drawn(self, like: Arrays) -> list[Any]:
        """Return random numbers for each array; 1 for a number by itself, so that what is printed can be checked."""
        if len(like) == 1 and like[0].size == 1 and like[0].dtype.kind == "f" and np.all(np.isfinite(like[0])):
            return [np.ones(like[0].shape, doubled(like[0]).dtype)[()]]
        return [self._draw(x) for x in like]

    def _draw(self, like: Any) -> Any:
        """Return random numbers away from zero; zero where `like` is not finite, and has no difference quotient."""
        values = self.rng.uniform(0.4, 1.4, like.shape) * self.rng.choice([-1, 1], like.shape)
        if like.dtype.kind == "c":
            values = values + 1j * self.rng.uniform(0.4, 1.4, like.shape) * self.rng.choice([-1, 1], like.shape)
        return np.where(np.isfinite(like), values, 0).astype(doubled(like).dtype)[()]


def _limit(before: Any, numeric: Any) -> Any:
    """Return what differences of two steps, one after the other, tend to where their error is as large as the step.

    So it is where the function can be differentiated once alone, as the square of a relu.
    """
    return (numeric - _SMALLER * before) / (1 - _SMALLER)


# --- derivatives ------------------------------------------------------------------------------------------------------


def _called(chain: tuple[str, ...]) -> str:
    modes = " over ".join(_MODES[mode] for mode in reversed(chain))
    return f"the derivative of order {len(chain)} by {modes} mode"


def _gradients(function: FlatFunction, point: Arrays, cotangents: Arrays) -> list[Any]:
    values, pull = vjp(function.call, *point)
    return list(pull([g.astype(y.dtype) for g, y in zip(cotangents, values, strict=True)]))


def _tangents(function: FlatFunction, point: Arrays, direction: Arrays) -> list[Any]:
    tangents = [t.astype(x.dtype) for t, x in zip(direction, point, strict=True)]
    return list(jvp(function.call, tuple(point), tuple(tangents))[1])
