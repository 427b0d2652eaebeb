"""Random programs of ordinary NumPy code, as text, and what must hold of every one of them.

`programs()` draws a function of one to three arrays: a list of statements, of which each is chosen to suit the values
that the ones before it gave. What is drawn is source code, so that a failure prints as a function that can be run by
itself. `check` runs it on plain arrays and on tensors: the values are NumPy's to the last bit, the derivatives those
of differences, in both modes and at second order, and each way of asking for them gives the same.
"""

from __future__ import annotations

import functools
import textwrap
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import gradarray as ga

Draw = Callable[[st.SearchStrategy[Any]], Any]
Values = dict[str, Any]

# Values beyond this are not gone on with: differences would say nothing any more.
LARGEST = 1e4
# What NumPy raises for a mistake; a program may make mistakes, and goes on.
MISTAKES = (ValueError, TypeError, IndexError)


# --- statements -------------------------------------------------------------------------------------------------------
# (NumPy's own squares of complex numbers differ in the last bit with length and place, so that none is made in place.)
# Templates are filled with names of values: {a} is any of them, {b} one that broadcasts with it, {m} a constant.

SMOOTH = """np.sin({a}); np.cos({a}); np.tanh({a}); np.exp(np.tanh({a})); np.log(2 + np.sin({a}))
np.sqrt(2 + np.sin({a})); np.square({a}); {a} ** 2; {a} ** 3; -{a}; +{a}; 1.5 * {a}; {a} / 4; 1 / (2 + np.sin({a}))
np.expm1(np.sin({a})); np.log1p(np.sin({a}) / 2); np.reciprocal(np.cosh(np.sin({a}))); np.power(2 + np.sin({a}), .5)
2 ** np.sin({a}); np.arctan(np.sin({a}) / 2); np.arcsin(np.sin({a}) / 2); np.sinh(np.sin({a})); np.conj({a}) * {a}
np.copy({a}); np.real({a}); np.imag({a} * 2); {a}.copy(); np.positive({a}); {a}.conj()
np.multiply({a}, 2, dtype={a}.dtype); np.nan_to_num({a}); np.add({a}, 0); np.true_divide(1, 2 + np.cos({a}))"""

REAL = """np.abs({a}); np.maximum({a}, .1); np.clip({a}, -.8, .7); {a}.clip(-1, 1); np.where({a} > 0, {a}, .5 * {a})
np.hypot({a}, 1.5); np.arctan2({a}, 2.); np.arcsinh({a}); np.cbrt(2 + np.sin({a})); np.logaddexp({a}, .3)
np.fabs({a}); np.minimum({a}, {a} * {a}); np.sign({a}) * {a}; np.floor({a}) + {a}; np.sinc({a}); np.exp2(np.sin({a}))
np.deg2rad({a}); np.heaviside({a}, .5) * {a}; np.copysign({a}, -1.)
np.select([{a} > .5, {a} > 0], [{a} ** 2, {a}], -1.); np.i0(np.sin({a}))
np.piecewise({a}, [{a} < 0], [lambda v: v ** 2, np.sin]); np.fmax({a}, 0.); np.remainder({a}, 2.7)
np.round({a}) * {a}; np.log2(3 + np.sin({a})); np.float_power(2 + np.sin({a}), 1.5)
np.where({a} > 0, np.log(np.where({a} > 0, {a}, 1.)), 0.)"""

PAIRS = """{a} + {b}; {a} - {b}; {a} * {b}; {a} / (2 + np.sin({b})); np.multiply({a}, {b}); np.add({a}, .5 * {b})
np.where({m}, {a}, {b}); np.subtract({b}, {a}); (2 + np.sin({a})) ** np.sin({b}); {a} * {m}; {b} + {m} * {a}
{m} - {a}"""

