"""Where a gradient would be lost: the error, the warning, the policy between them, and whose line they name.

NumPy, Python and C code get at raw values through a few methods of Tensor (``__array__``, ``__float__``, ...), and do
not say what for. What the asking code is carrying out at that moment tells a write into plain memory, which is refused,
from any other use, which is warned of, and from formatting and comparing, which is nobody's loss.
"""

from __future__ import annotations

import dis
import sys
import threading
import types
import warnings
from typing import Any, NoReturn, Self

import numpy as np

POLICIES = ("ignore", "warn", "raise")


class GradientLossError(TypeError):
    """A variable was about to be written to a place that cannot hold its gradient."""

    __module__ = "gradarray"


class GradientLossWarning(UserWarning):
    """Raw values were taken from a variable; what is computed from them has no gradient."""

    __module__ = "gradarray"


# --- the policy -----------------------------------------------------------------------------------------------------


class _Local(threading.local):
    policy: str | None = None  # what holds in this thread alone; None where the default does
    transforms = 0  # how many transforms this thread is in


_local = _Local()
_default = "warn"


def current() -> str:
    """Return the policy that holds in this thread."""
    return _local.policy or _default


def ignored() -> bool:
    """Tell whether lost gradients are passed over."""
    return current() == "ignore"


def in_transform() -> bool:
    """Tell whether this thread is in the function of a transform."""
    return _local.transforms > 0


class _Setting(str):
    """The former policy; as a context manager, it ends the setting that replaced it."""

    _policy: str
    _before: tuple[str, str | None]
    _after: tuple[str, str | None] | None = None

    def __enter__(self) -> Self:
        global _default
        if self._after == (_default, _local.policy):  # from now on, it holds for the block and this thread alone
            _default, _local.policy = self._before
        self._after = None
        self._before = (_default, _local.policy)
        _local.policy = self._policy
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        _local.policy = self._before[1]


def gradient_loss(policy: str | None = None) -> _Setting:
    """Say what happens where raw values are taken from a variable, so that its gradient would be lost.

    Called alone, it sets the policy for the program (in a thread other than the main one, for that thread). In a
    ``with`` statement it sets it for the block, and for the calling thread alone.

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
        The former policy, which is also the context manager.

    Raises
    ------
    ValueError
        For another policy.

    Notes
    -----
    ``t.data``, ``t.item()``, ``t.tolist()``, ``t.detach()``, ``t.to_numpy()``, `asarray`, printing, formatting,
    comparing and everything under `no_grad` are explicit ways off the tape, which no policy concerns.

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
    gradarray.GradientLossError: the bare value of a variable was taken...
    """
    global _default
    if policy is not None and policy not in POLICIES:
        raise ValueError(f'the policy for lost gradients is "ignore", "warn" or "raise", not {policy!r}')
    setting = _Setting(current())
    setting._policy = setting if policy is None else policy
    setting._before = (_default, _local.policy)
    if policy is not None:
        policy = str(policy)
        if _local.policy is None and threading.current_thread() is threading.main_thread():
            _default = policy
        else:
            _local.policy = policy
    setting._after = (_default, _local.policy)
    return setting


class transforming:
    """Raise where a gradient would be lost, in this thread, while the function of a transform runs.

    A policy "ignore" that is set around it or inside it goes first.
    """

    __slots__ = ("_policy",)

    def __enter__(self) -> None:
        self._policy = _local.policy
        _local.transforms += 1
        if current() != "ignore":
            _local.policy = "raise"

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        _local.transforms -= 1
        _local.policy = self._policy


# --- whose line it is -----------------------------------------------------------------------------------------------

# Code through which a value merely passes on its way from the user's line.
_PASSED = frozenset({__package__, "numpy", "scipy", "matplotlib", "pandas"}) | sys.stdlib_module_names


