"""Whose line it is, and what it is doing: what the frames of a call tell to a message.

NumPy, Python and C code get at raw values through a few methods (``__array__``, ``__float__``, ...), and do not say
what for. The innermost frame that is not gradarray's carries out what asked; from there, frames of libraries lead out
to the user's line. Nothing here may change what it looks at: on Python 3.11 and 3.12, `f_locals` would leave a
reference to each local array behind, and references tell who else holds one; so local names are not looked up.
"""

from __future__ import annotations

import builtins
import dis
import functools
import itertools
import linecache
import math
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

# The name of this package, whose frames are not the user's.
PACKAGE = __name__.partition(".")[0]

# Libraries through which a value merely passes on its way from the user's line. Those that draw or compare take values
# from variables as printing does, which is nobody's loss.
_DRAWING = frozenset({"matplotlib", "mpl_toolkits", "seaborn", "plotly", "bokeh"})
_TESTING = frozenset({"pytest", "_pytest", "unittest"})
_PASSED = (
    frozenset({PACKAGE, "numpy", "scipy", "pandas", "xarray", "dask", "toolz", "tlz", "pint", "numba", "joblib"})
    | {"sklearn", "skimage", "statsmodels", "networkx", "sympy", "astropy", "torch", "jax", "hypothesis"}
    | _DRAWING
    | _TESTING
    | sys.stdlib_module_names
)