REAL_PAIRS = """np.maximum({a}, {b}); np.minimum({a}, {b}); np.hypot({a}, 1 + {b} ** 2)
np.arctan2({a}, 2 + np.sin({b})); np.logaddexp({a}, {b}); np.where({a} > {b}, {a}, {b}); np.fmin({a}, {b})
np.copysign({a}, {b}); np.fmod({a}, 2 + np.sin({b})); np.clip({a}, -1., {b}); np.heaviside({a}, {b}) * {b}"""

REDUCED = """np.sum({a}, axis={i}); np.mean({a}, axis={i}); {a}.sum({i}); {a}.mean({i}, keepdims=True); np.sum({a})
{a}.mean(); np.sum({a}, axis={i}, keepdims=True); np.add.reduce({a}, {i}); np.cumsum({a}, axis={i}); np.cumsum({a})
{a}.cumsum({i}); np.prod(np.sin({a}), axis={i}); np.cumprod(np.cos({a}), axis={i}); np.diff({a}, axis={i})
np.trace(np.atleast_2d({a})); np.average({a}, axis={i}); np.add.accumulate({a}, {i}); np.linalg.norm(2 + np.sin({a}))
np.nansum({a}, axis={i}); np.vdot({a}, {a}); np.multiply.reduce(np.sin({a}), axis={i}); np.sum({a}, initial=2.)
np.add.reduceat({a}, [0], {i}); np.sum({a}, axis={i}, where={a}.real > 0)
np.average({a}, weights=2 + np.sin(np.real({a})))"""

REAL_REDUCED = """np.max({a}, axis={i}); np.min({a}); {a}.max(); np.ptp({a}, axis={i}); np.median({a}, axis={i})
np.std({a}, axis={i}); np.var({a}); {a}.std(); {a}.min({i}); np.maximum.accumulate({a}, {i})
np.logaddexp.reduce({a}, {i}); np.quantile({a}, .3); np.sort({a}, axis={i}); np.sort({a}, axis=None)[::-1]
np.percentile({a}, 60, axis={i}); np.maximum.reduce({a}, {i}, keepdims=True)
np.var({a}, axis={i}, ddof=1, keepdims=True); np.nanmax({a}, axis={i}); np.gradient(np.ravel({a}))
np.partition({a}, 0, axis={i}); np.take_along_axis({a}, np.argsort({a}, axis={i}), axis={i})
{a}[np.argsort({a}, axis=0)[0]]; np.trapezoid({a}, axis={i})"""

MOVED = """{a}.T; {a}.reshape(-1); {a}.ravel(); np.ravel({a}, "F"); np.transpose({a}); np.flip({a}); {a}[::-1]
{a}[..., ::-1]; {a}[None]; {a}[..., None]; np.expand_dims({a}, 0); np.squeeze({a}); np.moveaxis({a}, 0, -1)
np.swapaxes({a}, 0, -1); np.roll({a}, 1); np.roll({a}, 1, axis={i}); np.repeat({a}, 2); np.repeat({a}, 2, axis={i})
np.tile({a}, 2); {a}.flatten(); np.broadcast_to({a}, (2, *{a}.shape)); np.concatenate([{a}, {a}], axis={i})
np.stack([{a}, 2 * {a}]); np.hstack([{a}, {a}]); np.vstack([{a}, {a}]); np.pad({a}, 1); np.triu({a}); np.tril({a})
np.diagonal({a}); np.atleast_2d({a}); np.rot90({a}); {a}.reshape({a}.shape[::-1]); {a}.swapaxes(0, -1)
np.array_split({a}, 2)[0]; {a}.copy("F"); {a}.T.reshape(-1); {a}.reshape(-1)[::2]; np.diag({a})
np.delete({a}, 0, axis={i}); np.append({a}, 1.); {a}.real; {a}.imag; np.take({a}, [0, -1, 0], axis={i})
np.compress([True], {a}, axis={i}); np.atleast_1d({a})[..., 0]; list({a})[0]; {a}.diagonal()
np.column_stack([np.ravel({a}), np.ravel({a})]); np.insert({a}, 0, .5, axis={i}); np.rollaxis({a}, -1)
np.resize({a}, 5); np.lib.stride_tricks.sliding_window_view({a}, 1, {i}); np.einsum("...i->...", {a}); {a}.view()
{a}[...]; np.split({a}, 1)[0]"""

