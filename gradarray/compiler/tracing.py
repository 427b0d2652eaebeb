"""One call that is carried out and written down, and what comes of it: a program and its entry."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..context.frames import readable
from ..context.settings import silently
from ..dropin.blocks import in_program
from ..forward.dual import Dual
from ..kernels.gate import described
from ..kernels.traced import TRACED, traced_in
from ..reverse.outputs import likeness
from ..reverse.tensor import Tensor
from ..transforms.argnums import function_name, names_of_parameters
from ..transforms.containers import Fixed, Tree, flatten
from .arrays.traced import new_program
from .entry import Entry, Static, overlapping
from .passes.optimise import optimised
from .program.lines import Origins
from .program.program import Program
from .program.statements import JitError, Variable
from .surroundings.locations import Location
from .surroundings.objects import EQUAL, set_state_of
from .surroundings.surroundings import KEPT, Surroundings
from .surroundings.volatile import watched
from .text.readable import readable_text, signature
from .text.writer import write_program

# Makers of generators, which without a seed are others each time.
_UNSEEDED = frozenset(
    ("default_rng", "RandomState", "SeedSequence", "PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")
)


class Run:
    """A program, how it is entered, what it is right for, and how many statements were written down for it."""

    __slots__ = ("enter", "numbers", "statements", "text")

    def __init__(
        self, enter: Callable[..., Any], text: str, numbers: list[tuple[Location, Any]], statements: int
    ) -> None:
        self.enter, self.text, self.numbers, self.statements = enter, text, numbers, statements

    def varied(self) -> set[tuple[int, Any]]:
        """Return the places of numbers where there is another one now."""
        pairs = [(place.key, place.get(), value) for place, value in self.numbers]
        return {key for key, now, value in pairs if type(now) is type(value) and now != value}


_BY_VALUE = (str, bytes, int, float, complex, bool, type(None), np.dtype)


def told(value: Any) -> Any:
    """Return what tells an argument that is no array: its value if that cannot change, else itself."""
    return value if isinstance(value, _BY_VALUE) else id(value)


class Disturbed(JitError):
    """Something was in the way that may not be there next time: another thread, or a module that is imported first."""


_LONG = 1000  # milliseconds
# The one program that is being written.
_turn: dict[str, Tracing] = {}


def is_writing() -> bool:
    """Tell whether this thread is writing a program, of which what is called becomes a part."""
    tracing = _turn.get("")
    return tracing is not None and tracing._thread is threading.current_thread()


def standing_for_inputs(variables: Iterable[Variable]) -> dict[Variable, Any]:
    """Return what stands for what the program is given that is being written, by its variables."""
    tracing = _turn[""]
    given = [*tracing._standing.values(), *[new for _, new in tracing._swaps]]
    known = {x.variable: x for x in given}
    try:
        return {v: known[v] for v in variables}
    except KeyError:
        raise JitError("it makes use of what is made before") from None


class Tracing:
    """One call that is carried out and written down.

    Attributes
    ----------
    run : the program; None where there can be none at present
    out : what it returned
    text : its text
    source : returns the text for readers, with their own lines where nothing is to be carried out
    """

    def __init__(
        self,
        f: Callable[..., Any],
        varying: set[tuple[int, Any]],
        args: Any,
        kwargs: Any,
        leaves: Sequence[Any],
        tree: Tree,
        carry_out: bool = True,
        once: bool = False,
        backend: Any = None,
    ) -> None:
        self._f, self._leaves, self._tree, self._backend = f, leaves, tree, backend
        self.out: Any = None
        self.text = ""
        self.source: Callable[..., str] = str
        self._thread = threading.current_thread()
        self._ended = False
        self._around: Any = None
        try:
            self._wait()
            self.run = self._write(varying, args, kwargs, once, not (carry_out or once))
            if self.run is not None and carry_out:
                self._carry_out(self.run, args, kwargs)
        except BaseException:
            self._undo()
            raise
        finally:
            try:  # here, since an interrupt may come as soon as a function is entered
                self._leave()
            except BaseException:
                self._leave()
                raise

    def _carry_out(self, run: Run, args: Any, kwargs: Any) -> None:
        done = silently(partial(run.enter, *args, **kwargs))  # what NumPy says of the values it has said
        if done is None:
            raise JitError("the program does not repeat what was done")
        self.out = done[0]
        self._redo()

    # --- one at a time ----------------------------------------------------------------------------------------------

    def _wait(self) -> None:
        """Wait until no other thread writes a program, since arrays of the program's stand everywhere then."""
        for _ in range(_LONG):
            other = _turn.setdefault("", self)
            if other is self or other._thread is self._thread:
                return
            if not other._thread.is_alive():
                _turn.pop("", None)
            time.sleep(0.001)
        raise Disturbed("another thread writes a program, and may wait for this one")

    def _leave(self) -> None:
        """Leave everything to others; it can be done again after half of it."""
        self._put_back()
        if _turn.get("") is self:
            _turn.pop("", None)

    def _put_back(self) -> None:
        """Put back what stood where traced arrays stand."""
        if self._around is not None and not self._ended:
            self._program.close()
            self._around.restore()
        self._ended = True

    def _undo(self) -> None:
        """Let random numbers be drawn anew."""
        if self._around is not None and _random_state() != self._random:
            kind, keys, *rest = self._random[0]
            np.random.set_state((kind, np.frombuffer(keys, np.uint32), *rest))  # noqa: NPY002 - the legacy functions'
            if self._random[1] is not None:
                sys.modules["random"].setstate(self._random[1])
        for generator, state in () if self._around is None else self._around.generators:
            set_state_of(generator, state)

    # --- the call ---------------------------------------------------------------------------------------------------

    def _write(
        self, varying: set[tuple[int, Any]], args: Any, kwargs: Any, once: bool, for_readers: bool
    ) -> Run | None:
        objects = [value.value if type(value) is Static else value for _, value in self._tree.fixed()]
        around = Surroundings((self._f, *objects))
        if around.bound():  # names lead to what stands in for NumPy, which is not to get into a program
            return None
        self._program = p = new_program(Origins() if for_readers else None)
        self._inputs: list[Any] = []  # what the program is given
        self._enter = Entry()
        self._texts: list[str] = []  # how that is called
        self._standing: dict[int, Any] = {}  # by the identity of an array, what stands for it
        self._random = _random_state()
        self._around = around
        inputs = self._enter_arguments(len(args))
        self._enter_surroundings(varying)
        self._enter.distinct([t for t, x in zip(self._texts, self._inputs, strict=True) if type(x) is np.ndarray])
        self._swap()
        containers = self._tree.unflatten(iter(inputs))
        passed = flatten(containers)
        given = [x.value if type(x) is Static else x for x in containers[0]]
        words = {k: x.value if type(x) is Static else x for k, x in containers[1].items()}
        result = watched(around.volatile, lambda: in_program(self._f, given, words, p))
        if _random_state() != self._random or around.drew():
            raise JitError("random numbers are drawn in it")
        if p.refused:
            raise JitError(p.refused)
        if p.foreign:
            raise Disturbed("another thread computes with its arrays")
        if new := around.defined():
            raise Disturbed(f"{new[0]} is not there before the call")
        found, out_tree = flatten(result)
        outputs = [as_output(p, x) for x in found]
        for _, value in out_tree.fixed():
            if not isinstance(value, (bool, *EQUAL, type, np.ufunc)) and not around.has(value):
                raise JitError(f"it returns {described(value)} that it has made")
        effects = self._effects()
        moved = self._moved(passed, containers)
        self._redo = around.redo(self._back)
        self._put_back()
        enter = self._written(outputs, out_tree, effects, moved)
        if not once and not _UNSEEDED.isdisjoint(around.names):
            other = Tracing(self._f, varying, args, kwargs, self._leaves, self._tree, False, True)
            if other.text != self.text or not other.has_constants_of(self):
                raise JitError("random numbers are drawn in it")
        return Run(enter, self.text, around.numbers(), len(p.statements))

    def has_constants_of(self, other: Tracing) -> bool:
        """Tell whether both found the same constants."""
        own, others = self._program.constants, other._program.constants
        return [*map(_bytes, own.items())] == [*map(_bytes, others.items())]

    # --- what the program is given ----------------------------------------------------------------------------------

    def _enter_arguments(self, count: int) -> list[Any]:
        args, words = self._tree.parts
        every = iter(self._leaves)
        for i, part in enumerate(args.parts):
            self._enter.arguments(f"_a{i}", part, every)
        for word, part in zip(words.keys, words.parts, strict=True):
            self._enter.arguments(word, part, every)
        names = self._names()
        inputs = [
            self._entered(value, name, text)
            for value, name, text in zip(self._leaves, names, self._enter.given, strict=True)
        ]
        self._given = [x.variable for x in inputs]
        return inputs

    def _entered(self, value: Any, name: str, text: str) -> Any:
        """Return what stands for a value that the program is given; for an array, the same each time."""
        if type(value) is np.ndarray and id(value) in self._standing:
            first = next(t for x, t in zip(self._inputs, self._texts, strict=True) if x is value)
            self._enter.miss(f"{text} is not {first}")
            self._program.named(name)
            return self._standing[id(value)]
        traced = self._program.enter(_copied(value), name)
        self._inputs.append(value)
        self._texts.append(text)
        if type(value) is np.ndarray:
            self._standing[id(value)] = traced
        return traced

    def _enter_surroundings(self, varying: set[tuple[int, Any]]) -> None:
        self._swaps: list[tuple[Location, Any]] = []
        compared, enter = [], self._enter
        for found in self._around.found:
            place, value = found.place, found.value
            varies = found.kind == "number" and type(value) is not bool and (place.key in varying or value != value)
            if found.kind == "array" and place.how == "fixed":
                text = enter.constant(value)
                enter.form(text, value)
                self._entered(value, place.label, text)
            elif found.kind == "array" or varies:
                text = enter.named(enter.read(place))
                enter.form(text, value)
                self._swaps.append((place, self._entered(value, place.label, text)))
            else:
                compared.append(found)
        enter.surroundings(compared)

    def _swap(self) -> None:
        """Let traced arrays stand where arrays stood."""
        self._back: dict[int, Any] = {id(new): place.get() for place, new in self._swaps}
        for place, new in self._swaps:
            place.set(new)
        for found in self._around.found:
            if found.kind == "same" and isinstance(found.value, tuple):
                new = _rebuilt(found.value, self._standing)
                if new is not found.value:
                    self._back[id(new)] = found.value
                    self._swaps.append((found.place, new))
                    found.place.set(new)

    @cached_property
    def _params(self) -> list[str]:
        return names_of_parameters(self._f)

    def _names(self) -> list[str]:
        params = self._params
        names = []
        for path in self._tree.paths():
            words = path.replace("]", "").replace("'", "").replace(".", "[").split("[")[1:]
            first = params[int(words[1])] if words[0] == "0" and int(words[1]) < len(params) else words[1]
            name = "_".join([first, *words[2:]]) if not first.isdigit() else f"a{first}"
            names.append(words[-1] if len(words) > 2 and words[-1].isidentifier() else name)
        return names

    # --- what the function changed ----------------------------------------------------------------------------------

    def _effects(self) -> list[tuple[Callable[[Any], None], Any]]:
        """Return how traced values were kept outside of the function: what sets a place, and what stands there."""
        effects: list[tuple[Callable[[Any], None], Any]] = []
        stands = {place.key: new for place, new in self._swaps}
        for changed, now in self._around.changed():
            place = changed.place
            if now is stands.get(place.key) or traced_in(now) is None:
                continue
            if isinstance(now, (list, tuple, dict)):
                raise JitError(f"{place.label} is set to a container of arrays")
            effects.append((place.set, now))  # of another place, as where two are swapped, or of the call
        known = stands.keys() | {found.place.key for found in self._around.found}
        for cached, misses in self._around.caches:
            if cached.cache_info().misses != misses:
                cached.cache_clear()
        for found in Surroundings(self._around.roots, self._around).found:
            place = found.place
            if place.key in known or traced_in(found.value) is None:
                continue
            if place.how != "attribute" or isinstance(found.value, (list, tuple, dict)):
                raise JitError(KEPT.format(place.label or "a container"))
            effects.append((place.set, found.value))
        return effects

    def _moved(self, before: tuple[list[Any], Tree], after: Any) -> list[tuple[str, Any]]:
        """Return which items of arguments the function has set to other arrays: their texts, and what stands there."""
        leaves, tree = before
        now, shape = flatten(after)
        if not _are_alike(shape, tree):
            raise JitError("it changes the structure of a container that it was given")
        moved = []
        for text, old, new in zip(self._enter.given, leaves, now, strict=True):
            if old is not new:
                setter = self._enter.setters.get(text)
                if setter is None:
                    raise JitError("it changes an object that it was given")
                moved.append((setter, new))
        return moved

    # --- the text ---------------------------------------------------------------------------------------------------

    def _written(self, outputs: Any, tree: Tree, effects: Any, moved: Any) -> Callable[..., Any]:
        p, enter = self._program, self._enter
        outputs = [*outputs, *[as_output(p, x) for _, x in effects], *[as_output(p, x) for _, x in moved]]
        name = function_name(self._f)
        called = name if name.isidentifier() else "program"
        left = optimised(p, outputs)
        way = signature(self._tree, self._params, self._given, tree)
        self.source = partial(readable_text, p, left, called, way)
        head = f"{called}({', '.join([v.name for v in p.inputs])})"
        direct = not effects and not moved and enter.spells(tree)
        if direct:
            ending: Any = {"ending": lambda texts: [f"return ({enter.results(tree, texts)},)"]}
        else:
            ending = {}
        program = write_program(p, left, head, **ending)
        self.text = program.text
        space = dict(program.names)
        exec(readable(self.text, f"<gradarray program of {name}>"), space)
        enter.space["_program"] = carried_out = space.pop(called)
        if self._backend is not None:
            kinds = {v: type(x) for v, x in zip(p.inputs, self._inputs, strict=True)}
            self._compile(self._backend.program(p, left, head, ending.get("ending"), kinds, (carried_out, program)))
        arrays = [x for x in self._inputs if type(x) is np.ndarray]
        if program.writes:
            if overlapping(arrays):
                raise JitError("it writes into arguments that share memory")
            self._apart(program.writes)
        at_risk = [
            t for t, v in zip(self._texts, p.inputs, strict=True) if program.risky and v.memory in program.writes
        ]
        call = f"_program({', '.join(self._texts)})"
        args, words = self._tree.parts
        for i, text in enumerate(at_risk):
            enter.lines.append(f"_s{i} = {text}.copy()")
        back = [f"{text}[...] = _s{i}" for i, text in enumerate(at_risk)]
        if direct and not back:
            enter.lines.append(f"return {call}")
            return enter.finished(len(args.parts), words.keys, name)  # type: ignore[no-any-return]
        if back:
            enter.lines += ["try:", f"    _out = {call}", "except Exception:", "    _out = None"]
        else:
            enter.lines.append(f"_out = {call}")
        enter.lines += ["if _out is None:", *["    " + line for line in back], "    return None"]
        changes = [*[enter.constant(change) + "({})" for change, _ in effects], *[text for text, _ in moved]]
        for i, text in enumerate(changes, len(outputs) - len(changes)):
            enter.lines.append(text.format(f"_out[{i}]"))
        texts = [f"_out[{i}]" for i in range(len(outputs))]
        enter.lines.append("return _out" if direct else f"return ({enter.results(tree, texts)},)")
        return enter.finished(len(args.parts), words.keys, name)  # type: ignore[no-any-return]

    def _compile(self, compiled: tuple[Callable[..., Any], str] | None) -> None:
        """Let what a backend has made take the place of the program; None where it makes nothing of it."""
        if compiled is not None:
            self._enter.space["_program"], text = compiled
            self.source = lambda: text

    def _apart(self, written: set[Any]) -> None:
        """Let what is written into share memory with nothing else that the program is given."""
        pairs = [(t, v) for t, v, x in zip(self._texts, self._program.inputs, self._inputs, strict=True) if np.ndim(x)]
        for i, (a, v) in enumerate(pairs):
            for b, w in pairs[:i]:
                if v.memory in written or w.memory in written:
                    self._enter.miss(f"may_share_memory({a}, {b})")