_STORES = frozenset(dis.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE", "STORE_ATTR") if name in dis.opmap)
# Functions and methods, written in C, that do the same. What `out=` and its place get may be None, so it is not told.
_STORING = frozenset(("__setitem__", "setitem", "__setattr__", "setattr", "fill", "put", "setfield", "itemset")) | {
    *("copyto", "putmask", "place", "_place", "at", "append", "insert")
}
_HARMLESS = frozenset({"testing", "_testing", "arrayprint"})  # parts of the names of modules
# Modules that ask whether values are missing, and no more.
_ASKING_MODULES = frozenset({"pandas.core.dtypes.missing"})
_PREDICATES = frozenset({math.isclose, math.isfinite, math.isinf, math.isnan})
_ASKING = frozenset(predicate.__name__ for predicate in _PREDICATES)
_LONGEST = 80  # characters of the user's code that a message quotes


def _remainder() -> tuple[int, int]:
    code = compile("a % b", "", "eval").co_code
    at = next(i for i in range(0, len(code), 2) if code[i] == dis.opmap["BINARY_OP"])
    return code[at], code[at + 1]


def _in_place(operator: str) -> tuple[int, int]:
    code = compile(f"a {operator}= b", "", "exec").co_code
    return next((code[i], code[i + 1]) for i in range(0, len(code), 2) if code[i] == dis.opmap["BINARY_OP"])


_AUGMENTED = {_in_place(op): op for op in ("+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>")}

# A % that asks for a number is that of ``"%.3f" % t``: arithmetic goes by way of Tensor's own operators.
_REMAINDER = _remainder()


# Packages that are nobody's own program: their names are never rebound.
LIBRARIES = (
    (_PASSED - {"toolz", "tlz"})
    | frozenset({"llvmlite", "jaxlib", "autograd", "mygrad", "mpmath", "h5py", "IPython", "ipykernel", "pluggy", "PIL"})
    | frozenset({"array_api_compat", "array_api_extra", "array_api_strict"})
    | frozenset({"requests", "yaml", "erfa", "pip", "setuptools", "pkg_resources", "tensorflow", "cupy", "numexpr"})
    | frozenset(
        {"coverage", "mypy", "Cython", "cffi", "zmq", "tornado", "traitlets", "jedi", "parso", "_distutils_hack"}
    )
) - {"__main__"}


# --- frames ---------------------------------------------------------------------------------------------------------


def package(frame: types.FrameType) -> str:
    """Return the name of the package that a frame's code belongs to."""
    return _module(frame).partition(".")[0]


def _module(frame: types.FrameType) -> str:
    if frame.f_code.co_name == _STAND_IN:
        return PACKAGE
    if frame.f_code.co_filename.startswith("<doctest"):  # a user's lines, which are given the names of a module
        return ""
    return str(frame.f_globals.get("__name__"))


def caller_of(module: str) -> str:
    """Return the name of the module that has called into another one, which calls this."""
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__") == module and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))


def users_level() -> int:
    """Return the stacklevel= with which a warning names the line of the user's that led to the caller of this."""
    level = 1
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and package(frame) in _PASSED:
        frame = frame.f_back
        level += 1
    return level


def users_frame(frame: types.FrameType | None = None) -> types.FrameType | None:
    """Return the innermost frame that is the user's, from a frame on, by default the caller's."""
    frame = sys._getframe(1) if frame is None else frame
    while frame is not None and _is_passed(frame):
        frame = frame.f_back
    return frame


def _is_passed(frame: types.FrameType) -> bool:
    """Tell whether a frame is not the user's; of each frame of each statement of a program this is asked."""
    code = frame.f_code
    if code.co_name == _STAND_IN or code.co_filename.startswith("<doctest"):
        return package(frame) in _PASSED
    return _is_librarys(str(frame.f_globals.get("__name__")))


@functools.lru_cache(1000)
def _is_librarys(module: str) -> bool:
    return module.partition(".")[0] in _PASSED


def asker() -> types.FrameType | None:
    """Return the innermost frame that is not gradarray's: it is carrying out what asked for something here."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and package(frame) == PACKAGE:
        frame = frame.f_back
    return frame


def at_askers_line(func: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function warn, by a stacklevel= that counts to its caller, at the line of who asked for it.

    For Python, whose filters and registers tell by the module and the line, the caller is then one there.
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return _stand_in(asker())(func, args, kwargs)
        except Exception as error:
            _leave_out_next(error.__traceback__)  # the user has not written a call there
            raise

    return call


_STAND_IN = "<called from here>"
_CALL: types.CodeType = (lambda func, args, kwargs: func(*args, **kwargs)).__code__


def _stand_in(frame: types.FrameType | None) -> Callable[..., Any]:
    """Return a function that calls another one, and stands at the line that a frame is at."""
    if frame is None:
        return types.FunctionType(_CALL, globals())
    return types.FunctionType(_placed(frame.f_code.co_filename, frame.f_lineno or 0), frame.f_globals)


def _leave_out_next(traceback: types.TracebackType | None) -> None:
    """Leave the second entry out of a traceback; no frame in it keeps the traceback, which would be a cycle."""
    if traceback is not None and traceback.tb_next is not None:
        traceback.tb_next = traceback.tb_next.tb_next


@functools.lru_cache(maxsize=256)
def _placed(filename: str, line: int) -> types.CodeType:
    return _CALL.replace(co_filename=filename, co_firstlineno=line, co_name=_STAND_IN)


def augmented(frame: types.FrameType) -> str | None:
    """Return the operator of the augmented assignment that a frame is at, or None."""
    return _AUGMENTED.get(_instruction(frame))


def target_of(frame: types.FrameType) -> tuple[bool, bool]:
    """Tell of an augmented assignment whether its target is lent to the operator, and whether it is an argument.

    So it may be since Python 3.14: what is lent is not counted, and who lends an argument is among the callers.
    """
    return _lent_target(frame.f_code, frame.f_lasti)


def callers_have(frame: types.FrameType, place: Sequence[Any]) -> bool:
    """Tell whether a caller of a frame has the first one of some objects in a local variable.

    It is for Python 3.13 and later, where to look leaves nothing behind.
    """
    caller = frame.f_back
    while caller is not None:
        if any(value is place[0] for value in caller.f_locals.values()):
            return True
        caller = caller.f_back
    return False


def draws(frame: types.FrameType) -> bool:
    """Tell whether a frame is that of a library which draws."""
    return package(frame) in _DRAWING


def end_at_users(traceback: types.TracebackType | None) -> None:
    """Cut a traceback after the last line that is not gradarray's: an error of ours is about that one."""
    last = None
    while traceback is not None:
        if package(traceback.tb_frame) != PACKAGE:
            last = traceback
        traceback = traceback.tb_next
    if last is not None:
        last.tb_next = None


def line_in(traceback: types.TracebackType | None) -> str:
    """Return the innermost line of the user's in a traceback, as it is written, and where; or nothing."""
    found = None
    while traceback is not None:
        if package(traceback.tb_frame) not in _PASSED:
            found = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    if found is None:
        return ""
    line = linecache.getline(*found).strip()
    return f"{line} ({found[0]}:{found[1]})" if line else f"{found[0]}:{found[1]}"


def copies_container() -> bool:
    """Tell, in the ``__deepcopy__`` of a tensor, whether something that it is part of is being copied."""
    frame = sys._getframe(2)
    return _module(frame) == "copy" and frame.f_back is not None and _module(frame.f_back) == "copy"


def asked_by_user(*names: str) -> bool:
    """Tell whether it is the user's own line that asks here, or a function of a library's of one of these names.

    Another function of a library's asks on the way to what the user wants of it; Python's own library, for the user.
    """
    found = None
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and _is_passed(frame):
        if package(frame) != PACKAGE:
            found = frame
        frame = frame.f_back
    ours = found is None or package(found) in sys.stdlib_module_names or package(found) in _TESTING
    return ours or (found is not None and found.f_code.co_name in names)


# Functions of libraries that give bare values, as their names say.
BY_NAME = ("to_numpy", "as_numpy")
# Modules that take an array by the array API where it has that, although they do more by NumPy's protocols: of xarray,
# there is no vectorized indexing then. All else of it is to see the namespace, or bottleneck would get the bare values.
_BY_PROTOCOLS = frozenset({"xarray.core.indexing"})


class UnlessNumpyWillDo:
    """The method ``__array_namespace__``, which such modules do not find."""

    def __init__(self, method: Callable[..., Any]) -> None:
        functools.update_wrapper(self, method)  # type: ignore[arg-type]
        self._method = method

    def __get__(self, array: Any, owner: type | None = None) -> Any:
        if array is None:
            return self._method
        if _module(sys._getframe(1)) in _BY_PROTOCOLS:
            raise AttributeError("__array_namespace__")
        return types.MethodType(self._method, array)


def readable(text: str, file: str) -> types.CodeType:
    """Compile code that was written here, whose lines tracebacks and debuggers find by the name of the file."""
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    if len(text) > _LONGEST_KEPT:
        return compile(text, file, "exec")
    return _in_file(_compiled(text), file)


# What is written anew comes to the same text often: for arrays of other lengths, say, or in a loop.
_LONGEST_KEPT = 10_000


@functools.lru_cache(100)
def _compiled(text: str) -> types.CodeType:
    return compile(text, "<gradarray>", "exec")


def _in_file(code: types.CodeType, file: str) -> types.CodeType:
    """Return a copy of code; what Python notes in code of the types that it meets there is its own."""
    inner = tuple([_in_file(const, file) if isinstance(const, types.CodeType) else const for const in code.co_consts])
    return code.replace(co_filename=file, co_consts=inner)


class Request:
    """Who asked for something here, and what for.

    Attributes
    ----------
    given : a function that gradarray was given, and has called, if that one asked by itself
    asker : the innermost frame that is not gradarray's
    libraries : the frames of libraries that lead from there to the user's line, from the innermost one out
    user : the frame with the user's line
    """

    def __init__(self) -> None:
        frame: types.FrameType | None = sys._getframe(1)
        self.given: Any = None
        while frame is not None and package(frame) == PACKAGE:
            if _chain(frame.f_code, frame.f_lasti) == (False, ["f"]):  # as the transforms call it
                self.given = frame.f_locals["f"]
            frame = frame.f_back
        self.asker = frame
        self.libraries: list[types.FrameType] = []
        while frame is not None and package(frame) in _PASSED:
            if package(frame) != PACKAGE:
                self.libraries.append(frame)
            frame = frame.f_back
        self.user = frame

    # --- what it is doing -----------------------------------------------------------------------------------------

    @property
    def stores(self) -> str | None:
        """What stores the value into something, as the asker does, or a masked array's own method."""
        frames = [self.asker]
        if self.libraries and package(self.libraries[-1]) == "numpy":
            frames.append(self.user)
        if any(frame is not None and _instruction(frame)[0] in _STORES for frame in frames):
            return "an assignment"
        called = None if self.asker is None else _last_name(self.asker.f_code, self.asker.f_lasti)
        return f"{called}()" if called in _STORING else None

    @property
    def harmless(self) -> bool:
        """Whether nobody can lose a gradient by it: a picture, a comparison in a test, a text, a truth value."""
        for frame in self.libraries:
            if _module(frame) in _ASKING_MODULES:
                return True
            if package(frame) in _TESTING or not _HARMLESS.isdisjoint(_module(frame).split(".")):
                return True
        outermost = self.libraries[-1] if self.libraries else None
        return outermost is not None and draws(outermost) and _module(outermost) != "matplotlib.mlab"  # which computes

    @property
    def formats(self) -> bool:
        """Whether it is a text that the value goes into, or a question that is answered by yes or no."""
        if self.asker is None:
            return False
        if _instruction(self.asker) == _REMAINDER:
            return True
        if _last_name(self.asker.f_code, self.asker.f_lasti) in _ASKING:  # imported in a function, or an attribute
            return True
        called = _Callee(self.asker).object
        return isinstance(called, types.BuiltinFunctionType) and called in _PREDICATES

    # --- its names ------------------------------------------------------------------------------------------------

    @property
    def place(self) -> Any:
        """What tells the names from those of other requests: the user's instruction, and what it has called."""
        codes = [frame.f_code for frame in (self.user, *self.libraries[-1:]) if frame is not None]
        at = None if self.user is None else (self.user.f_lasti, self.user.f_lineno)
        return (at, *codes, *[code.co_filename for code in codes], getattr(self.given, "__name__", None))

    @functools.cached_property
    def _callee(self) -> _Callee | None:
        return None if self.user is None else _Callee(self.user)

    @property
    def called(self) -> Any:
        """The function that the user called, where it can be told without looking at local variables."""
        if self.given is not None:
            return self.given
        return None if self._callee is None else self._callee.object

    @property
    def method(self) -> str | None:
        """The last name of what the user called, of whatever object it is a method."""
        return None if self.user is None else _last_name(self.user.f_code, self.user.f_lasti)

    @property
    def name(self) -> str | None:
        """The public name of the function that the user called."""
        if self.given is not None and (name := _name_of(self.given)) is not None:
            return name
        callee = self._callee
        if callee is not None and callee.name is not None:
            return callee.name
        for frame in reversed(self.libraries):
            name = _public(frame)
            if name is not None:
                return name
        outermost = self.libraries[-1] if self.libraries else None
        if outermost is None or package(outermost) == "numpy" or package(outermost) in sys.stdlib_module_names:
            return None
        return [package(outermost), *(owner.__name__ for owner in _owners(_module(outermost)))][-1]

    @property
    def expression(self) -> str | None:
        """The user's expression, or the whole line where it assigns."""
        frame = self.user
        if frame is None:
            return None
        text = quoted(frame.f_code, frame.f_lasti, frame.f_globals, _instruction(frame)[0] in _STORES)
        if text is None and self._callee is not None and self._callee.text is not None:
            return f"{self._callee.text}(...)"
        return text

    @property
    def made(self) -> str | None:
        """The one line in which the array that the user's line writes into was made, where it is known."""
        frame = self.user
        if frame is None or (name := _target(frame.f_code, frame.f_lasti)) is None:
            return None
        lines = {
            at.positions.lineno
            for at in dis.get_instructions(frame.f_code)
            if at.opname.startswith("STORE_")
            and (name == at.argval or (isinstance(at.argval, tuple) and name in at.argval))
            and at.positions is not None
        }
        if len(lines) != 1 or None in lines or (line := lines.pop()) == frame.f_lineno:
            return None
        text = linecache.getline(frame.f_code.co_filename, line or 0, frame.f_globals).strip()
        return f"`{name}` was made in line {line}, `{_short(text)}`" if text.startswith(f"{name} =") else None


# --- names ----------------------------------------------------------------------------------------------------------


def _shown(name: str) -> str:
    """Return a dotted name as users write it."""
    name = name.removeprefix("builtins.")
    for package, short in (("numpy", "np"), (PACKAGE, "ga")):
        if name.startswith(f"{package}."):
            return short + name.removeprefix(package)
    return name


class _Callee:
    """What a frame is calling: the text of it, the object, and its public name; None where that cannot be told."""

    __slots__ = ("name", "object", "text")

    def __init__(self, frame: types.FrameType) -> None:
        self.text = self.name = self.object = None
        chain = _chain(frame.f_code, frame.f_lasti)
        if chain is None:
            return
        is_global, names = chain
        self.text = ".".join(names)
        owner: Any = None
        if is_global:
            found = frame.f_globals.get(names[0], vars(builtins).get(names[0]))
        else:  # a module of this name, or none that is known
            found = sys.modules.get("numpy" if names[0] == "np" else names[0])
        for name in names[1:]:
            if not isinstance(found, (types.ModuleType, type)):
                return
            owner, found = found, vars(found).get(name)
        if found is None or isinstance(found, types.ModuleType):
            return
        if isinstance(owner, types.ModuleType):
            self.object, self.name = found, _shown(f"{owner.__name__}.{names[-1]}")
        elif isinstance(found, (type, types.BuiltinFunctionType, types.FunctionType)) or hasattr(found, "__wrapped__"):
            self.object, self.name = found, _name_of(found)


_NAMES = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR")


@functools.lru_cache(maxsize=512)
def _chain(code: types.CodeType, at: int) -> tuple[bool, list[str]] | None:
    """Return whether the callee of a call starts from a global name, and the names in it: ``math.sin`` has two."""
    found: tuple[bool, list[str]] | None = None
    for i in _callee_loaded(code, at):
        if i.opname in ("LOAD_ATTR", "LOAD_METHOD") and found is not None:
            found[1].append(i.argval)
        elif i.opname.startswith(_NAMES) and isinstance(i.argval, str):
            found = i.opname in ("LOAD_GLOBAL", "LOAD_NAME"), [i.argval]
        else:
            found = None
    return found


@functools.lru_cache(maxsize=512)
def _last_name(code: types.CodeType, at: int) -> str | None:
    """Return the last name of the callee of a call: that of ``a.b[0].fill(t)`` is ``fill``."""
    loaded = [*_callee_loaded(code, at)]
    return loaded[-1].argval if loaded and isinstance(loaded[-1].argval, str) else None


def _callee_loaded(code: types.CodeType, at: int) -> Iterator[dis.Instruction]:
    """Yield the instructions that load the callee of a call; none if there is no call at that place."""
    instructions = list(itertools.takewhile(lambda i: i.offset <= at, dis.get_instructions(code)))
    call = instructions[-1] if instructions else None
    if call is None or call.positions is None or not call.opname.startswith(("CALL", "PRECALL")):
        return
    for i in instructions[:-1]:
        if i.positions is None or i.positions[0] != call.positions[0] or i.positions[2] != call.positions[2]:
            continue
        if i.opname in ("PUSH_NULL", "KW_NAMES") or i.positions == call.positions or type(i.argval) is tuple:
            continue  # a part of the call itself
        yield i


@functools.lru_cache(maxsize=512)
def _target(code: types.CodeType, at: int) -> str | None:
    """Return the name of the variable whose element or attribute an instruction assigns."""
    instructions = list(itertools.takewhile(lambda i: i.offset <= at, dis.get_instructions(code)))
    store = instructions[-1] if instructions else None
    if store is None or store.positions is None or store.opcode not in _STORES:
        return None
    for i in reversed(instructions[:-1]):
        same = i.positions is not None and i.positions[0] == store.positions[0] and i.positions[2] == store.positions[2]
        if same and i.opname.startswith(_NAMES):  # one instruction may load two
            return str(i.argval[0] if isinstance(i.argval, tuple) else i.argval)
    return None


_JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))


