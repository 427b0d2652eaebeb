"""Rules by which one statement becomes a simpler one with the same bits.

What holds of numbers does not hold of floating-point ones: 0 + x is another zero where x is -0., 0 * x is not 0 where x
is infinite, and (a * b) * c rounds otherwise than a * (b * c). What does hold, for real numbers: 1 * x is x, (-x) * y
is -(x * y), and a doubling can be done before another product or after it, as long as the other one does not make it
smaller. NaN stays NaN; whether it has a sign is nobody's matter.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...context.settings import silently
from ...kernels.arrays import LARGE
from ..program.forms import Form, Hole, Other, RulesByName, form_read, operand
from ..program.statements import Statement, Variable

Rule = Callable[[Any, Statement, Form, Variable], Any]

RULES = RulesByName[Rule]()
_rule = RULES.adding
_OPERATORS = {
    "np.add": "+",
    "np.subtract": "-",
    "np.multiply": "*",
    "np.divide": "/",
    "np.true_divide": "/",
    "np.matmul": "@",
    "np.greater": ">",
    "np.greater_equal": ">=",
    "np.less": "<",
    "np.less_equal": "<=",
    "np.equal": "==",
    "np.not_equal": "!=",
}
ELEMENTWISE = frozenset(("+", "-", "*", "/", "**", "//", "%", "<", "<=", ">", ">=", "==", "!=", "&", "|", "^"))


def simpler(optimiser: Any, s: Statement, form: Form) -> Any:
    """Return a simpler statement, a variable that has the same content already, or None."""
    rules = form.told.get(simpler)
    if rules is None:
        broadcasting = form.op in ELEMENTWISE and len(form.args) == 2
        rules = form.told[simpler] = RULES.of(form) + [_without_broadcasting] * broadcasting
    for rule in rules:
        found = rule(optimiser, s, form, s.results[0])
        if found is not None:
            return found
    return None


# --- what is asked of operands ----------------------------------------------------------------------------------------


def number(optimiser: Any, s: Statement, arg: Any) -> Any:
    """Return the number that an operand is everywhere, or None."""
    if type(arg) is not Hole:
        return arg if type(arg) in (int, float) else None
    value = optimiser.known.get(s.reads[arg])
    return None if value is None or value.dtype.kind not in "fiu" else everywhere(value)


def everywhere(value: Any) -> Any:
    """Return the number that stands everywhere in an array, to the bit, or None."""
    if not value.size:
        return None
    first = np.asarray(value)[(0,) * value.ndim]
    if any(getattr(value, "strides", ())) and (value.size >= LARGE or value.tobytes() != first.tobytes() * value.size):
        return None
    return first


def _is_real(v: Any) -> bool:
    return type(v) is Variable and v.dtype is not None and v.dtype.kind == "f"


def _same_form(v: Variable, r: Variable) -> bool:
    return v.shape == r.shape and v.dtype == r.dtype and (v.memory is None) == (r.memory is None)


def _alias(optimiser: Any, v: Any, r: Variable) -> Any:
    """Return the variable if it may take the place of a result of the same content."""
    if type(v) is not Variable or not _same_form(v, r) or v.layout != r.layout:
        return None
    if not v.layout and v.memory is not None and optimiser.memory(v) != optimiser.memory(r):
        return None  # they may lie in different orders
    return v if optimiser.may_stand_for(v, r) else None


def _text(x: float, dtype: Any) -> str | None:
    """Return a number as Python's, if it is the same in a dtype."""
    if not math.isfinite(x) or silently(dtype.type, x) != x:
        return None
    x = float(x)
    return repr(int(x)) if x.is_integer() and abs(x) < 1e9 and (x or math.copysign(1, x) > 0) else repr(x)


def _factor(optimiser: Any, s: Statement, form: Form) -> tuple[Any, Any]:
    """Return the number and the other factor of a product; None for what it has not."""
    left, right = form.args
    for a, b in ((left, right), (right, left)):
        if type(a) is Hole and s.reads[a] not in optimiser.known:
            continue
        x = number(optimiser, s, a)
        if x is not None and type(b) is Hole:
            v = s.reads[b]
            if _is_real(v) and not (type(a) is Hole and s.reads[a].dtype != v.dtype):
                return x, v
    return None, None


_NUMBER = re.compile(r"np\.(float64|float32)\((-?[\d.e+-]+)\)")


def _has_number(form: Form) -> bool:
    return any(map(_is_strong_number, form.args))


def _is_strong_number(x: Any) -> bool:
    return type(x) is Other and _NUMBER.fullmatch(x.text) is not None


