"""Backends of third parties, found through the entry points of installed distributions.

A distribution offers a backend with, in its pyproject.toml::

    [project.entry-points."convoracle.backends"]
    winograd = "my_kernels.backend:BACKEND"

where ``BACKEND`` is a mapping from operation name to `convoracle.fast.registry.Variant`. Installing it changes nothing
until someone names it. It may not take the name of a built-in backend: the built-in one is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib import metadata

GROUP = "convoracle.backends"


@cache
def entry_points() -> dict[str, metadata.EntryPoint]:
    """Return the entry points of the group by name, read once per process."""
    from importlib import metadata  # a third of the time that importing convoracle would take

    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def names() -> set[str]:
    """Return the names under which plug-ins are installed; none is imported."""
    return set(entry_points())


@cache
def load(name: str, variant_type: type, operations: tuple[str, ...]) -> Mapping[str, Any]:
    """Import the plug-in `name` and return its mapping from operation to variant.

    Raises
    ------
    ImportError
        If it cannot be imported or is not such a mapping.
    """
    point = entry_points()[name]
    try:
        table = point.load()
    except Exception as error:  # whatever a third party's module raises while it is imported
        raise ImportError(
            f"backend {name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(table, Mapping):
        raise ImportError(
            f"backend {name!r} ({point.value}) must be a mapping from operation to Variant, got {type(table).__name__}"
        )
    for operation, variant in table.items():
        if operation not in operations or not isinstance(variant, variant_type):
            raise ImportError(
                f"backend {name!r} ({point.value}) must map operations ({', '.join(operations)}) to Variant, "
                f"got {operation!r}: {type(variant).__name__}"
            )
    return table