READ = """{a}[0]; {a}[-1]; {a}[1:]; {a}[:-1]; {a}[::2]; {a}[..., 0]; {a}[[0, -1, 0]]; {a}[np.array([0, 0])]
{a}[{a}.real > 0]; {a}[()]; {a}[:, 0]; {a}[:, ::-1]; {a}[1:, :-1]; {a}[0, 0]; {a}[[0], [-1]]; {a}[..., [0, 0]]
{a}.flat[0]; {a}[..., -1:]; {a}[0:0]; {a}[np.ix_([0, -1], [0])]; {a}[None, 0]; {a}[True]; {a}[0, ..., None]
{a}.take([0, 0]); {a}[..., :1]"""

PRODUCTS = """np.dot({a}, {a}.T); {a} @ {a}.T; {a}.T @ {a}; np.outer({a}, {b}); np.einsum("ij,ij->i", {a}, {a})
np.inner({a}, {a}); np.tensordot({a}, {a}, axes={a}.ndim); np.matmul({a}, {a}.T); np.einsum("ij,kj->ik", {a}, {a})
np.kron(np.ravel({a})[:2], np.ravel({b})[:2]); np.convolve(np.ravel({a})[:4], np.ravel({b})[:3]); np.vdot({a}, {a})
np.einsum("i...->...", {a}); np.dot({a}, {m}.T); {m}.T @ {a}; np.linalg.multi_dot([{a}, {a}.T, {a}])
np.cross(np.resize({a}, 3), np.resize({b}, 3)); np.einsum("ij->ji", {a}); {a}.dot({a}.T)"""

SQUARES = """np.linalg.inv(3 * np.eye({n}) + np.sin({a})); np.linalg.det({a})
np.linalg.solve(3 * np.eye({n}) + np.sin({a}), {a}); np.linalg.matrix_power(np.sin({a}), 3); np.trace({a})
np.linalg.slogdet(3 * np.eye({n}) + np.sin({a}))[1]; np.linalg.cholesky(np.eye({n}) + {a} @ np.conj({a}.T))
np.linalg.pinv(3 * np.eye({n}) + np.sin({a})); np.linalg.norm({a} + 3, 2)"""

CASTS = """{a}.astype(single); {a}.astype(double); {a}.astype({a}.dtype, copy=False); {a} * single(2)
{a} + np.ones((), single); np.add({a}, 1, dtype=double); {a} * 1j; {a}.astype({a}.dtype); np.sum({a}, dtype=double)
{a} * np.arange({a}.size).reshape({a}.shape); np.zeros_like({a}) + {a}; {a} + True; np.full_like({a}, 2.) * {a}
np.arange(3)[:, None] * np.ravel({a})[:2]"""

MADE = """np.zeros_like({a}); np.ones_like({a}); np.full_like({a}, .5); np.nan_to_num(np.empty_like({a})) * 0 + 1
np.zeros({a}.shape, like={a}); np.zeros((), like={a}); np.ones((3,), like={a}); np.zeros((2, 3), like={a})"""

