"""Where a gradient would be lost: the error, the warning, the policy between them, and whose line they name.

NumPy, Python and C code get at raw values through a few methods of Tensor (``__array__``, ``__float__``, ...), and do
not say what for. What the asking code is carrying out at that moment, see frames.py, tells a write into plain memory,
which is refused, from any other use, which is warned of, and from formatting and comparing, which is nobody's loss.
"""

from __future__ import annotations

import builtins
import sys
import threading
import types
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self
from weakref import ref

import numpy as np

from ..context.frames import PACKAGE, Request, asker, at_with, draws, package, quoted, users_level
from ..context.settings import Block, Exit, F, Settings, held, hold

POLICIES = ("ignore", "warn", "raise")


class GradientLossError(TypeError):
    """A variable was about to be written to a place that cannot hold its gradient."""

    __module__ = "gradarray"


class GradientLossWarning(UserWarning):
    """Raw values were taken from a variable; what is computed from them has no gradient."""

    __module__ = "gradarray"


# --- the policy -----------------------------------------------------------------------------------------------------


# By code, instruction and level of forward mode: the node or the level that the values belong to, and the globals.
Named = dict[tuple[types.CodeType, int, int], tuple[Any, dict[str, Any]]]
_default = "warn"


def current() -> str:
    """Return the policy that holds here."""
    return held().policy or _default


def ignored() -> bool:
    """Tell whether lost gradients are passed over."""
    return current() == "ignore"


def in_transform() -> bool:
    """Tell whether the function of a transform is being carried out here."""
    return held().transforms > 0


class Noted(str):
    """A policy "ignore" that notes whether there was something to ignore."""

    left = False


class _Setting(str):
    """The former policy; as a context manager or a decorator, it ends the setting that replaced it."""

    _block: Block
    _before: tuple[str, Settings]
    _after: tuple[str, Settings] | None = None

    def __enter__(self) -> Self:
        self._take_back()
        self._block.open(sys._getframe(1))
        return self

    def __call__(self, func: F) -> F:
        """Decorate a function, for which alone the policy is set then."""
        self._take_back()
        return self._block(func)

    def _take_back(self) -> None:
        """Set the former policy again, unless another one has been set since."""
        global _default
        if self._after is not None and self._after == (_default, held()):
            _default = self._before[0]
            hold(self._before[1])
        self._after = None

    if TYPE_CHECKING:

        def __exit__(self, kind: Any, error: Any, traceback: Any) -> None: ...

    else:
        __exit__ = Exit()


def gradient_loss(policy: str | None = None) -> _Setting:
    """Say what happens where raw values are taken from a variable, so that its gradient would be lost.

    Called alone, it sets the policy for the program (in a thread other than the main one, for that thread). In a
    ``with`` statement it sets it for the block, and as a decorator for the calls of the function, in both cases for the
    calling thread or asyncio task alone.

    Parameters
    ----------
    policy : {"warn", "raise", "ignore"}, optional
        - "warn", the default: `GradientLossWarning` where raw values are taken, as by ``np.asarray(t)`` or
          ``math.sin(t)``; `GradientLossError` inside the function of a transform such as `grad`, and wherever a
          variable is written into a plain array, as by ``array[i] = t``.
        - "raise": `GradientLossError` for all of these.
        - "ignore": nothing; a plain array takes the bare values. This holds inside transforms, too.

        Left away, nothing is changed.

    Returns
    -------
    str
        The former policy, which is also the context manager and the decorator.

    Raises
    ------
    ValueError
        For another policy.

    Notes
    -----
    ``t.data``, ``t.detach()``, ``t.to_numpy()``, `asarray` and everything under `no_grad` are explicit ways off the
    tape, which no policy concerns; ``t.item()`` and ``t.tolist()`` are outside of transforms. In drop-in mode, which
    the transforms open (`drop_in`), most of the other ways keep the variable, and nothing is lost. Where nothing else
    comes out of a transform, so that its derivative is zero, a warning says so. Nothing is lost by printing,
    formatting, comparing, drawing, testing, nor by whole numbers such as ``np.asarray(t, dtype=int)``.

    Examples
    --------
    >>> import math
    >>> import gradarray as ga
    >>> t = ga.tensor(0.0)
    >>> with ga.gradient_loss("ignore"):
    ...     math.cos(t)
    1.0
    >>> with ga.gradient_loss("raise"):
    ...     math.cos(t)
    Traceback (most recent call last):
    ...
    gradarray.GradientLossError: math.cos took the bare value of a variable...
    """
    global _default
    if policy is not None and policy not in POLICIES:
        raise ValueError(f'the policy for lost gradients is "ignore", "warn" or "raise", not {policy!r}')
    setting = _Setting(current())
    setting._block = Block("gradient_loss", policy=str(setting) if policy is None else policy)
    if policy is None or at_with(sys._getframe(1)):
        return setting
    setting._before = (_default, held())
    if held().policy is None and threading.current_thread() is threading.main_thread():
        _default = policy
    else:
        hold(held().here(policy=policy))
    setting._after = (_default, held())
    return setting


