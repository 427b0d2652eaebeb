"""To declare derivatives: of a ufunc or a function of another library, of one of your own, or anew of one of NumPy's.

Every function is declared once, by kind; both modes of differentiation and every order follow from the declaration.
The signature of a derivative is its support statement: a parameter that it does not list is refused when the function
is called, never ignored. Derivatives are written in plain ``np.*``, with one vocabulary: `g` the cotangent that comes
in, `ans` the result of the call, operands and parameters under NumPy's own names. Where a derivative needs only the
shape and dtype of the result or of an operand, its name starts with an underscore, and the values are not kept.
"""

from typing import TYPE_CHECKING

from .dropin.twins import twin
from .elsewhere.answers import absence
from .kernels.backends import Backend, backend
from .rules.differentiable import Bilinear, Elementwise, Function, Linear
from .rules.kinds import Composite, Creation, InPlace, Nondifferentiable, Rule, Unsupported, ZeroGradient
from .rules.registry import (
    RULES,
    bilinear,
    composite,
    creation,
    elementwise,
    family,
    faster,
    find,
    inplace,
    linear,
    lowered,
    nondifferentiable,
    register,
    rule,
    unsupported,
    zero_gradient,
)
from .transforms.primitive import primitive

__all__ = [
    "RULES",
    "Backend",
    "Bilinear",
    "Composite",
    "Creation",
    "Elementwise",
    "Function",
    "InPlace",
    "Linear",
    "Nondifferentiable",
    "Rule",
    "Unsupported",
    "ZeroGradient",
    "backend",
    "bilinear",
    "composite",
    "creation",
    "elementwise",
    "family",
    "faster",
    "find",
    "inplace",
    "linear",
    "lowered",
    "nondifferentiable",
    "primitive",
    "register",
    "rule",
    "twin",
    "unsupported",
    "zero_gradient",
]

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
