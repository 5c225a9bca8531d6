"""How two calls are related: what an earlier one has in common with a later one, as whoever mixes them up sees it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness.explain.calls.history import Call

COMMON: tuple[tuple[str, Callable[[np.ndarray], Any]], ...] = (
    ("sum", lambda array: array.sum()),
    ("first number", lambda array: array.flat[0]),
    ("last number", lambda array: array.flat[-1]),
    ("largest magnitude", lambda array: np.abs(array).max()),
)
"""What an array may be recognised by."""


def related(last: Call, before: Call, names: Sequence[str]) -> str:
    """Return what an earlier call has in common with a later one, and what not, as the end of "a call with "."""
    arrays = [i for i, value in enumerate(last.positional) if isinstance(value, np.ndarray)]
    named = list(zip(names, arrays, strict=False))
    same = [name for name, i in named if _is_equal(last.positional[i], _at(before, i))]
    other: list[str] = []
    for name, i in named:
        mine, its = last.positional[i], _at(before, i)
        if _shape(mine) != _shape(its):
            other.append(f"{name}{_shape(its)} for {name}{_shape(mine)}")
        elif name not in same:
            other.append(_numbers(name, mine, its))
    if all(_shape(last.positional[i]) == _shape(_at(before, i)) for i in arrays):
        same.append("shapes")
    plain = [i for i in range(len(last.positional)) if i not in arrays]
    options = [(f"{_at(before, i)}", last.positional[i]) for i in plain if _at(before, i) != last.positional[i]]
    options += [
        (f"{key}={before.keywords.get(key)!r}", value)
        for key, value in last.keywords.items()
        if before.keywords.get(key) != value
    ]
    other += [f"{its} for {mine!r}" for its, mine in options]
    if last.keywords and not options:
        same.append("options")
    return ", but ".join(text for text in (f"the same {_listed(same)}" if same else "", ", ".join(other)) if text)


def differences(last: Call, before: Call) -> int:
    """Return in how much two calls differ: operands and options that are not the same, and shapes once more."""
    pairs = [(value, _at(before, i)) for i, value in enumerate(last.positional)]
    operands = sum(not (_is_equal(mine, its) if isinstance(mine, np.ndarray) else mine == its) for mine, its in pairs)
    shapes = sum(_shape(mine) != _shape(its) for mine, its in pairs)
    return operands + shapes + sum(before.keywords.get(key) != value for key, value in last.keywords.items())


def _numbers(name: str, mine: np.ndarray, its: np.ndarray) -> str:
    """Return how many numbers of an operand differ, and what the two arrays have in common all the same."""
    with np.errstate(all="ignore"):
        common = [word for word, of in COMMON if mine.size > 1 and of(mine) == of(its)]
    also = f", the same {_listed(common)}" if common else ""
    count = int((mine != its).sum())
    return f"{'other numbers' if count > 1 else 'another number'} in {name} ({count} of {mine.size}{also})"


def _at(call: Call, i: int) -> Any:
    return call.positional[i] if i < len(call.positional) else None


def _shape(value: Any) -> tuple[int, ...] | None:
    return value.shape if isinstance(value, np.ndarray) else None


def _is_equal(one: np.ndarray, other: Any) -> bool:
    return isinstance(other, np.ndarray) and one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