@_rule("+", "-", "*", "/", when=_has_number)
def _of_a_number(_optimiser: Any, s: Statement, form: Form, _r: Variable) -> Any:
    """Take one of NumPy's numbers for one of Python's, beside an array of its dtype."""
    for k, arg in enumerate(form.args):
        known = _NUMBER.fullmatch(arg.text) if type(arg) is Other else None
        v = operand(s, form.args[1 - k])
        if known is not None and _is_real(v) and v.dtype.name == known[1]:
            text = _text(float(known[2]), v.dtype)
            if text is not None:
                text = f"({text})" if text.startswith("-") else text
                return s.but((text, f" {form.op} ", v) if k == 0 else (v, f" {form.op} {text}"))
    return None


@_rule("+", "-", "*", "/", *_OPERATORS, when=lambda form: len(form.args) == 2)
def _of_scalars(optimiser: Any, s: Statement, _form: Form, r: Variable) -> Any:
    """Compute with the number in an array without axes, which takes a tenth of the time."""
    if r.shape or r.memory is not None:
        return None
    for v in s.reads:
        if v.memory is not None:
            break
    else:
        return None
    if any(v.shape or v.dtype is None or v.dtype.kind != "f" for v in s.reads):
        return None
    return s.of([v if v.memory is None else optimiser.item(v, s) for v in s.reads])


# --- arithmetic -------------------------------------------------------------------------------------------------------


@_rule(*_OPERATORS, when=lambda form: form.op == "call" and not form.keys and len(form.args) == 2)
def _operator(_optimiser: Any, s: Statement, form: Form, _r: Variable) -> Any:
    symbol, left, right = _OPERATORS[form.name], *[operand(s, a) for a in form.args]
    strong = [v for v in (left, right) if type(v) is Variable and v.dtype is not None]
    weak = [v for v in (left, right) if type(v) not in (Variable, int, float) and not _is_strong_number(v)]
    if weak or not strong or (all(v.memory is None for v in strong) and any(v.dtype.kind != "f" for v in strong)):
        return None  # scalars of integers say what arrays of them do not
    return s.but((_piece(left), f" {symbol} ", _piece(right)))


def _piece(x: Any) -> Any:
    if type(x) is Other:
        return x.text
    return x if type(x) is Variable else f"({x!r})" if x < 0 else repr(x)


