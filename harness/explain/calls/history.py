"""What a call has to do with those before it: the wrong result is an earlier one, or one of an earlier operand.

A candidate that is right on fresh arrays and wrong in the middle of a check remembers something. What it remembers is
found by making the check again, writing down every call, and asking the candidate itself: if it gives the very same
bits for the last call with one operand of an earlier call in it, that operand is what it has kept.
"""

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.checks.other_thread import in_other_thread

MOST = 40
"""How many calls before the wrong one are looked at, the latest first."""


AGAIN = 3
"""How often the wrong call is made again on fresh arrays: chance and memory that nobody initialised show there."""


HELD = 500
"""How many arrays take up the addresses that were given back."""


@dataclass(frozen=True)
class Call:
    """One call as it was: copies of all arguments and of all results, and whether another thread made it.

    Where it raised there are no results, and `raised` is the exception's name.
    """

    positional: tuple[Any, ...]
    keywords: dict[str, Any]
    results: tuple[np.ndarray, ...]
    is_elsewhere: bool = False
    raised: str = ""

    def twins(self) -> list[Any]:
        """Return the arguments, arrays as new ones that lie in memory as these do."""
        return [twin(value) if isinstance(value, np.ndarray) else value for value in self.positional]

    def with_operand_of(self, other: "Call", number: int) -> "Call | None":
        """Return this call with an array of another one, by its number among the arrays; None if it does not fit."""
        arrays = [i for i, value in enumerate(self.positional) if isinstance(value, np.ndarray)]
        place = arrays[number] if number < len(arrays) else len(self.positional)
        if place >= min(len(self.positional), len(other.positional)):
            return None
        mine, its = self.positional[place], other.positional[place]
        if not isinstance(its, np.ndarray) or (its.shape, its.dtype) != (mine.shape, mine.dtype):
            return None
        return Call(
            (*self.positional[:place], its, *self.positional[place + 1 :]), self.keywords, (), self.is_elsewhere
        )


ALIGNMENT = 64
"""Arrays begin as far from a multiple of so many bytes as those they are made after: kernels look at that."""


def twin(array: np.ndarray) -> np.ndarray:
    """Return a new array with the values of another one, at places in memory like its own: strides and alignment."""
    if not array.size:
        return array.copy()
    reach = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    before, after = -sum(min(one, 0) for one in reach), sum(max(one, 0) for one in reach)
    memory = np.zeros(before + after + array.itemsize + 2 * ALIGNMENT, np.uint8)
    start = (array.ctypes.data - before - memory.ctypes.data) % ALIGNMENT
    copy: np.ndarray = np.ndarray(array.shape, array.dtype, memory, start + before, array.strides)
    copy[...] = array
    copy.flags.writeable = array.flags.writeable
    return copy


def results_of(
    function: Callable[..., Any], call: Call, arguments: Sequence[Any] | None = None
) -> tuple[np.ndarray, ...]:
    """Return what a function makes of a call, on new arrays or on those given; nothing where it raises."""
    made = functools.partial(function, *(call.twins() if arguments is None else arguments), **call.keywords)
    try:
        returned = in_other_thread(made) if call.is_elsewhere else made()
    except Exception:
        return ()
    results = returned if isinstance(returned, (tuple, list)) else (returned,)
    return tuple(np.array(result) for result in results if isinstance(result, np.ndarray))


class Recorder:
    """A candidate that writes down how it is called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.calls: list[Call] = []
        self._home = threading.get_ident()

    def __call__(self, *positional: Any, **keywords: Any) -> Any:
        """Call the candidate, and keep copies of what it was given and what it returned."""
        before = tuple(twin(value) if isinstance(value, np.ndarray) else value for value in positional)
        is_elsewhere = threading.get_ident() != self._home
        try:
            returned = self._function(*positional, **keywords)
        except Exception as error:
            self.calls.append(Call(before, dict(keywords), (), is_elsewhere, type(error).__name__))
            raise
        results = returned if isinstance(returned, (tuple, list)) else (returned,)
        copies = tuple(np.array(result) for result in results if isinstance(result, np.ndarray))
        self.calls.append(Call(before, dict(keywords), copies, is_elsewhere))
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
    if not all(results_are_same(again[0], other) for other in again[1:]):
        steps = [_differences(later, earlier) for earlier, later in itertools.pairwise(again)]
        by = (
            ", each time by the same more: it adds to what is there"
            if all(results_are_same(steps[0], one) for one in steps)
            else ""
        )
        return f"the same call, made several times with fresh arrays, gives different results{by}"
    if results_are_same(again[0], last.results):
        return ""
    alone = "the same call, made with fresh arrays, gives another result"
    for number in range(len(calls) - 2, max(len(calls) - 2 - MOST, -1), -1):
        if results_are_same(calls[number].results, last.results):
            return f"{alone}; the wrong one is what {_which(len(calls) - 1 - number)} had returned"
        if results_are_same(calls[number].results, _differences(last.results, again[0])):
            return f"{alone}; the wrong one is that and what {_which(len(calls) - 1 - number)} had returned, added up"
    for number in range(len(calls) - 2, max(len(calls) - 2 - MOST, -1), -1):
        for what, positional, keywords in _mixed(last, calls[number], names):
            if results_are_same(_made(function, positional, keywords, alive), last.results):
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


def changed_later(call: Callable[[], Sequence[np.ndarray]]) -> str:
    """Return after how many more calls a result changes that was handed out; empty if after none of them.

    `call` makes the same call, on arrays of its own, with other numbers each time.
    """
    kept = call()
    copies = [array.copy() for array in kept]
    for number in range(1, MOST):
        alive = call()
        if any(not results_are_same((one,), (copy,)) for one, copy in zip(kept, copies, strict=True)):
            which = "the next call" if number == 1 else f"the call {number} calls later: {number} buffers, used in turn"
            return f"a result changes with {which}"
        del alive
    return ""


def is_sum(results: Sequence[np.ndarray], ones: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Return whether each result is one of `ones`, or that and the other one added up, which some are."""
    shapes = [[array.shape for array in arrays] for arrays in (results, ones, others)]
    if shapes[0] != shapes[1] or shapes[0] != shapes[2]:
        return False
    return all(
        np.array_equal(result, one) or _is_added_up(result, one, other)
        for result, one, other in zip(results, ones, others, strict=True)
    )


def _is_added_up(result: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether a result is the sum of two others, each of the three rounded by itself."""
    with np.errstate(all="ignore"):
        if result.dtype.kind != "f":
            return np.array_equal(result, one + other)
        wide = [array.astype(np.float64) for array in (result, one, other)]
        room = np.spacing((np.abs(one) + np.abs(other)).astype(result.dtype)).astype(np.float64)
        return bool((np.abs(wide[0] - wide[1] - wide[2]) <= 1.5 * room).all())


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


def results_are_same(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    """Return whether two calls returned the same, bit for bit; nothing is not the same as nothing."""
    return (
        bool(one)
        and len(one) == len(other)
        and all(
            a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in zip(one, other, strict=True)
        )
    )