def _package(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def users_level() -> int:
    """Return the stacklevel= with which a warning names the line of the user's that led to the caller of this."""
    level = 1
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and _package(frame) in _PASSED:
        frame = frame.f_back
        level += 1
    return level


def _asker() -> types.FrameType | None:
    """Return the frame that is carrying out what asked gradarray for a raw value."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and _package(frame) == __package__:
        frame = frame.f_back
    return frame


def _numpys(frame: types.FrameType | None) -> list[types.FrameType]:
    """Return the frames of NumPy's own, from the innermost one out."""
    frames = []
    while frame is not None and _package(frame) == "numpy":
        frames.append(frame)
        frame = frame.f_back
    return frames


def _called(frames: list[types.FrameType]) -> str | None:
    """Return the name of the public function among NumPy's frames that the user called."""
    for frame in reversed(frames):
        module = f"{frame.f_globals['__name__']}.".split(".")[1]
        owner, prefix = (getattr(np, module), f"np.{module}.") if module in _CHAPTERS else (np, "np.")
        name, _, rest = frame.f_code.co_qualname.partition(".")
        if not name.startswith("_") and "<" not in rest and hasattr(owner, name):  # not a function inside a decorator
            return prefix + name
    return None


_CHAPTERS = ("fft", "linalg", "ma", "polynomial", "random", "testing")


# --- what it is doing -----------------------------------------------------------------------------------------------

_STORES = frozenset(dis.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE", "STORE_ATTR") if name in dis.opmap)


def _remainder() -> tuple[int, int]:
    code = compile("a % b", "", "eval").co_code
    at = next(i for i in range(0, len(code), 2) if code[i] == dis.opmap["BINARY_OP"])
    return code[at], code[at + 1]


# A % that asks for a number is that of ``"%.3f" % t``: arithmetic goes by way of Tensor's own operators.
_REMAINDER = _remainder()


def _instruction(frame: types.FrameType) -> tuple[int, int]:
    code = frame.f_code.co_code
    return code[frame.f_lasti], code[frame.f_lasti + 1]


# --- raising and warning --------------------------------------------------------------------------------------------

_WRITE = (
    "Let the array be a Tensor from the start, as np.zeros(n, like=t) or np.zeros_like(t), or collect the values in a "
    "list and join them with np.stack; to write the bare value, take t.data or t.item()."
)


def refuse_write(what: str) -> None:
    """Raise the error for a write into plain memory, unless lost gradients are ignored."""
    if not ignored():
        raise _refusal(_called(_numpys(_asker())) or what)


def _refusal(what: str) -> GradientLossError:
    return GradientLossError(f"{what} cannot write a variable into a plain ndarray, which holds no gradient. {_WRITE}")


_READ = (
    "Pass the variable itself to np.* functions, and np.stack([t, u]) or ga.array([t, u]) in place of a list; "
    "where the bare value is meant, write t.data, t.item() or ga.asarray(t)."
)


def leaving(what: str | None = None, remedy: str = _READ) -> None:
    """Say, as the policy has it, that raw values of a variable leave the tape here.

    Parameters
    ----------
    what : what took them, where it is known and not a function of NumPy's
    remedy : what to write instead
    """
    policy = current()
    if policy == "ignore":
        return
    frame = _asker()
    numpys = _numpys(frame)
    called = _called(numpys)
    if frame is not None:
        instruction = _instruction(frame)
        outside = numpys[-1].f_back if numpys else None  # where a masked array's own method stores
        if instruction[0] in _STORES or (outside is not None and _instruction(outside)[0] in _STORES):
            _deliver(_refusal(called or "an assignment"), frame)
        if instruction == _REMAINDER or any(f.f_globals["__name__"].startswith("numpy.testing") for f in numpys):
            return
    by = what or called
    taken = f"{by} took the bare value of a variable" if by else "the bare value of a variable was taken"
    message = f"{taken}; what is computed from it has no gradient. {remedy}"
    if policy == "raise":
        _deliver(GradientLossError(message), frame)
    try:
        warnings.warn(message, GradientLossWarning, stacklevel=users_level())
    except GradientLossWarning as warning:  # a filter has made it an error
        _deliver(warning.with_traceback(None), frame)


def _deliver(error: Exception, frame: types.FrameType | None) -> NoReturn:
    # A tracer that is there already, such as a debugger, would not survive; what comes then is NumPy's own error, with
    # this one as its cause.
    if frame is not None and sys.gettrace() is None:
        _Delivery(error, frame)
    raise error


class _Delivery:
    """Sees to it that an error arrives in a frame as itself.

    Whatever goes wrong in ``float(t)`` while NumPy stores an element, NumPy raises ``ValueError: setting an array
    element with a sequence`` in its place where t has a length. Python's tracing tells us when that one arrives.
    """

    __slots__ = ("error", "former", "place")

    def __init__(self, error: Exception, frame: types.FrameType) -> None:
        self.error = error
        self.place = frame.f_lasti
        self.former = frame.f_trace
        frame.f_trace = self.watch
        sys.settrace(self.enter)

    def enter(self, frame: types.FrameType, event: str, arg: Any) -> None:
        """Let other frames alone."""

    def watch(self, frame: types.FrameType, event: str, arg: Any) -> Any:
        sys.settrace(None)
        frame.f_trace = self.former
        if event == "exception" and frame.f_lasti == self.place and arg[1] is not self.error:
            raise self.error.with_traceback(arg[2]) from None
        return self.former
