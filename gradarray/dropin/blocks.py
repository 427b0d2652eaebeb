"""Opening and closing: the drop-in blocks of transforms, of ``with`` statements and of decorated functions."""

from __future__ import annotations

import builtins
import functools
import sys
import types
from collections.abc import Callable
from typing import Any

from ..context.settings import Block, Settings, held, hold, plainly
from ..rules import registry
from .making import REVERSE, at_work, in_reverse, to_hold
from .named import decorated_name
from .places import Place, close_all, open_all
from .plans import Plan, met, plan_for, plan_of, whole_program
from .reach import Plainly, is_users, let_in
from .table import counterpart, is_special, original_of


class Opening:
    """One opening of a plan. It can be closed again, and after half an opening."""

    __slots__ = ("_imports", "_modules", "_places")

    def __init__(self, plan: Plan) -> None:
        self._places: tuple[Place, ...] = plan.places
        self._imports = plan.imports
        self._modules = len(sys.modules)

    def open(self) -> None:
        if self._imports:
            _importers[self] = None
            builtins.__import__ = _importing
        open_all(self._places, self)

    def more(self, plan: Plan) -> None:
        """Open what is reached by a module that was not there before."""
        self._places += plan.places
        open_all(plan.places, self)

    def close(self) -> None:
        if self._imports:
            _importers.pop(self, None)
            if not _importers and builtins.__import__ is _importing:
                builtins.__import__ = _import
        close_all(self._places, self)
        if len(sys.modules) > self._modules:
            _without_stand_ins([*sys.modules.values()][self._modules :])


def _without_stand_ins(modules: list[Any]) -> None:
    """Bind the names of modules that were imported meanwhile to what stood behind what they found elsewhere."""
    for module in modules:
        if isinstance(module, types.ModuleType) and is_users(vars(module)):
            for name, value in [*vars(module).items()]:
                if (original := original_of(value)) is not value:
                    setattr(module, name, original)


# --- modules that are imported inside of functions --------------------------------------------------------------------

_import = builtins.__import__
_importers: dict[Opening, None] = {}


def _importing(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    """Import a module; in a function of the user's, give what stands in for it."""
    if globals is None or locals is globals or not at_work() or not is_users(globals):
        return _import(name, globals, locals, fromlist, level)
    before = {*sys.modules}
    module = _import(name, globals, locals, fromlist, level)
    new = [m for key, m in [*sys.modules.items()] if key not in before and isinstance(m, types.ModuleType)]
    if new:
        plan = Plan(new, whole=True)
        for opening in [*_importers]:
            opening.more(plan)
    if isinstance(module, types.ModuleType) and not is_users(vars(module)):
        return counterpart(module) or module
    return module


# --- transforms -------------------------------------------------------------------------------------------------------


class Ours:
    """What is called as it is, because it calls a user's function by `call` itself."""

    def __init__(self, call: Callable[..., Any], name: str) -> None:
        self._call, self.__name__ = call, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)


def call(f: Callable[..., Any], args: Any, kwargs: dict[str, Any], root: Any = None) -> Any:
    """Call a function with names rebound in the modules that it, or `root`, reaches, where these need that."""
    if type(f) is Plainly:
        return plainly(f.f, args, kwargs)
    known = met.get(id(f))
    plan = known.plan(f, args, kwargs) if known is not None and root is None else None
    if plan is None:
        if isinstance(f, Ours):
            return f(*args, **kwargs)
        if type(f) is not types.FunctionType or is_special(f):  # one that is compiled, or a library's
            f = counterpart(f) or f
        plan = plan_for(f if root is None else root, args, kwargs)
    if not plan.places and not plan.imports:
        return f(*args, **kwargs)
    opening = Opening(plan)
    try:
        opening.open()
        return f(*args, **kwargs)
    finally:
        try:
            opening.close()
        except BaseException:  # an interrupt
            opening.close()
            raise


def prepared(f: Callable[..., Any], transform: str, choice: Any) -> Callable[..., Any]:
    """Return a function as the ``drop_in=`` of a transform says: as it is, or to be called with no name rebound.

    A name of a library, or several, let that in.
    """
    if choice is True:
        return f
    if choice is False:
        return f if isinstance(f, Plainly) else Plainly(f)
    names = (choice,) if isinstance(choice, str) else choice
    if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"drop_in= of {transform} is True, False, or names of libraries to let in, not {choice!r:.60}")
    let_in(names)
    return f


def in_program(f: Callable[..., Any], args: Any, kwargs: dict[str, Any], program: Any) -> Any:
    """Call a function of which a program is being written down: what arrays it makes are a part of that."""
    before = held()
    try:
        hold(before.with_(making=None, program=program))
        return call(f, args, kwargs)
    finally:
        hold(before)


