"""Linear systems as objects, whose coefficients may be variables.

An object is the library's own, and holds variables where it would hold arrays. Its methods are the functions of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import signal

from ....tape.wrapping import bare, has_variable
from ..declared import FUNCTIONS, choosing, looking, makers, methods
from .convolutions import MODULE
from .forms import abcd_normalize, as_inexact, divided, normalize, ss2tf, ss2zpk, tf2ss, tf2zpk, zpk2ss, zpk2tf
from .systems import PARTS, cont2discrete, kind_of, parts_of

_REAL = {name: getattr(signal, name).__init__ for name in PARTS}


def _filled(system: Any, parts: Any) -> Any:
    kind = kind_of(system)
    for name, part in zip(PARTS[kind], _NORMAL[kind](*parts), strict=True):
        setattr(system, name, part)
    if kind == "TransferFunction":
        whole = divided(*map(as_inexact, parts))[0]
        if np.shape(whole) != np.shape(system.num):
            system._whole = system.num, whole
    return system


def made_of_parts(kind: str, parts: Any, dt: Any) -> Any:
    more = {} if dt is None else {"dt": dt}
    return _filled(getattr(signal, kind)(*bare(tuple(parts)), **more), parts)


# --- objects are made -------------------------------------------------------------------------------------------------

_NORMAL: dict[str, Callable[..., Any]] = {
    "TransferFunction": normalize,
    "ZerosPolesGain": lambda *parts: parts,
    "StateSpace": abcd_normalize,
}


def _init(kind: str) -> Callable[..., None]:
    def __init__(self: Any, *system: Any, **more: Any) -> None:
        if not isinstance(system[0], (signal.lti, signal.dlti)):
            _REAL[kind](self, *bare(system), **bare(more))
            _filled(self, system)

    return __init__


_INTO: dict[tuple[str, str], Callable[..., Any]] = {
    ("TransferFunction", "ZerosPolesGain"): tf2zpk,
    ("TransferFunction", "StateSpace"): tf2ss,
    ("ZerosPolesGain", "TransferFunction"): zpk2tf,
    ("ZerosPolesGain", "StateSpace"): zpk2ss,
    ("StateSpace", "TransferFunction"): ss2tf,
    ("StateSpace", "ZerosPolesGain"): ss2zpk,
}


def _into(kind: str) -> Callable[..., Any]:
    def convert(self: Any, **more: Any) -> Any:
        own, parts = kind_of(self), parts_of(self)
        return made_of_parts(kind, parts if own == kind else _INTO[own, kind](*parts, **more), self.dt)

    return convert


_CONVERSIONS = {"to_tf": "TransferFunction", "to_zpk": "ZerosPolesGain", "to_ss": "StateSpace"}

for _name in PARTS:
    methods(MODULE, _name, __init__=_init(_name), **{method: _into(kind) for method, kind in _CONVERSIONS.items()})

# --- what they answer -------------------------------------------------------------------------------------------------


def _of(function: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return FUNCTIONS[MODULE][function](self, *args, **kwargs)

    return method


def _to_discrete(self: Any, dt: Any, method: Any = "zoh", alpha: Any = None) -> Any:
    parts = cont2discrete(parts_of(self), dt, method=method, alpha=alpha)
    return made_of_parts(kind_of(self), parts[:-1], bare(dt))


_ANSWERS = {"impulse": "impulse", "step": "step", "output": "lsim", "bode": "bode", "freqresp": "freqresp"}
methods(MODULE, "lti", to_discrete=_to_discrete, **{name: _of(called) for name, called in _ANSWERS.items()})
methods(
    MODULE, "dlti", **{name: _of("dlsim" if called == "lsim" else "d" + called) for name, called in _ANSWERS.items()}
)
for _name in PARTS:  # the classes of continuous time have methods of their own for this
    methods("scipy.signal._ltisys", f"{_name}Continuous", to_discrete=_to_discrete)
choosing(MODULE, "lti", "dlti", *PARTS)
for _module in (MODULE, "scipy.signal._ltisys"):
    makers(_module, "lti", "dlti", *PARTS)

# --- functions of objects ---------------------------------------------------------------------------------------------


def _looking(body: Callable[..., Any], library: Callable[..., Any]) -> Callable[..., Any]:
    """Return what also asks of an object whether it holds variables, and calls the library where there are none."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        held = [list(vars(x).values()) for x in given if isinstance(x, (signal.lti, signal.dlti))]
        return body(*args, **kwargs) if has_variable(given) or has_variable(held) else library(*args, **kwargs)

    return call


def _sampled(system: Any, dt: Any, method: Any = "zoh", alpha: Any = None) -> Any:
    if isinstance(system, signal.lti):
        return _to_discrete(system, dt, method, alpha)
    return cont2discrete(system, dt, method=method, alpha=alpha)


_OF_SYSTEMS = "lsim impulse step freqresp bode dlsim dimpulse dstep dfreqresp dbode"
for _name in _OF_SYSTEMS.split():
    looking(MODULE, _looking(FUNCTIONS[MODULE][_name], getattr(signal, _name)))
looking(MODULE, _looking(functools.wraps(signal.cont2discrete)(_sampled), signal.cont2discrete))
