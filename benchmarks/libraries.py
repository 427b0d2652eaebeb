"""How a user of each library takes one training step: a loss in, its value and gradients out.

Everything that a user would make once (leaves that are reused, compiled functions) is made outside ``step``.
Each function is given its library, because a process loads no other one than its own.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

Step = Callable[[], tuple[Any, Sequence[Any]]]
Arrays = Sequence[np.ndarray[Any, Any]]
Loss = Callable[..., Any]  # loss(namespace, *leaves, *constants)


def tensor_step(library: Any, namespace: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    tensors = [library.tensor(leaf) for leaf in leaves]

    def step() -> tuple[Any, Sequence[Any]]:
        value = loss(namespace, *tensors, *constants)
        value.backward()
        return value.item(), [t.grad for t in tensors]

    return step


def gradarray_step(ga: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    return tensor_step(ga, np, loss, leaves, constants)


def jit_step(ga: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    both = ga.jit(ga.value_and_grad(lambda *arrays: loss(np, *arrays), tuple(range(len(leaves)))), strict=True)
    return partial(both, *leaves, *constants)


def compiled_step(ga: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    both = ga.value_and_grad(lambda *arrays: loss(np, *arrays), tuple(range(len(leaves))))
    compiled = by_numba(ga, both)
    compiled(*leaves, *constants)
    return partial(compiled, *leaves, *constants)


def by_numba(ga: Any, function: Any) -> Any:
    """Return a function that Numba compiles when it is called for the second time."""
    return ga.jit(function, strict=True, backend="numba")


def mygrad_step(mg: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    # MyGrad takes np.* too, but its own functions are the shorter way.
    return tensor_step(mg, mg, loss, leaves, constants)


def autograd_step(autograd: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    # One argument by its number, not by a tuple of one: autograd would trace the tuple too.
    argnum = 0 if len(leaves) == 1 else tuple(range(len(leaves)))
    both = autograd.value_and_grad(lambda *arrays: loss(autograd.numpy, *arrays), argnum)

    def step() -> tuple[Any, Sequence[Any]]:
        value, gradients = both(*leaves, *constants)
        return value, [gradients] if argnum == 0 else gradients

    return step


def torch_step(torch: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    tensors = [torch.from_numpy(leaf).requires_grad_() for leaf in leaves]
    fixed = [torch.from_numpy(constant) for constant in constants]

    def step() -> tuple[Any, Sequence[Any]]:
        value = loss(torch, *tensors, *fixed)
        return value.item(), torch.autograd.grad(value, tensors)

    return step


def jax_step(jax: Any, loss: Loss, leaves: Arrays, constants: Arrays) -> Step:
    both = jax.jit(jax.value_and_grad(lambda *arrays: loss(jax.numpy, *arrays), tuple(range(len(leaves)))))
    arrays = [jax.numpy.asarray(array) for array in (*leaves, *constants)]
    return lambda: jax.block_until_ready(both(*arrays))


def numba_step(numba: Any, by_hand: Loss, leaves: Arrays, constants: Arrays) -> Step:
    """Return the step of a loop forward and one backward, both by hand, which Numba compiles."""
    return partial(numba.njit(by_hand), *leaves, *constants)


STEPS: dict[str, Callable[[Any, Loss, Arrays, Arrays], Step]] = {
    "gradarray": gradarray_step,
    "jit": jit_step,
    "jit numba": compiled_step,
    "numba": numba_step,
    "torch": torch_step,
    "mygrad": mygrad_step,
    "autograd": autograd_step,
    "jax": jax_step,
    "jax unrolled": jax_step,  # where the column of JAX has its own loops
}
JIT = ("jit", "jit numba")
BY_STYLE = ("numba", "jax unrolled")  # these do a work only in a style of their own
COMPILED = (*JIT, *BY_STYLE, "jax")  # whose first calls write or compile something
LIBRARIES = ("gradarray", "numpy", *list(STEPS)[1:])


def module_of(library: str) -> str:
    """Return what is imported for a column of the table: ``ga.jit`` and JAX's unrolled loops have one of their own."""
    return "gradarray" if library in JIT else library.partition(" ")[0]