def in_kind(f: Callable[..., Any], args: Any, kwargs: dict[str, Any], beside: Any = ()) -> Any:
    """Call code of a user's that computes a derivative, whatever goes on around it.

    It is called within forward passes and sweeps of any mode. What arrays it makes can hold what it was given, and
    what stands `beside` that; where all of this is plain, they are.
    """
    now, before = to_hold((args, kwargs, beside)), held()
    if now is None and before.program is None:
        return plainly(f, args, kwargs)
    try:
        hold(before.with_(making=now))
        return call(f, args, kwargs)
    finally:
        hold(before)


registry.in_kind = in_kind


# --- blocks by hand ---------------------------------------------------------------------------------------------------


class _DropIn(Block):
    """Names that are rebound in a ``with`` block or in a decorated function."""

    def __init__(self, roots: tuple[Any, ...] = ()) -> None:
        super().__init__("drop_in", making=REVERSE)
        self._roots = roots

    def _changes(self) -> dict[str, Any]:
        return {"making": in_reverse(held().making)}

    def _plan(self) -> Plan:
        return plan_of(self._roots) if self._roots else _whole()

    def _set_besides(self, now: Settings) -> None:
        opening = Opening(self._plan())
        now.undo = lambda _: opening.close()
        opening.open()

    def __reduce__(self) -> Any:
        return drop_in, self._roots


class _Function(_DropIn):
    """A function with such a block around each call; it serves as the block, too."""

    def __init__(self, f: Callable[..., Any]) -> None:
        super().__init__((f,))
        self._run = super().__call__(f)
        functools.update_wrapper(self, f)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._run(*args, **kwargs)
        finally:
            hold(held())  # and not what has ended, which would keep the function

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"ga.drop_in({self._roots[0]!r})"

    def __reduce__(self) -> Any:
        return decorated_name(self) or super().__reduce__()


class _Module(_DropIn):
    """A module whose functions have such a block around each call; it serves as the block, too."""

    def __getattr__(self, name: str) -> Any:
        (module,) = self._roots
        value = getattr(module, name)
        return self(value) if isinstance(value, types.FunctionType) else value

    def __repr__(self) -> str:
        return f"ga.drop_in({self._roots[0].__name__})"


_program: list[Any] = [None, None]  # the plan for the whole program, and of which modules it is


def _whole() -> Plan:
    modules = [*map(id, [*sys.modules.values()])]
    if _program[1] != modules or not _program[0].fresh():
        _program[:] = whole_program(), modules
    return _program[0]  # type: ignore[no-any-return]


def drop_in(*roots: Any) -> Any:
    """Let NumPy code that was written without a thought of derivatives run on tensors.

    Within the block, names in the user's own modules that are bound to NumPy, to Python's math, or to functions of
    these, lead to stand-ins: arrays that are made can take variables, ``np.array([t, u])``, ``float(t)`` and
    ``math.sin(t)`` keep them. At its end all names lead where they led before. The transforms, such as `grad`, open
    such a block by themselves.

    Parameters
    ----------
    *roots : functions, modules, or names of libraries
        A module or a function: only what these reach, which is faster to open. The name of a library in plain Python,
        such as "scipy.stats": its modules are treated as the user's. Without any, all modules of the user's.

    Returns
    -------
    A context manager. For one function alone, the function itself with such a block around each call: a decorator.

    Raises
    ------
    TypeError
        For a root of another kind.

    Notes
    -----
    Compiled code that takes values, arrays that were made before the block, and subclasses of ndarray hold no
    variables: there a `GradientLossError` is raised, as outside of the block. Only the calling thread, or asyncio
    task, sees the stand-ins.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def steps(rate, n):
    ...     level = np.zeros(n)
    ...     level[0] = 1.0
    ...     for i in range(1, n):
    ...         level[i] = level[i - 1] * (1 - rate)
    ...     return level
    >>> rate = ga.tensor(0.5)
    >>> with ga.drop_in(steps):
    ...     total = steps(rate, 3).sum()
    >>> total.backward()
    >>> rate.grad
    array(-2.)
    """
    let_in([root for root in roots if isinstance(root, str)])
    left = tuple([root for root in roots if not isinstance(root, str)])
    for root in left:
        if not (callable(root) or isinstance(root, types.ModuleType)):
            raise TypeError(f"drop_in takes functions, modules and names of libraries, not {root!r:.60}")
    if len(roots) == 1 and isinstance(roots[0], types.ModuleType):
        return _Module(left)
    if len(roots) == 1 and left and not isinstance(left[0], type):
        return _Function(left[0])
    return _DropIn(left)
