"""The public names, by topic and by module, as the package itself lists them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import gradarray

_TOP = "ga"
# What stands for itself, and has no docstring.
VALUES = {
    "ga.__version__": "The version of the package, as text.",
    "ga.registry.RULES": "The rules of all functions that were met so far, by function.",
    "ga.nnet.schedules.Schedule": "The type of a schedule: a function from the number of a step to a rate.",
}


class PublicName(NamedTuple):
    """A public name.

    Attributes
    ----------
    path : as a program has it, such as ``ga.nnet.relu``
    value : what it names
    """

    path: str
    value: Any

    @property
    def is_module(self) -> bool:
        return isinstance(self.value, ModuleType)

    @property
    def is_own(self) -> bool:
        """Whether it is no other name of something of NumPy's, and no plain value."""
        home = getattr(self.value, "__module__", None)
        return self.is_module or (
            isinstance(home, str) and home.partition(".")[0] == "gradarray" and self.original is self.value
        )

    @property
    def original(self) -> Any:
        """The function of NumPy that it mirrors, or the value itself."""
        return getattr(self.value, "__wrapped__", self.value)


@cache
def modules() -> dict[str, ModuleType]:
    """Return the public modules by their paths: those that the package lists, and those that these list.

    Examples
    --------
    >>> from gradarray.show.public import modules
    >>> [*modules()][:4]
    ['ga', 'ga.fft', 'ga.linalg', 'ga.nnet']
    """
    found: dict[str, ModuleType] = {_TOP: gradarray}
    queue = [_TOP]
    for path in queue:
        for name in found[path].__all__:
            value = getattr(found[path], name)
            # The layers stand in modules of their own, which list nothing.
            if isinstance(value, ModuleType) and hasattr(value, "__all__"):
                found[f"{path}.{name}"] = value
                queue.append(f"{path}.{name}")
    return found


@cache
def public_names() -> dict[str, PublicName]:
    """Return all public names by their paths, those of the package first."""
    return {
        f"{path}.{name}": PublicName(f"{path}.{name}", getattr(module, name))
        for path, module in modules().items()
        for name in module.__all__
    }


@cache
def canonical() -> dict[str, str]:
    """Return of each public name of our own the one that its page is called by, which is that for most.

    Examples
    --------
    >>> from gradarray.show.public import canonical
    >>> canonical()["ga.nnet.activations.relu"], canonical()["ga.no_autodiff"]
    ('ga.nnet.relu', 'ga.no_grad')
    """
    own = [name for name in public_names().values() if name.is_own]
    # The package binds some names twice; the one that the object knows itself by stands for both.
    paths: dict[int, str] = {}
    for name in sorted(own, key=lambda name: (name.path.count("."), repr(name.value) != name.path)):
        paths.setdefault(id(name.value), name.path)
    return {name.path: paths[id(name.value)] for name in own}


def topics() -> Iterator[tuple[str, list[str]]]:
    """Yield the topics of ``help(ga)``, each with the paths of its names.

    Examples
    --------
    >>> from gradarray.show.public import topics
    >>> dict(topics())["Programs"]
    ['ga.jit', 'ga.source', 'ga.JitWarning', 'ga.JitError']
    """
    found: dict[str, list[str]] = {}
    topic = ""
    lines = (gradarray.__doc__ or "").partition("there are:\n\n")[2].partition("\n\n")[0]
    for line in lines.splitlines():
        topic = line[:12].strip() or topic
        # A name on the right is one only if nothing but a name is called so.
        for word in [*re.findall(r"\w+", line[12:48]), *re.findall(r"\w+", line[48:])]:
            path = f"{_TOP}.{word}"
            own = public_names().get(path)
            if own is not None and own.is_own and not any(path in paths for paths in found.values()):
                found.setdefault(topic, []).append(path)
    yield from found.items()


def of_module(path: str) -> list[str]:
    """Return the paths of a module's own names."""
    listed = [f"{path}.{name}" for name in modules()[path].__all__]
    return [name for name in listed if public_names()[name].is_own and not public_names()[name].is_module]


def finder(module: str, known: dict[str, str], besides: frozenset[str] = frozenset()) -> Callable[[str], str | None]:
    """Return what finds the page that explains a piece of code, as ``grad`` and ``ga.grad(f)`` in a module.

    Parameters
    ----------
    module : the path of the module whose names need no dots
    known : the pages by path
    besides : names that mean something else, such as parameters
    """

    def find(text: str) -> str | None:
        written = re.match(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*", text)
        if written is None:
            return None
        path = re.sub(r"^gradarray\b", _TOP, written[0])
        path = re.sub(r"^numpy\b", "np", path)
        if path.partition(".")[0] in (_TOP, "np"):
            while path not in known and "." in path:
                path = path.rpartition(".")[0]
            return known.get(path) if "." in path or path == text else None
        if written[0] != text or text in besides:
            return None
        homes = [module, *[home for home in modules() if home.startswith(f"{module}.")], _TOP]
        return next((known[f"{home}.{text}"] for home in homes if f"{home}.{text}" in known), None)

    return find
