"""The mirrors of ufuncs, which have what NumPy's ufuncs have: ``ga.add.reduce``, ``ga.add.outer``, ``ga.add.nin``.

To call one must cost no more than a function would. So there is a class for each number of operands, whose ``__call__``
takes these by position, and a ufunc keeps at hand what records its usual calls.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Generic

import numpy as np

from ..context.settings import no_grad
from ..forward.dual import Dual
from ..forward.levels import level_of
from ..forward.tangents import paired
from ..kernels.arrays import FLOAT64
from ..kernels.gate import ARRAYS, NUMBERS, PLAIN, SIMPLE, answers, need_numbers, unless_it_answers
from ..reverse.constants import as_variables, check_constant
from ..reverse.notes import add_shapes
from ..reverse.protocols import UFUNCS
from ..reverse.tensor import Tensor
from ..rules.kinds import refuse
from ..rules.names import public_name
from ..rules.registry import find, forgetters
from ..tape.wrapping import has_tensor, stack_nested, wrap, wrap_results
from .mirrored import borrow

if TYPE_CHECKING:
    from typing_extensions import ParamSpec, TypeVar

    Params = ParamSpec("Params", default=...)
    # What a call gives: Tensors, but for what answers with truth values or whole numbers.
    Result = TypeVar("Result", default=Tensor)
else:
    from typing import ParamSpec, TypeVar

    Params, Result = ParamSpec("Params"), TypeVar("Result")

_SIMPLE = PLAIN | SIMPLE
_OPERANDS = PLAIN | {Tensor, list, tuple}
_TRACED = (Tensor, Dual)
_NO_VALUE: Any = np._NoValue


class _UfuncType(type):
    """The type of `ufunc`, by which also ``issubclass(ga.add, ga.ufunc)`` is true: there are libraries whose are."""

    def __subclasscheck__(cls, other: Any) -> bool:
        return isinstance(other, cls) or super().__subclasscheck__(other)


class ufunc(Generic[Params, Result], metaclass=_UfuncType):
    """A ufunc that also takes ``constant=``, and gives Tensors: the type of ``ga.add`` and all its like.

    It has the attributes and methods of NumPy's [1]_, of which `reduce`, `accumulate`, `reduceat`, `outer` and `at`
    are differentiable and take ``constant=``, too.

    Parameters
    ----------
    func : numpy.ufunc
        One of NumPy's, or one of another library, whose derivative is declared in `registry`.

    Raises
    ------
    TypeError
        For what is no ufunc of NumPy's type, and for a ufunc without a derivative.

    References
    ----------
    .. [1] https://numpy.org/doc/stable/reference/ufuncs.html

    Examples
    --------
    >>> import gradarray as ga
    >>> ga.add
    <gradarray.ufunc 'add'>
    >>> isinstance(ga.add, ga.ufunc), ga.add.nin, ga.add.identity
    (True, 2, 0)
    >>> x = ga.tensor([1.0, 2.0, 3.0])
    >>> y = ga.multiply.reduce(x)
    >>> y
    Tensor(6.)
    >>> y.backward()
    >>> x.grad
    array([6., 3., 2.])
    """

    __slots__ = ("__dict__", "__weakref__", "_nin", "_numpys", "_plain", "_record")
    __module__ = "gradarray"
    __name__: str
    __wrapped__: np.ufunc
    _numpys: np.ufunc
    _nin: int
    _plain: bool
    _record: Callable[..., Any]

    def __new__(cls, func: np.ufunc) -> Any:
        if not isinstance(func, np.ufunc):
            raise TypeError(f"ga.ufunc() takes a ufunc of NumPy's type, not {func!r}")
        made: Any = _made.get(func)
        if made is None:
            rule = find(func)
            if rule is None or rule.refuses:
                raise refuse(func, rule)
            made = object.__new__({1: _Unary, 2: _Binary}.get(func.nin, ufunc))
            borrow(made, func)
            made._numpys, made._nin, made._plain = func, func.nin, rule.plain
            made._record = _first_record(made)
            result = Any if made._plain or func.nout > 1 else Tensor
            signature = _signature(func.nin, func.signature is not None, result)
            made.__signature__ = signature
            made.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
            made.__annotations__["return"] = signature.return_annotation
            _made[func] = made
        return made

    def __init_subclass__(cls) -> None:
        if cls.__module__ != __name__:
            raise TypeError(
                "ga.ufunc cannot be derived from, as np.ufunc cannot. A function of your own gets a derivative by "
                "ga.custom_gradient, a ufunc of another library by ga.registry.elementwise."
            )

    def __call__(self, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return self._called(args, kwargs)  # type: ignore[no-any-return]
        except Exception as error:
            add_shapes(error, self._numpys, args, kwargs)
            raise

    def _called(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Carry out any call; ``constant=`` is taken out of `kwargs`."""
        func, nin, out = self._numpys, self._nin, None
        if args and args[-1] is _NO_VALUE:
            args = _without_missing(args)
        if kwargs:
            constant = kwargs.pop("constant", None)
            check_constant(constant)
            if constant:
                with no_grad:
                    return self._called(args, kwargs)
            out = kwargs.get("out")
            if constant is not None:
                result = self._called(args, kwargs)
                return _but_outputs(as_variables(result), result, args[nin:] or _outputs(out))
        tensors = False
        for value in (*args, *kwargs.values()) if kwargs else args:
            if type(value) is Tensor:
                tensors = True
            elif type(value) not in _SIMPLE:
                break
        else:
            if not tensors:
                result = func(*args, **kwargs)
                return result if result is out else self._finished(result, args, args[nin:] or _outputs(out))
            if not kwargs and len(args) == nin:
                return self._record(*args)
        outs = args[nin:] or _outputs(out)
        if not (has_tensor(args) or (kwargs and has_tensor(kwargs))):
            return self._finished(func(*map(unless_it_answers, args), **kwargs), args, outs)
        if kwargs or len(args) != nin:  # NumPy sorts out= and what stands in its place
            return self._finished(func(*map(_as_one, args), **kwargs), args, outs)
        result = UFUNCS[func](*args)
        return func(*args) if result is NotImplemented else result  # another array type may want its turn

    def _finished(self, result: Any, inputs: tuple[Any, ...], outs: tuple[Any, ...] = ()) -> Any:
        """Return what NumPy gave as Tensors, but for outputs, and for what is no Tensor by its kind."""
        if result is None or self._plain or (outs and _is_among(outs, result)):
            return result
        if type(result) in ARRAYS:
            if result.dtype.kind not in NUMBERS:
                need_numbers(result, public_name(self._numpys), inputs[: self._nin])
            return wrap(result)
        if type(result) is not tuple:
            return wrap_results(result)
        return result if all(_is_among(outs, x) for x in result) else _but_outputs(wrap_results(result), result, outs)

    # --- the methods ------------------------------------------------------------------------------------------------

    def reduce(
        self,
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = _NO_VALUE,
        where: Any = True,
        *,
        constant: bool | None = None,
    ) -> Result:
        kwargs = _given(axis=(axis, 0), dtype=(dtype, None), out=(out, None), keepdims=(keepdims, False))
        kwargs |= _given(initial=(initial, _NO_VALUE), where=(where, True))
        return self._method("reduce", (array,), kwargs, constant)  # type: ignore[no-any-return]

    def accumulate(
        self, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, *, constant: bool | None = None
    ) -> Result:
        kwargs = _given(axis=(axis, 0), dtype=(dtype, None), out=(out, None))
        return self._method("accumulate", (array,), kwargs, constant)  # type: ignore[no-any-return]

    def reduceat(
        self,
        array: Any,
        indices: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        *,
        constant: bool | None = None,
    ) -> Result:
        kwargs = _given(axis=(axis, 0), dtype=(dtype, None), out=(out, None))
        return self._method("reduceat", (array, indices), kwargs, constant)  # type: ignore[no-any-return]

    def outer(self, A: Any, B: Any, /, *, constant: bool | None = None, **kwargs: Any) -> Result:
        return self._method("outer", (A, B), kwargs, constant)  # type: ignore[no-any-return]

    def at(self, a: Any, indices: Any, b: Any = _NO_VALUE, /, *, constant: bool | None = None) -> None:
        self._method("at", (a, indices) if b is _NO_VALUE else (a, indices, b), {}, constant)

    def _method(self, name: str, inputs: tuple[Any, ...], kwargs: dict[str, Any], constant: bool | None) -> Any:
        outs = _outputs(kwargs.get("out"))
        check_constant(constant)
        if constant:
            with no_grad:
                return self._method(name, inputs, kwargs, None)
        if constant is not None:
            result = self._method(name, inputs, kwargs, None)
            return _but_outputs(as_variables(result), result, outs)
        func = self._numpys
        try:
            if not (has_tensor(inputs) or (kwargs and has_tensor(kwargs))):
                return self._finished(getattr(func, name)(*map(unless_it_answers, inputs), **kwargs), inputs, outs)
            first, *rest = map(_as_one, inputs)
            if not any(isinstance(x, _TRACED) for x in (first, *rest)):
                first = _traced(first, kwargs)  # for initial= and where=, at which NumPy does not look
            return self._finished(getattr(func, name)(first, *rest, **kwargs), inputs, outs)
        except Exception as error:
            add_shapes(error, func, inputs, kwargs, name)
            raise

    # --- the attributes ---------------------------------------------------------------------------------------------

    @property
    def nin(self) -> int:
        return self._numpys.nin

    @property
    def nout(self) -> int:
        return self._numpys.nout

    @property
    def nargs(self) -> int:
        return self._numpys.nargs

    @property
    def ntypes(self) -> int:
        return self._numpys.ntypes

    @property
    def types(self) -> list[str]:
        return self._numpys.types

    @property
    def identity(self) -> Any:
        return self._numpys.identity

    @property
    def signature(self) -> str | None:
        return self._numpys.signature

    def resolve_dtypes(
        self, dtypes: Any, *, signature: Any = None, casting: Any = None, reduction: bool = False
    ) -> tuple[np.dtype[Any], ...]:
        kwargs = _given(signature=(signature, None), casting=(casting, None), reduction=(reduction, False))
        return self._numpys.resolve_dtypes(dtypes, **kwargs)

    # --- as an object -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<gradarray.ufunc {self.__name__!r}>"

    def __reduce__(self) -> Any:
        public = getattr(sys.modules[self.__module__], self.__name__, None) is self
        return self.__name__ if public else (ufunc, (self._numpys,))


