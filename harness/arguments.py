"""Checks of what the harness's public functions are given: a message says what it is, what it got, what is allowed."""

from collections.abc import Collection

import numpy as np


def check_count(operation: str, name: str, value: object, least: int) -> None:
    """Reject what is no integer of at least `least`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise ValueError(f"{operation}: {name} must be an integer of at least {least}, got {value!r}")


def check_names(operation: str, name: str, value: object) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    several = (value,) if isinstance(value, str) else value
    if not isinstance(several, Collection) or not all(isinstance(one, str) for one in several):
        raise TypeError(f"{operation}: {name} must be a str or a sequence of str, got {value!r}")
    return tuple(several)
