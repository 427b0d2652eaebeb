"""Where ``t.__array_namespace__()`` leads: to the room `arrayapi`, which stands above and hands itself down."""

from __future__ import annotations

from typing import Any

# The versions of the standard that a later one of them extends.
_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
# The module, handed in by itself.
module: Any = None


def namespace(api_version: str | None = None) -> Any:
    """Return the namespace of the Python array API standard, the same one for arrays of every kind."""
    if api_version is not None and api_version not in _VERSIONS:
        raise ValueError(
            f"the array API is that of {_VERSIONS[-1]} here, which includes {', '.join(_VERSIONS[:-1])}; "
            f"version {api_version!r} is not known"
        )
    return module
