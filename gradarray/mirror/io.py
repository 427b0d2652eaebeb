"""Saving tensors to a file, and loading them: values, gradients, and which of them are constants."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..elsewhere.answers import telling
from ..reverse.tensor import Tensor
from ..tape.wrapping import has_tensor

# The name of the array that holds the number of the layout, which `save` describes, and how many tensors have no name.
_HEADER = "gradarray"
_LAYOUT = 1


def save(file: Any, /, *tensors: Any, **named: Any) -> None:
    """Save tensors to a file, with their gradients.

    Values, gradients, dtypes, memory order (C or Fortran) and which of the tensors are constants come back from `load`.
    The tape does not: a loaded variable is a leaf.

    Parameters
    ----------
    file : str, path or binary file
        As for `numpy.savez`, the name of a file gets the ending ``.npz`` if it has another one.
    *tensors : Tensor or array_like
        Arrays and numbers are saved as constants.
    **named : Tensor or array_like
        The same, under names.

    Raises
    ------
    TypeError
        For something that holds no numbers, for a list in which tensors stand, and if what comes first is no file.
    ValueError
        For a name such as ``arr_0`` that one of the tensors without a name will have.

    Notes
    -----
    The file is NumPy's ``.npz`` without pickled objects, and `numpy.load` can read it: the values are the arrays
    ``data/<name>``, the gradients, of those that have one, ``grad/<name>``, and a truth value ``constant/<name>`` tells
    whether the tensor is a constant. Those without a name are ``arr_0``, ``arr_1``, ... The array ``gradarray`` holds
    two numbers: that of this layout, which is 1, and how many tensors have no name.

    Examples
    --------
    >>> import io
    >>> import gradarray as ga
    >>> w = ga.tensor([1.0, 2.0])
    >>> (w**2).backward()
    >>> file = io.BytesIO()
    >>> ga.save(file, w, steps=3)
    >>> _ = file.seek(0)
    >>> loaded = ga.load(file)
    >>> loaded["arr_0"], loaded["arr_0"].grad, loaded["steps"]
    (Tensor([1., 2.]), array([2., 4.]), Tensor(3))
    """
    if not hasattr(file, "write"):
        if not isinstance(file, (str, bytes, os.PathLike)):
            raise TypeError(
                f"save takes the file first, and tensors after it, as in ga.save('model.npz', x) or "
                f"ga.save('model.npz', **named), not a {type(file).__name__}"
            )
        file = os.fsdecode(file)
    arrays = {_HEADER: np.array([_LAYOUT, len(tensors)])}
    together = {f"arr_{i}": value for i, value in enumerate(tensors)}
    clashes = sorted(together.keys() & named.keys())
    if clashes:
        raise ValueError(f"the name {clashes[0]} is that of a tensor that was given without a name")
    for name, value in {**together, **named}.items():
        if "\0" in name:
            raise ValueError(f"a file cannot hold the name {name!r}: its null character would end it")
        if not isinstance(value, Tensor):
            if has_tensor(value):
                raise TypeError(
                    f"{name} is a {type(value).__name__} of tensors; save each of them, or one tensor of all"
                )
            value = Tensor(value, constant=True)
        arrays[f"data/{name}"] = value.data
        arrays[f"constant/{name}"] = np.array(value.constant)
        grad = value.grad
        if grad is not None:
            arrays[f"grad/{name}"] = grad.data if isinstance(grad, Tensor) else grad
    np.savez(file, **arrays)  # type: ignore[arg-type]


@telling
def load(file: Any, /) -> Any:
    """Load what `save` has saved, or MyGrad's function of that name.

    Parameters
    ----------
    file : str, path or binary file
        The name of a file may lack the ending ``.npz``.

    Returns
    -------
    Tensor, tuple of Tensor or dict of Tensor
        What was given to `save`: one tensor, or several in a tuple. If any of them had a name, a dict; those without
        are ``arr_0``, ``arr_1``, ... in it. Of a file of MyGrad's, the one tensor that it holds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If neither has made this file, or a newer version of `save` has. Pickled objects are never loaded.

    Examples
    --------
    >>> import io
    >>> import gradarray as ga
    >>> file = io.BytesIO()
    >>> ga.save(file, ga.tensor([1.0, 2.0]), ga.tensor(3.0, constant=True))
    >>> _ = file.seek(0)
    >>> w, b = ga.load(file)
    >>> w, b.constant
    (Tensor([1., 2.]), True)
    """
    path = file
    if not hasattr(file, "read"):
        path = os.fsdecode(file)
        if not path.endswith(".npz") and not os.path.exists(path):
            path += ".npz"
    with open(path, "rb") if path is not file else nullcontext(file) as stream:
        try:
            archive = np.load(stream, allow_pickle=False)
        except Exception as error:  # zipfile, zlib and NumPy's own parser have several dozen for a damaged file
            raise ValueError(f"{file} was not made by ga.save: {error}") from error
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError(f"{file} was not made by ga.save: it holds one array alone, as np.save writes it")
        with archive:
            if _HEADER not in archive.files:
                if "data" in archive.files and {"data", "grad"}.issuperset(archive.files):
                    return _of_mygrad(archive, file)
                raise ValueError(f"{file} was not made by ga.save, but may be an archive of np.savez; use np.load")
            try:
                layout, count = _array(archive, _HEADER, "iu", (2,)).tolist()
                loaded = _arranged(_tensors(archive), count) if layout == _LAYOUT else None
            except Exception as error:
                raise ValueError(f"{file} is damaged, or was not made by ga.save: {error}") from error
            if layout != _LAYOUT:
                raise ValueError(f"{file} has the layout {layout}, which this version of gradarray does not know")
            return loaded


def _of_mygrad(archive: Any, file: Any) -> Tensor:
    """Return the one tensor of a file that MyGrad has saved: the arrays `data` and, if there is a gradient, `grad`."""
    try:
        data = _array(archive, "data", "biuf")
        t = Tensor(data, copy=data.ndim == 0)
        if "grad" in archive.files:
            t.grad = _array(archive, "grad", "f", data.shape)
    except Exception as error:
        raise ValueError(f"{file} is damaged, or was made neither by ga.save nor by MyGrad: {error}") from error
    return t


def _arranged(tensors: dict[str, Tensor], count: int) -> Any:
    if not 0 <= count <= len(tensors):
        raise ValueError(f"it has {len(tensors)} tensors, and says that it has {count}")
    if len(tensors) > count:
        return tensors
    return tensors["arr_0"] if count == 1 else tuple([tensors[f"arr_{i}"] for i in range(count)])


def _array(archive: Any, key: str, kinds: str, shape: tuple[int, ...] | None = None) -> Any:
    """Return an entry of which the dtype, and the shape if given, is as `save` makes it."""
    entry = archive[key]
    if not isinstance(entry, np.ndarray) or entry.dtype.kind not in kinds or shape not in (None, entry.shape):
        raise ValueError(f"its entry {key} is no such array as ga.save writes there")
    return entry


def _tensors(archive: Any) -> dict[str, Tensor]:
    tensors = {}
    for key in archive.files:
        if key.startswith("data/"):
            name, data = key.removeprefix("data/"), _array(archive, key, "biufc")
            constant = bool(_array(archive, f"constant/{name}", "b", ()))
            t = Tensor(data, constant=constant, copy=data.ndim == 0)
            if f"grad/{name}" in archive.files:
                t.grad = _array(archive, f"grad/{name}", "fc", data.shape)
            tensors[name] = t
    return tensors
