"""The checks that every rule has to pass, as functions of a call and its operands.

`call` takes arrays or Tensors, as many as there are operands, and does nothing but the call that is checked; `operands`
are plain floating-point or complex arrays. A check returns nothing, or raises an AssertionError that names the operand
and the element. Each works from outside, through public calls, and compares with NumPy on the plain arrays: no check
knows any derivative.

Results that are not finite and operands that are not finite have no difference quotient: they get the cotangent, or the
direction, zero. What is finite must then still have the right, finite gradient. test_special_values.py has the rest.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import gradarray as ga
from gradarray import GradientLossError, GradientLossWarning
from gradarray.kernels.references import COUNTED
from gradarray.tape import plans, sweeps
from gradarray.tape.nodes import Node, PullbackRule
from gradarray.tape.wrapping import wrap

Call = Callable[..., Any]
Arrays = Sequence[Any]

# A difference quotient of fourth order with steps h and 2h; the error is about h**4 from the formula and eps / h from
# rounding. A rule that is off by one in a thousand is a thousand times beyond the tolerance.
STEP = 5e-4
RELATIVE = 1e-7
ROUNDING = 1e-9
# With more elements than these, an operand has as many checked one by one, and the others along a random direction.
ELEMENTS = 24


# --- results ---------------------------------------------------------------------------------------------------------


def leaves(result: Any) -> list[Any]:
    """Return the arrays and other values in a result, however nested."""
    if isinstance(result, (tuple, list)):
        return [leaf for item in result for leaf in leaves(item)]
    return [result]


def is_floating(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") in ("f", "c")


def floating(result: Any) -> list[Any]:
    """Return the results that have a gradient."""
    return [leaf for leaf in leaves(result) if is_floating(leaf)]


def raw(value: Any) -> Any:
    return value.data if isinstance(value, ga.Tensor) else value


def variable(x: Any) -> ga.Tensor:
    """Return a Tensor of the array itself, so that nobody writes into it unnoticed; a 0-d one holds a scalar."""
    return ga.Tensor(x, copy=x.ndim == 0)


def mixed(operands: Arrays, variables: Iterable[int] | None = None) -> list[Any]:
    """Return the operands with those at the given positions, or all, as variables."""
    chosen = set(range(len(operands))) if variables is None else set(variables)
    return [variable(x) if i in chosen else x for i, x in enumerate(operands)]


def numpys(call: Call, operands: Arrays) -> Any:
    """Return NumPy's result; a 0-d operand is a scalar here too, for which NumPy may round in another way."""
    return call(*(x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in operands))


# --- gradients -------------------------------------------------------------------------------------------------------


class _Cotangents(PullbackRule):
    """The rule of an imaginary call that hands several results a cotangent each, for one sweep through all of them."""

    name = "cotangents"

    def pullback(self, node: Node, g: Any) -> Iterable[Any]:
        return node.args  # type: ignore[no-any-return]


def backward(results: Arrays, cotangents: Arrays, **options: Any) -> None:
    """Differentiate the sum of all ``<cotangent, result>``."""
    pairs = [(t, g) for t, g in zip(results, cotangents, strict=True) if isinstance(t, ga.Tensor) and not t.constant]
    if len(pairs) == 1 and pairs[0][0].ndim > 0:
        ((t, g),) = pairs
        t.backward(g, **options)
    elif pairs:
        parents = tuple(t._node for t, _ in pairs)
        # Inside a tape what is 0-d is a NumPy scalar, which Python's own numbers can take an operation from.
        seeds = tuple(g if isinstance(g, ga.Tensor) and options.get("create_graph") else raw(g)[()] for _, g in pairs)
        one = np.float64(1)
        wrap(one, Node(_Cotangents(), seeds, None, None, parents, (), one.dtype)).backward(**options)


def gradients(call: Call, operands: Arrays, cotangents: Arrays, variables: Iterable[int] | None = None) -> list[Any]:
    """Return the gradient for each operand, None for one that is not among the variables or has no influence."""
    tensors = mixed(operands, variables)
    backward(floating(call(*tensors)), cotangents)
    return [t.grad if isinstance(t, ga.Tensor) else None for t in tensors]


