"""``ga.jit``: a function of which programs are kept, each for the arguments and the values that it is right for."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..context.frames import readable, users_level
from ..dropin import blocks
from ..forward.dual import Dual
from ..kernels.traced import TRACED
from ..reverse.outputs import likeness
from ..reverse.tensor import Tensor
from ..transforms.argnums import function_name, need_function
from ..transforms.containers import Tree, flatten
from .program import Program, Untraceable
from .surroundings import Surroundings
from .traced import new_program
from .writer import needed, text_of

# So many programs are kept for arguments of one kind; then the function is carried out as it is.
MOST = 32


class JitWarning(UserWarning):
    """A function of ``ga.jit`` is carried out as it is, because no program can be written for what it does."""

    __module__ = "gradarray"


class _Run:
    """A program and what it is right for."""

    def __init__(self, program: Callable[..., Any], text: str, around: Surroundings, tree: Tree, at_risk: list[int]):
        self.program, self.text, self.around, self.tree, self.at_risk = program, text, around, tree, at_risk

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """Return the results in a tuple, or None where the program is for other values."""
        if not self.around.still():
            return None
        saved = [(leaves[i], leaves[i].copy()) for i in self.at_risk]
        try:
            out = self.program(*leaves, *self.around.arrays)
        except Exception:  # the function itself will say what is wrong
            out = None
        if out is None:
            for array, before in saved:
                array[...] = before
            return None
        return (self.tree.unflatten(iter(out)),)


class Jitted:
    """A function that ``ga.jit`` has made of another one."""

    def __init__(self, f: Callable[..., Any], static: tuple[Any, Any], strict: bool) -> None:
        functools.update_wrapper(self, f)
        self._f, self._strict = f, strict
        argnums, argnames = static
        self._argnums = frozenset([argnums] if isinstance(argnums, int) else argnums or ())
        self._argnames = frozenset([argnames] if isinstance(argnames, str) else argnames or ())
        self._runs: dict[Any, list[_Run]] = {}
        self._plain: set[Any] = set()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, tree, key = self._sorted(args, kwargs)
        if key is None or key in self._plain:
            return self._f(*args, **kwargs)
        runs = self._runs.get(key, ())
        for run in runs:
            out = run(leaves)
            if out is not None:
                return out[0]
        if len(runs) >= MOST:
            self._give_up(key, f"its {MOST} programs are for other values")
            return self._f(*args, **kwargs)
        try:
            run = self._traced(leaves, tree)
            self._runs.setdefault(key, []).insert(0, run)
            out = run(leaves)
            if out is not None:
                return out[0]
            self._runs[key].remove(run)
            raise Untraceable("the program does not repeat what was done")
        except Untraceable as error:
            if self._strict:
                raise
            self._give_up(key, str(error))
        return self._f(*args, **kwargs)

    def _give_up(self, key: Any, why: str) -> None:
        self._plain.add(key)
        message = f"{function_name(self._f)} is carried out without a program: {why}"
        warnings.warn(message, JitWarning, stacklevel=users_level())

    def _sorted(self, args: Any, kwargs: Any) -> tuple[list[Any], Tree, Any]:
        """Return what is traced of the arguments, and what programs are kept by; None where there can be none."""
        args, kwargs = list(args), dict(kwargs)
        static: list[Any] = []
        for i in self._argnums:
            if i < len(args):
                static.append((i, args[i]))
                args[i] = _Static(args[i])
        for name in self._argnames & kwargs.keys():
            static.append((name, kwargs[name]))
            kwargs[name] = _Static(kwargs[name])
        leaves, tree = flatten((args, kwargs))
        forms: list[Any] = []
        for x in leaves:
            if type(x) is np.ndarray and x.dtype.kind in "biufc":
                forms.append((x.shape, x.dtype, x.strides, x.flags.writeable))
            elif type(x) in (int, float, complex) or (isinstance(x, np.generic) and x.dtype.kind in "biufc"):
                forms.append(type(x))
            else:  # a Tensor, which records what is done with it; an array of another program, which writes it down
                return leaves, tree, None
        fixed = tuple((path, value.value if type(value) is _Static else value) for path, value in tree.fixed())
        try:
            key = (tuple(tree.paths()), tuple(forms), fixed, tuple(type(v) for _, v in fixed))
            hash(key)
        except TypeError:
            if static:
                raise TypeError(f"a static argument of {function_name(self._f)} has no hash: {static!r:.80}") from None
            return leaves, tree, None
        return leaves, tree, key

    def _traced(self, leaves: Sequence[Any], tree: Tree) -> _Run:
        p = new_program()
        values = [_copied(x) for x in leaves]
        names = self._names(leaves, tree)
        inputs = [p.enter(value, name) for value, name in zip(values, names, strict=True)]
        around = Surroundings(p)
        f = around.around(self._f)
        args, kwargs = tree.unflatten(iter(inputs))
        args = [x.value if type(x) is _Static else x for x in args]
        kwargs = {k: x.value if type(x) is _Static else x for k, x in kwargs.items()}
        state = _random_state()
        result = blocks.in_program(f, args, kwargs, p)
        if _random_state() != state or around.drew():
            raise Untraceable("random numbers are drawn in it")
        found, out_tree = flatten(result)
        outputs = [_output(p, x) for x in found]
        given = {v.memory for v in p.inputs if v.memory is not None}
        statements = needed(p.statements, given, [v for v in outputs if not isinstance(v, str)])
        shown = ", ".join([v if isinstance(v, str) else v.name for v in outputs])
        name = function_name(self._f)
        text = text_of(name if name.isidentifier() else "program", p.inputs, statements, shown)
        if not outputs:
            text = text.replace("return (,)", "return ()")
        space: dict[str, Any] = {"np": np, **p.constants}
        exec(readable(text, f"<gradarray program of {name}>"), space)
        written = {s.writes for s in statements if s.writes is not None}
        risky = any(s.kind != "write" for s in statements) and bool(written & given)
        at_risk = [i for i in range(len(leaves)) if p.inputs[i].memory in written] if risky else []
        if written & given and _overlapping([x for x in leaves if type(x) is np.ndarray]):
            raise Untraceable("it writes into arguments that share memory")
        known = space[name if name.isidentifier() else "program"]
        return _Run(known, text, around, out_tree, at_risk)

    def _names(self, leaves: Sequence[Any], tree: Tree) -> list[str]:
        try:
            params = [*inspect.signature(self._f).parameters]
        except (TypeError, ValueError):
            params = []
        names = []
        for path in tree.paths():
            words = path.replace("]", "").replace("'", "").replace(".", "[").split("[")[1:]
            first = params[int(words[1])] if words[0] == "0" and int(words[1]) < len(params) else words[1]
            names.append("_".join([first, *words[2:]]) if not first.isdigit() else f"a{first}")
        return names

    def source(self, *args: Any, **kwargs: Any) -> str:
        """Return the text of the program for these arguments."""
        leaves, tree, key = self._sorted(args, kwargs)
        if key is None:
            raise TypeError("no program is written for these arguments")
        for run in self._runs.get(key, ()):
            return run.text
        return self._traced(leaves, tree).text


class _Static:
    """An argument by whose value programs are kept."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _copied(x: Any) -> Any:
    if type(x) is not np.ndarray:
        return x
    copy = likeness(x)
    copy.flags.writeable = x.flags.writeable
    return copy


