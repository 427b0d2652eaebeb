"""Functions of one's own that dispatch as NumPy's do, so that their derivatives are declared apart from them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, overload

import numpy as np

from ..batch.batch import Batch
from ..batch.mapped import Mapped
from ..context.settings import plainly, silently
from ..elsewhere.answers import telling
from ..forward.dual import Dual
from ..kernels.gate import PLAIN
from ..reverse.tensor import Tensor
from ..tape.wrapping import has_tensor, has_variable, stack_nested, unwrap
from .custom_gradient import apart, own_result, read_only

P = ParamSpec("P")

_OURS = (Tensor, Dual, Batch, Mapped)
_NO_TYPE = type(None)
_TENSOR, _TENSORS = (Tensor,), {Tensor}


@overload
def primitive(
    func: Callable[P, Any], *, views: bool = False, saves: bool = False, silent: bool = False
) -> Callable[P, Any]: ...
@overload
def primitive(
    func: None = None, *, views: bool = False, saves: bool = False, silent: bool = False
) -> Callable[[Callable[P, Any]], Callable[P, Any]]: ...
@telling
def primitive(func: Any = None, *, views: bool = False, saves: bool = False, silent: bool = False) -> Any:
    """Make a function of your own one that takes tensors, by the derivative that is declared for it.

    As a function of NumPy's, it is what it was for arrays and numbers. For tensors its derivative comes from a
    declaration: `rule`, `linear` or `bilinear`, in both modes and of every order; `zero_gradient` or
    `nondifferentiable`, where there is none. What a tensor meets before that is refused.

    Parameters
    ----------
    func : callable
        Takes arrays, numbers, and other parameters with a default value; returns an array or a number, or a tuple or
        list of them. It may be written in anything: compiled code, a table, a simulation, or a function of single
        numbers in np.vectorize or np.frompyfunc. It sees plain arrays, which it cannot write into, also in drop-in
        mode.
    views : bool
        Its results may be views of what it is given, as those of np.reshape are; else such a result is copied.
    saves : bool
        It returns a pair: its result, and what its derivatives may use of what it computed on the way. They get that as
        ``saved=``, or None where there is none: in forward mode, or where they are to be differentiated themselves.
        Then they compute it anew, in differentiable ``np.*``, if they need it.
    silent : bool
        NumPy says nothing of infinite and undefined numbers that it meets.

    Returns
    -------
    callable
        The function, with its name, documentation and parameters; without one, the decorator. Lists of variables are
        given to it as one array.

    Raises
    ------
    TypeError
        If it is no function. When called: with a variable, before there is a declaration, or in a container other
        than a list or tuple.
    GradientLossError
        When called, if the result depends on a variable that is not among the arguments.

    See Also
    --------
    custom_gradient : for containers, and for a derivative that uses what the function computed on its way.
    twin : lets code that calls the function of a library get another one.

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> @ga.registry.primitive
    ... def logsumexp(x):
    ...     highest = np.max(x)
    ...     return highest + np.log(np.sum(np.exp(x - highest)))
    >>> ga.registry.rule(logsumexp, lambda g, ans, x: g * np.exp(x - ans))
    >>> ga.grad(logsumexp)(np.log([1.0, 3.0]))
    array([0.25, 0.75])
    >>> ga.hessian(logsumexp)(np.log([1.0, 3.0]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])

    The same with the probabilities, which the function has at hand, for its derivative:

    >>> def weights(x, ans):
    ...     return np.exp(x - ans)
    >>> @ga.registry.primitive(saves=True)
    ... def logsumexp(x):
    ...     p = np.exp(x - np.max(x))
    ...     total = np.sum(p)
    ...     return np.max(x) + np.log(total), p / total
    >>> ga.registry.rule(logsumexp, lambda g, ans, x, saved=None: g * (weights(x, ans) if saved is None else saved))
    >>> ga.grad(logsumexp)(np.log([1.0, 3.0]))
    array([0.25, 0.75])
    """
    if func is None:
        return functools.partial(primitive, views=views, saves=saves, silent=silent)
    if not callable(func):
        raise TypeError(f"primitive takes a function, not {func!r:.60}")
    name = str(getattr(func, "__name__", repr(func)))

    ours = _is_ours(func)

    def computed(*args: Any, **kwargs: Any) -> Any:
        """Return the result, or the pair, of arrays, numbers and what is no operand."""
        given = args if ours else [read_only(x) for x in args]
        named = kwargs if ours or not kwargs else {key: read_only(x) for key, x in kwargs.items()}
        out = silently(plainly, func, given, named) if silent else plainly(func, given, named)
        shared = () if views else (*args, *kwargs.values())
        if not saves:
            return _results(out, shared, name)
        if not (type(out) is tuple and len(out) == 2):
            raise TypeError(f"{name} returns the pair (result, saved) here, not {out!r:.60}")
        return _results(out[0], shared, name), out[1]

    def result(*args: Any, **kwargs: Any) -> Any:
        out = computed(*args, **kwargs)
        return out[0] if saves else out

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        kinds = set(map(type, args))
        if kwargs:
            kinds.update(map(type, kwargs.values()))
        kinds.discard(_NO_TYPE)
        kinds = kinds - PLAIN  # -= would go through all of PLAIN
        if not kinds:
            return result(*args, **kwargs)
        if kinds == _TENSORS:  # most of the time: nothing to look into
            first = next(x for x in (*args, *kwargs.values()) if type(x) is Tensor)
            return first.__array_function__(call, _TENSOR, args, kwargs)
        args = tuple([_one_array(x) for x in args])
        kwargs = {key: _one_array(x) for key, x in kwargs.items()}
        others = {type(x): x for x in (*args, *kwargs.values()) if _dispatches(type(x))}
        if any(issubclass(cls, _OURS) for cls in others):
            return _dispatched(call, others, args, kwargs)
        if has_tensor(args) or has_tensor(kwargs):
            raise TypeError(
                f"{name} takes arrays, and lists of numbers for them, but was given a variable in another "
                "container; ga.custom_gradient makes a function that takes these"
            )
        return result(*args, **kwargs)

    call.__module__ = getattr(func, "__module__", None) or ""  # a ufunc tells none
    call.__of_arrays__ = computed  # type: ignore[attr-defined]
    call.__saves__ = saves  # type: ignore[attr-defined]
    return call


def _is_ours(func: Any) -> bool:
    """Tell whether a function is the library's own, which writes into nothing that it is given: so its tests say."""
    return str(getattr(func, "__module__", None)).partition(".")[0] == __name__.partition(".")[0]