def dense(gradient: Any, operand: Any) -> Any:
    """Return the gradient as an array; no gradient is the gradient zero."""
    if gradient is None:
        return np.zeros(operand.shape, operand.dtype)
    assert type(gradient) is np.ndarray, f"the gradient is {type(gradient).__name__}, not an ndarray"
    assert gradient.shape == operand.shape, f"the gradient has shape {gradient.shape}, the operand {operand.shape}"
    assert gradient.dtype == operand.dtype, f"the gradient has dtype {gradient.dtype}, the operand {operand.dtype}"
    return gradient


def draw(rng: np.random.Generator, like: Any) -> Any:
    """Return random numbers, zero where `like` is not finite."""
    values = rng.uniform(0.4, 1.4, like.shape) * rng.choice([-1, 1], like.shape)
    if like.dtype.kind == "c":
        values = values + 1j * rng.uniform(0.4, 1.4, like.shape) * rng.choice([-1, 1], like.shape)
    values = np.where(np.isfinite(like), values, 0).astype(like.dtype)
    values.flags.writeable = False
    return values


def inner(a: Any, b: Any) -> float:
    """Return ``Re <a, b>``, which for complex numbers is the inner product of the real and imaginary parts."""
    return float(np.sum(np.real(np.conj(a) * b)))


def size(a: Any, b: Any) -> float:
    """Return what the inner product would be if nothing in it cancelled."""
    return float(np.sum(np.abs(a) * np.abs(b)))


def difference(function: Callable[..., Arrays], point: Arrays, direction: Arrays) -> list[Any]:
    """Return the derivative of the arrays that `function` returns along a direction, by differences."""

    def at(steps: int) -> list[Any]:
        return [np.asarray(y) for y in function(*(x + steps * STEP * t for x, t in zip(point, direction, strict=True)))]

    with np.errstate(all="ignore"):
        values = zip(at(2), at(1), at(-1), at(-2), strict=True)
        return [np.where(np.isfinite(b), (8 * (b - c) - (a - d)) / (12 * STEP), 0) for a, b, c, d in values]


def unit(like: Any, index: tuple[int, ...], value: complex = 1) -> Any:
    direction = np.zeros(like.shape, like.dtype)
    direction[index] = value
    return direction


class _Slope:
    """The derivative of ``sum <weight, value>`` along directions, by differences."""

    def __init__(self, function: Callable[..., Arrays], point: Arrays, weights: Arrays) -> None:
        self.function = function
        self.point = point
        self.weights = weights
        with np.errstate(all="ignore"):
            self.values = [np.where(np.isfinite(y), y, 0) for y in function(*point)]

    def along(self, direction: Arrays) -> tuple[float, float]:
        """Return the derivative and the error that it may have."""
        changes = difference(self.function, self.point, direction)
        slope = sum(inner(w, d) for w, d in zip(self.weights, changes, strict=True))
        error = ROUNDING
        for w, d, y in zip(self.weights, changes, self.values, strict=True):
            error += RELATIVE * size(w, d) + ROUNDING * size(w, np.where(d == 0, 0, y))
        return slope, error

    def at_element(self, k: int, index: tuple[int, ...]) -> tuple[complex, float]:
        """Return the gradient for one element of the k-th operand, and the error that it may have."""
        still = [np.zeros(x.shape, x.dtype) for x in self.point]
        still[k] = unit(self.point[k], index)
        value, error = self.along(still)
        if self.point[k].dtype.kind != "c":
            return value, error
        still[k] = unit(self.point[k], index, 1j)
        imaginary, more = self.along(still)
        return complex(value, imaginary), error + more

    def check_elements(self, name: str, k: int, analytic: Any, indices: Iterable[tuple[int, ...]]) -> None:
        for index in indices:
            if not np.isfinite(self.point[k][index]):
                continue
            numeric, error = self.at_element(k, index)
            wrong = not abs(analytic[index] - numeric) <= error + RELATIVE * abs(numeric)
            assert not wrong, f"{name}, element {index}: {analytic[index]:.9g}, but by differences {numeric:.9g}"


# --- the checks ------------------------------------------------------------------------------------------------------


def check_forward(call: Call, operands: Arrays, exact: bool = True, variables: Iterable[int] | None = None) -> None:
    """Check value, dtype, shape and memory order against NumPy's, and what kind of thing each result is.

    Parameters
    ----------
    exact : NumPy computes the result itself, so that it is the same to the last bit
    variables : the operands that are Tensors; all by default
    """
    result = call(*mixed(operands, variables))
    compare_results(result, numpys(call, operands), exact)
    if exact and operands:
        made = floating(result)
        assert not made or not all(t.constant for t in made), "a result is a constant although an operand is a variable"


