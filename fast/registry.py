"""Which backend can do what: names in, a `Variant` out, and nothing imported on the way but a plug-in that is named.

A backend is a mapping from operation to `Variant`. The built-in ones are listed in `convoracle.fast.built_in`; others
come from the entry points of installed distributions (`convoracle.fast.plugins`). A variant's kernel is called with
normalised arguments (see `convoracle.fast.kernels` for the exact calls) and trusts them.
"""

from collections.abc import Mapping

from convoracle.fast import plugins
from convoracle.fast.built_in import (
    BUILT_IN,
    BY_NUMPY,
    CONVOLUTIONS,
    EXPONENTIALS,
    FLOATS_ONLY,
    LOCAL,
    OPERATIONS,
    POOLS,
)
from convoracle.fast.variant import ALL_DTYPES, FLOAT_DTYPES, Variant

__all__ = [
    "ALL_DTYPES",
    "BUILT_IN",
    "BY_NUMPY",
    "CONVOLUTIONS",
    "EXPONENTIALS",
    "FLOATS_ONLY",
    "FLOAT_DTYPES",
    "LOCAL",
    "OPERATIONS",
    "POOLS",
    "Variant",
    "backends",
    "is_backend",
    "missing",
    "operations",
    "variant",
    "variants",
    "variants_of",
]


def operations() -> tuple[str, ...]:
    """Return the names of the operations."""
    return OPERATIONS


def backends() -> tuple[str, ...]:
    """Return the names of the backends, built in and then installed by third parties, without importing any."""
    return (*BUILT_IN, *sorted(plugins.names() - BUILT_IN.keys()))


def is_backend(name: str) -> bool:
    """Tell whether there is a backend of this name; plug-ins are looked for only if it is not built in."""
    return name in BUILT_IN or name in plugins.names()


def missing(backend: str) -> str | None:
    """Return why a backend cannot be used here (a module is missing, a plug-in is broken), or None if it can."""
    try:
        table = variants_of(backend)
    except (ImportError, ValueError) as error:
        return str(error)
    reasons = (variant.missing() for variant in table.values())
    return next((reason for reason in reasons if reason is not None), None)


def variants_of(backend: str) -> Mapping[str, Variant]:
    """Return the variants of one backend by operation; a plug-in is imported here, the first time it is named.

    Raises
    ------
    ValueError
        For an unknown name.
    ImportError
        For a plug-in that is broken.
    """
    if backend in BUILT_IN:
        return BUILT_IN[backend]
    check_known(backend)
    return plugins.load(backend, Variant, OPERATIONS)


def check_known(backend: str) -> None:
    """Raise ValueError for a backend there is none of."""
    if not is_backend(backend):
        raise ValueError(f"unknown backend {backend!r}; available: {', '.join(backends())}")


def variants(operation: str) -> dict[str, Variant]:
    """Return the built-in variants of one operation by backend.

    Plug-ins are left out: they change nothing until they are named.

    Raises
    ------
    ValueError
        For an unknown operation.

    Examples
    --------
    >>> list(variants("max_pool2d"))
    ['im2col', 'numba', 'scipy', 'direct', 'auto']
    """
    _check_operation(operation)
    return {backend: table[operation] for backend, table in BUILT_IN.items() if operation in table}


def variant(operation: str, backend: str) -> Variant:
    """Return one backend's variant of one operation.

    Raises
    ------
    ValueError
        For an unknown operation or backend, or a backend that does not have the operation.
    ImportError
        For a plug-in that is broken.

    Examples
    --------
    >>> variant("conv2d", "scipy-fft").accuracy
    'normwise'
    """
    _check_operation(operation)
    if not is_backend(backend):
        raise ValueError(f"unknown backend {backend!r}; available for {operation}: {', '.join(variants(operation))}")
    table = variants_of(backend)
    if operation not in table:
        raise ValueError(
            f"backend {backend!r} does not do {operation}; backends that can: {', '.join(variants(operation))}"
        )
    return table[operation]


def _check_operation(operation: str) -> None:
    if operation not in OPERATIONS:
        raise ValueError(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}")