CHANGES = """{t}[...] = {b}; {t}[0] = 1.5; {t}[0] = {t}[-1]; {t}[1:] = {t}[:-1]; {t}[::2] *= .5; {t} += {b}
{t} -= .5 * {b}; {t} *= .5; {t} *= np.sin({b}); {t} /= 2 + np.sin({b}); np.multiply({t}, {b}, out={t})
np.sin({t}, out={t}); np.add.at({t}, [0, 0, -1], .5) if {t}.flags.writeable else None
{t}[[0, -1]] += .25; {t}[{t}.real > 0] = .5
{t}[...] = {t}[::-1]; {t}[-1] = np.sum({t}); {t}[0] += np.sum({b}); {t}.T[...] = {b}; np.copyto({t}, .5 * {b})
np.copyto({t}, .7, where={t}.real > .5); {t}.fill(.25); {t}[:, 0] = .5; {t}[..., 0] += {t}[..., -1]
np.put({t}, [0], .5); {t}.reshape(-1)[:2] = .5; {t}.flat[0] = .75; {t} **= 2 if {t}.dtype.kind == "f" else 3
np.add({t}, 1, out={t}[...]); {t}[:] = {b}; np.cumsum({t}, axis=0, out={t})
np.clip({t}, -1, 1, out={t}) if {t}.dtype.kind == "f" else None; np.putmask({t}, {t}.real < 0, .1)
np.negative({t}, out={t}, where={t}.real > 0); {t}.sort() if {t}.dtype.kind == "f" else None; {t} @= np.eye({n}) * .5
{t}.real[...] = .5; np.matmul({t}, np.eye({n}), out={t}); np.fill_diagonal({t}, .5); {t}.T[0] *= 2
{t}[0], {t}[-1] = {t}[-1] * 1, {t}[0] * 1; np.sum([[1., 2.]], axis=1, out={t}[:1])
np.place({t}, {t}.real > 1, [.5, .25]); {t}[0] -= {t}[0]"""

LOOPS = """for k in range(len({t})): {t}[k] = {t}[k - 1] * .5 + np.sin({t}[k])
for row in {t}: row *= .5
for k in range(1, len({t})): {t}[k] += .5 * {t}[k - 1]
for k in range(3): {t}[...] = np.sin({t}) + .1 * k"""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for line in text.splitlines() for item in line.split("; "))


TABLES = {
    "smooth": (_listed(SMOOTH), 4),
    "real": (_listed(REAL), 4),
    "pairs": (_listed(PAIRS), 4),
    "real pairs": (_listed(REAL_PAIRS), 2),
    "reduced": (_listed(REDUCED), 3),
    "real reduced": (_listed(REAL_REDUCED), 3),
    "moved": (_listed(MOVED), 5),
    "read": (_listed(READ), 4),
    "products": (_listed(PRODUCTS), 2),
    "squares": (_listed(SQUARES), 1),
    "casts": (_listed(CASTS), 1),
    "made": (_listed(MADE), 1),
    "changes": (_listed(CHANGES), 6),
    "loops": (tuple(LOOPS.splitlines()), 1),
}
_KINDS = tuple(name for name, (_, weight) in TABLES.items() for _ in range(weight))
_NO_RESULT = ("changes", "loops")


# Arguments for a template that is tried by itself: shape, dtype, memory order.
LEAVES = (
    ((3,), "d", "C"),
    ((2, 3), "d", "F"),
    ((), "d", "C"),
    ((3, 3), "d", "C"),
    ((2, 2), "D", "C"),
    ((2, 3), "f", "C"),
    ((0,), "d", "C"),
)


