"""Calls that have been checked before: what they need besides the values of their arrays, by all that it depends on.

Checking the arguments of a call, working out its geometry, choosing its kernel and planning it takes ten times longer
than computing a few hundred numbers, and comes to the same again for arguments of the same shapes. So a public function
prepares a call once (`convoracle.fast.kernels.prepare`), and finds it here the next time::

    key, call = recall(operation, arrays, options, backend)
    if call is None:
        call = remember(key, prepare(...))      # checks everything, or raises
    return call(*arrays)

The key is what was given, not what it means: operation, backend and accuracy in force, shape and dtype of each array,
value *and type* of each option, because True is equal to 1 and a valid stride is not. Whether an array is as kernels
take it (C-contiguous, aligned, writeable) or is to be copied first is part of the key, too. Options that cannot be
hashed are prepared each time. So either way the same checks and the same kernel did the work, and a call that raises is
never remembered.
"""

from collections.abc import Callable, Hashable
from threading import Lock
from types import NoneType
from typing import Any

from numpy import ndarray

from convoracle.fast.selector import in_force

CAPACITY = 1024
"""How many calls are remembered; beyond that, the oldest is forgotten. Each takes a few kilobytes."""

Call = Callable[..., Any]

_PLAIN = frozenset((int, float, str, bool, type, NoneType))
"""Types of options with nothing in them that has a type of its own."""

_calls: dict[Hashable, Call] = {}
_changing = Lock()


def recall(
    operation: str,
    arrays: tuple[object, ...],
    options: tuple[object, ...],
    backend: str | None,
    accuracy: str | None = None,
) -> tuple[Hashable, Call | None]:
    """Return the key of a call, None if it must not be remembered, and the call prepared for it before, if any."""
    # Written for speed: all calls come through here, and the smallest are done in a few microseconds.
    parts: list[Any] = [operation]
    for array in arrays:
        if type(array) is ndarray:
            parts.append(array.shape)
            parts.append(array.dtype)
            parts.append(array.flags.carray)
        elif array is None:
            parts.append(None)
        else:
            return None, None
    kinds = list(map(type, options))
    parts += kinds
    parts += options if _PLAIN.issuperset(kinds) else map(_spell, options)
    try:
        parts += in_force(backend, accuracy)
        key = tuple(parts)
        return key, _calls.get(key)
    except (TypeError, ValueError):
        # An option that cannot be hashed, or a backend that is none: whoever prepares the call says so.
        return None, None


def spell_shape(shape: object) -> tuple[object, ...]:
    """Return a shape as options without a tuple, which take less time; a shape that is no tuple comes out otherwise."""
    return (tuple, *shape) if type(shape) is tuple else (shape,)


def remember(key: Hashable, call: Call) -> Call:
    """Keep a prepared call under its key, if it has one, and return it."""
    if key is not None:
        with _changing:
            while len(_calls) >= CAPACITY:
                del _calls[next(iter(_calls))]
            _calls[key] = call
    return call


def forget() -> None:
    """Forget all calls: something changed that no key says, such as which plug-ins there are."""
    with _changing:
        _calls.clear()


def _spell(option: object) -> object:
    """Return the type and the value of an option, and of all that is in it."""
    kind = type(option)
    if isinstance(option, tuple | list):
        kinds = tuple(map(type, option))
        return kind, kinds, tuple(option if _PLAIN.issuperset(kinds) else map(_spell, option))
    return kind, option