def differentiating(before: Settings, making: Any, recorded: bool = False) -> Settings:
    """Return what holds while the function of a transform runs: a gradient that would be lost is an error.

    A policy "ignore" that is set around it or inside it goes first.
    """
    policy = before.policy if (before.policy or _default) == "ignore" else "raise"
    places = before.named if before.transforms else {}
    return before.in_transform(policy, places, making, recorded)


# --- raising and warning --------------------------------------------------------------------------------------------

_WRITE = (
    "Let the array be a Tensor from the start, as np.zeros(n, like=t) or np.zeros_like(t), or collect the values in a "
    "list and join them with np.stack; to write the bare value, take t.data."
)
_OFF = (
    "In drop-in mode, `with ga.drop_in():` or a transform without drop_in=False, the arrays that NumPy makes can be "
    "filled."
)
_BEFORE = (
    "It was made before drop-in mode began, or by arithmetic or a method of a plain array: np.array(array), in the "
    "function, makes one that can be filled; to write the bare value, take t.data."
)
_THROUGH = " In drop-in mode, `with ga.drop_in():` or a transform without drop_in=False, it keeps the variable."


def refuse_write(what: str) -> None:
    """Raise the error for a write into plain memory, unless lost gradients are ignored, or none can be lost."""
    if not ignored():
        request = Request()
        if not request.harmless:
            raise _refusal(request, what) from None


def _refusal(request: Request, what: str) -> GradientLossError:
    name = (request.name if request.libraries else None) or what
    line = f": `{request.expression}`" if request.expression else ""
    made = f" {request.made}." if request.made else ""
    what = f"{name} cannot write a variable into a plain ndarray, which holds no gradient{line}."
    return GradientLossError(f"{what}{made} {_to_write(request)}")


def _to_write(request: Request) -> str:
    making, frame = held().making, request.user
    if making is None or frame is None:
        return f"{_WRITE} {_OFF}"
    return f"{_BEFORE} {_not_reached(frame) or ''}".rstrip()


def _not_reached(frame: types.FrameType) -> str | None:
    """Say of a module's code in drop-in mode that nobody saw that it would run, if that is so."""
    if held().making.knows(frame.f_globals):
        return None
    name = frame.f_globals.get("__name__")
    if not isinstance(name, str):  # code that exec has carried out
        return (
            f"The code of {frame.f_code.co_filename} is not among what the function was seen to reach, so that drop-in "
            "mode is not on there: run it all in `with ga.drop_in():`."
        )
    return (
        f"The module {name} is not among those that the function was seen to reach, so that drop-in mode is not on "
        f'there: run it all in `with ga.drop_in():`, or let a library in by its name, as in drop_in="{name}".'
    )


def leaving(what: str | None = None, remedy: str | None = None, *, whole: bool = False) -> None:
    """Say, as the policy has it, that raw values of a variable leave the tape here.

    Parameters
    ----------
    what : what took them, where that is known and no function that the frames name
    remedy : what to write instead
    whole : they are made whole numbers, which have no derivative, so that nothing is lost unless they are stored
    """
    policy = current()
    if policy == "ignore":
        if type(policy) is Noted:
            policy.left = True
        return
    request = Request()
    if request.harmless:
        return
    if (stored_by := request.stores) is not None:
        raise _delivered(_refusal(request, request.name or stored_by), request.asker) from None
    if whole or request.formats:
        return
    message = _message(request, what, remedy)
    if policy == "raise":
        raise _delivered(GradientLossError(message), request.asker) from None
    try:
        warnings.warn(message, GradientLossWarning, stacklevel=users_level())
    except GradientLossWarning as warning:  # a filter has made it an error
        raise _delivered(warning.with_traceback(None), request.asker) from None


