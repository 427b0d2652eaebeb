"""Derivatives of what a solver returns, by the implicit function theorem."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context.settings import RECORDED, within
from ..elsewhere.answers import telling
from .checkpoint import innermost
from .containers import Tree, flatten
from .custom_gradient import Derivative, Pull, is_traced, own_result, refuse_traced
from .gradients import jvp, vjp
from .jacobians import jacobian
from .lifting import for_each, lanes

# How far Newton's method may move what a solver returns, in units of its size or of one, before it is no root.
_CLOSE = 1e-2


class _Root(Derivative):
    """A solver of residual(x, *params) = 0.

    By the implicit function theorem, F_x dx + F_p dp = 0: a tangent is -F_x^-1 F_p t, a cotangent -F_p^H F_x^-H g.
    """

    keeps_result = True

    def __init__(
        self, residual: Callable[..., Any], solver: Callable[..., Any], params: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.name = getattr(solver, "__name__", repr(solver))
        self.residual = residual
        self.solver = solver
        self.kwargs = kwargs
        self.least = self.most = len(params)
        self.wanted = [is_traced(leaf) for leaf in flatten(params)[0]]

    def call(self, *params: Any) -> tuple[Any, Pull]:
        x = own_result(self.solver(*params, **self.kwargs), [], self.name)
        if not (hasattr(x, "dtype") and x.dtype.kind in "fc"):
            raise TypeError(f"{self.name} returns the root here, an array of floating-point numbers, not {x!r:.60}")
        value = own_result(self.residual(x, *params), [], self.name)
        if np.shape(value) != x.shape:
            raise ValueError(
                f"the residual has the shape {np.shape(value)}, but the root {x.shape}; "
                "there must be as many equations as unknowns"
            )
        if np.iscomplexobj(value) and x.dtype.kind != "c":
            raise TypeError("the residual is complex, but the root is real")
        return x, functools.partial(self._pull, x, params)

    def pull_again(self, result: Any, args: tuple[Any, ...]) -> Pull:
        return functools.partial(self._pull, result, args)

    def _pull(self, x: Any, params: tuple[Any, ...], g: Any) -> tuple[Any, ...]:
        # A sweep may be carried out inside a no_grad block.
        return within(RECORDED, self._pulled, x, params, g)  # type: ignore[no-any-return]

    def _pulled(self, x: Any, params: tuple[Any, ...], g: Any) -> tuple[Any, ...]:
        leaves, structure = flatten(params)
        residual, chosen = self._residual_of(x, leaves, structure, self.wanted)
        value, pull = vjp(residual, *chosen)
        f_x = self._jacobian(x, params, value)
        adjoint = _joined_parts(-np.linalg.solve(f_x.T, _parts(g, x)), x)
        pulled = iter(pull(adjoint))
        return structure.unflatten([next(pulled) if wanted else None for wanted in self.wanted])  # type: ignore[no-any-return]

    def push(self, result: Any, args: tuple[Any, ...], tangents: list[Any]) -> Any:
        leaves, structure = flatten(args)
        residual, chosen = self._residual_of(result, leaves, structure, [t is not None for t in tangents])
        value, tangent = jvp(residual, chosen, [t for t in tangents if t is not None])
        f_x = self._jacobian(result, args, value)
        return [_joined_parts(-np.linalg.solve(f_x, _parts(tangent, result)), result)]

    def _residual_of(
        self, x: Any, leaves: list[Any], structure: Tree, wanted: list[bool]
    ) -> tuple[Callable[..., Any], list[Any]]:
        """Return the residual as a function of some leaves of the parameters, and those leaves."""

        def residual(*chosen: Any) -> Any:
            slots = iter(chosen)
            found = [next(slots) if w else leaf for w, leaf in zip(wanted, leaves, strict=True)]
            return self.residual(x, *structure.unflatten(found))

        return residual, [leaf for leaf, w in zip(leaves, wanted, strict=True) if w]

    def _jacobian(self, x: Any, params: tuple[Any, ...], value: Any) -> Any:
        """Return the derivative of the residual by x as a real, square, regular matrix."""
        f_x = jacobian(lambda parts: _parts(self.residual(_joined_parts(parts, x), *params), x))(_parts(x, x))
        raw, residual, root = innermost(f_x), innermost(_parts(value, x)), innermost(x)
        if not np.all(np.isfinite(raw)) or not np.linalg.cond(raw, 1) < 1 / np.finfo(raw.dtype).eps:
            raise np.linalg.LinAlgError(
                f"the Jacobian of the residual is singular at what {self.name} returned: the root is a multiple one, "
                "or not the only one nearby, and has no derivative there"
            )
        step = np.max(np.abs(np.linalg.solve(raw, residual)), initial=0)
        if not step <= _CLOSE * max(1, np.max(np.abs(root), initial=0)):
            raise ValueError(
                f"what {self.name} returned is no root of the residual: Newton's method would move it by {step:.2g}. "
                "The solver did not converge, or solves another equation."
            )
        return f_x


def _parts(z: Any, x: Any) -> Any:
    """Return the elements as a real vector, for complex roots real parts and imaginary parts, that linalg takes."""
    if x.dtype.kind == "c":
        z = np.concatenate([np.ravel(np.real(z)), np.ravel(np.imag(z))])
    return np.ravel(z if z.dtype.char not in "eg" else z.astype(float))


def _joined_parts(parts: Any, x: Any) -> Any:
    """Return a vector of `_parts` in the shape and dtype of the root."""
    if x.dtype.kind == "c":
        half = len(parts) // 2
        parts = parts[:half] + 1j * parts[half:]
    return np.reshape(parts, x.shape).astype(x.dtype)


@telling
def implicit_root(residual: Callable[..., Any], solver: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Differentiate the answer of a solver by the implicit function theorem, without a tape of the solver.

    Parameters
    ----------
    residual : callable
        ``residual(x, *params)``, in differentiable ``np.*`` code, is zero at the root and has its shape. For a fixed
        point of ``g`` it is ``g(x, *params) - x``, for a minimum the gradient by x.
    solver : callable, optional
        ``solver(*params, **kwargs)`` returns the root: one array of floating-point or complex numbers, or a number. It
        sees plain arrays, which it cannot write into, and may be any code. Left out, a decorator for such a function is
        returned.

    Returns
    -------
    callable
        The solver as a function of tensors, of any order of differentiation and in both modes. Derivatives flow to
        the positional arguments, arrays or containers of arrays; keyword arguments, such as a starting point or a
        tolerance, do not reach the residual. Its Jacobian by x, a matrix with as many rows as x has elements, is
        formed and factorised in the backward pass.

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, or when called in forward mode, if the Jacobian of the residual by x is singular.
    ValueError
        If the residual and the root differ in shape, or if the answer is no root of the residual.
    TypeError
        If a variable is passed by keyword, or if the solver returns no floating-point array.
    GradientLossError
        If the residual or the solver uses a variable that is not among the arguments.

    Examples
    --------
    >>> import gradarray as ga
    >>> def newton(a, x=1.0):
    ...     for _ in range(50):
    ...         x = (x + a / x) / 2
    ...     return x
    >>> root = ga.implicit_root(lambda x, a: x**2 - a, newton)
    >>> a = ga.tensor(4.0)
    >>> root(a).backward()
    >>> a.grad
    array(0.25)
    """
    for f in (residual, solver):
        if not (callable(f) or (f is None and f is solver)):
            raise TypeError(f"implicit_root takes functions, not {type(f).__name__}")
    if solver is None:
        return functools.partial(implicit_root, residual)
    solve = solver

    @functools.wraps(solve)
    def call(*params: Any, **kwargs: Any) -> Any:
        if lanes() and (found := for_each(call, params, kwargs)) is not NotImplemented:
            return found
        refuse_traced(kwargs, getattr(solve, "__name__", repr(solve)))
        return _Root(residual, solve, params, kwargs)(*params)

    return call
