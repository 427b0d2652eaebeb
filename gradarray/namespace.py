"""What ``t.__array_namespace__()`` hands out: the functions of the Python array API standard, for Tensors and Duals.

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

from . import wrapping
from .forward import LIKE, created_like
from .kinds import Nondifferentiable
from .places import astype as converted_to
from .registry import find
from .tangents import level_of, paired
from .wrapping import bare, has_tensor, has_variable, stack_nested, wrap_results


class Namespace:
    """The namespace of an array; those of all arrays are equal, so that arrays may be mixed.

    Parameters
    ----------
    like : Dual, optional
        What is made has the level of this one, so that its like can be written into it.

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

    __name__ = __package__
    lib = np.lib

    def __init__(self, like: Any = None) -> None:
        self._like = like

    def __getattr__(self, name: str) -> Any:
        value = getattr(sys.modules[__package__], name)
        make = getattr(value, "__connected__", None)
        if make is not None:
            return self._making(make)
        return _wrapping(value) if isinstance(find(getattr(value, "__wrapped__", None)), Nondifferentiable) else value

    def _making(self, make: Any) -> Callable[..., Any]:
        """Return a function that makes arrays in the form that it has in this namespace."""
        like, func = self._like, make.__wrapped__
        if like is None:
            return make  # type: ignore[no-any-return]

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._held(created_like(func, args, kwargs, like) if func in LIKE else make(*args, **kwargs))

        call.__name__, call.__doc__ = func.__name__, func.__doc__
        return call

    def _held(self, made: Any) -> Any:
        """Return what was made as arrays of the library, which can hold what that of the namespace can."""
        if isinstance(made, (list, tuple)):
            return type(made)(self._held(item) for item in made)
        like = self._like
        if like is not None and level_of(made) < like.level:
            made = paired(made if has_variable(made) else bare(made), None, like.level)
        return made if has_tensor(made) else wrap_results(made)

    def __dir__(self) -> list[str]:
        return sorted({*dir(sys.modules[__package__]), *object.__dir__(self)})

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
            return self._held(np.array(obj, dtype, order=order, copy=True if self._like is not None else copy))
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
        mirror: Any = sys.modules[__package__].clip
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


def capsule(array: Any, **keywords: Any) -> Any:
    """Return what ``array.__dlpack__`` gives; before NumPy 2.1 it takes few of the keywords."""
    return array.__dlpack__(**{name: value for name, value in keywords.items() if value is not None})


def namespace(like: Any = None, api_version: str | None = None) -> Namespace:
    """Return the namespace of an array, a Dual if it is given one."""
    version: Any = api_version
    np.empty(0).__array_namespace__(api_version=version)  # NumPy's own error for one that it does not know
    return Namespace(like)