def _output(p: Program, x: Any) -> Any:
    if type(x) in TRACED:
        return x.variable
    if isinstance(x, (Tensor, Dual)):
        raise Untraceable("it returns a Tensor")
    if isinstance(x, np.ndarray):
        return p.entered(x).variable
    if isinstance(x, np.generic):
        return p.constant(x)
    return p.shown(p.spelt(x)[1])


def _overlapping(arrays: list[Any]) -> bool:
    return any(np.may_share_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def _random_state() -> Any:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - it is that of the legacy functions
    return kind, np.asarray(keys).tobytes(), tuple(rest)


def jit(
    f: Any = None,
    *,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    strict: bool = False,
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
        Raise where no program can be written, instead of warning once and carrying out `f` as it is.

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
        return functools.partial(jit, static_argnums=static_argnums, static_argnames=static_argnames, strict=strict)
    return Jitted(need_function(f, "jit"), (static_argnums, static_argnames), strict)


def source(f: Any, *args: Any, **kwargs: Any) -> str:
    """Return the text of the program that ``ga.jit(f)`` writes for these arguments.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> print(ga.source(lambda x: x * 2, np.ones(3)))  # doctest: +ELLIPSIS
    def ...
    """
    return (f if isinstance(f, Jitted) else Jitted(need_function(f, "source"), ((), ()), True)).source(*args, **kwargs)
