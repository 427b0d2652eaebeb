"""What ``t.__array_namespace__()`` hands out: the functions of the Python array API standard [1]_, differentiable.

Libraries that compute with arrays of any kind ask an array for its functions, and begin with ``x = xp.asarray(x)``. The
functions are those of the mirror, ``ga.sum`` and its like, but for what makes arrays: that keeps the derivative of what
it is given, and makes constants of all else. Truth values and whole numbers that a function gives are constant tensors;
those of operators, as ``x > 0``, are NumPy's own, as everywhere here.

A name is looked up when it is first asked for. Names of NumPy's that the standard does not have are there, too.

References
----------
.. [1] https://data-apis.org/array-api/2024.12/

Examples
--------
>>> import numpy as np
>>> import gradarray as ga
>>> def centred(x):
...     xp = x.__array_namespace__()
...     x = xp.asarray(x)
...     return x - xp.mean(x)
>>> ga.jacobian(centred)(np.array([1.0, 2.0]))
array([[ 0.5, -0.5],
       [-0.5,  0.5]])
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..reverse import namespace

__array_api_version__ = "2024.12"

namespace.module = sys.modules[__name__]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # Nobody who computes with NumPy's functions needs any of this, and the import of the package is to stay quick.
        if name.startswith("__") and name not in ("__all__", "__array_namespace_info__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = import_module(f"{__name__}.names").find(name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return import_module(f"{__name__}.names").every()
