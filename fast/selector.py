"""Which backend is in force.

The argument, else the innermost `use_backend`, else `set_backend`, else the environment variable CONVORACLE_BACKEND,
else im2col. There is no silent fall back: a backend that cannot do the work is an error.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from convoracle.fast import registry

DEFAULT = "im2col"
VARIABLE = "CONVORACLE_BACKEND"

# A context variable keeps threads and asyncio tasks from seeing each other's choice.
_in_context: ContextVar[str | None] = ContextVar("convoracle_backend", default=None)
_in_process: str | None = None


def use_backend(name: str) -> AbstractContextManager[None]:
    """Use a backend inside a ``with`` block, in this thread or task only.

    Parameters
    ----------
    name : str
        Name of the backend.

    Returns
    -------
    context manager

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For a name that is not a str.

    Examples
    --------
    >>> with use_backend("scipy"):
    ...     get_backend()
    'scipy'
    """
    # Checked here and not on entry, so that the traceback points at the misspelt name.
    return _use(_check_name(name))


@contextmanager
def _use(name: str) -> Iterator[None]:
    token = _in_context.set(name)
    try:
        yield
    finally:
        _in_context.reset(token)


def set_backend(name: str | None) -> None:
    """Set the backend of the whole process; None goes back to CONVORACLE_BACKEND, or im2col.

    Parameters
    ----------
    name : str or None
        Name of the backend.

    Raises
    ------
    ValueError
        For an unknown name.
    TypeError
        For a name that is neither a str nor None.

    Examples
    --------
    >>> set_backend("scipy")
    >>> get_backend()
    'scipy'
    >>> set_backend(None)
    """
    global _in_process
    _in_process = None if name is None else _check_name(name)


def get_backend() -> str:
    """Return the name of the backend in force where it is called.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the environment variable CONVORACLE_BACKEND is in force and names no backend.

    Examples
    --------
    >>> with use_backend("numba"):
    ...     get_backend()
    'numba'
    """
    chosen = _in_context.get() or _in_process
    if chosen is not None:
        return chosen
    named = os.environ.get(VARIABLE)
    if not named:
        return DEFAULT
    if not registry.is_backend(named):
        raise ValueError(
            f"environment variable {VARIABLE}: unknown backend {named!r}; available: {', '.join(registry.backends())}"
        )
    return named


def choose_kernel(operation: str, backend: object, dtype: str, options: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the kernel that does `operation` on `dtype` with `options` in the backend asked for, or in force."""
    if backend is not None and not isinstance(backend, str):
        raise TypeError(f"{operation}: backend must be a str or None, got {type(backend).__name__}")
    name = get_backend() if backend is None else backend
    try:
        variant = registry.variant(operation, name)
    except (ValueError, ImportError) as error:
        raise type(error)(f"{operation}: {error}") from error
    obstacle = find_obstacle(variant, dtype, options)
    if obstacle:
        able = [
            other for other, rival in registry.variants(operation).items() if not find_obstacle(rival, dtype, options)
        ]
        raise ValueError(
            f"{operation}: backend {name!r} cannot do {obstacle}; backends that can: {', '.join(able) or 'none'}"
        )
    missing = variant.missing()
    if missing:
        raise ImportError(f"{operation}: backend {name!r} needs {missing}")
    return variant.load()


def find_obstacle(variant: registry.Variant, dtype: str, options: Mapping[str, Any]) -> str | None:
    """Return what in the request is outside the variant's declared range, or None."""
    if dtype not in variant.dtypes:
        return f"dtype {dtype} ({', '.join(variant.dtypes)} only)"
    for option, allowed in variant.limits.items():
        if option in options and not all(number in allowed for number in _numbers(options[option])):
            reason = f": {variant.why}" if variant.why else ""
            return f"{option} {options[option]} ({', '.join(map(str, sorted(allowed)))} only{reason})"
    return None


def _numbers(value: Any) -> Iterator[Any]:
    """Yield the numbers of an option: itself, or those of a pair or of a pair of pairs."""
    if isinstance(value, tuple):
        for part in value:
            yield from _numbers(part)
    else:
        yield value


def _check_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"backend must be a str, got {type(name).__name__}")
    if not registry.is_backend(name):
        raise ValueError(f"unknown backend {name!r}; available: {', '.join(registry.backends())}")
    return name
