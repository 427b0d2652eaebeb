"""`explain`: a tape as a table, and the steps of its derivative, for a blackboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np

from ..elsewhere.answers import telling
from ..reverse.tensor import Tensor
from ..transforms.argnums import DropIn
from .folding import Gap, shortened
from .record import MODES, Record, TapeRow, read_function, read_tensor
from .special import mark_special
from .steps import DerivativeStep, same_code, steps_of
from .table import as_html, as_text


class Explanation:
    """What `explain` returns: it prints as a table, and shows itself as one in a notebook.

    Attributes
    ----------
    rows : list of TapeRow
        One for each value, in the order in which they were computed, with its name, value and derivative as data.
    steps : list
        The steps of the derivative, with what is left out of long loops; empty unless they were asked for.
    result
        What the function returned, or the value of the tensor.
    notes : list of str
        What is to be said of it.
    """

    def __init__(self, record: Record, steps: list[DerivativeStep | Gap]) -> None:
        self._record = record
        self.steps = steps

    @property
    def rows(self) -> list[TapeRow]:
        return self._record.rows

    @property
    def result(self) -> Any:
        return self._record.result

    @property
    def notes(self) -> list[str]:
        return self._record.notes

    def __repr__(self) -> str:
        return as_text(self._record, self.steps)

    def _repr_html_(self) -> str:
        return as_html(self._record, self.steps)


@overload
def explain(f: Tensor, *, steps: bool = False) -> Explanation: ...
@overload
def explain(
    f: Callable[..., Any], *args: Any, steps: bool = False, mode: str = "reverse", drop_in: DropIn = True
) -> Explanation: ...
@telling
def explain(f: Any, *args: Any, steps: bool = False, mode: str = "reverse", drop_in: DropIn = True) -> Explanation:
    """Show how a result came about, and how its derivative does: each value with its name, and the line it is from.

    Parameters
    ----------
    f : callable or Tensor
        A function of arrays, numbers and containers of them, which is run once; or a tensor, whose tape is shown as
        far as it is known, and stays as it is. A tape keeps of a value what derivatives need, which may be nothing.
    *args
        The arguments of the function. They are copied, so that it may write into them.
    steps : bool
        Show each step of the derivative, too, with its formula and its numbers.
    mode : {"reverse", "forward"}
        Whether the column beside the values is the derivative of the result by each value, as the backward pass finds
        it, or that of each value by the arguments, as forward mode does. Of an array all elements move together there.
    drop_in : bool, str or sequence of str
        As of `grad`: let `f` make arrays and fill them, and so on.

    Returns
    -------
    Explanation
        It prints as a table as wide as the terminal. ``.rows`` has the same as data.

    Raises
    ------
    TypeError
        If `f` is neither a function nor a tensor.
    ValueError
        If there is no such mode.
    RuntimeError
        If the tape of the tensor has been released by a ``backward()``.

    See Also
    --------
    source : the derivative as a function in plain NumPy

    Examples
    --------
    >>> import numpy as np
    >>> import gradarray as ga
    >>> def f(x, y):
    ...     a = x * y
    ...     return np.sin(a) + x
    >>> table = ga.explain(f, 2.0, 3.0)
    >>> [(row.name, row.computed_as) for row in table.rows]
    [('x', ''), ('y', ''), ('a', 'x * y'), ('v1', 'np.sin(a)'), ('v2', 'v1 + x')]
    >>> [float(row.cotangent.round(4)) for row in table.rows]  # d result / d name
    [3.8805, 1.9203, 0.9602, 1.0, 1.0]
    """
    if mode not in MODES:
        raise ValueError(f"explain shows the mode 'reverse' or 'forward', not {mode!r}")
    if isinstance(f, Tensor):
        if args or mode == "forward":
            raise TypeError("explain(tensor) goes back along its tape; for mode='forward', give it a function to run")
        record = read_tensor(f)
    elif callable(f):
        record = read_function(f, args, mode, drop_in)
    else:
        what = "an array" if isinstance(f, np.ndarray) else f"{f!r:.60}"
        raise TypeError(
            f"explain takes a function and its arguments, as in explain(f, x), or a tensor; it got {what}. "
            "What is computed from it is not known unless it is made a tensor first: ga.tensor(x)"
        )
    shown = [record.rows[part] for part in shortened([same_code(row) for row in record.rows]) if isinstance(part, int)]
    record.notes += mark_special(shown)
    found = steps_of(record) if steps else []
    record.let_go()
    return Explanation(record, found)