# --- programs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Program:
    """A function of some arrays, as source code.

    Attributes
    ----------
    leaves : the shape, dtype and memory order of each argument
    lines : the statements; those that make a mistake stand in ``with mistake(): ...``
    names : the values whose weighted sums are added up to the result
    """

    leaves: tuple[tuple[tuple[int, ...], str, str], ...]
    lines: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def source(self) -> str:
        arguments = ", ".join(f"x{k}" for k in range(len(self.leaves)))
        total = " + ".join(f"weighted({name}, {k})" for k, name in enumerate(self.names))
        body = "\n".join((*self.lines, f"return {total}, [{', '.join(self.names)}]"))
        return f"def f({arguments}):\n{textwrap.indent(body, '    ')}\n"

    def function(self, **names: Any) -> Callable[..., Any]:
        """Return the function, which returns its result and the values that it was added up from."""
        space = namespace(**names)
        exec(compile(self.source, "<program>", "exec"), space)
        function: Callable[..., Any] = space["f"]
        return function

    def point(self, wide: bool = False) -> list[Any]:
        """Return the arguments; `wide` in double precision, where differences are taken."""
        return [argument(k, shape, dtype, order, wide) for k, (shape, dtype, order) in enumerate(self.leaves)]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Let Hypothesis show the function itself."""
        printer.text(f"\n{self.source}# of {self.leaves}\n")


def argument(k: int, shape: tuple[int, ...], dtype: str, order: str, wide: bool = False) -> Any:
    values = _drawn(k, shape, dtype)
    return np.array(values, np.result_type(values, float) if wide else None, order=order)


# A program is given each of its arguments some thirty times.
@functools.cache
def _drawn(k: int, shape: tuple[int, ...], dtype: str) -> Any:
    rng = np.random.default_rng((k, *shape))
    values = rng.uniform(0.2, 1.3, shape) * rng.choice([-1, 1], shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.uniform(0.2, 1.3, shape)
    return np.asarray(values).astype(dtype)


def weighted(value: Any, k: int) -> Any:
    """Return a real number that depends on each element of a value in a way of its own."""
    if value.size == 0:
        return np.sum(np.real(value)) * 0.0
    weights = np.cos(np.arange(value.size) + k).reshape(value.shape)
    if value.dtype.kind == "c":
        return np.sum(np.real(value * (weights + 0.5j * weights)))
    return np.sum(value * weights.astype(value.dtype))


class _Mistake:
    """A block in which NumPy raises; that it does not is a difference, too."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        assert kind is not None, "NumPy raises here"
        return issubclass(kind, MISTAKES)


def namespace(single: Any = np.float32, double: Any = np.float64, np: Any = np) -> Values:
    return {"np": np, "single": single, "double": double, "weighted": weighted, "mistake": _Mistake}


def _usable(value: Any) -> bool:
    """Tell whether a program can go on with a value: finite numbers, not too many and not too large."""
    if not isinstance(value, (np.ndarray, np.generic)) or value.dtype.kind not in "fc":
        return False
    return value.size <= 2**14 and value.ndim <= 4 and bool(np.all(np.abs(value) < LARGEST))


def _suits(a: Any, b: Any) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a.shape[::-1], b.shape[::-1], strict=False))


@st.composite
def programs(draw: Draw, longest: int = 12) -> Program:
    """Draw a program. Statements whose values cannot be gone on with are dropped as it is written."""
    dtypes = st.sampled_from(["d"] * 6 + ["f", "D"])
    shapes = st.sampled_from([(3,), (2, 3), (), (3, 3), (1,), (4,), (2, 1), (2, 2, 2), (0,), (0, 3), (1, 4), (70, 60)])
    leaves = tuple((draw(shapes), draw(dtypes), draw(st.sampled_from("CCF"))) for _ in range(draw(st.integers(1, 2))))
    values: Values = {f"x{k}": argument(k, *leaf) for k, leaf in enumerate(leaves)}
    space = namespace()
    lines: list[str] = []
    for _ in range(draw(st.integers(1, longest))):
        text = _statement(draw, values, f"v{len(lines)}")
        outcome = None if text is None else carried_out(text, values, space)
        if outcome:
            lines.append(text)
        elif outcome is False and not text.startswith("for"):
            lines.append(f"with mistake(): {text}")
    names = draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4, unique=True))
    return Program(leaves, tuple(lines), tuple(names))


def _statement(draw: Draw, values: Values, target: str) -> str | None:
    """Draw a statement, whose result is called `target` if it has one; None where no values suit."""
    kind = draw(st.sampled_from(_KINDS))
    template = draw(st.sampled_from(TABLES[kind][0]))
    names = [name for name in sorted(values, reverse=True) if suitable(kind, values[name])]
    if not names:
        return None
    a = draw(st.sampled_from(names))
    others = [name for name in names if _suits(values[a], values[name])]
    b = draw(st.sampled_from(others)) if "{b}" in template else a
    axis = draw(st.sampled_from([0, -1, None])) if "{i}" in template else None
    return filled(kind, template, target, values[a], a, b, axis)


