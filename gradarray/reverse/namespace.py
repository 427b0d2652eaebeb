"""What ``t.__array_namespace__()`` hands out: the functions of the Python array API standard.

Libraries that compute with arrays of any kind ask an array for its functions, and begin with ``x = xp.asarray(x)``. The
functions are those of the mirror, but for what makes arrays: it keeps the derivative of what it is given, and makes
constants of all else.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.primitives import astype as converted_to
from ..rules.registry import find
from ..tape import wrapping
from ..tape.wrapping import bare, has_tensor, stack_nested, wrap_results

_ROOT = __name__.partition(".")[0]


def _public() -> Any:
    """Return the mirror, which stands on this module."""
    return sys.modules[_ROOT]


class Namespace:
    """The namespace of an array; those of all arrays are equal, so that arrays may be mixed.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def centred(x):
    ...     xp = x.__array_namespace__()
    ...     x = xp.asarray(x)
    ...     return x - xp.mean(x)
    >>> ga.jacobian(centred)(np.array([1.0, 2.0]))
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """

    __name__ = _ROOT
    lib = np.lib

    def __getattr__(self, name: str) -> Any:
        value = getattr(_public(), name)
        make = getattr(value, "__connected__", None)
        if make is not None:
            return self._making(make)
        rule = find(getattr(value, "__wrapped__", None))
        return _wrapping(value) if rule is not None and rule.plain else value

    def _making(self, make: Any) -> Callable[..., Any]:
        """Return a function that makes arrays in the form that it has in this namespace."""
        return make  # type: ignore[no-any-return]

    def _held(self, made: Any) -> Any:
        """Return what was made as arrays of the library."""
        if isinstance(made, (list, tuple)):
            return type(made)(self._held(item) for item in made)
        return made if has_tensor(made) else wrap_results(made)

    def _copies(self, copy: bool | None) -> bool | None:
        """Return whether a plain array is to be copied."""
        return copy

    def __dir__(self) -> list[str]:
        return sorted({*dir(_public()), *object.__dir__(self)})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Namespace)

    def __hash__(self) -> int:
        return hash(Namespace)

    def __repr__(self) -> str:
        return "<the array API of gradarray>"

    # --- what makes arrays of others --------------------------------------------------------------------------------

    def asarray(
        self, obj: Any, /, dtype: Any = None, *, order: Any = None, device: Any = None, copy: bool | None = None
    ) -> Any:
        """Return an array of anything: a Tensor or Dual stays connected, numbers and plain arrays become constants.

        Parameters
        ----------
        obj : array_like
        dtype : data-type, optional
        order : {'C', 'F', 'A', 'K'}, optional
        device : {"cpu", None}
        copy : bool, optional
            True copies always; False never, and ValueError says where that cannot be; None where it is needed.
        """
        np.empty(0, device=device)  # NumPy's own error for a device that there is not
        if isinstance(obj, (list, tuple)) and has_tensor(obj):
            if copy is False:
                np.asarray(bare(obj), copy=False)  # NumPy's own error
            obj, copy = stack_nested(obj), None
        if not isinstance(obj, (wrapping.Tensor, wrapping.Dual)):
            return self._held(np.array(obj, dtype, order=order, copy=self._copies(copy)))
        if copy is False or order is not None:
            values = np.asarray(bare(obj))
            shown = np.array(values, dtype, order=order, copy=copy)  # NumPy's own error
            copy = copy or not np.may_share_memory(shown, values)
        if dtype is not None and obj.dtype != dtype:
            return converted_to(obj, dtype, order or "K")
        return np.copy(obj, order or "K") if copy else obj

    def astype(self, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
        """Return an array with another dtype; `x` itself where it has that and ``copy=False``."""
        return self.asarray(x, dtype, copy=True if copy else None, device=device)

    def from_dlpack(self, x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
        """Return an array that another library shares; one of this library stays connected."""
        if not isinstance(x, (wrapping.Tensor, wrapping.Dual)):
            x = np.from_dlpack(x)
        return self.asarray(x, device=device, copy=copy)

    # --- where NumPy's functions are not those of the standard ------------------------------------------------------

    def clip(self, x: Any, /, min: Any = None, max: Any = None, **kwargs: Any) -> Any:
        """Return `x` between two bounds, of which either may be left away."""
        mirror: Any = _public().clip
        return self.asarray(x, copy=True) if min is None is max else mirror(x, min, max, **kwargs)

    def sort(self, x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
        """Return `x` sorted along an axis."""
        ordered = np.sort(self.asarray(x), axis=axis, stable=stable)
        return np.flip(ordered, axis) if descending else ordered

    def argsort(self, x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
        """Return the indices that sort `x` along an axis."""
        if not descending:
            return np.argsort(self.asarray(x), axis=axis, stable=stable)
        backwards = np.argsort(np.flip(self.asarray(x), axis), axis=axis, stable=stable)
        return x.shape[axis] - 1 - np.flip(backwards, axis)


def _wrapping(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose truth values and whole numbers are arrays of the library, too, as the standard has it."""

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        return wrap_results(func(*args, **kwargs))

    return call


def namespace(api_version: str | None = None) -> Namespace:
    """Return the namespace of a Tensor."""
    need_version(api_version)
    return Namespace()


def need_version(api_version: str | None) -> None:
    """Raise NumPy's own error for a version of the standard that it does not know."""
    version: Any = api_version
    np.empty(0).__array_namespace__(api_version=version)
