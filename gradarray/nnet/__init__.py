"""Neural networks: activations, losses, layers and initial values, under MyGrad's names and with its meanings.

Beside them, `optimizers` and `schedules` of their learning rates.

All of it is written with public names alone, as a user could write it: what a function computes of plain arrays is a
`gradarray.registry.primitive`, and its derivative is declared there. So each works in both modes and to every order,
takes arrays, lists and Tensors, and keeps single precision.

Examples
--------
>>> import numpy as np
>>> import gradarray as ga
>>> from gradarray.nnet.activations import relu
>>> from gradarray.nnet.losses import softmax_crossentropy
>>> rng = np.random.default_rng(0)
>>> x, labels = rng.normal(size=(5, 4)), [0, 2, 1, 2, 0]
>>> w1, w2 = ga.tensor(rng.normal(size=(4, 8))), ga.tensor(rng.normal(size=(8, 3)))
>>> loss = softmax_crossentropy(relu(x @ w1) @ w2, labels)
>>> loss.backward()
>>> w1.grad.shape
(4, 8)
"""

from typing import TYPE_CHECKING

from ..elsewhere.answers import absence
from . import activations, initializers, layers, losses, optimizers, schedules
from .activations import *
from .initializers import *
from .layers import *
from .losses import *

__all__ = ["activations", "initializers", "layers", "losses", "optimizers", "schedules"]
__all__ += activations.__all__ + initializers.__all__ + layers.__all__ + losses.__all__

if not TYPE_CHECKING:  # to a type checker, a module with a __getattr__ has every name
    __getattr__ = absence(__name__)
    for _module in (activations, initializers, layers, losses, optimizers, schedules):
        _module.__getattr__ = absence(_module.__name__)