def statements(step: Step) -> int:
    """Return how many statements the trace of a step of ``ga.jit`` has, before they are rolled up."""
    assert isinstance(step, partial)
    return int(step.func._recent[0].statements)  # type: ignore[attr-defined]


# --- whole Jacobians and Hessians -----------------------------------------------------------------------------------
# MyGrad has neither, nor second derivatives to make a Hessian of.

Call = Callable[[], Any]


def gradarray_matrix(ga: Any, what: str, function: Loss, x: Any, constants: Arrays) -> Call:
    matrix = getattr(ga, what)(lambda x: function(np, x, *constants))
    return lambda: matrix(x)


def jit_matrix(ga: Any, what: str, function: Loss, x: Any, constants: Arrays) -> Call:
    matrix = ga.jit(getattr(ga, what)(lambda x: function(np, x, *constants)), strict=True)
    return lambda: matrix(x)


def compiled_matrix(ga: Any, what: str, function: Loss, x: Any, constants: Arrays) -> Call:
    matrix = by_numba(ga, getattr(ga, what)(lambda x: function(np, x, *constants)))
    matrix(x)
    return lambda: matrix(x)


def autograd_matrix(autograd: Any, what: str, function: Loss, x: Any, constants: Arrays) -> Call:
    matrix = getattr(autograd, what)(lambda x: function(autograd.numpy, x, *constants))
    return lambda: matrix(x)


def torch_matrix(torch: Any, what: str, function: Loss, x: Any, constants: Arrays) -> Call:
    tensor, *fixed = [torch.from_numpy(array) for array in (x, *constants)]
    jacrev = torch.func.jacrev  # twice in reverse takes half as long as torch.func.hessian
    matrix = jacrev(lambda x: function(torch, x, *fixed))
    if what == "hessian":
        matrix = jacrev(matrix)
    return lambda: matrix(tensor)


def jax_matrix(jax: Any, what: str, function: Loss, x: Any, constants: Arrays) -> Call:
    array, *fixed = [jax.numpy.asarray(array) for array in (x, *constants)]
    transform = jax.hessian if what == "hessian" else jax.jacrev
    matrix = jax.jit(transform(lambda x, *fixed: function(jax.numpy, x, *fixed)))
    return lambda: jax.block_until_ready(matrix(array, *fixed))


MATRICES: dict[str, Callable[[Any, str, Loss, Any, Arrays], Call]] = {
    "gradarray": gradarray_matrix,
    "jit": jit_matrix,
    "jit numba": compiled_matrix,
    "torch": torch_matrix,
    "autograd": autograd_matrix,
    "jax": jax_matrix,
}


# --- functions of functions -----------------------------------------------------------------------------------------
# JAX's are not jitted: that is what its user has while a function is still being written, and changes at each call.


def tensor_gradients(ga: Any, function: Loss, leaves: Arrays, constants: Arrays) -> Call:
    """Return the training step that `grad` is compared with: tensors made anew, and their gradients."""

    def step() -> Any:
        tensors = [ga.tensor(leaf) for leaf in leaves]
        function(np, *tensors, *constants).backward()
        return [t.grad for t in tensors]

    return step