@_rule("*")
def _product(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    x, v = _factor(optimiser, s, form)
    if x is None:
        return _sign_outside(optimiser, s, form, r)
    if v.dtype != r.dtype or v.shape != r.shape:
        return None
    if x == 1:
        return _alias(optimiser, v, r)
    if x == -1:
        return s.but(("-", v))
    inner = optimiser.origin(v)
    if inner is not None and form_read(inner).op == "*":
        y, w = _factor(optimiser, inner, form_read(inner))
        if y is not None and _is_one_product(x, y) and w.shape == r.shape:
            x, v = x * y, w
    if inner is not None and form_read(inner).op == "neg" and type(form_read(inner).args[0]) is Hole:
        x, v = -x, operand(inner, form_read(inner).args[0])
    text = _text(x, r.dtype)
    if text is None or s.pieces == (f"{text} * ", v):
        return None
    return s.but((f"{text} * ", v))


def _is_one_product(x: Any, y: Any) -> bool:
    """Tell whether x * (y * v) is (x * y) * v for every v: one of the numbers has to be a power of two.

    If y is, the first product is exact, or overflows where the other one does so too. If x is, then what y * v loses
    for a very small v must be nothing, as where y is an integer.
    """
    if not (abs(x) >= 1 and abs(y) >= 1 and math.isfinite(x * y)):
        return False
    return _is_power(y) or (_is_power(x) and float(y).is_integer())


def _is_power(x: Any) -> bool:
    return math.frexp(x)[0] in (0.5, -0.5)


def _sign_outside(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    """Make -(x * y) of (-x) * y, and -(x / y) of (-x) / y, from where the sign may go into a sum."""
    for k, v in enumerate(s.reads):
        x = _negated(optimiser, v) if v in optimiser.negatives else None
        if x is None or r.dtype.kind != "f":
            continue
        factors = [operand(s, a) for a in form.args]
        if type(x) is Variable and all(map(_is_real, factors)):
            other = factors[1 - k]
            product, sign = optimiser.fresh(r), f" {form.op} "
            optimiser.uses[product] = 1
            optimiser.add(s.but(results=(product,), pieces=(x, sign, other) if k == 0 else (other, sign, x)))
            return s.but(("-", optimiser.found(product)))
    return None


def _negated(optimiser: Any, v: Any) -> Any:
    """Return of what a variable is the negative that nobody else reads, or None."""
    inner = optimiser.origin(v) if v in optimiser.negatives and optimiser.uses.get(v, 0) == 1 and _is_real(v) else None
    return None if inner is None else operand(inner, form_read(inner).args[0])


@_rule("/")
def _quotient(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    v = operand(s, form.args[0])
    if number(optimiser, s, form.args[1]) == 1 and _is_real(v):
        return _alias(optimiser, v, r)
    return _sign_outside(optimiser, s, form, r)


@_rule("neg")
def _negative(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    v = operand(s, form.args[0])
    inner = optimiser.origin(v) if _is_real(v) else None
    if inner is None:
        return None
    made = form_read(inner)
    if made.op == "neg":
        return _alias(optimiser, operand(inner, made.args[0]), r)
    if made.op == "*" and optimiser.uses.get(v, 0) == 1:
        x, w = _factor(optimiser, inner, made)
        text = None if x is None or w.shape != r.shape else _text(-x, r.dtype)
        return None if text is None or w.dtype != r.dtype else s.but((f"{text} * ", w))
    return None


@_rule("pos")
def _positive(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    return _alias(optimiser, operand(s, form.args[0]), r)


@_rule("T")
def _turned_back(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    inner = optimiser.made.get(operand(s, form.args[0]))
    if inner is None or form_read(inner).op != "attribute" or form_read(inner).name != "T":
        return None
    return _alias(optimiser, operand(inner, form_read(inner).args[0]), r)


@_rule("+", "-")
def _sum(optimiser: Any, s: Statement, form: Form, _r: Variable) -> Any:
    left, right = [operand(s, a) for a in form.args]
    if type(right) in (int, float) and right < 0 and _is_real(left):
        return s.but((left, f" {'-' if form.op == '+' else '+'} {-right!r}"))
    for k, v in ((1, right), (0, left)):
        if type(v) is not Variable or v not in optimiser.negatives or (form.op == "-" and k == 0):
            continue
        x, other = _negated(optimiser, v), (left, right)[1 - k]
        if type(x) is Variable and (type(other) is Variable or type(other) in (int, float)):
            return s.but((_piece(other), " + " if form.op == "-" else " - ", x))
    return None


def simpler_update(optimiser: Any, s: Statement) -> Statement:
    """Return an update ``x += -y`` as ``x -= y``."""
    form = form_read(s)
    if form.op != "update" or form.name not in "+-" or type(form.args[1]) is not Hole or type(form.args[0]) is not Hole:
        return s
    target, v = [operand(s, a) for a in form.args]
    x = _negated(optimiser, v) if _is_real(target) else None
    sign = "-" if form.name == "+" else "+"
    return s.but((target, f" {sign}= ", x)) if type(x) is Variable else s


def _without_broadcasting(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    """Let NumPy broadcast an operand itself, and read a number where it stands everywhere."""
    if r.shape is None or len(s.reads) < 2 or (not r.shape and not optimiser.known):
        return None
    if optimiser.known.keys().isdisjoint(s.reads) and optimiser.broadcast.isdisjoint(s.reads):
        return None
    operands = [operand(s, a) for a in form.args]
    shapes = [v.shape if type(v) is Variable else () for v in operands]
    new: list[Any] = list(s.pieces)
    for k, v in enumerate(operands):
        other = operands[1 - k]
        if type(v) is not Variable or type(other) is not Variable or other.dtype is None or v.dtype is None:
            continue
        inner = optimiser.origin(v)
        x = number(optimiser, s, form.args[k])
        alike = other.dtype == v.dtype and other.dtype.kind == "f" and other.shape == r.shape and form.op != "**"
        if x is not None and alike and (text := _text(x, v.dtype)) is not None:
            new[_place(s, k)] = f"({text})" if text.startswith("-") else text
            return s.but(in_few_pieces(new))
        if inner is None or not _is_broadcast(inner) or optimiser.memory(v) is None:
            continue
        small = operand(inner, form_read(inner).args[0])
        if type(small) is Variable and small.dtype is not None:
            try:
                fits = np.broadcast_shapes(small.shape, shapes[1 - k]) == r.shape
            except ValueError:
                fits = False
            if fits and (small.memory is not None or other.memory is not None):
                new[_place(s, k)] = small
                return s.but(tuple(new))
    return None


def _is_broadcast(s: Statement | None) -> bool:
    return s is not None and form_read(s).name == "np.broadcast_to"


def _place(s: Statement, k: int) -> int:
    """Return which piece the k-th of two operands that are both variables is."""
    return [i for i, p in enumerate(s.pieces) if type(p) is Variable][k]


def in_few_pieces(pieces: Iterable[Any]) -> tuple[Any, ...]:
    joined: list[Any] = []
    for p in pieces:
        if joined and type(p) is str and type(joined[-1]) is str:
            joined[-1] += p
        else:
            joined.append(p)
    return tuple(joined)


# --- shapes, copies and dtypes ----------------------------------------------------------------------------------------


@_rule("copy", "np.broadcast_to", "reshape", "astype", "np.reshape", "np.copy", "np.ascontiguousarray")
def _same(optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    if form.op not in ("method", "call") or "subok" in form.keys:
        return None
    v = operand(s, form.args[0]) if form.args else None
    if form.name == "reshape" and type(v) is Variable and v.layout != "C":
        return None
    return _alias(optimiser, v, r)


@_rule("np.expand_dims")
def _new_axis(_optimiser: Any, s: Statement, form: Form, r: Variable) -> Any:
    v = operand(s, form.args[0])
    axis = form.args[1] if len(form.args) == 2 else form.keys.get("axis")
    if type(v) is not Variable or v.memory is None or type(axis) is not int:
        return None
    k = axis % len(r.shape)
    return s.but((v, "[" + ":, " * k + "None" + ", :" * (len(v.shape) - k) + "]"))


@_rule("np.swapaxes", "np.moveaxis", "np.transpose")
def _turned(_optimiser: Any, s: Statement, form: Form, _r: Variable) -> Any:
    v = operand(s, form.args[0])
    if type(v) is not Variable or v.memory is None or any(type(a) is Other for a in form.args) or form.keys:
        return None
    func = getattr(np, form.name[3:])
    axes = func(np.empty(tuple(range(2, len(v.shape) + 2))), *form.args[1:]).shape
    axes = tuple([n - 2 for n in axes])
    if axes == tuple(range(len(axes)))[::-1]:
        return s.but((v, ".T"))
    return s.but((v, f".transpose({', '.join(map(str, axes))})"))


_DEFAULTS = {"dtype": None, "keepdims": False, "out": None, "order": "K", "casting": "unsafe", "subok": True}


@_rule("np.add.reduce", "np.multiply.reduce", "np.maximum.reduce", "np.minimum.reduce", "np.logical_and.reduce")
@_rule("np.logical_or.reduce")
def _reduced(_optimiser: Any, s: Statement, form: Form, _r: Variable) -> Any:
    if not form.keys or not any(k in _DEFAULTS and v is _DEFAULTS[k] for k, v in form.keys.items()):
        return None
    if (
        len(form.args) != 1
        or type(form.args[0]) is not Hole
        or any(type(v) in (Hole, Other) for v in form.keys.values())
    ):
        return None
    keys = {k: v for k, v in form.keys.items() if not (k in _DEFAULTS and v is _DEFAULTS[k])}
    text = "".join([f", {k}={v!r}" for k, v in keys.items()])
    return s.but((f"{form.name}(", operand(s, form.args[0]), f"{text})"))


@_rule("np.sum", "np.max", "np.amax", "np.min", "np.amin", "np.prod", "np.all", "np.any")
def _reduction(_optimiser: Any, s: Statement, form: Form, _r: Variable) -> Any:
    """Call the ufunc itself, which takes less time than the function by which it is called."""
    v = operand(s, form.args[0]) if len(form.args) == 1 else None
    if type(v) is not Variable or v.memory is None or set(form.keys) - {"axis", "keepdims", "dtype"}:
        return None
    if any(type(x) in (Hole, Other) for x in form.keys.values()):
        return None
    ufunc = _UFUNCS[form.name]
    keys = {"axis": None, **form.keys}
    return s.but((f"{ufunc}.reduce(", v, "".join([f", {k}={x!r}" for k, x in keys.items()]) + ")"))


_UFUNCS = {
    "np.sum": "np.add",
    "np.prod": "np.multiply",
    "np.max": "np.maximum",
    "np.amax": "np.maximum",
    "np.min": "np.minimum",
    "np.amin": "np.minimum",
    "np.all": "np.logical_and",
    "np.any": "np.logical_or",
}
REDUCTIONS = {f"{ufunc}.reduce": name for name, ufunc in _UFUNCS.items() if not name.startswith("np.am")}
