"""The names of autograd (HIPS)."""

from __future__ import annotations

from .rows import Difference, Row, Sections, alike

_SILENT = "it raises or is silent"

SECTIONS: Sections = {
    "Modules": (
        Row(
            "numpy",
            "autograd.numpy.sin(x)",
            "np.sin(x)",
            "after import numpy as np: NumPy's own functions take tensors",
        ),
        Row("scipy.stats.norm", "autograd.scipy.stats.norm.cdf(x)", "ga.scipy.stats.norm.cdf(x)"),
        *alike("cdf pdf", "scipy.stats.norm.{}", "autograd.scipy.stats.norm.{}(x)", "ga.scipy.stats.norm.{}(x)"),
        Row(
            "scipy.integrate",
            "autograd.scipy.integrate.odeint",
            "ga.scipy.integrate.odeint(lambda y, t: -y, v, np.array([0.0, 1.0]))",
            "by all that the right-hand side depends on",
            alone=_SILENT,
        ),
        Row(
            "scipy.stats.norm.logpdf",
            "autograd.scipy.stats.norm.logpdf(x, 0.0, 1.0)",
            "ga.scipy.stats.norm.logpdf(x, 0.0, 1.0)",
        ),
        Row(
            "extend",
            "autograd.extend.primitive(F)(v)",
            "ga.registry",
            "ga.custom_gradient for a function of yours, ga.registry for a ufunc or function of a library",
            alone="a module",
        ),
        Row("misc", "autograd.misc.flatten([v, u])[0]", "ga.flatten([v, u])[0]"),
        *(
            Row(name, "autograd.test_util.check_grads(F)(v)", "ga.check_grads(F, (v.data,), 2)", alone=_SILENT)
            for name in ("test_util", "test_util.check_grads", "check_grads()")
        ),
        Row("builtins", "autograd.builtins.list([v, u])", "[v, u]", "Python's own containers are looked into"),
        Row("tracer", "autograd.tracer.getval(v)", "ga.asarray(v)"),
        Row("differential_operators", "autograd.differential_operators.grad(f)(v)", "ga.grad(f)(v)"),
    ),
    "Derivatives": (
        Row("argnum=", "autograd.grad(f, argnum=0)(v)", "argnums=, as in ga.grad(f, argnums=0)(v)"),
        Row("make_vjp", "autograd.make_vjp(F)(v)[0](u)", "out, pull = ga.vjp(F, v); pull(u)[0]"),
        Row("make_jvp", "autograd.make_jvp(F)(v)(u)", "ga.jvp(F, (v,), (u,))", "it gives value and tangent"),
        Row("make_hvp", "autograd.make_hvp(f)(v)[0](u)", "ga.hvp(f)(v, u)"),
        Row("hessian_vector_product", "autograd.hessian_vector_product(f)(v, u)", "ga.hvp(f)(v, u)"),
        Row(
            "hessian_tensor_product",
            "autograd.hessian_tensor_product(f)(v, u)",
            "ga.hvp(f)(v, u)",
            "the vector has the shape of the argument",
        ),
        Row(
            "vector_jacobian_product",
            "autograd.differential_operators.vector_jacobian_product(F)(v, u)",
            "out, pull = ga.vjp(F, v); pull(u)[0]",
        ),
        Row(
            "tensor_jacobian_product",
            "autograd.tensor_jacobian_product(F)(v, u)",
            "out, pull = ga.vjp(F, v); pull(u)[0]",
        ),
        Row(
            "make_ggnvp",
            "autograd.make_ggnvp(F)(v)(u)",
            "ga.ggnvp(F)(v, u)",
            "an outer function, if that is no half sum of squares, comes second: ga.ggnvp(F, g)",
        ),
        Row(
            "grad_and_aux",
            "autograd.grad_and_aux(lambda v: (f(v), v))(v)",
            "ga.grad(lambda v: (f(v), v), has_aux=True)(v)",
        ),
        Row(
            "grad_named",
            "autograd.grad_named(lambda a, b: f(a * b), 'b')(v, u)",
            "ga.grad(lambda a, b: f(a * b), argnums='b')(v, u)",
        ),
        Row(
            "multigrad_dict",
            "autograd.multigrad_dict(lambda a, b: f(a * b))(v, u)",
            "ga.grad(lambda a, b: f(a * b), argnums=('a', 'b'))(v, u)",
            "it gives a tuple",
            alone="it needs another package",
        ),
        Row(
            "multigrad",
            "autograd.grad(lambda a, b: f(a * b), (0, 1))(v, u)",
            "ga.grad(lambda a, b: f(a * b), argnums=(0, 1))(v, u)",
        ),
        Row("deriv", "autograd.deriv(F)(s)", "ga.elementwise_grad(F)(s)"),
        Row(
            "holomorphic_grad",
            "autograd.holomorphic_grad(lambda z: z ** 3)(1 + 2j)",
            "ga.jacobian(lambda z: z ** 3, holomorphic=True)(1 + 2j)",
        ),
        Row("getval", "autograd.tracer.getval(v)", "ga.asarray(v)"),
    ),
    "Functions of your own": (
        Row(
            "primitive",
            "@autograd.extend.primitive\ndef square(x): return x ** 2\n"
            "autograd.extend.defvjp(square, lambda ans, x: lambda g: 2 * x * g)\n"
            "autograd.grad(lambda v: square(v).sum())(v)",
            "square = ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g)); "
            "ga.grad(lambda v: np.sum(square(v)))(v)",
            "value and derivative in one",
        ),
        Row(
            "defvjp",
            "autograd.extend.defvjp",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(v)",
            "ga.registry.rule for a function of a library",
            alone="a declaration",
        ),
        Row(
            "defjvp",
            "autograd.extend.defjvp",
            "ga.custom_gradient(lambda x: (x ** 2, lambda g: 2 * x * g))(v)",
            "forward mode follows from the one declaration",
            alone="a declaration",
        ),
        Row("defvjp_argnum", "autograd.extend.defvjp_argnum", "ga.registry.rule", alone="a declaration"),
        Row("def_linear", "autograd.extend.def_linear", "ga.registry.linear", alone="a declaration"),
        Row(
            "notrace_primitive",
            "autograd.extend.notrace_primitive",
            "ga.registry.nondifferentiable",
            alone="a declaration",
        ),
        Row("Box", "autograd.extend.Box", "isinstance(ga.tensor(1.0), ga.Tensor)", alone="a class"),
        Row("VSpace", "autograd.extend.vspace(v).shape", "v.shape"),
        Row("vspace", "autograd.extend.vspace(v).zeros()", "np.zeros_like(v)"),
        Row("extend.primitive", "autograd.extend.primitive", "ga.registry.primitive", alone="a declaration"),
    ),
    "Optimisers and containers": (
        Row(
            "sgd",
            "autograd.misc.optimizers.sgd(lambda v, i: 2 * v, v, num_iters=3, step_size=0.1, mass=0.0)",
            "z = v\nfor i in range(3):\n    z = z - 0.1 * 2 * z\nz",
        ),
        *(
            Row(
                f"misc.optimizers.{name}",
                f"autograd.misc.optimizers.{name}",
                f"optimizer = ga.nnet.optimizers.{name}(0.1)",
                "after state = optimizer.init(x), each step is updates, state = optimizer.update(gradient, state), "
                "x = x + updates",
                alone="the loop is the user's here",
            )
            for name in ("sgd", "rmsprop", "adam")
        ),
        Row(
            "misc.fixed_points",
            "autograd.misc.fixed_points.fixed_point",
            "ga.implicit_root(lambda r, a: r ** 2 - a, np.sqrt)(2.0)",
            "what the search finds is differentiated, not its steps",
            alone="it takes a function of functions",
        ),
        Row("misc.flatten", "autograd.misc.flatten([v, u])[0]", "ga.flatten([v, u])[0]"),
    ),
}

