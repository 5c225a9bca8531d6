"""How much memory `backend="auto"` may use beside the arrays it gets and returns."""

import os

DEFAULT = 64 << 20
VARIABLE = "CONVORACLE_WORKSPACE"

_limit: int | None = None


def set_workspace_limit(limit: int | None) -> None:
    """Set how much memory ``backend="auto"`` may use beside the arrays it gets and returns.

    An algorithm that would need more for a call is not chosen for it. The largest need there is, beside small ones
    that every algorithm has, are transformed weights. Explicit backends are not held to it.

    Parameters
    ----------
    limit : int or None
        Bytes; None goes back to the environment variable CONVORACLE_WORKSPACE (read when it is first needed), or
        64 MiB.

    Raises
    ------
    TypeError
        For what is neither an int nor None.
    ValueError
        For a negative number.

    Examples
    --------
    >>> set_workspace_limit(16 << 20)
    >>> get_workspace_limit()
    16777216
    >>> set_workspace_limit(None)
    """
    global _limit
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
        raise TypeError(f"workspace limit must be an int (bytes) or None, got {type(limit).__name__}: {limit!r}")
    if limit is not None and limit < 0:
        raise ValueError(f"workspace limit must not be negative, got {limit}")
    _limit = limit


def get_workspace_limit() -> int:
    """Return how many bytes ``backend="auto"`` may use beside the arrays it gets and returns.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the environment variable CONVORACLE_WORKSPACE is in force and is no number of bytes.

    Examples
    --------
    >>> get_workspace_limit()
    67108864
    """
    global _limit
    if _limit is None:
        _limit = _from_environment()
    return _limit


def _from_environment() -> int:
    """Return the limit of the environment, or the default."""
    said = os.environ.get(VARIABLE)
    if not said:
        return DEFAULT
    if not said.isdecimal():
        raise ValueError(f"environment variable {VARIABLE}: must be a number of bytes, got {said!r}")
    return int(said)
