"""What has no derivative here, and what to write instead."""

from __future__ import annotations

from typing import Any

from scipy import integrate

from ...tape.wrapping import has_variable
from ..calling import Watched
from ..captured import dropped_in


def that_refuses(name: str, reason: str) -> Any:
    """Return the library's own function, which says why it has no derivative where it depends on a variable."""

    def refuse(f: Any, *args: Any, **kwargs: Any) -> Any:
        from_variables = f"scipy.integrate.{name} has no derivative here: {reason}"

        def body() -> Any:
            if has_variable((args, kwargs)):
                raise TypeError(from_variables)
            watched = Watched(f, f"scipy.integrate.{name}", f, args, kwargs)
            result = getattr(integrate, name)(watched, *args, **kwargs)
            if watched.depends(False):
                raise TypeError(from_variables)
            return result

        return dropped_in(body, f)

    refuse.__name__ = name
    return refuse