def compare_results(result: Any, expected: Any, exact: bool = True, constant: bool = False) -> None:
    if isinstance(expected, (tuple, list)):
        assert type(result) is type(expected), f"{type(result).__name__} instead of {type(expected).__name__}"
        assert len(result) == len(expected), f"{len(result)} results instead of {len(expected)}"
        for item, other in zip(result, expected, strict=True):
            compare_results(item, other, exact, constant)
        return
    if is_floating(expected):
        assert isinstance(result, ga.Tensor), f"a floating-point result is {type(result).__name__}, not a Tensor"
        assert not constant or result.constant, "a result is a variable although no operand is"
    elif isinstance(result, ga.Tensor):
        assert result.constant, f"a result of dtype {result.dtype} is a variable"
    else:
        assert type(result) is type(expected), f"{type(result).__name__} instead of {type(expected).__name__}"
    compare_values(raw(result), expected, exact)


def compare_values(value: Any, expected: Any, exact: bool = True) -> None:
    if not hasattr(expected, "dtype"):
        assert value == expected, f"{value!r} instead of {expected!r}"
        return
    assert value.dtype == expected.dtype, f"dtype {value.dtype} instead of {expected.dtype}"
    assert value.shape == expected.shape, f"shape {value.shape} instead of {expected.shape}"
    if exact:
        assert_same(value, expected)
        # Where nothing is counted, what is handed out was copied, and a copy has no gaps.
        for order in ("C", "F") if value.ndim > 1 and COUNTED else ():
            assert value.flags[order] == expected.flags[order], f"{order} order instead of NumPy's"
    else:
        assert_rounded(value, expected)


def assert_same(value: Any, expected: Any, **kwargs: Any) -> None:
    """Check that two arrays are equal to the last bit, as far as NumPy itself gives the same bits each time.

    Where NumPy multiplies complex numbers or takes their size, one loop rounds once where another rounds twice, and how
    far the operands and the result lie apart in memory decides which of them runs.
    """
    if is_complex(value) and is_complex(expected) and not np.array_equal(value, expected, equal_nan=True):
        assert_rounded(value, expected)
    else:
        np.testing.assert_array_equal(value, expected, "value differs from NumPy's", **kwargs)


def is_complex(value: Any) -> bool:
    return getattr(getattr(value, "dtype", None), "kind", "") == "c"


def assert_rounded(value: Any, expected: Any) -> None:
    """Check that two arrays are equal but for rounding."""
    tolerance = 50 * np.finfo(expected.dtype).eps if is_floating(expected) else 0
    finite = np.abs(expected[np.isfinite(expected)])
    largest = float(np.max(finite, initial=0))
    np.testing.assert_allclose(value, expected, tolerance, tolerance * largest, err_msg="value differs from NumPy's")


def check_constants(call: Call, operands: Arrays, exact: bool = True) -> None:
    """Check that without a variable the results are constants, and still NumPy's."""
    tensors = [ga.Tensor(x, copy=x.ndim == 0, constant=True) for x in operands]
    compare_results(call(*tensors), numpys(call, operands), exact, constant=True)
    with ga.no_grad():
        compare_results(call(*mixed(operands)), numpys(call, operands), exact, constant=True)


def check_gradient(call: Call, operands: Arrays, rng: np.random.Generator) -> None:
    """Check the gradient for a random cotangent against differences, element by element and along a direction."""
    results = floating(call(*operands))
    if not results:
        return
    cotangents = [draw(rng, y) for y in results]
    found = gradients(call, operands, cotangents)
    analytic = []
    for k, (gradient, x) in enumerate(zip(found, operands, strict=True)):
        try:
            analytic.append(dense(gradient, x))
        except AssertionError as error:
            raise AssertionError(f"operand {k}: {error}") from None
    slope = _Slope(lambda *xs: floating(call(*xs)), operands, cotangents)
    for k, x in enumerate(operands):
        indices = list(np.ndindex(x.shape))
        if len(indices) > ELEMENTS:
            indices = [indices[i] for i in rng.choice(len(indices), ELEMENTS, replace=False)]
        slope.check_elements(f"gradient of operand {k}", k, analytic[k], indices)
    direction = [draw(rng, x) for x in operands]
    numeric, error = slope.along(direction)
    finite = [np.where(t == 0, 0, a) for a, t in zip(analytic, direction, strict=True)]
    total = sum(inner(a, t) for a, t in zip(finite, direction, strict=True))
    error += RELATIVE * sum(size(a, t) for a, t in zip(finite, direction, strict=True))
    assert abs(total - numeric) <= error, f"along a random direction: {total:.9g}, but by differences {numeric:.9g}"