# Methods of other libraries' objects that drop-in mode carries a variable through, which says so itself.
carried_in_drop_in: set[str] = set()
# What was said of a place before: a loop that is warned of once comes by again and again.
_said: dict[Any, str] = {}


def _message(request: Request, what: str | None, remedy: str | None) -> str:
    place = (request.place, what)
    if place not in _said:
        if len(_said) > 500:
            _said.clear()
        by = what or request.name
        taken = f"{by} took the bare value of a variable" if by else "the bare value of a variable was taken"
        line = f" in `{request.expression}`" if request.expression else ""
        _said[place] = f"{taken}{line}; what is computed from it has no gradient. {remedy or _remedy(request)}"
    return _said[place] + _about_drop_in(request)


def _about_drop_in(request: Request) -> str:
    """Say what drop-in mode does, or why it does nothing here, of what it knows to carry a variable through."""
    library = (request.name or "").partition(".")[0]
    carried = library in ("math", "cmath", "float", "complex", "np", "")
    if _labelled(request) is not None:
        carried = request.method in carried_in_drop_in
    if request.user is None or not carried:
        return ""
    if held().making is None:
        return _THROUGH
    reason = _not_reached(request.user)
    return f" {reason}" if reason else ""


# --- bare values that were asked for by name ------------------------------------------------------------------------


def named(source: Any) -> None:
    """Note in a transform that somebody asks for the bare values of a variable by name, as by ``t.data``.

    `source` is the node of the variable, or the level of forward mode that its tangent belongs to.
    """
    if in_transform() and not ignored() and (frame := asker()) is not None and not draws(frame):
        level = source if isinstance(source, int) else 0
        places = held().named
        assert places is not None
        places[frame.f_code, frame.f_lasti, level] = source, frame.f_globals


def all_named() -> Named | None:
    """Return where that happened in the transform that this thread is in, and in those around it so far."""
    places = held().named
    return dict(places) if places else None


def warn_of_named(places: Named, function: str, argument: Callable[[Any], bool], depends: bool) -> None:
    """Warn of bare values of an argument where the result of a transform's function depends on no argument.

    Parameters
    ----------
    places : what `all_named` returned in the transform
    function : its name
    argument : tells whether a node or a level is that of an argument, or of what was computed from one
    depends : whether the result depends on an argument
    """
    around = held().named or {}
    if depends and not around:
        return
    found = [place for place, (source, _) in places.items() if argument(source)]
    for place in [p for p in around for code, at, _ in found if p[:2] == (code, at)]:
        around.pop(place, None)  # those around this transform have no arguments there but by way of this one's
    if not depends and found:
        code, at, _ = found[0]
        text = quoted(code, at, places[found[0]][1]) or "t.data"
        message = (
            f"the result of {function} depends on none of the arguments to differentiate by, so that its derivative "
            f"is zero: `{text}` has bare values, which no derivative flows through. Leave it away: {_ITSELF}."
        )
        if current() == "raise" and not in_transform():
            raise GradientLossError(message)
        warnings.warn(message, GradientLossWarning, stacklevel=users_level())


# --- what to write instead ------------------------------------------------------------------------------------------

