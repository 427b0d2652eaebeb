"""What has no derivative here, and what to write instead."""

from __future__ import annotations

from typing import Any

from scipy import integrate

from ...rules.scipy.declared import looking
from ...tape.wrapping import has_variable
from ..calling import Watched, dropped_in

_REASONS = {
    "cubature": "scipy.integrate.nquad and quad_vec have one",
    "nsum": "sum the terms by np.sum",
    "qmc_quad": "take the mean of the integrand at points of your own",
    "solve_bvp": "ga.implicit_root is for what a solver finds",
    "tanhsinh": "scipy.integrate.quad and quad_vec have one",
}


def _refusing(name: str, reason: str) -> Any:
    def refuse(f: Any, *args: Any, **kwargs: Any) -> Any:
        from_variables = f"scipy.integrate.{name} has no derivative here: {reason}"

        def body() -> Any:
            if has_variable((args, kwargs)):
                raise TypeError(from_variables)
            watched = Watched(f)
            result = getattr(integrate, name)(watched, *args, **kwargs)
            if watched.variable:
                raise TypeError(from_variables)
            return result

        return dropped_in(body, f)

    refuse.__name__ = name
    return refuse


for _name, _reason in _REASONS.items():
    looking("scipy.integrate", _refusing(_name, _reason))