def check_plan(y: ga.Tensor) -> bool:
    """Check that a plan for the tape behind `y` gives to the last bit what the loop gives; tell if there is one."""
    root = y._node
    assert root is not None
    uses = sweeps.reachable(root)
    rng = np.random.default_rng(0)
    cotangents = [rng.uniform(0.5, 2, y.shape).astype(y.dtype)[()] for _ in range(2)]
    plan = plans.written(uses, cotangents[0], set())
    if plan is None:
        return False
    for k, g in enumerate(cotangents):
        with np.errstate(all="ignore"):
            by_plan = plan(root, g, True, -1, 1)
            by_loop = sweeps._pull(sorted(uses, key=lambda node: node.order), uses, root, g, True)
        assert by_plan is not None or k > 0, "a plan does not know its own tape again"
        if by_plan is None:
            continue  # a derivative has looked at the values of the cotangent
        if not by_plan:
            assert by_loop is None, "a plan sees a NaN where there is none"
            continue
        assert by_loop is not None, "a plan does not see a NaN"
        assert by_plan.keys() == by_loop.keys()
        for node, gradient in by_loop.items():
            assert_same(by_plan[node], gradient, strict=bool(node.shape))
    return True


def check_second_order(call: Call, operands: Arrays, rng: np.random.Generator) -> None:
    """Check the derivative of the gradient, with respect to the operands and to the cotangent, against differences."""
    results = floating(call(*operands))
    if not results:
        return
    cotangents = [draw(rng, y) for y in results]
    tensors = mixed(operands)
    seeds = mixed(cotangents)
    backward(floating(call(*tensors)), seeds, create_graph=True)
    first = [t.grad for t in tensors]
    for k, (gradient, x) in enumerate(zip(first, operands, strict=True)):
        assert gradient is None or isinstance(gradient, ga.Tensor), (
            f"operand {k}: with create_graph the gradient is {type(gradient).__name__}, not a Tensor"
        )
        assert gradient is None or gradient.shape == x.shape, f"operand {k}: the gradient has shape {gradient.shape}"
        assert gradient is None or gradient.dtype == x.dtype, f"operand {k}: the gradient has dtype {gradient.dtype}"
    weights = [draw(rng, x) for x in operands]
    for t in (*tensors, *seeds):
        t.null_grad()
    backward([g for g in first if g is not None], [w for g, w in zip(first, weights, strict=True) if g is not None])
    analytic = [dense(t.grad, t) for t in (*tensors, *seeds)]
    names = [f"operand {k}" for k in range(len(operands))] + [f"cotangent {k}" for k in range(len(seeds))]

    def first_order(*points: Any) -> list[Any]:
        xs, gs = points[: len(operands)], points[len(operands) :]
        return [dense(found, x) for found, x in zip(gradients(call, xs, gs), xs, strict=True)]

    point = [*operands, *cotangents]
    slope = _Slope(first_order, point, weights)
    direction = [draw(rng, x) for x in operands] + [np.where(g == 0, 0, draw(rng, g)) for g in cotangents]
    numeric, error = slope.along(direction)
    finite = [np.where(t == 0, 0, a) for a, t in zip(analytic, direction, strict=True)]
    total = sum(inner(a, t) for a, t in zip(finite, direction, strict=True))
    error += RELATIVE * sum(size(a, t) for a, t in zip(finite, direction, strict=True))
    if not abs(total - numeric) <= error:
        for k, name in enumerate(names):
            where = [index for index in np.ndindex(point[k].shape) if direction[k][index] != 0]
            slope.check_elements(f"derivative of the gradient by {name}", k, analytic[k], where)
        raise AssertionError(f"second order: {total:.9g}, but by differences {numeric:.9g}")