def _one_array(x: Any) -> Any:
    """Return a list of variables as one array, and one of constant tensors as one of their values."""
    if not isinstance(x, (list, tuple)) or not has_tensor(x):
        return x
    return stack_nested(x) if has_variable(x) else unwrap(x)


def _dispatches(cls: type) -> bool:
    return cls not in PLAIN and hasattr(cls, "__array_function__") and not issubclass(cls, np.ndarray)


def _dispatched(call: Callable[..., Any], others: dict[type, Any], args: Any, kwargs: dict[str, Any]) -> Any:
    for cls, x in others.items():
        answer = cls.__array_function__(x, call, [*others], args, kwargs)  # type: ignore[attr-defined]
        if answer is not NotImplemented:
            return answer
    raise TypeError(f"{call.__name__} has no form for {' and '.join(cls.__name__ for cls in others)} together")


def _results(out: Any, args: tuple[Any, ...], name: str) -> Any:
    if type(out) is np.ndarray and out.dtype.kind != "O":
        return apart(out, args)
    if isinstance(out, (tuple, list)):
        items = [_results(item, args, name) for item in out]
        return type(out)(*items) if hasattr(out, "_fields") else type(out)(items)
    if isinstance(out, (int, float, complex)) and not isinstance(out, (bool, np.generic)):
        return np.asarray(out)[()]
    if type(out) is np.ndarray and out.dtype == object:  # of Python's numbers, as np.frompyfunc gives
        out = np.array(out.tolist()).reshape(out.shape)
    return own_result(out, args, name) if isinstance(out, (np.ndarray, Tensor, Dual)) else out
