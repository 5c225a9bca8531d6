"""Checks of the arguments that are not arrays: integers, pairs, flags, names and shapes.

Every message says what the argument is, what it got and what is allowed, and starts with the operation's name.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

IntOrSizes = int | Sequence[int]
"""One value for all axes, or one for each."""

LARGEST_INT = 2**31 - 1
LARGEST_INDEX = int(np.iinfo(np.intp).max)

PER_AXIS = {
    1: "a tuple of one int (length,)",
    2: "a pair of ints (height, width)",
    3: "three ints (depth, height, width)",
}
"""How one value per axis is called in messages, by the number of axes."""


def is_int(value: object) -> bool:
    """Tell whether `value` is a Python or NumPy integer; a bool is not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_int(operation: str, name: str, value: object, minimum: int) -> int:
    """Return `value` as an int between `minimum` and 2**31 - 1."""
    if not is_int(value):
        raise TypeError(f"{operation}: {name} must be an int, got {type(value).__name__}: {value!r}")
    number = int(value)  # type: ignore[call-overload]
    if not minimum <= number <= LARGEST_INT:
        raise ValueError(f"{operation}: {name} must be between {minimum} and 2**31 - 1, got {number}")
    return number


def check_pair(operation: str, name: str, value: object, minimum: int) -> tuple[int, int]:
    """Return `value`, an int, a one-tuple or a pair of ints, as a pair (height, width)."""
    height, width = check_sizes(operation, name, value, minimum, 2)
    return height, width


def check_sizes(operation: str, name: str, value: object, minimum: int, axes: int) -> tuple[int, ...]:
    """Return `value`, an int, a one-tuple or one int for each of 1 to 3 axes, as a tuple of that many ints."""
    if is_int(value):
        value = (value,)
    allowed = f"{name} must be an int or {PER_AXIS[axes]}"
    if not isinstance(value, tuple | list):
        raise TypeError(f"{operation}: {allowed}, got {type(value).__name__}: {value!r}")
    if len(value) not in (1, axes):
        raise ValueError(f"{operation}: {allowed}, got {len(value)} values: {value!r}")
    sizes = tuple(check_int(operation, name, size, minimum) for size in value)
    return sizes if len(sizes) == axes else sizes * axes


def check_axis(operation: str, axis: object, shape: tuple[int, ...]) -> int:
    """Return `axis`, counted from the start, of an array of `shape`; it must not be empty."""
    number = check_int(operation, "axis", axis, -LARGEST_INT)
    if not -len(shape) <= number < len(shape):
        raise ValueError(f"{operation}: axis must be between {-len(shape)} and {len(shape) - 1}, got {number}")
    if shape[number] == 0:
        raise ValueError(f"{operation}: axis {number} must not be empty, got shape {shape}")
    return number % len(shape)


def check_number(operation: str, name: str, value: object) -> float:
    """Return `value`, a Python or NumPy number that is not complex, as a float."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{operation}: {name} must be a number, got {type(value).__name__}: {value!r}")
    return float(value)


def check_flag(operation: str, name: str, value: object) -> bool:
    """Return `value` as a bool; a number is no flag."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{operation}: {name} must be True or False, got {type(value).__name__}: {value!r}")
    return bool(value)


def check_choice(operation: str, name: str, value: object, allowed: Sequence[str]) -> str:
    """Return `value`, one of the names in `allowed`."""
    if not isinstance(value, str):
        raise TypeError(f"{operation}: {name} must be one of {', '.join(allowed)}, got {type(value).__name__}")
    if value not in allowed:
        raise ValueError(f"{operation}: {name} must be one of {', '.join(allowed)}, got {value!r}")
    return value


def check_shape(operation: str, name: str, value: object, axes: str, itemsize: int = 8) -> tuple[int, ...]:
    """Return `value` as a shape with one size per letter of `axes`; only the batch axis N may be zero."""
    letters = ", ".join(axes)
    if not isinstance(value, tuple | list):
        raise TypeError(f"{operation}: {name} must be a tuple ({letters}), got {type(value).__name__}: {value!r}")
    if len(value) != len(axes):
        raise ValueError(f"{operation}: {name} must have {len(axes)} sizes ({letters}), got {len(value)}: {value!r}")
    shape = tuple(
        check_int(operation, f"{name}[{axis}] ({letter})", size, 0 if letter == "N" else 1)
        for axis, (letter, size) in enumerate(zip(axes, value, strict=True))
    )
    check_addressable(operation, name, shape, itemsize)
    return shape


def check_addressable(operation: str, what: str, shape: tuple[int, ...], itemsize: int = 8) -> None:
    """Reject a shape whose bytes cannot be counted in an index of the machine."""
    elements: Any = 1
    for size in shape:
        elements *= max(size, 1)
    if elements * itemsize > LARGEST_INDEX:
        raise ValueError(f"{operation}: {what} of shape {shape} is too large to be addressed")
