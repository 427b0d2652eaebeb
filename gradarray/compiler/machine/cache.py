"""Texts that Numba compiles, and where what it makes of them is kept for the next process.

Numba keeps what it has compiled beside the file that a text stands in. What it reads there it runs, so the folder has
to be the user's own: a folder that others may write into is not used, and then nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
import sys
import tempfile
import threading
import types
from pathlib import Path
from typing import Any

import numpy as np

from ...context.frames import readable

VARIABLE = "GRADARRAY_CACHE_DIR"


def import_numba() -> Any:
    """Return Numba."""
    try:
        import numba
    except ImportError as error:
        raise ImportError('backend="numba" needs Numba: pip install "gradarray[numba]"') from error
    return numba


def folder() -> Path | None:
    """Return the folder where compiled texts are kept: the user's choice, or his cache; None for nowhere."""
    chosen = os.environ.get(VARIABLE)
    if chosen == "":
        return None
    try:
        base = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("LOCALAPPDATA") if os.name == "nt" else None)
        path = Path(chosen) if chosen else Path(base or Path.home() / ".cache") / "gradarray" / "numba"
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.resolve() if _is_own(path) else None
    except (OSError, RuntimeError):
        return None


def _is_own(path: Path) -> bool:
    """Tell whether nobody else may write into a folder."""
    if not hasattr(os, "getuid"):
        return True
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


_HEAD = """import functools

import numpy as np
from numba import njit
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numba.types import Array, Tuple, boolean, float32, float64, int64, none

# Without the wrappers that nobody calls; each takes a tenth of a second.
compiled = functools.partial(njit, error_model="numpy", nogil=True, cache={cache}, no_cfunc_wrapper=True)
helper = functools.partial(compiled, no_cpython_wrapper=True)
contracted = functools.partial(helper, fastmath={{"contract"}})


@intrinsic
def flat(typing_context, a):
    made = Array(a.dtype, 1, "C")

    def build(context, builder, signature, args):
        given, new = make_array(signature.args[0])(context, builder, args[0]), make_array(made)(context, builder)
        populate_array(new, given.data, [given.nitems], [given.itemsize], given.itemsize, given.meminfo, given.parent)
        return impl_ret_borrowed(context, builder, made, new._getvalue())

    return made(a), build


"""
# What `np.dot` comes to in the end, without its look at shapes, which would be compiled anew for each kind of product.
_BLAS = """from numba.np.linalg import call_xxgemm, call_xxgemv


def dense(layout):
    return Array(float64, 2, "C" if layout == "r" else "F")


def start(context, builder, kind, array, offset):
    return builder.gep(make_array(kind)(context, builder, array).data, [offset])


def multiplied(x, y):
    @intrinsic
    def product(typing_context, a, i, m, l, b, j, n, c, k):
        def build(context, builder, signature, args):
            x_, y_, z_ = (start(context, builder, signature.args[t], args[t], args[t + 1]) for t in (0, 4, 7))
            m, l, n = args[2], args[3], args[6]
            call_xxgemm(context, builder, dense(x), (m, l), x_, dense(y), (l, n), y_, dense("r"), (m, n), z_)
            return context.get_dummy_value()

        return none(a, int64, int64, int64, b, int64, int64, c, int64), build

    return product


def applied(x):
    @intrinsic
    def product(typing_context, a, i, m, l, b, j, c, k):
        def build(context, builder, signature, args):
            x_, y_, z_ = (start(context, builder, signature.args[t], args[t], args[t + 1]) for t in (0, 4, 6))
            call_xxgemv(context, builder, x == "r", dense(x), (args[2], args[3]), x_, y_, z_)
            return context.get_dummy_value()

        return none(a, int64, int64, int64, b, int64, c, int64), build

    return product


"""


def whole(text: str, cache: bool) -> str:
    """Return functions as a text that runs by itself."""
    blas = _BLAS if " = multiplied(" in text or " = applied(" in text else ""
    return _HEAD.format(cache=cache) + blas + text


def compile_text(text: str) -> dict[str, Any]:
    """Return the names that a text defines: its functions, compiled."""
    numba = import_numba()
    versions = (numba.__version__, np.__version__, sys.version, platform.machine())
    kept = whole(text, True)
    path = _written(kept, hashlib.sha256(repr((kept, versions)).encode()).hexdigest()[:32])
    # What Numba has kept it reads into the module that it came from, which it looks for by its name.
    name = "gradarray_program" if path is None else path.stem
    module = types.ModuleType(name)
    file = "<gradarray, for Numba>" if path is None else str(path)
    code = readable(whole(text, path is not None), file)
    with _one_at_a_time:
        try:
            sys.modules[name] = module
            exec(code, module.__dict__)
        finally:
            sys.modules.pop(name, None)
    return dict(module.__dict__)


_one_at_a_time = threading.RLock()


def _written(text: str, name: str) -> Path | None:
    """Return the file that a text stands in, which is written if it is not there."""
    place = folder()
    if place is None:
        return None
    path = place / f"program_{name}.py"
    try:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return path
        handle, temporary = tempfile.mkstemp(dir=place)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        return None
    return path
