"""NumPy with autodiff built in: derivatives of any NumPy code.

Call plain np.* functions on a tensor, then .backward(): each variable has its gradient in .grad.
Besides NumPy's own functions, of which the mirror is (ga.sum is np.sum; help(np.sum) tells of it), there are:

Tensors     tensor, astensor                    make one of numbers; Tensor is the class
            asarray, astype, save, load         take its values, convert it, keep it in a file
            no_grad, no_autodiff                a block in which nothing is recorded
            mem_guard_on, mem_guard_off         a block with, or without, a check of arrays that a tape needs
            mem_guard_active                    turn_memory_guarding_on, turn_memory_guarding_off in the program
Transforms  grad, value_and_grad                the gradient of a function; elementwise_grad for each element
            vjp, jvp, linearize                 products with its Jacobian, in reverse and forward mode
            jacobian, jacrev, jacfwd            all of its Jacobian
            hessian, hvp, hessian_diagonal      second derivatives; ggnvp for least squares
            vmap                                a function of one element for all of them at once; VmapError
            checkpoint, implicit_root           memory for time; the derivative of a solver's answer
            stop_gradient, tap                  a value as a constant; a look at the cotangents that pass
            flatten, tree_map, tree_leaves      containers of arrays; register_container for your own
Drop-in     drop_in                             existing NumPy code, with math and lists, as it stands
            gradient_loss                       what happens where a gradient would be lost: GradientLossError,
                                                GradientLossWarning, or nothing
Programs    jit, source                         a program of NumPy calls for speed, and its text; JitWarning, and
                                                JitError where there can be none
Teaching    explain, graph                      how a result, and its derivative, came about: a table, a picture
            why_no_grad                         why x.grad is None; `python -m gradarray tour` is a tour
Debugging   check_grads, testing                compare derivatives with differences
            detect_anomaly                      where the first NaN or infinity comes from
Extension   custom_gradient                     the derivative of a function of your own
            registry, ufunc                     the rules of all functions; other libraries' ufuncs
Networks    nnet, sliding_window_view           layers, losses, optimizers, schedules
Like NumPy  linalg, fft, random                 and ga.sin, ga.sum, ...; as in MyGrad, sec, add_sequence, ...

Examples
--------
>>> import numpy as np
>>> import gradarray as ga
>>> x = ga.tensor([1.0, 2.0, 3.0])
>>> loss = np.sum(np.sin(x) ** 2)
>>> loss.backward()
>>> x.grad
array([ 0.90929743, -0.7568025 , -0.2794155 ])
"""

from typing import TYPE_CHECKING

import numpy as np

from . import arrayapi as _arrayapi  # noqa: F401 - hands itself down, as the namespace of tensors
from . import fft, linalg, registry
from . import solvers as _solvers  # noqa: F401 - hands down the chapters on SciPy's solvers
from .batch.refusals import VmapError
from .compiler import sweeping as _sweeping  # noqa: F401 - hands down what writes plans
from .compiler.jit import JitWarning, jit, source
from .compiler.program.statements import JitError
from .context.settings import no_grad
from .dropin.blocks import drop_in
from .elsewhere.answers import find_imports as _find_imports
from .elsewhere.answers import missing as _missing
from .kernels.guard import (
    mem_guard_active,
    mem_guard_off,
    mem_guard_on,
    turn_memory_guarding_off,
    turn_memory_guarding_on,
)
from .mirror import additions as _additions
from .mirror import constants as _constants
from .mirror import functions as _functions
from .mirror.additions import *
from .mirror.constants import *
from .mirror.creation import asarray, astensor, astype, tensor
from .mirror.functions import *
from .mirror.io import load, save
from .mirror.ufuncs import ufunc
from .reverse.tensor import Tensor
from .show.anomaly import detect_anomaly
from .tape.loss import GradientLossError, GradientLossWarning, gradient_loss
from .transforms.checkpoint import checkpoint, stop_gradient
from .transforms.containers import register_container
from .transforms.custom_gradient import custom_gradient
from .transforms.flattening import flatten
from .transforms.gradients import elementwise_grad, grad, jvp, linearize, value_and_grad, vjp
from .transforms.hessians import ggnvp, hessian, hessian_diagonal, hvp
from .transforms.implicit_root import implicit_root
from .transforms.jacobians import jacfwd, jacobian, jacrev
from .transforms.tap import tap
from .transforms.trees import tree_leaves, tree_map
from .transforms.vmap import vmap

__version__ = "0.1.0"

no_autodiff = no_grad
_find_imports()

__all__ = [
    "GradientLossError",
    "GradientLossWarning",
    "JitError",
    "JitWarning",
    "Tensor",
    "VmapError",
    "__version__",
    "asarray",
    "astensor",
    "astype",
    "check_grads",
    "checkpoint",
    "custom_gradient",
    "detect_anomaly",
    "drop_in",
    "elementwise_grad",
    "explain",
    "fft",
    "flatten",
    "ggnvp",
    "grad",
    "gradient_loss",
    "graph",
    "hessian",
    "hessian_diagonal",
    "hvp",
    "implicit_root",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jit",
    "jvp",
    "linalg",
    "linearize",
    "load",
    "mem_guard_active",
    "mem_guard_off",
    "mem_guard_on",
    "nnet",
    "no_autodiff",
    "no_grad",
    "random",
    "register_container",
    "registry",
    "save",
    "sliding_window_view",
    "source",
    "stop_gradient",
    "tap",
    "tensor",
    "testing",
    "tree_leaves",
    "tree_map",
    "turn_memory_guarding_off",
    "turn_memory_guarding_on",
    "ufunc",
    "value_and_grad",
    "vjp",
    "vmap",
    "why_no_grad",
]
__all__ += _additions.__all__ + _constants.__all__ + _functions.__all__

if hasattr(np, "__array_namespace_info__"):
    __array_api_version__ = np.__array_api_version__
    __array_namespace_info__ = np.__array_namespace_info__
    __all__ += ["__array_api_version__", "__array_namespace_info__"]

if TYPE_CHECKING:
    from . import nnet, random, testing
    from .nnet.layers.utils import sliding_window_view
    from .show.explain import explain
    from .show.graph import graph
    from .show.why import why_no_grad
    from .testing import check_grads
else:
    _LATER = {
        "check_grads": "testing",
        "explain": "show.explain",
        "graph": "show.graph",
        "nnet": "nnet",
        "random": "random",
        "scipy": "scipy",
        "sliding_window_view": "nnet.layers.utils",
        "testing": "testing",
        "why_no_grad": "show.why",
    }

    def __getattr__(name):
        # As in NumPy, whose random numbers take as long to import as all the rest.
        if name in _LATER:
            import importlib

            module = importlib.import_module(f"{__name__}.{_LATER[name]}")
            return module if _LATER[name] == name else getattr(module, name)
        raise _missing(__name__, name)

    def __dir__():
        return sorted(__all__)