for _name in ("reduce", "accumulate", "reduceat", "outer", "at", "resolve_dtypes"):
    getattr(ufunc, _name).__doc__ = getattr(np.ufunc, _name).__doc__


class _Unary(ufunc[Params, Result]):
    """A ufunc of one operand."""

    __slots__ = ()

    def __call__(self, x: Any = _NO_VALUE, /, *rest: Any, **kwargs: Any) -> Any:
        try:
            if not rest and not kwargs:
                if type(x) is Tensor:
                    return self._record(x)
                if type(x) in PLAIN:
                    result = self._numpys(x)
                    if self._plain:
                        return result
                    return wrap(result) if getattr(result, "dtype", None) is FLOAT64 else self._finished(result, (x,))
                if type(x) is list or type(x) is tuple:
                    return self._record(x)
            return self._called((x, *rest) if rest else (x,), kwargs)
        except Exception as error:
            add_shapes(error, self._numpys, _without_missing((x, *rest)), kwargs)
            raise


class _Binary(ufunc[Params, Result]):
    """A ufunc of two operands."""

    __slots__ = ()

    def __call__(self, x1: Any = _NO_VALUE, x2: Any = _NO_VALUE, /, *rest: Any, **kwargs: Any) -> Any:
        try:
            if not rest and not kwargs and type(x1) in _OPERANDS and type(x2) in _OPERANDS:
                return self._record(x1, x2)
            return self._called((x1, x2, *rest) if rest else (x1, x2), kwargs)
        except Exception as error:
            add_shapes(error, self._numpys, _without_missing((x1, x2, *rest)), kwargs)
            raise


