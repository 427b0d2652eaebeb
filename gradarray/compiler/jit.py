"""``ga.jit``: a function of which programs are kept, each for the arguments and the values that it is right for."""

from __future__ import annotations

import difflib
import functools
import types
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

import numpy as np

from ..context.frames import line_in, users_level
from ..context.settings import held
from ..dropin.named import decorated_name
from ..elsewhere.answers import telling
from ..kernels.gate import hosted
from ..transforms.argnums import function_name, need_function
from ..transforms.containers import Tree, flatten
from .entry import Static, is_traceable
from .machine.backend import NumbaBackend, need_numba
from .program.statements import JitError, of_another_library
from .tracing import Disturbed, Run, Tracing, is_writing, told

P = ParamSpec("P")
R = TypeVar("R")

# So many programs are kept for arguments of one kind; then the function is carried out as it is.
MOST = 32
KEYS = 500  # so many kinds of arguments; then all programs are forgotten
PATIENCE = 5  # so many times something else may be in the way
# Of these, so many are tried before it is looked up of which kind the arguments are.
RECENT = 4


class JitWarning(UserWarning):
    """A function of ``ga.jit`` is carried out as it is, because no program can be written for what it does."""

    __module__ = "gradarray"


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """Enter no program."""


_BACKENDS = ("numpy", "numba")


def _backend(name: Any) -> Any:
    """Return what compiles programs; None where NumPy carries them out."""
    if name not in _BACKENDS:
        near = difflib.get_close_matches(str(name), _BACKENDS, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"backend={name!r} is none of {', '.join(map(repr, _BACKENDS))}{meant}")
    if name == "numpy":
        return None
    need_numba()
    return NumbaBackend()


