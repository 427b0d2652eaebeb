"""The derivative of a solution by all that its equations depend on, by the implicit function theorem.

Where F(x, theta) = 0, F_x dx + F_theta dtheta = 0. The variables theta need not be arguments: F is called at the
solution, and what it returns tells of them; see captured.py.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...context.settings import RECORDED, within
from ...forward.dual import Dual
from ...forward.levels import made_of_tensors
from ...forward.tangents import joined
from ...kernels.arrays import Array
from ...reverse.elementwise import records
from ...tape import plans
from ...tape.loss import GradientLossError
from ...tape.nodes import Node, PullbackRule, next_order
from ...tape.wrapping import bare, wrap
from ...transforms.checkpoint import innermost, joined_root
from ...transforms.custom_gradient import put_on_tape
from ...transforms.gradients import jvp, vjp
from ...transforms.jacobians import jacobian
from ...transforms.trace import ARGUMENT
from ..captured import depends, outside_of
from ..remembered import loses, nearby_of

Equations = Callable[[Any], Any]

# How far Newton's method may move what a solver returns, in units of its size or of one, before it is no solution.
_CLOSE = 1e-2
# How far what changed since the solver was called may move it.
_SAME = 1e-6
# From how many unknowns on no matrix is made.
LARGE = 200


class Asked(NamedTuple):
    """What there is to say of an answer.

    Attributes
    ----------
    solver : what messages call it
    problem : why there is no derivative: raised where one is asked for
    doubt : what the solver itself says against its answer, which has a derivative then only if it is exact
    large : from how many unknowns on no matrix is made
    kept : whether the functions keep something from call to call
    """

    solver: str
    problem: Exception | None = None
    doubt: Exception | None = None
    large: int = LARGE
    kept: bool = False


def solution(equations: Equations, x: Array, about: Asked) -> Any:
    """Return a solution with its derivatives.

    Parameters
    ----------
    equations : callable
        Takes a vector of shape (n,) to one, in differentiable ``np.*``. It is called again for each derivative, and has
        to return the same then.
    x : ndarray of shape (n,)
        Where they are zero; the values of the result.
    about : Asked
    """
    before = next_order()
    nearby = equations(nearby_of(x)) if about.kept else None
    start = next_order()
    value = equations(x)
    if about.kept and loses(value, nearby, before):
        raise GradientLossError(
            f"a function that {about.solver} was given keeps from one call to the next what it has computed, and uses "
            "at the answer what has lost its derivative. Let it compute that anew"
        )
    if not depends(value, about.solver):
        return x
    if isinstance(value, Dual):
        return _along(equations, x, value.level, about)
    outside = outside_of(value, start)
    if not outside or not records(tuple(outside)):
        return x
    rule = _Solution(equations, tuple(outside), innermost(value), about)
    return put_on_tape(rule, (), tuple(outside), [x], True)[0]


def _along(equations: Equations, x: Array, level: int, about: Asked) -> Any:
    """Return a solution in forward mode, whose value may have derivatives of its own."""

    def below(z: Any) -> Any:
        return _part(equations(z), level, 0)

    if about.problem is not None:
        raise about.problem
    value = solution(below, x, about)
    tangent = _part(equations(value), level, 1)
    return joined(value, -System(below, value, about).solved(tangent), level)


def _part(z: Any, level: int, which: int) -> Any:
    if isinstance(z, Dual) and z.level == level:
        return (z.value, z.tangent)[which]
    return np.zeros(np.shape(z)) if which else z


class _Solution(PullbackRule):
    """The rule of one solution.

    Parameters
    ----------
    outside : the nodes of the variables that the equations depend on
    value : what they returned
    """

    opaque = True

    def __init__(self, equations: Equations, outside: tuple[Node, ...], value: Array, about: Asked) -> None:
        self.name, self.about = about.solver, about
        self.equations, self.outside, self.value = equations, outside, value

    def pullback(self, node: Node, g: Array) -> list[Any]:
        if self.about.problem is not None:
            raise self.about.problem
        # A sweep may be carried out inside a no_grad block.
        return within(RECORDED, self._pulled, node, g)  # type: ignore[no-any-return]

    def _pulled(self, node: Node, g: Array) -> list[Any]:
        traced = made_of_tensors(g)
        x = wrap(node.out, node) if traced else node.out
        system = System(self.equations, x, self.about)
        adjoint = -system.transposed(g, innermost(self.value))
        start = next_order()
        value = self.equations(x)
        outside = outside_of(value, start)
        if not {old for old in outside if old is not node} <= set(self.outside):
            raise _changed(self.name)
        if traced:
            # Where this tape was cut from what is older, other nodes stand for the variables; see `cut_from_older`.
            now = dict(zip(self.outside, node.parents, strict=True))
            for old in outside:
                outside[old].rule, outside[old].parents = ARGUMENT, (now.get(old, old),)
        one: Any = np.float64(1)
        root = joined_root([(value._node, adjoint if traced else bare(adjoint))])
        found = plans.sweep(root, wrap(one) if traced else one, traced, wrap if traced else None, start)
        return [found.get(outside[old]) if old in outside else None for old in self.outside]


class System:
    """The linear equations with the Jacobian of others at their solution, as a matrix where that is small."""

    def __init__(self, equations: Equations, x: Any, about: Asked) -> None:
        self._equations, self._x, self._solver, self._about = equations, x, about.solver, about
        self._close = _CLOSE if about.doubt is None else _SAME
        self._matrix = jacobian(equations)(x) if np.size(innermost(x)) <= about.large else None
        if self._matrix is not None:
            self._check_regular(innermost(self._matrix))

    def solved(self, t: Any) -> Any:
        """Return what the Jacobian takes to a tangent."""
        if self._matrix is not None:
            self._check_root(innermost(self._equations(self._x)), None)
            return np.linalg.solve(self._matrix, t)
        return self._iterated(lambda v: jvp(self._equations, (self._x,), (v,))[1], t)

    def transposed(self, g: Any, before: Array) -> Any:
        """Return what the transposed Jacobian takes to a cotangent; `before` is what the equations gave once."""
        value, pull = vjp(self._equations, self._x)
        if self._matrix is not None:
            self._check_root(innermost(value), before)
            return np.linalg.solve(self._matrix.T, g)
        adjoint = self._iterated(lambda v: pull(v)[0], g)
        now, size = innermost(value), max(1.0, float(np.max(np.abs(innermost(self._x)), initial=0)))
        along, weight = innermost(adjoint), float(np.sum(np.abs(innermost(g))))
        if not abs(np.sum(along * now)) <= self._close * size * weight:
            raise self._no_root(float(abs(np.sum(along * now)) / weight))
        if not abs(np.sum(along * (now - before))) <= _SAME * size * weight:
            raise _changed(self._solver)
        return adjoint

    def _check_regular(self, matrix: Array) -> None:
        if not np.all(np.isfinite(matrix)) or not np.linalg.cond(matrix, 1) < 1 / np.finfo(matrix.dtype).eps:
            raise self._singular()

    def _check_root(self, value: Array, before: Array | None) -> None:
        raw = innermost(self._matrix)
        size = max(1.0, float(np.max(np.abs(innermost(self._x)), initial=0)))
        step = np.max(np.abs(np.linalg.solve(raw, value)), initial=0)
        if not step <= self._close * size:
            raise self._no_root(float(step))
        if before is not None and not np.max(np.abs(np.linalg.solve(raw, value - before)), initial=0) <= _SAME * size:
            raise _changed(self._solver)

    def _iterated(self, product: Callable[[Any], Any], right: Any) -> Any:
        """Solve by the products with a matrix that is not made; the answer is a solution itself."""
        linalg = import_module("scipy.sparse.linalg")
        target = innermost(right)
        n = target.size
        operator = linalg.LinearOperator((n, n), lambda v: innermost(product(np.ravel(v))), dtype=float)
        found, failed = linalg.gmres(operator, target, rtol=1e-12, atol=0.0, restart=min(n, 100), maxiter=50)
        if failed:
            raise self._singular()
        return solution(lambda v: product(v) - right, found, Asked(self._solver))

    def _singular(self) -> Exception:
        return np.linalg.LinAlgError(
            f"the Jacobian of the equations that {self._solver} solves is singular at what it returned: the solution "
            "is a multiple one, or not the only one nearby, and has no derivative there"
        )

    def _no_root(self, step: float) -> Exception:
        if self._about.doubt is not None:
            return self._about.doubt
        return ValueError(
            f"what {self._solver} returned is no solution: Newton's method would move it by {step:.2g}. It did not "
            "converge, or its function is not smooth there, and so the answer has no derivative."
        )


def _changed(solver: str) -> Exception:
    return RuntimeError(
        f"the function that {solver} was given returned something else when it was called again for the derivative. It "
        "draws random numbers, or uses something that has been changed in the meantime; pass that in args=."
    )