_made: dict[np.ufunc, ufunc[..., Any]] = {}


def _first_record(made: Any) -> Callable[..., Any]:
    """Return what asks for the recorder of a ufunc at its first call, and keeps it at hand from then on."""

    def record(*operands: Any) -> Any:
        made._record = UFUNCS[made._numpys]
        return made._record(*operands)

    return record


def _forget(func: Any) -> None:
    if func in _made:
        _made[func]._record = _first_record(_made[func])


forgetters.append(_forget)

# --- arguments and results --------------------------------------------------------------------------------------------


def _without_missing(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a call without what stands for operands that were not given."""
    return tuple([x for x in args if x is not _NO_VALUE])


def _given(**values: tuple[Any, Any]) -> dict[str, Any]:
    """Return the keywords of a call whose values are other ones than the defaults."""
    return {name: value for name, (value, default) in values.items() if value is not default}


def _as_one(value: Any) -> Any:
    """Return a list in which Tensors stand as one Tensor."""
    return stack_nested(value) if isinstance(value, (list, tuple)) and has_tensor(value) else value


def _traced(array: Any, kwargs: dict[str, Any]) -> Any:
    """Return a constant operand as what takes part where a Tensor, or a Dual, is among the keywords."""
    array = unless_it_answers(array)
    if answers(type(array)):
        return array
    level = level_of(kwargs)
    return paired(np.asarray(array), None, level) if level else wrap(np.asarray(array))


def _outputs(out: Any) -> tuple[Any, ...]:
    """Return what is given as out=, with None for what is to be made."""
    return () if out is None else out if isinstance(out, tuple) else (out,)


def _is_among(outs: tuple[Any, ...], x: Any) -> bool:
    return any(x is out for out in outs)


def _but_outputs(made: Any, results: Any, outs: tuple[Any, ...]) -> Any:
    """Return what was made of the results of a call, and in the places of outputs these themselves."""
    if isinstance(results, tuple):
        return tuple([_but_outputs(new, x, outs) for new, x in zip(made, results, strict=True)])
    return results if _is_among(outs, results) else made


# --- signatures -------------------------------------------------------------------------------------------------------


def _unary(
    x: Any,
    /,
    out: Any = None,
    *,
    where: Any = True,
    casting: str = "same_kind",
    order: str = "K",
    dtype: Any = None,
    subok: bool = True,
    signature: Any = None,
    constant: bool | None = None,
) -> Any: ...


def _binary(
    x1: Any,
    x2: Any,
    /,
    out: Any = None,
    *,
    where: Any = True,
    casting: str = "same_kind",
    order: str = "K",
    dtype: Any = None,
    subok: bool = True,
    signature: Any = None,
    constant: bool | None = None,
) -> Any: ...


def _generalized(
    x1: Any,
    x2: Any,
    /,
    out: Any = None,
    *,
    axes: Any = _NO_VALUE,
    axis: Any = _NO_VALUE,
    keepdims: bool = False,
    casting: str = "same_kind",
    order: str = "K",
    dtype: Any = None,
    subok: bool = True,
    signature: Any = None,
    constant: bool | None = None,
) -> Any: ...


@cache
def _signature(nin: int, generalized: bool, result: Any) -> inspect.Signature:
    """Return the signature of a ufunc of so many operands."""
    declared = inspect.signature(_unary if nin == 1 else _generalized if generalized else _binary, eval_str=True)
    first, *rest = declared.parameters.values()
    if nin > 1:
        first, *rest = [first.replace(name=f"x{i}") for i in range(1, nin + 1)] + rest[1:]
    return declared.replace(parameters=[first, *rest], return_annotation=result)


# --- makers, which say what a call takes and gives --------------------------------------------------------------------


def _giving_tensors(_: Callable[Params, Any]) -> Callable[[np.ufunc], ufunc[Params, Tensor]]:
    return ufunc


def _answering(_: Callable[Params, Any]) -> Callable[[np.ufunc], ufunc[Params, Any]]:
    return ufunc


unary = _giving_tensors(_unary)
binary = _giving_tensors(_binary)
generalized = _giving_tensors(_generalized)
unary_answer = _answering(_unary)
binary_answer = _answering(_binary)