class Jitted(Generic[P, R]):
    """A function that ``ga.jit`` has made of another one."""

    __wrapped__: Callable[P, R]

    def __init__(self, f: Callable[P, R], static: tuple[Any, Any], strict: bool, backend: str = "numpy") -> None:
        functools.update_wrapper(self, f)
        self._f, self._static, self._strict = f, static, strict
        self._backend_name, self._backend = backend, _backend(backend)
        argnums, argnames = static
        self._argnums = frozenset([argnums] if isinstance(argnums, int) else argnums or ())
        self._argnames = frozenset([argnames] if isinstance(argnames, str) else argnames or ())
        self._runs: dict[Any, list[Run]] = {}
        self._plain: set[Any] = set()
        self._varying: set[tuple[int, Any]] = set()  # the places of numbers that did not stay the same
        self._recent: list[Run] = []
        self._enter: Callable[..., Any] = _nothing  # of the first of these
        self._disturbed = 0

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"ga.jit({self._f!r})"

    def __reduce__(self) -> Any:
        return decorated_name(self) or (Jitted, (self._f, self._static, self._strict, self._backend_name))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            out = self._enter(*args, **kwargs)
        except Exception:  # the function itself will say what is wrong
            out = None
        if out is None:
            out = self._run(self._recent[1:], args, kwargs)
        return self._looked_up(args, kwargs) if out is None else out[0]  # type: ignore[no-any-return]

    def _remember(self, run: Run) -> None:
        self._recent = [run, *[r for r in self._recent if r is not run]][:RECENT]
        self._enter = run.enter

    def _looked_up(self, args: Any, kwargs: Any) -> Any:
        leaves, tree, key = self._sorted(args, kwargs)
        if key is None:
            self._refuse_guests(leaves)
        if key is None or key in self._plain or is_writing() or held().lanes:
            return self._f(*args, **kwargs)
        out = self._run(self._runs.get(key, ()), args, kwargs)
        if out is None:
            out = self._traced(key, args, kwargs, leaves, tree)
        return self._f(*args, **kwargs) if out is None else out[0]

    def _run(self, runs: Iterable[Run], args: Any, kwargs: Any) -> Any:
        """Return the result of the first program that is right, in a tuple; or None."""
        for run in runs:
            try:
                out = run.enter(*args, **kwargs)
            except Exception:
                continue
            if out is not None:
                self._remember(run)
                return out
        return None

    def _traced(self, key: Any, args: Any, kwargs: Any, leaves: list[Any], tree: Tree) -> Any:
        """Write one more program; return the result of the call in a tuple, or None where there is none."""
        if len(self._runs) > KEYS:
            self._runs.clear()
            self._plain.clear()
        runs = self._runs.setdefault(key, [])
        if len(runs) >= MOST:
            self._give_up(key, f"its {MOST} programs are for other values")
            return None
        for run in runs[-1:]:
            self._varying.update(run.varied())
        try:
            tracing = Tracing(self._f, self._varying, args, kwargs, leaves, tree, backend=self._backend)
            failed = ""
        except JitError as error:
            if isinstance(error, Disturbed):
                self._disturbed += 1
                if self._disturbed < PATIENCE:
                    return None
            if self._strict:
                raise
            self._give_up(key, f"{error}, in {line_in(error.__traceback__)}".removesuffix(", in "))
            return None
        except Exception as error:
            failed = f"{type(error).__name__}: {error}, in {line_in(error.__traceback__)}".removesuffix(", in ")
        if failed:
            out = self._f(*args, **kwargs)  # it will raise it itself, and do what it does before
            if self._strict:
                raise JitError(failed)
            self._give_up(key, failed)
            return (out,)
        if tracing.run is None:
            return None
        runs.append(tracing.run)
        self._remember(tracing.run)
        return (tracing.out,)

    def _refuse_guests(self, leaves: list[Any]) -> None:
        """Say of arguments that are arrays of another library that there is no program for them."""
        for x in leaves:
            if hosted(type(x)) and type(x) not in self._plain:
                error = of_another_library(x, "an argument")
                if self._strict:
                    raise error
                self._give_up(type(x), str(error))

    def _give_up(self, key: Any, why: str) -> None:
        self._plain.add(key)
        message = f"{function_name(self._f)} is carried out without a program: {why}"
        warnings.warn(message, JitWarning, stacklevel=users_level())

    def _sorted(self, args: Any, kwargs: Any) -> tuple[list[Any], Tree, Any]:
        """Return what is traced of the arguments, and what programs are kept by; None where there can be none."""
        args, kwargs = list(args), dict(kwargs)
        for i in self._argnums:
            if -len(args) <= i < len(args):
                args[i] = self._fixed(args[i])
        for name in self._argnames & kwargs.keys():
            kwargs[name] = self._fixed(kwargs[name])
        leaves, tree = flatten((args, kwargs))
        if not all(map(is_traceable, leaves)):
            # A Tensor, which records what is done with it; an array of another program, which writes it down.
            return leaves, tree, None
        seen: dict[int, int] = {}
        forms = [
            (seen.setdefault(id(x), i), x.shape, x.dtype, x.strides, x.flags.writeable)
            if type(x) is np.ndarray
            else type(x)
            for i, x in enumerate(leaves)
        ]
        fixed = [(path, value.value if type(value) is Static else told(value)) for path, value in tree.fixed()]
        return leaves, tree, (tuple(tree.paths()), tuple(forms), tuple(fixed), tuple([type(v) for _, v in fixed]))

    def _fixed(self, value: Any) -> Static:
        try:
            hash(value)
        except TypeError:
            raise TypeError(f"a static argument of {function_name(self._f)} has no hash: {value!r:.80}") from None
        return Static(value)

    def source(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Return the program for these arguments as a text for readers, which runs with nothing but NumPy."""
        return self._written(args, kwargs).source()

    def _written(self, args: Any, kwargs: Any) -> Tracing:
        leaves, tree, key = self._sorted(args, kwargs)
        if key is None:
            raise TypeError("no program is written for Tensors, and other arrays than NumPy's")
        return Tracing(self._f, self._varying, args, kwargs, leaves, tree, carry_out=False, backend=self._backend)


@overload
def jit(
    f: Callable[P, R],
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    strict: bool = False,
    backend: str = "numpy",
) -> Jitted[P, R]: ...
@overload
def jit(
    f: None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    strict: bool = False,
    backend: str = "numpy",
) -> Callable[[Callable[P, R]], Jitted[P, R]]: ...
@telling
def jit(
    f: Any = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    strict: bool = False,
    backend: str = "numpy",
) -> Any:
    """Return a function that does what `f` does, by programs that are written down when it is first called.

    A program is the straight line of NumPy calls that `f` came to, derivatives included. Whatever `f` learnt of values
    on the way, as in ``if x > 0``, is compared each time; where it is otherwise, another program is written. Effects
    other than on the arguments, such as a ``print``, take place only when a program is written.

    Parameters
    ----------
    f : callable
        A function of arrays, numbers and containers of them, also one that a transform has made.
    static_argnums, static_argnames : int or str, or a sequence of them
        Arguments that are not traced: there is a program for each value of theirs, which must have a hash.
    strict : bool
        Raise `JitError` where no program can be written, instead of warning once and carrying out `f` as it is.
    backend : "numpy" or "numba"
        What carries programs out. Numba (``pip install "gradarray[numba]"``) compiles what it can do as NumPy does when
        a program is called for the second time; results agree to 1e-13. It keeps what it has compiled for the next
        process, in the folder ``GRADARRAY_CACHE_DIR`` if that is set (nowhere, if it is empty).

    Returns
    -------
    callable
        Its method ``source(*args)`` returns the text of a program.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> slope = ga.jit(ga.grad(lambda x: np.sum(x**2)))
    >>> slope(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    if f is None:
        given = {"static_argnums": static_argnums, "static_argnames": static_argnames, "strict": strict}
        return functools.partial(jit, **given, backend=backend)
    return Jitted(need_function(f, "jit"), (static_argnums, static_argnames), strict, backend)


def source(f: Any, *args: Any, **kwargs: Any) -> str:
    """Return the program that ``ga.jit(f)`` writes for these arguments, as a text for readers.

    It is plain NumPy, and runs with nothing but ``import numpy as np`` (and ``import math``). Arrays that `f` finds in
    its closure or its globals are parameters behind its own, under their names. Of ``ga.grad(f)`` it is the derivative.
    What `f` decided by values is asserted; sums over broadcast axes may differ from the program's in their last digits.

    Parameters
    ----------
    f : callable
        A function, also one that a transform or ``ga.jit`` has made.
    *args, **kwargs
        Its arguments. They are not written into.

    Returns
    -------
    str
        The definition of a function; of helpers before it, if there are any.

    Raises
    ------
    JitError
        No program can be written. It is a TypeError.
    TypeError
        The arguments are Tensors.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def f(x):
    ...     return np.sum(np.sin(x[1:]) ** 2)
    >>> print(ga.source(ga.grad(f), np.ones(3)).rstrip())
    def grad_of_f(x):
        # forward
        v1 = np.sin(x[1:])  # return np.sum(np.sin(x[1:]) ** 2)
        # backward
        g1 = np.zeros(3)  # return np.sum(np.sin(x[1:]) ** 2)
        g1[1:] += 2 * v1 * np.cos(x[1:])
        return g1
    """
    return (f if isinstance(f, Jitted) else Jitted(need_function(f, "source"), ((), ()), True)).source(*args, **kwargs)


def straight_source(f: Any, *args: Any) -> str:
    """Return the same of arrays, with no loop in it."""
    return Jitted(need_function(f, "source"), ((), ()), True)._written(args, {}).source(loops=False)