def check_forward_mode(call: Call, operands: Arrays, rng: np.random.Generator, drop_in: bool = True) -> None:
    """Check that forward and reverse mode agree: ``<g, J t> == <J^T g, t>``."""
    results = floating(call(*operands))
    direction = [draw(rng, x) for x in operands]
    if not results:  # truth values and the like: nothing to differentiate, and NumPy's own
        ga.jvp(
            lambda *xs: compare_results(call(*xs), call(*operands)) or xs,
            tuple(operands),
            tuple(direction),
            drop_in=drop_in,
        )
        return
    value, tangent = ga.jvp(call, tuple(operands), tuple(direction), drop_in=drop_in)
    values, tangents = leaves(value), leaves(tangent)
    assert len(values) == len(tangents), f"{len(values)} values, but {len(tangents)} tangents"
    pairs = [(v, t) for v, t in zip(values, tangents, strict=True) if is_floating(v)]
    assert len(pairs) == len(results), f"{len(pairs)} floating-point results instead of {len(results)}"
    total = scale = 0.0
    cotangents = [draw(rng, y) for y in results]
    for k, ((v, t), y, g) in enumerate(zip(pairs, results, cotangents, strict=True)):
        v, t = raw(v), raw(t)
        np.testing.assert_allclose(v, y, 1e-12, 1e-13, err_msg=f"result {k}: the value of forward mode differs")
        assert t.shape == y.shape, f"result {k}: the tangent has shape {t.shape}, the result {y.shape}"
        assert t.dtype == y.dtype, f"result {k}: the tangent has dtype {t.dtype}, the result {y.dtype}"
        t = np.where(np.isfinite(y), t, 0)
        total += inner(g, t)
        scale += size(g, t)
    expected = 0.0
    for gradient, x, t in zip(gradients(call, operands, cotangents), operands, direction, strict=True):
        gradient = np.where(np.isfinite(x), dense(gradient, x), 0)
        expected += inner(gradient, t)
        scale += size(gradient, t)
    assert abs(total - expected) <= 1e-10 * (1 + scale), (
        f"forward mode gives <g, J t> = {total:.12g}, reverse mode <J^T g, t> = {expected:.12g}"
    )


def check_forward_precision(
    call: Call,
    operands: Arrays,
    dtype: Any,
    tolerance: float,
    rng: np.random.Generator,
    by_dtype: bool = False,
    drop_in: bool = True,
) -> None:
    """Check the dtypes of forward mode in another precision, and the tangent roughly against double precision."""
    double = complex if np.dtype(dtype).kind == "c" else float
    low = [x.astype(dtype) for x in operands]
    direction = [draw(rng, x) for x in low]

    def pairs(xs: Arrays, ts: Arrays) -> list[tuple[Any, Any]]:
        value, tangent = ga.jvp(call, tuple(xs), tuple(ts), drop_in=drop_in)
        return [(y, t) for y, t in zip(leaves(value), leaves(tangent), strict=True) if is_floating(y)]

    results = pairs(low, direction)
    expected = pairs([x.astype(double) for x in low], [t.astype(double) for t in direction])
    for k, ((y, t), like) in enumerate(zip(results, floating(call(*low)), strict=True)):
        assert (y.dtype, y.shape) == (like.dtype, like.shape), f"result {k}: the value is {y.dtype}{y.shape}"
        assert (t.dtype, t.shape) == (like.dtype, like.shape), f"result {k}: the tangent is {t.dtype}{t.shape}"
    if by_dtype or [y.shape for y, _ in results] != [y.shape for y, _ in expected]:
        return
    for k, ((_, t), (y, other)) in enumerate(zip(results, expected, strict=True)):
        finite = np.isfinite(y) & (np.abs(other) < np.finfo(t.dtype).max / 2)  # what the precision can hold
        largest = float(np.max(np.abs(other[finite]), initial=1))
        np.testing.assert_allclose(
            t[finite], other[finite], tolerance, tolerance * largest, err_msg=f"the tangent of result {k} differs"
        )


