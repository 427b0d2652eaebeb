"""What becomes of a hundred operations on arrays of each kind: ``python -m gradarray coverage --arrays``.

Nothing of it is known beforehand. Each operation is carried out with the arrays that are there, and what comes out is
compared: of ndarrays with differences, of the others with what came out of ndarrays.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..context.settings import silently
from ..reverse.tensor import Tensor
from ..transforms.gradients import grad, jvp
from ..transforms.hessians import hvp
from ..transforms.vmap import vmap
from .device import Device
from .operations import SECTIONS, TABLE, Trial, array_for, weighted

WIDTH = 98
RIGHT, COMPUTED, REFUSED, WRONG = "right", "computed", "refused", "wrong"
SIZE, ROWS = 24, 3


class Answer(NamedTuple):
    """What becomes of an operation: a word, and the message where there is one."""

    word: str
    why: str = ""


class Kind(NamedTuple):
    """A kind of array.

    Attributes
    ----------
    name, about : for the page
    carry_out : carries out an operation, and tells whether values were computed before somebody asked for them
    """

    name: str
    about: str
    carry_out: Callable[[Trial], bool]


def outcome(kind: Kind, op: Trial) -> Answer:
    """Carry out an operation with arrays of a kind, and say what becomes of it.

    Examples
    --------
    >>> from gradarray.show import arrays, operations
    >>> arrays.outcome(arrays.kinds()[0], operations.TABLE[0])
    Answer(word='right', why='')
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Answer(COMPUTED if silently(kind.carry_out, op) else RIGHT)
        except AssertionError as error:
            return Answer(WRONG, str(error).strip().partition("\n")[0])
        except Exception as error:  # whatever it is, nothing came out
            return Answer(REFUSED, f"{type(error).__name__}: {error}")


# --- what is compared -------------------------------------------------------------------------------------------------


def direction(a: Any) -> Any:
    return np.cos(1.0 + np.arange(float(a.size))).reshape(a.shape)


def _tolerance(op: Trial, tolerance: float) -> float:
    return 1e-3 if op.name == "float32" else tolerance


def _compare(op: Trial, found: Any, known: Any, tolerance: float = 1e-8) -> None:
    assert np.shape(found) == np.shape(known), f"a result of shape {np.shape(found)} in place of {np.shape(known)}"
    assert np.asarray(found).dtype == np.asarray(known).dtype, "a result of another dtype"
    close = np.allclose(found, known, rtol=_tolerance(op, tolerance), atol=_tolerance(op, tolerance))
    assert close, "other numbers than those of ndarrays, or of differences"


def _slope(op: Trial, f: Callable[[Any], Any], a: Any, v: Any) -> Any:
    """Return a central difference along a vector, which crosses no kink of an operation at these numbers."""
    h = 1e-2 if op.name == "float32" else 1e-6
    return (f(a + h * v) - f(a - h * v)) / (2 * h)


def _twice(f: Callable[[Any], Any], v: Any) -> Callable[[Any], Any]:
    return grad(lambda x: np.sum(grad(f)(x) * v))


# --- the kinds --------------------------------------------------------------------------------------------------------


def _ndarray(op: Trial) -> bool:
    a, f = array_for(op.form, SIZE), weighted(op.call)
    v = direction(a)
    _compare(op, np.sum(grad(f)(a) * v), _slope(op, f, a, v), 1e-5)
    return False


def _tensor(op: Trial) -> bool:
    a, f = array_for(op.form, SIZE), weighted(op.call)
    v = direction(a)
    _compare(op, _twice(f, v)(a), _slope(op, grad(f), a, v), 1e-4)
    return False


def _dual(op: Trial) -> bool:
    a, f = array_for(op.form, SIZE), weighted(op.call)
    v = direction(a)
    value, tangent = jvp(f, (a,), (v,))
    _compare(op, value, f(a))
    _compare(op, tangent, np.sum(grad(f)(a) * v))
    _compare(op, hvp(f)(a, v), _twice(f, v)(a))
    return False


def _batch(op: Trial) -> bool:
    rows, f = np.stack([array_for(op.form, SIZE, seed) for seed in range(ROWS)]), weighted(op.call)
    for call in (op.call, grad(f)):
        _compare(op, vmap(call)(rows), np.stack([call(row) for row in rows]))
    return False


class Guests:
    """Arrays of another library.

    Parameters
    ----------
    made : makes one of an ndarray
    asked : makes an ndarray of one
    computed : returns how often something was computed until now
    """

    def __init__(
        self, made: Callable[[Any], Any], asked: Callable[[Any], Any], computed: Callable[[], int] = lambda: 0
    ) -> None:
        self.made, self.asked, self.computed = made, asked, computed

    def __call__(self, op: Trial) -> bool:
        a, f = array_for(op.form, SIZE), weighted(op.call)
        v, before = direction(a), self.computed()
        foreign, along = self.made(a), self.made(v)
        x = Tensor(foreign)
        loss = f(x)
        loss.backward()
        found = loss.data, x.grad, hvp(f)(foreign, along)
        looked = self.computed() > before
        for y, known in zip(found, (f(a), grad(f)(a), hvp(f)(a, v)), strict=True):
            assert type(y) is type(foreign), f"a result is a {type(y).__name__}"
            if y.shape == foreign.shape and hasattr(y, "chunks"):
                assert y.chunks == foreign.chunks, "a gradient has other chunks than its value"
            _compare(op, self.asked(y), known)
        return looked