@functools.lru_cache(maxsize=1024)
def _lent_target(code: types.CodeType, at: int) -> tuple[bool, bool]:
    instructions = list(dis.get_instructions(code))
    (here,) = [k for k, instruction in enumerate(instructions) if instruction.offset == at]
    after = instructions[here + 1]
    if not after.opname.startswith("STORE_FAST"):
        return False, False
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    target = after.argval[0] if isinstance(after.argval, tuple) else after.argval
    return _loader(instructions[:here]).startswith("LOAD_FAST_BORROW"), target in names


def _loader(before: list[dis.Instruction]) -> str:
    """Return the name of the instruction that put the left operand of the next one on the stack."""
    missing = 2
    for instruction in reversed(before):
        if instruction.opcode in _JUMPS:
            return ""
        missing -= dis.stack_effect(instruction.opcode, instruction.arg)
        if missing <= 0:
            return str(instruction.opname)
        if instruction.is_jump_target:
            return ""
    return ""


def _owners(module: str) -> Iterator[types.ModuleType]:
    """Yield the public modules that may show what is defined in a module, from the outermost one in."""
    parts = [*itertools.takewhile(lambda part: not part.startswith("_"), module.split("."))]
    for n in range(1, len(parts) + 1):
        owner = sys.modules.get(".".join(parts[:n]))
        if owner is not None:
            yield owner