def gradarray_transform(ga: Any, what: str, function: Loss, leaves: Arrays, vectors: Arrays, constants: Arrays) -> Call:
    def of_all(*arrays: Any) -> Any:
        return function(np, *arrays)

    if what == "jvp":
        of_leaves, given, along = (lambda *arrays: function(np, *arrays, *constants)), tuple(leaves), tuple(vectors)
        return lambda: ga.jvp(of_leaves, given, along)[1]
    # One argument by its number, as in `autograd_step`.
    made = getattr(ga, what)(of_all, 0 if len(leaves) == 1 else tuple(range(len(leaves))))
    if len(leaves) == 1 and what == "hvp":
        return lambda: [made(leaves[0], vectors[0], *constants)]
    if len(leaves) == 1:
        return lambda: [made(leaves[0], *constants)]
    if what == "hvp":
        return lambda: made(leaves[0], tuple(vectors), *leaves[1:], *constants)
    return lambda: made(*leaves, *constants)


def autograd_transform(
    autograd: Any, what: str, function: Loss, leaves: Arrays, vectors: Arrays, constants: Arrays
) -> Call:
    def of_all(arrays: Any) -> Any:
        return function(autograd.numpy, *arrays, *constants)

    given, along = tuple(leaves), tuple(vectors)
    if what == "jvp":
        return lambda: autograd.make_jvp(of_all)(given)(along)[1]
    if what == "hvp":
        return lambda: autograd.make_hvp(of_all)(given)[0](along)
    gradient = autograd.grad(of_all)
    return lambda: gradient(given)


def jax_transform(jax: Any, what: str, function: Loss, leaves: Arrays, vectors: Arrays, constants: Arrays) -> Call:
    given, along, fixed = (
        tuple(jax.numpy.asarray(array) for array in arrays) for arrays in (leaves, vectors, constants)
    )

    def of_all(*arrays: Any) -> Any:
        return function(jax.numpy, *arrays, *fixed)

    gradient = jax.grad(of_all, tuple(range(len(given))))
    if what == "jvp":
        return lambda: jax.block_until_ready(jax.jvp(of_all, given, along)[1])
    if what == "hvp":
        return lambda: jax.block_until_ready(jax.jvp(gradient, given, along)[1])
    return lambda: jax.block_until_ready(gradient(*given))


TRANSFORMS: dict[str, Callable[[Any, str, Loss, Arrays, Arrays, Arrays], Call]] = {
    "gradarray": gradarray_transform,
    "autograd": autograd_transform,
    "jax": jax_transform,
}


# --- the gradients of each example ----------------------------------------------------------------------------------
# autograd and MyGrad have nothing for it but a loop.


def gradarray_each(ga: Any, function: Loss, params: Arrays, examples: Arrays, jitted: bool) -> Call:
    gradient = ga.grad(lambda *arrays: function(np, *arrays), tuple(range(len(params))))
    mapped = ga.vmap(gradient, in_axes=(*(None,) * len(params), *(0,) * len(examples)))
    call = ga.jit(mapped, strict=True) if jitted else mapped
    return lambda: call(*params, *examples)


def torch_each(torch: Any, function: Loss, params: Arrays, examples: Arrays, _jitted: bool) -> Call:
    tensors = [torch.from_numpy(array) for array in (*params, *examples)]
    gradient = torch.func.grad(lambda *arrays: function(torch, *arrays), tuple(range(len(params))))
    mapped = torch.func.vmap(gradient, in_dims=(*(None,) * len(params), *(0,) * len(examples)))
    return lambda: mapped(*tensors)


def jax_each(jax: Any, function: Loss, params: Arrays, examples: Arrays, jitted: bool) -> Call:
    arrays = [jax.numpy.asarray(array) for array in (*params, *examples)]
    gradient = jax.grad(lambda *arrays: function(jax.numpy, *arrays), tuple(range(len(params))))
    mapped = jax.vmap(gradient, in_axes=(*(None,) * len(params), *(0,) * len(examples)))
    call = jax.jit(mapped) if jitted else mapped
    return lambda: jax.block_until_ready(call(*arrays))


EACH: dict[str, Callable[[Any, Loss, Arrays, Arrays, bool], Call]] = {
    "gradarray": gradarray_each,
    "jit": gradarray_each,
    "torch": torch_each,
    "jax": jax_each,
}