_ITSELF = "NumPy's functions and operators take the variable itself"
_BARE = "where the bare value is meant, write t.data."
ITEM = f"Leave it away: {_ITSELF}; where the bare value is meant, write t.data, t.detach() or ga.stop_gradient(t)."
TOLIST = f"Write list(t), which has variables: {_ITSELF}; where bare values are meant, write t.data.tolist()."
COPY = "t.copy() stays on the tape, and ga.tensor(t) is a leaf with the same values."
WHOLE = frozenset("biuSU")  # kinds of dtypes that carry no derivative
# Functions of math and cmath that have another name in NumPy.
_TWINS = {
    **{name: f"arc{name[1:]}" for name in ("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh")},
    "dist": "linalg.norm",
    "fabs": "abs",
    "fsum": "sum",
    "phase": "angle",
    "pow": "power",
    "sumprod": "dot",
}
_CONVERSIONS = frozenset(("array", "asarray", "asanyarray", "asarray_chkfinite", "require", "from_dlpack")) | {
    *("ascontiguousarray", "asfortranarray")
}
# Of NumPy's, where another expression is meant than the same function of gradarray's.
_OTHERS = {
    "np.vectorize": "Write the function for whole arrays, or np.stack([f(a) for a in t])",
    "np.nditer": "Write for a in t.ravel()",
    "np.ndenumerate": "Write for i in np.ndindex(t.shape), and t[i]",
    "np.broadcast": "Write np.broadcast_arrays(t, u)",
    "np.r_": "Write np.hstack([t, u])",
    "np.c_": "Write np.column_stack([t, u])",
}
_HOLDERS = frozenset(("array", "ctypes", "_ctypes", "json", "struct", "_struct"))
# Libraries whose objects have arrays in them, and what to write of these.
_LABELLED = {
    "xarray": "The variable itself is d.data, for NumPy's functions, and d.copy(data=...) puts one back; xr.where and "
    "xr.concat take labelled arrays",
    "pandas": "A Series, Index or DataFrame holds numbers alone, and beside a variable it is taken for them, as in "
    "df.to_numpy() @ t or np.where(series > 0, t, 0.0)",
    "pint": "Make one variable of several, as in ureg.Quantity(np.stack([t, u]), unit)",
}
_DRAWS = frozenset(name for name in dir(np.random.Generator) if name[0] != "_")


def _remedy(request: Request) -> str:
    """Return what to write in place of what the user called."""
    called = request.name or ""
    owner, _, name = called.rpartition(".")
    library = owner.partition(".")[0]
    if (labelled := _labelled(request)) is not None:
        return f"{_LABELLED[labelled]}; {_BARE}"
    if library in ("math", "cmath"):
        twin = _TWINS.get(name, name)
        if twin == "remainder" or not hasattr(np, twin.partition(".")[0]):
            return f"NumPy has no such function; ga.custom_gradient gives one of your own a derivative; {_BARE}"
        operand = " of np.stack([t, u])" if name in ("fsum", "sumprod") else ""
        whole = ", or t.astype(int)" if name in ("floor", "ceil", "trunc") else ""
        return f"Write np.{twin}{operand}{whole}: {_ITSELF}; {_BARE}"
    if called == "int":
        return f"For whole numbers, write t.astype(int) or np.floor(t); {_BARE}"
    if called in ("float", "complex") or (isinstance(request.called, type) and issubclass(request.called, np.generic)):
        return f"Leave it away: {_ITSELF}; {_BARE}"
    if owner == "np" and name in _CONVERSIONS:
        return (
            f"Leave it away, since {_ITSELF}, or write np.asarray(t, like=t); of several variables, np.stack([t, u]) "
            f"makes one; {_BARE}"
        )
    if name == "as_strided":
        return f"Write np.lib.stride_tricks.sliding_window_view(t, n) or an index; {_BARE}"
    text = (request.expression or "").replace("numpy.", "np.")
    if (other := _OTHERS.get(called or text[:5])) is not None:
        return f"{other}: {_ITSELF}; {_BARE}"
    if ".flat" in text:
        return f"Write t.ravel() in place of t.flat; {_BARE}"
    if owner == "np.random" or (not called and request.method in _DRAWS):
        return (
            "A draw has no derivative: draw without the variable, and compute with the draw, as loc + scale * "
            f"rng.normal() or t[rng.permutation(n)]; {_BARE}"
        )
    if owner == "np.ma":
        return f"Masked arrays hold no derivative: write np.where(mask, 0.0, t) or np.sum(t, where=~mask); {_BARE}"
    if owner.startswith("np.polynomial"):
        return f"Write np.polyval(t[::-1], v), which takes variables as coefficients; {_BARE}"
    if (mirror := _mirror_of(called or f"np.{request.method}", not called)) is not None:
        return f"Write {mirror}, which takes variables in every place and lists of them, or np.stack([t, u]); {_BARE}"
    if library in _HOLDERS:
        return f"It holds numbers alone: keep the variable itself, or np.stack([t, u]) of several; {_BARE}"
    if called and called in vars(builtins):
        return f"Leave the conversion to numbers away: {_ITSELF}, and list(t) and sum(t) have variables; {_BARE}"
    if library in ("np", "ga", "") or library in sys.stdlib_module_names:
        return (
            "Pass the variable itself to NumPy's functions, and np.stack([t, u]) or ga.array([t, u]) in place of a "
            f"list; {_BARE}"
        )
    module = owner.removeprefix(f"{library}.")
    twin = f"{module}.{name}" if library == "scipy" and module in ("linalg", "fft") else ""
    instead = ""
    if twin and hasattr(getattr(np, module), name):
        instead = f"Write np.{twin}, which takes the variable itself, or give"
    return (
        f"{instead or 'Give'} the call a derivative with ga.custom_gradient, or what a solver finds with "
        f"ga.implicit_root; in code of your own, {_BARE}"
    )