def _name_of(thing: Any) -> str | None:
    """Return the public name of a function or a class."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not module or not name or "<" in name:
        return None
    for owner in _owners(module):
        if vars(owner).get(name) is thing:
            return _shown(f"{owner.__name__}.{name}")
    return _shown(f"{module}.{name}")


def _public(frame: types.FrameType) -> str | None:
    """Return the public name of the function that a library's frame carries out; None for one of its helpers."""
    module, qualified = _module(frame), frame.f_code.co_qualname
    name, _, rest = qualified.partition(".")
    if name.startswith("_") or "<" in qualified:
        return None
    known = None
    for owner in _owners(module):
        found = vars(owner).get(name)
        shown = _shown(f"{owner.__name__}.{name}")
        if rest and isinstance(found, type) and found.__module__.partition(".")[0] == package(frame):
            return shown if rest.startswith("_") else f"{shown}.{rest}"
        if not rest and _carries_out(found, frame.f_code):
            return shown
        if found is not None:
            known = shown
    return None if rest else known


def _carries_out(function: Any, code: types.CodeType) -> bool:
    for _ in range(10):  # decorators
        if getattr(function, "__code__", None) is code:
            return True
        function = getattr(function, "__wrapped__", None)
    return False


# --- the user's code ------------------------------------------------------------------------------------------------