def _bytes(pair: tuple[str, Any]) -> Any:
    name, value = pair
    return name, value.tobytes() if isinstance(value, (np.ndarray, np.generic)) else repr(value)


def _are_alike(a: Tree, b: Tree) -> bool:
    """Tell whether two containers are of one structure, and have the same in it that is no number."""
    if a.kind is not b.kind or [*a.keys] != [*b.keys]:
        return False
    if a.kind is Fixed:
        return bool(told(a.build([])) == told(b.build([])))
    return all(map(_are_alike, a.parts, b.parts))


def _rebuilt(value: Any, standing: dict[int, Any]) -> Any:
    """Return a tuple with traced arrays in place of those that these stand for; itself where there are none."""
    if not isinstance(value, tuple):
        return standing.get(id(value), value)
    items = [_rebuilt(item, standing) for item in value]
    if all(a is b for a, b in zip(items, value, strict=True)):
        return value
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)


def _copied(x: Any) -> Any:
    if type(x) is not np.ndarray:
        return x
    copy = likeness(x)
    copy.flags.writeable = x.flags.writeable
    return copy


def as_output(p: Program, x: Any) -> Any:
    """Return the variable, or the text, of what a program returns."""
    if type(x) in TRACED:
        return x.variable
    if isinstance(x, (Tensor, Dual)):
        raise JitError("it returns a Tensor")
    if isinstance(x, np.ndarray):
        return p.entered(x).variable
    if isinstance(x, np.generic):
        return p.constant(x)
    return p.shown(p.spelt(x)[1])


def _random_state() -> Any:
    """Return the states of NumPy's and Python's own generators."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - it is that of the legacy functions
    pythons = sys.modules["random"].getstate() if "random" in sys.modules else None
    return (kind, np.asarray(keys).tobytes(), *rest), pythons
