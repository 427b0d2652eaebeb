"""MyGrad's names; all others are the same here."""

from __future__ import annotations

from .rows import Difference, Row, Sections, alike

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
    "Sequences and products": (
        Row("add_sequence", "mg.add_sequence(x, y, x)", "x + y + x"),
        Row("multiply_sequence", "mg.multiply_sequence(x, y, x)", "x * y * x"),
        Row("multi_matmul", "mg.multi_matmul([A, B, A])", "ga.linalg.multi_dot([A, B, A])"),
        Row(
            "sliding_window_view",
            "mg.sliding_window_view(v.data, (2,), (1,))",
            "np.lib.stride_tricks.sliding_window_view(v, 2)",
            "NumPy puts the windows' axes last, MyGrad after the first",
        ),
        Row("Tensor.null_gradients", "x.null_gradients()", "x.null_grad()", alone="it gives nothing to compare"),
        Row("Tensor.moveaxis", "x.moveaxis(0, 1)", "np.moveaxis(x, 0, 1)"),
        Row("Tensor.ops", "x._ops", "x.creator", alone="who used a tensor is not kept here"),
    ),
    "Circular and hyperbolic": (
        Row("sec", "mg.sec(x)", "1 / np.cos(x)"),
        Row("csc", "mg.csc(x)", "1 / np.sin(x)"),
        Row("cot", "mg.cot(x)", "1 / np.tan(x)"),
        Row("sech", "mg.sech(x)", "1 / np.cosh(x)"),
        Row("csch", "mg.csch(x)", "1 / np.sinh(x)"),
        Row("coth", "mg.coth(x)", "1 / np.tanh(x)"),
        Row("arcsec", "mg.arcsec(x + 3)", "np.arccos(1 / (x + 3))"),
        Row("arccsc", "mg.arccsc(x + 3)", "np.arcsin(1 / (x + 3))"),
        Row("arccot", "mg.arccot(x)", "np.arctan(1 / x)"),
        Row("arccsch", "mg.arccsch(x)", "np.arcsinh(1 / x)"),
        Row("arccoth", "mg.arccoth(x + 3)", "np.arctanh(1 / (x + 3))"),
    ),
    "mygrad.nnet": (
        Row("nnet", "mg.nnet.relu(x)", "layers as functions of arrays, in plain np.*, as in np.maximum(x, 0)"),
        Row("nnet.relu", "mg.nnet.relu(x)", "np.maximum(x, 0)", "its derivative at 0 is 1/2, as ties share evenly"),
        Row("nnet.sigmoid", "mg.nnet.sigmoid(x)", "1 / (1 + np.exp(-x))"),
        Row("nnet.tanh", "mg.nnet.tanh(x)", "np.tanh(x)"),
        Row("nnet.softmax", "mg.nnet.softmax(x, axis)", "np.exp(x - np.logaddexp.reduce(x, axis, keepdims=True))"),
        Row("nnet.logsoftmax", "mg.nnet.logsoftmax(x, axis)", "x - np.logaddexp.reduce(x, axis, keepdims=True)"),
        Row("nnet.elu", "mg.nnet.elu(x, 1.0)", "np.where(x > 0, x, np.expm1(x))"),
        Row(
            "nnet.selu", "mg.nnet.selu(x)", "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))"
        ),
        Row("nnet.leaky_relu", "mg.nnet.leaky_relu(x, 0.1)", "np.where(x > 0, x, 0.1 * x)"),
        Row("nnet.hard_tanh", "mg.nnet.hard_tanh(x)", "np.clip(x, -1, 1)"),
        Row("nnet.soft_sign", "mg.nnet.soft_sign(x)", "x / (1 + np.abs(x))"),
        Row("nnet.glu", "mg.nnet.glu(C)", "a, b = np.split(C, 2, -1); a / (1 + np.exp(-b))"),
        Row(
            "nnet.softmax_crossentropy",
            "mg.nnet.softmax_crossentropy(x, labels)",
            "np.mean(np.logaddexp.reduce(x, 1) - x[np.arange(len(x)), labels])",
        ),
        Row(
            "nnet.negative_log_likelihood",
            "mg.nnet.negative_log_likelihood(x, labels)",
            "-np.mean(x[np.arange(len(x)), labels])",
        ),
        Row(
            "nnet.margin_ranking_loss",
            "mg.nnet.margin_ranking_loss(v, u, 1, 0.5)",
            "np.mean(np.maximum(0, 0.5 - (v - u)))",
        ),
    ),
    "NumPy's types": (
        *alike("double half single", "{}", "mg.{}(2.0)", "np.{}(2.0)"),
        Row("ufunc", "isinstance(np.add, np.ufunc)", "isinstance(np.add, np.ufunc)"),
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