def suitable(kind: str, x: Any) -> bool:
    """Tell whether the templates of a kind are meant for such a value."""
    if kind.startswith("real"):
        return bool(x.dtype.kind == "f")
    if kind == "squares":
        return x.ndim == 2 and 0 < len(x) == x.shape[1] < 5
    if kind in (*_NO_RESULT, "made"):
        return isinstance(x, np.ndarray)
    return kind != "products" or x.size <= 4200


def filled(kind: str, template: str, target: str, x: Any, a: str, b: str, axis: int | None) -> str:
    """Return a statement: a template filled with the names of two values, of which the first is `x`."""
    constant = f"np.cos(np.arange({x.size}.)).reshape({x.shape})"
    mask = f"({constant} > 0)" if "where(" in template else constant
    text = template.format(a=a, t=a, b=b, i=axis, m=mask, n=x.shape[-1] if x.ndim else 1)
    return text if kind in _NO_RESULT else f"{target} = {text}"


def carried_out(text: str, values: Values, space: Values) -> bool | None:
    """Carry out a statement on plain arrays: False where it made a mistake, None where its values are of no use."""
    before = {name: (id(value), np.copy(value)) for name, value in values.items()}
    local = dict(values)
    try:
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")
            exec(text, space, local)
        right = True
    except MISTAKES:
        right = False
    except (Warning, np.linalg.LinAlgError, AttributeError, ArithmeticError):
        right = None
    made = {name: value for name, value in local.items() if name not in ("k", "row")}
    if right and not all(_usable(value) for value in made.values()):
        right = None
    changed = any(not np.array_equal(values[name], old) for name, (_, old) in before.items())
    if right is None or (right is False and changed):
        # What cannot be gone on with must not have happened.
        for name, (_, old) in before.items():
            if isinstance(values[name], np.ndarray) and not np.array_equal(values[name], old):
                values[name][...] = old
        return None
    if right:
        values.update(made)
    return right


# --- what must hold ---------------------------------------------------------------------------------------------------


def difference(f: Callable[[float], float], h: float) -> tuple[float, float]:
    """Return first and second derivatives at 0 by central differences of fourth order."""
    a, b, c, d, e = (f(k * h) for k in (-2, -1, 0, 1, 2))
    return (8 * (d - b) - (e - a)) / (12 * h), (16 * (b + d) - 30 * c - a - e) / (12 * h * h)


def _along(gradients: Sequence[Any], directions: Sequence[Any]) -> float:
    return float(sum(np.sum(np.real(np.conj(g) * d)) for g, d in zip(gradients, directions, strict=True)))


def check(program: Program, repeats: int = 12, order: int = 2) -> bool:
    """Check all that must hold of a program; tell whether differences could judge its derivatives."""
    f = program.function()

    def loss(*xs: Any) -> Any:
        return f(*xs)[0]

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        _check_values(program, f)
        gradients = _check_ways(program, loss, repeats)
        return _check_derivatives(program, loss, gradients, order)


def _check_values(program: Program, f: Callable[..., Any]) -> None:
    total, values = f(*program.point())
    for tensors in ([ga.tensor(x) for x in program.point()], [ga.tensor(x, constant=True) for x in program.point()]):
        result, found = f(*tensors)
        for name, x, t in zip((*program.names, "the result"), (*values, total), (*found, result), strict=True):
            raw = np.asarray(t.data if isinstance(t, ga.Tensor) else t)
            assert (raw.shape, raw.dtype) == (x.shape, x.dtype), f"{name}: {raw.shape} {raw.dtype}"
            assert np.array_equal(raw, x), f"{name} is {raw}, NumPy's is {x}"


