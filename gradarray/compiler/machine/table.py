"""What is compiled: each element-wise function of NumPy's with the text that Numba is given for it.

What is not in this table is left to NumPy. The loops are NumPy's own, by the characters of their dtypes: a text is
taken for the loop that NumPy itself would choose, with its operands cast as NumPy casts them. Arithmetic, comparisons,
roots and choices have NumPy's bits. The other functions are those of the C library, in double precision alone, where
NumPy may have one of its own; they agree to some units in the last place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..passes.quicker import UFUNCS


class Expression(NamedTuple):
    """An element-wise function.

    Attributes
    ----------
    text : an expression of the operands {0}, {1}, ...
    loops : those of NumPy's for which it is right
    carries : the operands whose infinities and NaN are in the result, as an infinity or a NaN
    """

    text: str
    loops: frozenset[str]
    carries: frozenset[int] = frozenset()


_REAL = ("d", "f")
_DOUBLE = ("d",)


def _loops(count: int, kinds: tuple[str, ...], result: str = "") -> frozenset[str]:
    return frozenset(f"{kind * count}->{result or kind}" for kind in kinds)


def _declared() -> Iterator[tuple[str, Expression]]:
    for name, text, carries in (
        ("add", "{0} + {1}", (0, 1)),
        ("subtract", "{0} - {1}", (0, 1)),
        ("multiply", "{0} * {1}", (0, 1)),
        ("divide", "{0} / {1}", (0,)),
        # The first operand, where it is a NaN or nothing exceeds it; no branch, so that loops stay vectors.
        ("maximum", "{0} if ({0} >= {1}) | ({0} != {0}) else {1}", ()),
        ("minimum", "{0} if ({0} <= {1}) | ({0} != {0}) else {1}", ()),
    ):
        yield name, Expression(text, _loops(2, _REAL), frozenset(carries))
    for name, text in (
        ("negative", "-{0}"),
        ("positive", "+{0}"),
        ("absolute", "abs({0})"),
        ("square", "{0} * {0}"),
        ("sqrt", "np.sqrt({0})"),
    ):
        yield name, Expression(text, _loops(1, _REAL), frozenset([0]))
    yield "fabs", Expression("abs({0})", _loops(1, _DOUBLE), frozenset([0]))
    yield "reciprocal", Expression("1.0 / {0}", _loops(1, _DOUBLE))
    # An infinity comes out as an infinity or a NaN.
    for name in ("sin", "cos", "tan", "sinh", "cosh", "arcsin", "arccos", "log", "log2", "log10", "log1p"):
        yield name, Expression(f"np.{name}({{0}})", _loops(1, _DOUBLE), frozenset([0]))
    for name in ("exp", "exp2", "expm1", "tanh", "arctan", "arcsinh", "arccosh", "arctanh"):
        yield name, Expression(f"np.{name}({{0}})", _loops(1, _DOUBLE))
    for name in ("floor", "ceil", "trunc"):
        yield name, Expression(f"np.{name}({{0}})", _loops(1, _DOUBLE), frozenset([0]))
    sign = "(1.0 if {0} > 0 else -1.0 if {0} < 0 else 0.0 if {0} == 0 else {0})"
    yield "sign", Expression(sign, _loops(1, _DOUBLE))
    for name in ("arctan2", "hypot", "copysign"):
        yield name, Expression(f"np.{name}({{0}}, {{1}})", _loops(2, _DOUBLE))
    yield "power", Expression("{0} ** {1}", _loops(2, _DOUBLE))
    for name, op in (("less", "<"), ("less_equal", "<="), ("greater", ">"), ("greater_equal", ">=")):
        yield name, Expression(f"{{0}} {op} {{1}}", _loops(2, ("d", "f", "l"), "?"))
    for name, op in (("equal", "=="), ("not_equal", "!=")):
        yield name, Expression(f"{{0}} {op} {{1}}", _loops(2, ("d", "f", "l", "?"), "?"))
    for name, op in (("bitwise_and", "&"), ("bitwise_or", "|"), ("bitwise_xor", "^"), ("logical_and", "&")):
        yield name, Expression(f"{{0}} {op} {{1}}", _loops(2, ("?",)))
    yield "logical_or", Expression("{0} | {1}", _loops(2, ("?",)))
    yield "logical_xor", Expression("{0} ^ {1}", _loops(2, ("?",)))
    for name in ("invert", "logical_not"):
        yield name, Expression("not {0}", _loops(1, ("?",)))
    yield "isnan", Expression("{0} != {0}", _loops(1, _REAL, "?"))
    yield "isfinite", Expression("{0} - {0} == 0", _loops(1, _REAL, "?"))


FUNCTIONS: dict[str, Expression] = dict(_declared())
# What operators call.
OPERATORS = {op: name.removeprefix("np.") for op, name in UFUNCS.items()}
OPERATORS |= {"**": "power", "&": "bitwise_and", "|": "bitwise_or", "^": "bitwise_xor", "~": "invert"}
OPERATORS["pos"] = "positive"
# Powers with a whole exponent, as products: at most one unit in the last place from NumPy's.
POWERS: dict[int, str] = {1: "+{0}", 2: "{0} * {0}", 3: "{0} * {0} * {0}", -1: "1.0 / {0}"}
# Texts whose time goes into computing, not into memory.
_CHEAP = frozenset(("np.sqrt", "np.floor", "np.ceil", "np.trunc", "np.copysign"))
DEAR = frozenset(f.text.partition("(")[0] for f in FUNCTIONS.values() if f.text.startswith("np.")) - _CHEAP
# dtypes, by their characters, as Numba calls them.
TYPES = {"d": "float64", "f": "float32", "?": "boolean", "l": "int64"}