def check_modes_at_second_order(call: Call, operands: Arrays, rng: np.random.Generator, drop_in: bool = True) -> None:
    """Check that the second derivative along two directions is the same whichever modes it is computed by.

    It is ``<g, f''[t, d]>``: by reverse over reverse, which check_second_order compares with differences, by forward
    over forward, by reverse over forward and by forward over reverse mode.
    """
    results = floating(call(*operands))
    if not results:
        return
    cotangents = [draw(rng, y) for y in results]
    t, d = ([draw(rng, x) for x in operands] for _ in range(2))

    def along_t(*xs: Any) -> list[Any]:
        value, tangent = ga.jvp(call, xs, tuple(t), drop_in=drop_in)
        return [dy for y, dy in zip(leaves(value), leaves(tangent), strict=True) if is_floating(y)]

    def along_d(tensors: Arrays) -> tuple[float, float]:
        found = [np.where(v == 0, 0, dense(x.grad, x)) for x, v in zip(tensors, d, strict=True)]
        return sum(map(inner, found, d)), sum(map(size, found, d))

    tensors = mixed(operands)
    backward(floating(call(*tensors)), cotangents, create_graph=True)
    first = [x.grad for x in tensors]
    for x in tensors:
        x.null_grad()
    backward([g for g in first if g is not None], [w for g, w in zip(first, t, strict=True) if g is not None])
    expected, scale = along_d(tensors)

    _, twice = ga.jvp(along_t, tuple(operands), tuple(d), drop_in=drop_in)
    forward = sum(map(inner, cotangents, [np.where(g == 0, 0, raw(y)) for g, y in zip(cotangents, twice, strict=True)]))
    assert abs(forward - expected) <= 1e-9 * (1 + scale), (
        f"second derivative by forward over forward mode {forward:.12g}, by reverse over reverse {expected:.12g}"
    )
    tensors = mixed(operands)
    made = along_t(*tensors)
    for x in tensors:
        x.null_grad()
    backward(made, cotangents)
    found, _ = along_d(tensors)
    assert abs(found - expected) <= 1e-9 * (1 + scale), (
        f"second derivative by reverse over forward mode {found:.12g}, by reverse over reverse {expected:.12g}"
    )

    def pulled(*xs: Any) -> Any:
        return ga.vjp(lambda *ys: floating(call(*ys)), *xs, drop_in=drop_in)[1](cotangents)

    _, gradient = ga.jvp(pulled, tuple(operands), tuple(d), drop_in=drop_in)
    gradient = [np.where(w == 0, 0, c) for c, w in zip(leaves(gradient), d, strict=True)]
    found = sum(map(inner, gradient, t))
    assert abs(found - expected) <= 1e-9 * (1 + scale), (
        f"second derivative by forward over reverse mode {found:.12g}, by reverse over reverse {expected:.12g}"
    )


class _Asked(Exception):
    """NumPy asked an argument to answer for itself."""