DIFFERENCES = (
    Difference(
        "arrays that are filled",
        "def fill(x):\n    out = np.zeros(2)\n    out[0] = x ** 2\n    return out[0]\nautograd.grad(fill)(3.0)",
        "ValueError",
        "def fill(x):\n    out = np.zeros(2)\n    out[0] = x ** 2\n    return out[0]\nga.grad(fill)(3.0)",
        "6.0",
        "arrays that are made in the function can be filled, and numpy is imported as numpy",
    ),
    Difference(
        "complex arguments",
        "autograd.grad(lambda z: np.real(z * np.conj(z)))(1 + 2j)",
        "2 - 4j",
        "ga.grad(lambda z: np.real(z * np.conj(z)))(1 + 2j)",
        "2 + 4j",
        "the gradient points the way of steepest ascent, so that z - rate * gradient descends",
    ),
    Difference(
        "clip at its bounds",
        "autograd.grad(lambda x: np.clip(x, 0.0, 1.0))(1.0)",
        "0.0",
        "ga.grad(lambda x: np.clip(x, 0.0, 1.0))(1.0)",
        "1.0",
        "a value that starts at its bound can leave it",
    ),
    Difference(
        "a mask before what is infinite",
        "autograd.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(np.array([0.0, 2.0]))",
        "[nan, 0.5]",
        "ga.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(np.array([0.0, 2.0]))",
        "[0.0, 0.5]",
        "a zero that comes from a selection wins: what a mask leaves out has derivative zero, however infinite it is",
    ),
    Difference(
        "the norm at zero",
        "autograd.grad(np.linalg.norm)(np.zeros(2))",
        "[nan, nan]",
        "ga.grad(np.linalg.norm)(np.zeros(2))",
        "[0.0, 0.0]",
        "the norm is least there, and descent stays",
    ),
)
