"""What a call has to do with those before it: the wrong result is an earlier one, or one of an earlier operand.

A candidate that is right on fresh arrays and wrong in the middle of a check remembers something. What it remembers is
found by making the check again, writing down every call, and asking the candidate itself: if it gives the very same
bits for the last call with one operand of an earlier call in it, that operand is what it has kept.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST = 40
"""How many calls before the wrong one are looked at, the latest first."""


AGAIN = 3
"""How often the wrong call is made again on fresh arrays: chance and memory that nobody initialised show there."""


HELD = 500
"""How many arrays take up the addresses that were given back."""


@dataclass(frozen=True)
class Call:
    """One call as it was: copies of all arguments and of all results."""

    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    results: tuple[np.ndarray, ...]


class Recorder:
    """A candidate that writes down how it is called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.calls: list[Call] = []

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        """Call the candidate, and keep copies of what it was given and what it returned."""
        before = tuple(_copied(value) for value in positional)
        returned = self._function(*positional, **keywords)
        results = returned if isinstance(returned, (tuple, list)) else (returned,)
        copies = tuple(np.array(result) for result in results if isinstance(result, np.ndarray))
        self.calls.append(Call(before, dict(keywords), copies))
        return returned


def remembered(function: Callable[..., Any], calls: Sequence[Call], names: Sequence[str]) -> str:
    """Return what the last of these calls has from an earlier one, in words; empty if it has nothing, or alone is so.

    `names` are those of the operands, in the order of the call.
    """
    if not calls:
        return ""
    last = calls[-1]
    alive: list[Any] = []  # so that no array gets the address of another one, which the candidate may know it by
    again = [_made(function, last.positional, last.keywords, alive) for _ in range(AGAIN)]
    if not all(_is_same(again[0], other) for other in again[1:]):
        steps = [_differences(later, earlier) for earlier, later in itertools.pairwise(again)]
        by = (
            ", each time by the same more: it adds to what is there"
            if all(_is_same(steps[0], one) for one in steps)
            else ""
        )
        return f"the same call, made several times with fresh arrays, gives different results{by}"
    if _is_same(again[0], last.results):
        return ""
    alone = "the same call, made with fresh arrays, gives another result"
    for number in range(len(calls) - 2, max(len(calls) - 2 - MOST, -1), -1):
        if _is_same(calls[number].results, last.results):
            return f"{alone}; the wrong one is what {_which(len(calls) - 1 - number)} had returned"
        if _is_same(calls[number].results, _differences(last.results, again[0])):
            return f"{alone}; the wrong one is that and what {_which(len(calls) - 1 - number)} had returned, added up"
    for number in range(len(calls) - 2, max(len(calls) - 2 - MOST, -1), -1):
        for what, positional, keywords in _mixed(last, calls[number], names):
            if _is_same(_made(function, positional, keywords, alive), last.results):
                return f"{alone}; the wrong one is what it gives with the {what} of {_which(len(calls) - 1 - number)}"
    return alone


def made_again(call: Callable[[], bool], hold: Callable[[], Any]) -> str:
    """Return whether a wrong call depends on what was called before, or on where its arrays lie; empty if it does not.

    `call` makes the wrong call on new arrays and returns whether it is wrong; `hold` makes arrays like those, which
    stay alive, so that what is made afterwards lies where no array was before.
    """
    if not all(call() for _ in range(AGAIN)):
        return "made once more, the same call is right: what was called before it decides, or chance"
    held = []
    for _ in range(AGAIN):
        held += [hold() for _ in range(HELD)]
        if call():
            return ""
    return "right on arrays at addresses where none was before: it knows arrays by where they lie"


def _differences(results: tuple[np.ndarray, ...], others: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    if [one.shape for one in results] != [other.shape for other in others]:
        return ()
    with np.errstate(all="ignore"):
        return tuple(one - other for one, other in zip(results, others, strict=True))


def _which(back: int) -> str:
    return "the call before" if back == 1 else f"a call {back} calls earlier"


def _mixed(last: Call, earlier: Call, names: Sequence[str]) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Yield the last call with one operand, or the options, of an earlier one."""
    arrays = [i for i, value in enumerate(last.positional) if isinstance(value, np.ndarray)]
    for name, i in zip(names, arrays, strict=False):
        mine, other = last.positional[i], earlier.positional[i] if i < len(earlier.positional) else None
        if not isinstance(other, np.ndarray) or (other.shape, other.dtype) != (mine.shape, mine.dtype):
            continue
        if not np.array_equal(other, mine):
            yield name, (*last.positional[:i], other, *last.positional[i + 1 :]), last.keywords
    if earlier.keywords != last.keywords:
        yield "options", last.positional, earlier.keywords


def _made(
    function: Callable[..., Any], positional: tuple[Any, ...], keywords: dict[str, Any], alive: list[Any]
) -> tuple[np.ndarray, ...]:
    """Return what a candidate makes of copies, which are added to those alive; nothing where it raises."""
    copies = [_copied(value) for value in positional]
    alive += copies
    try:
        returned = function(*copies, **keywords)
    except Exception:
        return ()
    results = returned if isinstance(returned, (tuple, list)) else (returned,)
    return tuple(np.array(result) for result in results if isinstance(result, np.ndarray))


def _copied(value: Any) -> Any:
    return np.array(value, order="C") if isinstance(value, np.ndarray) else value


def _is_same(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    return (
        bool(one)
        and len(one) == len(other)
        and all(
            a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in zip(one, other, strict=True)
        )
    )