def _labelled(request: Request) -> str | None:
    """Return the name of a library of labelled arrays by way of which something was asked for."""
    return next((name for frame in reversed(request.libraries) if (name := package(frame)) in _LABELLED), None)


def _mirror_of(called: str, method: bool) -> str | None:
    """Return how the function of gradarray's is called that stands for one of NumPy's, or for a method of an array."""
    library, *names = called.split(".")
    found: Any = sys.modules[PACKAGE] if library == "np" else None
    for name in names:
        found = getattr(found, name, None)
    if not hasattr(found, "__wrapped__") or (method and not hasattr(np.ndarray, names[-1])):
        return None
    return f"ga.{'.'.join(names)}{'(array, ...)' if method else ''}"


# --- how an error arrives -------------------------------------------------------------------------------------------


def _delivered(error: Exception, frame: types.FrameType | None) -> Exception:
    """Return an error to be raised now, after seeing to it that it arrives in a frame as itself."""
    # Of a tracer that is written in C, as some that measure coverage, the frame's own trace function is not called;
    # what comes then is NumPy's own error, with this one as its cause.
    if frame is not None and isinstance(sys.gettrace(), (types.NoneType, types.FunctionType, types.MethodType)):
        frame.f_trace = _Delivery(error, frame)
    return error


class _Delivery:
    """Sees to it that an error arrives in a frame as itself, as the frame's trace function.

    Whatever goes wrong in ``float(t)`` while NumPy stores an element, NumPy raises ``ValueError: setting an array
    element with a sequence`` in its place where t has a length. Python's tracing tells us when that one arrives. A
    trace function that raises ends all tracing, and is dropped after that; then a debugger's tracer is set again.
    """

    __slots__ = ("__weakref__", "error", "former", "frame", "place", "tracer")

    def __init__(self, error: Exception, frame: types.FrameType) -> None:
        self.error = error
        self.place = frame.f_lasti
        self.former = frame.f_trace
        self.frame: types.FrameType | None = None  # once the tracer is to be set again
        self.tracer = sys.gettrace()
        if self.tracer is None:
            sys.settrace(_nothing_for(ref(self)))

    def __call__(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        if self.tracer is None:
            sys.settrace(None)
        if event == "exception" and frame.f_lasti == self.place and arg[1] is not self.error:
            self.frame = frame
            error = self.error.with_traceback(arg[2])
            del self, arg  # the traceback keeps what is named here
            raise error from None
        frame.f_trace, former = self.former, self.former
        return None if former is None else former(frame, event, arg)

    def __del__(self) -> None:
        # The garbage collector may come when another one waits for its error already.
        if self.frame is not None and self.frame.f_trace is None:
            self.frame.f_trace = self.former
        if self.frame is not None and sys.gettrace() is None:
            sys.settrace(self.tracer)


def _nothing_for(delivery: ref[_Delivery]) -> Any:
    """Return a trace function for none of the frames that are entered, which ends with what it waits for."""

    def trace(*_: object) -> None:
        if delivery() is None:  # Ctrl-C came before
            sys.settrace(None)

    return trace