class _Probe:
    """An argument that says whether NumPy's protocols ask it."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise _Asked

    def __array_function__(self, *args: Any, **kwargs: Any) -> Any:
        raise _Asked

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.array, dtype=dtype, copy=copy)


def overlooked(call: Call, operands: Arrays, chosen: Iterable[int]) -> bool:
    """Tell whether NumPy takes the chosen operands for plain arrays; np.pad does so with constant_values."""
    try:
        call(*[_Probe(x) if i in chosen else x for i, x in enumerate(operands)])
    except _Asked:
        return False
    except Exception:
        return True
    return True


def check_subsets(call: Call, operands: Arrays, rng: np.random.Generator, lists: bool = False) -> None:
    """Check each subset of the operands as variables, the others as plain arrays, or as lists: nothing may change.

    Where NumPy asks none of the variables, it must be said that their gradient is lost.
    """
    results = floating(call(*operands))
    cotangents = [draw(rng, y) for y in results]
    expected = gradients(call, operands, cotangents)
    everything = range(len(operands))
    # Of many operands, one by one is enough.
    counts = range(1, len(operands)) if len(operands) <= 3 else (1,)
    for chosen in itertools.chain.from_iterable(itertools.combinations(everything, count) for count in counts):
        given = [x if i in chosen or not lists else x.tolist() for i, x in enumerate(operands)]
        try:
            tensors = [variable(x) if i in chosen else x for i, x in enumerate(given)]
            with warnings.catch_warnings():
                warnings.simplefilter("error", GradientLossWarning)
                result = call(*tensors)
            compare_results(result, call(*given), exact=False)
            backward(floating(result), cotangents)
            for i in chosen:
                same_gradient(f"operand {i}", tensors[i].grad, expected[i], operands[i])
        except (GradientLossError, GradientLossWarning):
            assert overlooked(call, given, chosen), f"the gradient of operands {chosen} is lost"
        except AssertionError as error:
            others = "lists" if lists else "arrays"
            raise AssertionError(f"operands {chosen} as variables, the others as {others}: {error}") from None


def same_gradient(name: str, found: Any, expected: Any, like: Any, tolerance: float = 1e-12) -> None:
    """Check that two gradients agree; the tolerance is relative to the largest element."""
    found, expected = dense(found, like), expected if expected is not None else np.zeros(like.shape)
    largest = float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0))
    np.testing.assert_allclose(
        found, expected, tolerance, tolerance * max(largest, 1), err_msg=f"the gradient of {name} differs"
    )


def check_same(call: Call, operands: Arrays, other_call: Call, others: Arrays, rng: np.random.Generator) -> None:
    """Check that two forms of a call, or of its operands, have the same results and gradients."""
    expected = floating(call(*operands))
    cotangents = [draw(rng, y) for y in expected]
    tensors = mixed(others)
    result = other_call(*tensors)
    compare_results(result, call(*operands), exact=False)
    backward(floating(result), cotangents)
    for k, (t, gradient) in enumerate(zip(tensors, gradients(call, operands, cotangents), strict=True)):
        same_gradient(f"operand {k}", t.grad, gradient, operands[k])


def check_precision(
    call: Call, operands: Arrays, dtype: Any, tolerance: float, rng: np.random.Generator, by_dtype: bool = False
) -> None:
    """Check value and dtypes in another precision, and the gradient roughly against that in double precision.

    With `by_dtype` NumPy's result can be another one than in double precision. If it is, only longdouble is precise
    enough for a check of the gradient, by differences.
    """
    double = complex if np.dtype(dtype).kind == "c" else float
    low = [x.astype(dtype) for x in operands]
    check_forward(call, low, exact=False)
    results = floating(call(*low))
    cotangents = [draw(rng, y) for y in results]
    high = [x.astype(double) for x in low]
    if by_dtype and not all(map(np.array_equal, results, floating(call(*high)))):
        if np.finfo(dtype).eps <= np.finfo(float).eps:
            check_gradient(call, low, rng)
        return
    if [y.shape for y in floating(call(*high))] != [y.shape for y in results]:
        return  # np.polydiv leaves off what rounding alone has left, so that the results are of other lengths
    doubled = [g.astype(complex if g.dtype.kind == "c" else float) for g in cotangents]
    found = gradients(call, low, cotangents)
    for k, (gradient, reference) in enumerate(zip(found, gradients(call, high, doubled), strict=True)):
        reference = dense(reference, high[k])
        same_gradient(f"operand {k}", dense(gradient, low[k]).astype(double), reference, high[k], tolerance)


@ga.mem_guard_off  # which would save copies
def check_no_mutation(call: Call, operands: Arrays, rng: np.random.Generator) -> None:
    """Check that neither pass changes an operand, a cotangent or the result, although they could be written to."""
    originals = [np.array(x) for x in operands]
    tensors = [ga.Tensor(x, copy=False) for x in originals]
    result = call(*tensors)
    results = floating(result)
    cotangents = [np.array(draw(rng, y)) for y in results]
    before = [np.array(g) for g in cotangents]
    values = [np.array(raw(y)) for y in results]
    backward(results, cotangents, retain_graph=True)
    backward(results, [ga.Tensor(g, copy=False) for g in cotangents], create_graph=True)
    for name, found, expected in (
        ("operand", originals, operands),
        ("cotangent", cotangents, before),
        ("result", [raw(y) for y in results], values),
    ):
        for k, (now, then) in enumerate(zip(found, expected, strict=True)):
            np.testing.assert_array_equal(now, then, f"{name} {k} was changed")


def refused(call: Call, operands: Arrays) -> bool:
    """Tell whether NumPy refuses the call; if so, a Tensor must get the same kind of exception."""
    try:
        call(*operands)
    except Exception as error:
        expected = error
    else:
        return False
    try:
        call(*mixed(operands))
    except Exception as error:
        if isinstance(error, type(expected)):
            return True
        raise AssertionError(f"NumPy raises {expected!r}, but gradarray {error!r}") from error
    raise AssertionError(f"NumPy raises {expected!r}, but gradarray nothing")
