"""What a candidate says it cannot do, as data: the harness draws inside these limits and never tries and skips."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

Limit = Collection[Any] | Callable[[Any], bool]
Limits = Mapping[str, Limit]

OF_DATA = ("non_finite",)
"""Limits of what may be in the arrays, whatever the case: ``{"non_finite": {False}}`` means that NaN and infinities are
not supported."""

COUNTS = ("kernel_size", "stride", "dilation", "groups", "factor")
"""Limits of what counts something: there is none or half of none of these. The stride of a pool may be None."""

T = TypeVar("T")

_LARGEST_ASKED = 16


def allowed(limit: Limit | None, value: Any) -> bool:
    """Return whether one value (of one axis, where an option has one for each axis) is inside a limit."""
    if limit is None:
        return True
    if callable(limit):
        return bool(limit(value))
    return value in limit


def within(limits: Limits, name: str, options: Sequence[T]) -> list[T]:
    """Return those `options` of parameter `name` that the limits allow; where none is, the limit's own values.

    A limit that is a function has no values of its own: the smallest positive integers that it allows stand for them.

    Raises
    ------
    ValueError
        If nothing at all is left to draw.
    """
    limit = limits.get(name)
    kept = [option for option in options if allowed(limit, option)]
    if not kept and limit is not None and not callable(limit):
        kept = list(limit)
    if not kept and callable(limit) and not isinstance(options[0], bool):
        numbers: list[Any] = [number for number in range(1, _LARGEST_ASKED + 1) if limit(number)]
        kept = numbers[:3]
    if not kept:
        raise ValueError(f"limits[{name!r}] leaves nothing to test: none of {list(options)} is allowed")
    return kept


def inside(limits: Limits, case: Any) -> bool:
    """Return whether a case is inside the limits.

    A limit that is a collection allows a value that is in it; an integer whose pair is in it; a pair both of whose axes
    are in it. Who takes integers need not take sides: ``((1, 1), (0, 0))`` has to be in it itself. A function is asked
    about one axis at a time, except for options the case lists as ``asked_whole``. A pool's stride of None stands for
    the kernel, a bias of None for no bias.
    """
    for name, limit in limits.items():
        if name in OF_DATA:
            continue
        value = getattr(case, name)
        if value is None and name == "stride" and (callable(limit) or None not in limit):
            value = case.kernel_size
        if name == "bias" and not value and allowed(limit, None):
            continue
        if callable(limit) and name in case.asked_whole:
            if not limit(value):
                return False
        elif not allowed_in_parts(limit, value):
            return False
    return True


def allowed_in_parts(limit: Limit | None, value: Any) -> bool:
    """Return whether a value, or each of its axes, is inside a limit."""
    if limit is not None and not callable(limit) and (value in limit or (value, value) in limit):
        return True
    if not isinstance(value, tuple):
        return allowed(limit, value)
    return all(not isinstance(axis, tuple) and allowed(limit, axis) for axis in value)


def check(limits: Limits, known: Sequence[str], operation: str, axes: int = 2) -> None:
    """Raise ValueError for a limit the operation does not know or that no call has, TypeError for one that is none."""
    if not isinstance(limits, Mapping):
        raise TypeError(f"{operation}: limits must be a mapping from names to allowed values, got {limits!r}")
    for name, limit in limits.items():
        if name not in known:
            raise ValueError(f"{operation}: unknown limit {name!r}; known: {', '.join(known)}")
        if isinstance(limit, str) or not (callable(limit) or isinstance(limit, Collection)):
            raise TypeError(
                f"{operation}: limits[{name!r}] must be a collection of allowed values or a function of a value, "
                f"got {limit!r}"
            )
        for value in limit if name in COUNTS and isinstance(limit, Collection) else ():
            is_stride_of_pool = name == "stride" and value is None and "ceil_mode" in known
            if not _is_count(value, axes) and not is_stride_of_pool:
                raise ValueError(
                    f"{operation}: limits[{name!r}] must hold integers of at least 1, or one for each axis, "
                    f"got {value!r}"
                )


def _is_count(value: Any, axes: int) -> bool:
    """Return whether a value is a positive integer, or one for each axis."""
    values = value if isinstance(value, tuple) and len(value) == axes else (value,)
    return all(isinstance(axis, int | np.integer) and axis >= 1 for axis in values)
