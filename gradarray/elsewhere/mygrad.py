"""MyGrad's names; all others, those of mygrad.nnet among them, are the same here."""

from __future__ import annotations

from .rows import Difference, Row, Sections

_CLASSES = "a class there"

SECTIONS: Sections = {
    "Names of its own": (
        Row(
            "execute_op",
            "mg.execute_op",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(x)",
            "value and derivative in one function",
            alone=_CLASSES,
        ),
        Row(
            "operation_base",
            "mg.operation_base.Operation",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(x)",
            "value and derivative in one function",
            alone=_CLASSES,
        ),
        Row(
            "operation_base.Operation",
            "mg.operation_base.Operation",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(x)",
            "value and derivative in one function",
            alone=_CLASSES,
        ),
        Row("tensor_base", "mg.tensor_base.Tensor(x)", "ga.Tensor(x)"),
        Row("tensor_creation", "mg.tensor_creation.funcs.zeros(3)", "ga.zeros(3)"),
        Row("tensor_manip", "mg.tensor_manip.transpose_like.ops", "ga.transpose(x)", alone=_CLASSES),
        Row("math", "mg.math.exp_log.funcs.exp(x)", "ga.exp(x)"),
        Row("indexing_routines", "mg.indexing_routines.funcs.where(mask, x, y)", "ga.where(mask, x, y)"),
        Row("errors", "mg.errors.InvalidGradient", "ga.GradientLossError", alone="a module of exceptions"),
        Row("no_grad_funcs", "mg.no_grad_funcs.isfinite(x)", "ga.isfinite(x)"),
        Row("typing", "mg.typing.ArrayLike", "import numpy.typing; numpy.typing.ArrayLike", alone="a type"),
    ),
}

DIFFERENCES = (
    Difference(
        "equal elements in max, min",
        "x = mg.tensor([1.0, 3.0, 3.0]); mg.max(x).backward(); x.grad",
        "[0.0, 1.0, 0.0]",
        "x = ga.tensor([1.0, 3.0, 3.0]); ga.max(x).backward(); x.grad",
        "[0.0, 0.5, 0.5]",
        "where elements tie, the gradient is the middle of the possible ones, and does not hang on their order",
    ),
    Difference(
        "equal operands of maximum, minimum",
        "x = mg.tensor(1.0); mg.maximum(x, 1.0).backward(); x.grad",
        "0.0",
        "x = ga.tensor(1.0); ga.maximum(x, 1.0).backward(); x.grad",
        "0.5",
        "the shares of both operands add up to one; so relu has 1/2 at 0",
    ),
    Difference(
        "clip at its bounds",
        "x = mg.tensor(1.0); mg.clip(x, 0.0, 1.0).backward(); x.grad",
        "0.0",
        "x = ga.tensor(1.0); ga.clip(x, 0.0, 1.0).backward(); x.grad",
        "1.0",
        "a value that starts at its bound can leave it",
    ),
    Difference(
        "a mask before what is infinite",
        "x = mg.tensor([0.0, 2.0]); mg.where(x > 0, mg.log(x), 0.0).sum().backward(); x.grad",
        "[nan, 0.5]",
        "x = ga.tensor([0.0, 2.0]); ga.where(x > 0, ga.log(x), 0.0).sum().backward(); x.grad",
        "[0.0, 0.5]",
        "a zero that comes from a selection wins: what a mask leaves out has derivative zero, however infinite it is",
    ),
    Difference(
        "the norm at zero",
        "x = mg.tensor([0.0, 0.0]); mg.linalg.norm(x).backward(); x.grad",
        "[nan, nan]",
        "x = ga.tensor([0.0, 0.0]); ga.linalg.norm(x).backward(); x.grad",
        "[0.0, 0.0]",
        "the norm is least there, and descent stays",
    ),
    Difference(
        "looking at a tensor that has a gradient",
        "x = mg.tensor([1.0, 2.0]); (x ** 2).sum().backward(); x[0]; x.grad",
        "None",
        "x = ga.tensor([1.0, 2.0]); (x ** 2).sum().backward(); x[0]; x.grad",
        "[2.0, 4.0]",
        "a gradient belongs to the value, and stays until another backward() or an update",
    ),
    Difference(
        "arrays that the tape needs",
        "a = np.ones(2); y = mg.tensor([1.0, 2.0]) * a; a[0] = 5.0",
        "ValueError",
        "a = np.ones(2); y = ga.tensor([1.0, 2.0]) * a; a[0] = 5.0; a",
        "[5.0, 1.0]",
        "no flag of your arrays is touched: small ones are copied, of large ones backward() compares a fingerprint",
    ),
    Difference(
        "a number made of a variable",
        "float(mg.tensor(1.0))",
        "1.0",
        "float(ga.tensor(1.0))",
        "GradientLossWarning",
        "a number has no derivative: outside of transforms it is given with a warning, inside it keeps the derivative",
    ),
    Difference(
        "a variable written into a plain array",
        "a = np.zeros(2); a[0] = mg.tensor(1.0); a",
        "[1.0, 0.0]",
        "a = np.zeros(2); a[0] = ga.tensor(1.0)",
        "GradientLossError",
        "a plain array holds no gradient; inside a transform, one that is made there does",
    ),
)