def _dask() -> Callable[[Trial], bool]:
    dask, da = importlib.import_module("dask"), importlib.import_module("dask.array")
    count = 0

    def counted(graph: Any, keys: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return dask.get(graph, keys, **options)

    def made(a: Any) -> Any:
        return da.from_array(a, chunks=tuple([max(1, n // (3 if k == 0 else 2)) for k, n in enumerate(a.shape)]))

    guests = Guests(made, np.asarray, lambda: count)

    def carry_out(op: Trial) -> bool:
        with dask.config.set(scheduler=counted):
            return guests(op)

    return carry_out


def _cupy() -> Guests | None:
    try:
        cupy = importlib.import_module("cupy")
        cupy.cuda.runtime.getDeviceCount()
    except Exception:  # there is no such library, or nothing that it could compute with
        return None
    return Guests(cupy.asarray, cupy.asnumpy)


def _version(name: str) -> str:
    return importlib.metadata.version(name)


@functools.cache
def kinds() -> Sequence[Kind]:
    """Return the kinds of arrays that there are here."""
    found = [
        Kind("ndarray", "NumPy's own; gradients beside differences of values", _ndarray),
        Kind("Tensor", "in a Tensor: the gradient of a gradient, beside differences of gradients", _tensor),
        Kind("Dual", "forward mode, and forward over reverse: ga.jvp, ga.hvp", _dual),
        Kind("Batch", f"{ROWS} arrays as one by ga.vmap: values and gradients, beside one after the other", _batch),
        Kind(
            "device",
            "a strict stand-in for CuPy's, which hands out no values and takes no ndarray beside it: value, gradient, "
            "and Hessian times a vector",
            Guests(Device, Device.get),
        ),
    ]
    if importlib.util.find_spec("dask") and importlib.util.find_spec("dask.array"):
        about = f"Dask {_version('dask')}: the same, and no chunk is computed until somebody asks"
        found.append(Kind("Dask", about, _dask()))
    cupy = _cupy()
    if cupy is not None:
        found.append(Kind("CuPy", "on the graphics processor: the same", cupy))
    return found


# --- as text ----------------------------------------------------------------------------------------------------------


def table_of_kinds(found: dict[Kind, dict[Trial, Answer]]) -> str:
    """Return the page of what was found."""
    number = len(next(iter(found.values())))
    paragraphs = [
        f"{number} operations on arrays of each kind, carried out just now: how many are right.",
        "\n".join(_rows(found)),
        "\n".join(
            textwrap.fill(f"{k.name:<8} {k.about}", WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False)
            for k in found
        ),
        _missing({kind.name for kind in found}),
        *_others(found),
        *_names(next(iter(found.values()))),
    ]
    return "\n\n".join(text if "\n" in text else textwrap.fill(text, WIDTH) for text in paragraphs if text)


def _rows(found: dict[Kind, dict[Trial, Answer]]) -> Iterator[str]:
    first = max(map(len, SECTIONS))
    yield " ".join((" " * first, *(kind.name.rjust(8) for kind in found)))
    for section in (*SECTIONS, "all"):
        cells = []
        for answers in found.values():
            words = [a.word for op, a in answers.items() if section in (op.section, "all")]
            right = words.count(RIGHT)
            cells.append("" if not words else str(right) if right == len(words) else f"{right}/{len(words)}")
        if any(cells):
            yield " ".join((section.ljust(first), *(cell.rjust(8) for cell in cells)))


def _missing(names: set[str]) -> str:
    left = [name for name in ("Dask", "CuPy") if name not in names]
    why = {"Dask": "Dask is not installed.", "CuPy": "CuPy is not installed, or finds no graphics processor."}
    return " ".join([why[name] for name in left])


def _others(found: dict[Kind, dict[Trial, Answer]]) -> Iterator[str]:
    """Yield what is computed, refused or wrong, by name."""
    every = [(kind, op, a) for kind, answers in found.items() for op, a in answers.items() if a.word != RIGHT]
    if not every:
        yield "None is computed before somebody asks, none refused, and none wrong."
    for kind, op, a in every:
        yield f"{kind.name}, {op.name}: {a.word}{a.why and f' ({a.why:.300})'}"


def _names(table: Sequence[Trial] | dict[Trial, Answer]) -> Iterator[str]:
    for section in SECTIONS:
        listed = ", ".join([op.name for op in table if op.section == section])
        if listed:
            yield textwrap.fill(f"{section}: {listed}", WIDTH, subsequent_indent="  ")


def main() -> int:
    """Print the page, and return the exit status: 1 where something is wrong."""
    found = {kind: {op: outcome(kind, op) for op in TABLE} for kind in kinds()}
    print(table_of_kinds(found))
    return int(any(a.word == WRONG for answers in found.values() for a in answers.values()))