def _check_ways(program: Program, loss: Callable[..., Any], repeats: int) -> list[Any]:
    """Return the gradients, which `ga.grad` and each of many calls of backward() give alike, to the last bit."""
    count = len(program.leaves)
    everywhere = tuple(range(count))
    value, gradients = ga.value_and_grad(loss, everywhere)(*program.point())
    assert value == loss(*program.point())
    for g, x in zip(gradients, program.point(), strict=True):
        assert type(g) in (np.ndarray, x.dtype.type), type(g)
        assert (g.shape, g.dtype) == (x.shape, x.dtype), f"the gradient is {g.shape} {g.dtype}"
    for k in range(repeats):
        tensors = [ga.tensor(x) for x in program.point()]
        result = loss(*[np.copy(t) for t in tensors])
        if not isinstance(result, ga.Tensor) or result.constant:
            break
        result.backward()
        for t, g in zip(tensors, gradients, strict=True):
            got = np.zeros(t.shape, t.dtype) if t.grad is None else t.grad
            assert np.array_equal(got, g), f"backward() number {k + 1} gives {got}, ga.grad {g}"
    return list(gradients)


def _check_derivatives(program: Program, loss: Callable[..., Any], gradients: list[Any], order: int) -> bool:
    rng = np.random.default_rng(7)
    point, wide = program.point(), program.point(wide=True)
    directions = [_direction(rng, x) for x in wide]
    narrow = [np.asarray(d, x.dtype) for d, x in zip(directions, point, strict=True)]
    scale = float(sum(np.sum(np.abs(g) * np.abs(d)) for g, d in zip(gradients, directions, strict=True)))
    rounding = max([np.finfo(x.dtype).eps for x in point] + [np.finfo(np.float32).eps * ("single" in program.source)])
    near = 1e4 * rounding * (1 + scale)
    slope = _along(gradients, directions)
    value, tangent = ga.jvp(loss, tuple(point), tuple(narrow))
    assert value == loss(*program.point()), f"the value by jvp is {value}"
    assert abs(tangent - slope) <= near, f"jvp gives {tangent}, grad {slope}"
    exact = program.function(single=np.float64)

    def at(s: float) -> float:
        moved = [np.copy(x, "K") for x in wide]  # in the same order, on which it depends what is a view
        for x, d in zip(moved, directions, strict=True):
            x[...] += s * d
        return float(exact(*moved)[0])

    try:
        (first, second), (once, twice) = difference(at, 1e-3), difference(at, 2.5e-4)
    except AssertionError:  # a mistake that is none at a point beside this one
        return False
    size = 1 + abs(at(0)) + abs(first) + scale
    if not abs(first - once) <= 1e-6 * size:
        return False  # a kink is near, or the function changes too fast
    # What is not rounded on the way has other derivatives, by as much as the rounding moves the values.
    assert abs(slope - once) <= (2e-6 + 1e3 * (rounding if rounding > 1e-10 else 0)) * size, (
        f"{slope}, differences give {once}"
    )
    if order < 2 or rounding > 1e-10:
        return True

    everywhere = tuple(range(len(point)))

    def pulled(*xs: Any) -> Any:
        gs = ga.grad(loss, everywhere)(*xs)
        return sum(np.sum(np.real(np.conj(g) * d)) for g, d in zip(gs, directions, strict=True))

    ways = {
        "grad of grad": _along(ga.grad(pulled, everywhere)(*point), directions),
        "jvp of grad": float(ga.jvp(pulled, tuple(point), tuple(directions))[1]),
        "jvp of jvp": float(
            ga.jvp(lambda *xs: ga.jvp(loss, xs, tuple(directions))[1], tuple(point), tuple(directions))[1]
        ),
    }
    among = list(ways.values())
    if np.all(np.isnan(among)):
        return True  # a second derivative that a convention does not know
    size = 1 + abs(at(0)) + abs(second) + scale + max(map(abs, among))
    assert max(among) - min(among) <= 1e-8 * size, ways
    if abs(second - twice) <= 1e-5 * size:
        assert abs(among[0] - second) <= 5e-5 * size, f"{ways}, differences give {second}"
    return True


def _direction(rng: np.random.Generator, x: Any) -> Any:
    d = rng.uniform(0.3, 1, x.shape) * rng.choice([-1, 1], x.shape) / max(1, x.size) ** 0.5
    return np.asarray(d + 1j * rng.uniform(0.3, 1, x.shape) if x.dtype.kind == "c" else d)
