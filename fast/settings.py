"""What is in force where a call says nothing: the backend, and the accuracy it has to keep.

For each of the two: the argument, else the innermost `use_backend`, else `set_backend`, else an environment variable
(CONVORACLE_BACKEND, CONVORACLE_ACCURACY; read when it is first needed), else "auto" and "normwise". An accuracy is a
requirement on whatever backend computes: one that does not keep it is an error.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from convoracle.fast import registry

DEFAULT_BACKEND = "auto"
BACKEND_VARIABLE = "CONVORACLE_BACKEND"

ACCURACIES = ("normwise", "componentwise")
"""Error bounds that can be asked for: every result of the second kind is also one of the first."""

DEFAULT_ACCURACY = "normwise"
ACCURACY_VARIABLE = "CONVORACLE_ACCURACY"

Settings = tuple[str | None, str | None]
"""A backend and an accuracy; None says nothing."""

# A context variable keeps threads and asyncio tasks from seeing each other's choice.
_in_context: ContextVar[Settings] = ContextVar("convoracle_settings", default=(None, None))
_in_process: Settings = (None, None)
_environment: dict[str, str | None] = {}


def use_backend(name: str, *, accuracy: str | None = None) -> AbstractContextManager[None]:
    """Use a backend inside a ``with`` block, in this thread or task only.

    Parameters
    ----------
    name : str
        Name of the backend.
    accuracy : "normwise" or "componentwise", optional
        The error bound every result in the block has to keep; as outside of the block if not given. "componentwise"
        bounds the error of every element by the magnitudes in its own sum, "normwise" by those of the whole operands,
        which admits faster algorithms (Winograd's, Fourier transforms).

    Returns
    -------
    context manager

    Raises
    ------
    ValueError
        For an unknown name or accuracy.
    TypeError
        For a name or an accuracy that is not a str.

    Examples
    --------
    >>> with use_backend("auto", accuracy="componentwise"):
    ...     get_backend(), get_accuracy()
    ('auto', 'componentwise')
    """
    # Checked here and not on entry, so that the traceback points at the misspelt name.
    return _use(_check_name(name), check_accuracy(accuracy))


@contextmanager
def _use(name: str, accuracy: str | None) -> Iterator[None]:
    token = _in_context.set((name, accuracy or _in_context.get()[1]))
    try:
        yield
    finally:
        _in_context.reset(token)


def set_backend(name: str | None, *, accuracy: str | None = None) -> None:
    """Set the backend of the whole process, and the accuracy it has to keep.

    Parameters
    ----------
    name : str or None
        Name of the backend; None goes back to CONVORACLE_BACKEND, or "auto".
    accuracy : "normwise" or "componentwise", optional
        See `use_backend`; None goes back to CONVORACLE_ACCURACY, or "normwise".

    Raises
    ------
    ValueError
        For an unknown name or accuracy.
    TypeError
        For a name or an accuracy that is neither a str nor None.

    Examples
    --------
    >>> set_backend("scipy")
    >>> get_backend()
    'scipy'
    >>> set_backend(None)
    """
    global _in_process
    _environment.clear()
    _in_process = (None if name is None else _check_name(name), check_accuracy(accuracy))


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
    chosen = _in_context.get()[0] or _in_process[0]
    if chosen is not None:
        return chosen
    named = _read_environment(BACKEND_VARIABLE)
    if not named:
        return DEFAULT_BACKEND
    try:
        registry.check_known(named)
    except ValueError as error:
        raise ValueError(f"environment variable {BACKEND_VARIABLE}: {error}") from None
    return named


def get_accuracy() -> str:
    """Return the accuracy in force where it is called.

    Returns
    -------
    "normwise" or "componentwise"

    Raises
    ------
    ValueError
        If the environment variable CONVORACLE_ACCURACY is in force and is neither.

    Examples
    --------
    >>> get_accuracy()
    'normwise'
    """
    chosen = _in_context.get()[1] or _in_process[1]
    if chosen is not None:
        return chosen
    named = _read_environment(ACCURACY_VARIABLE)
    if not named:
        return DEFAULT_ACCURACY
    if named not in ACCURACIES:
        raise ValueError(
            f"environment variable {ACCURACY_VARIABLE}: accuracy must be one of {', '.join(ACCURACIES)}, got {named!r}"
        )
    return named


def check_accuracy(accuracy: object) -> str | None:
    """Return `accuracy`, one of `ACCURACIES` or None."""
    if accuracy is None:
        return None
    if not isinstance(accuracy, str):
        raise TypeError(f"accuracy must be one of {', '.join(ACCURACIES)}, got {type(accuracy).__name__}")
    if accuracy not in ACCURACIES:
        raise ValueError(f"accuracy must be one of {', '.join(ACCURACIES)}, got {accuracy!r}")
    return accuracy


def _read_environment(variable: str) -> str | None:
    """Return what an environment variable said when it was first needed, or first after `set_backend`.

    Asking the operating system takes longer than all other checks of a call.
    """
    try:
        return _environment[variable]
    except KeyError:
        said = _environment[variable] = os.environ.get(variable)
        return said


def _check_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"backend must be a str, got {type(name).__name__}")
    registry.check_known(name)
    return name