def _instruction(frame: types.FrameType) -> tuple[int, int]:
    code = frame.f_code.co_code
    return code[frame.f_lasti], code[frame.f_lasti + 1]


def quoted(code: types.CodeType, at: int, names: dict[str, Any], whole: bool = False) -> str | None:
    """Return the expression that an instruction belongs to, or its whole line, where the source is there."""
    start, end, left, right = next(itertools.islice(code.co_positions(), at // 2, None), (None,) * 4)
    if start is None or end is None:
        return None
    lines = [linecache.getline(code.co_filename, n, names) for n in range(start, end + 1)]
    if left is not None and right is not None and not whole:  # they count bytes
        lines[-1] = lines[-1].encode()[:right].decode(errors="replace")
        lines[0] = lines[0].encode()[left:].decode(errors="replace")
    return _short(" ".join(lines)) or None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def at_with(frame: types.FrameType) -> bool:
    """Tell whether what a frame is calling is the object of a ``with`` statement: then nothing has to be set before.

    An interrupt between the call and the beginning of the block would leave it set for good.
    """
    code, place = frame.f_code.co_code, frame.f_lasti + 2
    while code[place] == dis.opmap["CACHE"]:
        place += 2
    names = [dis.opname[code] for code in code[place : place + 4 : 2]]
    return names[0] == "BEFORE_WITH" or names == ["COPY", "LOAD_SPECIAL"]


# Functions of scipy.sparse that ask for an array, and leave the call to the other operand where it is none.
_LEAVING = frozenset(("_matmul_dispatch", "_multiply_2d_with_broadcasting", "_divide", "multiply"))


def leaves_turns() -> bool:
    """Tell whether what asks for values, two frames up, leaves its call to the operators of who has none."""
    frame = sys._getframe(2)
    return frame.f_code.co_name in _LEAVING and str(frame.f_globals.get("__name__")).startswith("scipy.sparse.")
