"""Candidates with a memory: what they return depends on what they were asked before."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure, verify
from convoracle.harness.oracle import compiled

Caught = Callable[..., Failure]

right: Callable[..., Any] = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))


class Buffer:
    """Keeps one result for each shape, and gives it out again with new values."""

    def __init__(self) -> None:
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, *operands: Any, **options: Any) -> np.ndarray:
        result = right(*operands, **options)
        buffer = self.kept.setdefault((result.shape, result.dtype), result)
        buffer[...] = result
        return buffer


class TwoBuffers(Buffer):
    """Returns a new array, and writes into the one before."""

    def __call__(self, *operands: Any, **options: Any) -> np.ndarray:
        result = right(*operands, **options)
        for earlier in self.kept.values():
            earlier[...] = 0
        self.kept = {None: result}
        return result


class CachedByIdentity:
    """Remembers the result for arrays it has seen, and the arrays, so that no id comes twice."""

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> np.ndarray:
        key = (id(x), id(weight), str(options))
        if key not in self.known:
            self.known[key] = (right(x, weight, bias, **options), x, weight)
        return self.known[key][0].copy()


class CachedByShape:
    def __init__(self) -> None:
        self.known: dict[Any, np.ndarray] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> np.ndarray:
        key = (x.shape, weight.shape, x.dtype, str(options))
        return self.known.setdefault(key, right(x, weight, bias, **options)).copy()


class PreviousResult:
    """Returns what it should have returned the time before, where that has the right form."""

    def __init__(self) -> None:
        self.before: Any = None

    def __call__(self, *operands: Any, **options: Any) -> np.ndarray:
        result = right(*operands, **options)
        answer = self.before if self.before is not None and self.before.shape == result.shape else result
        self.before = result.copy()
        return answer.astype(result.dtype)


class AddsUp:
    """Forgets to clear its accumulator."""

    def __init__(self) -> None:
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, *operands: Any, **options: Any) -> np.ndarray:
        result = right(*operands, **options)
        total = self.kept.setdefault((result.shape, result.dtype), np.zeros_like(result))
        total += result
        return total.copy()


class EveryNthCallWrong:
    def __init__(self, n: int) -> None:
        self.n, self.calls = n, 0

    def __call__(self, *operands: Any, **options: Any) -> np.ndarray:
        self.calls += 1
        return right(*operands, **options) + (self.calls % self.n == 0)


@pytest.mark.parametrize(
    ("make", "kinds", "check"),
    [
        (Buffer, ("contract",), "no aliasing"),
        (TwoBuffers, ("contract",), "no stale results"),
        (CachedByIdentity, ("values",), "bounded"),
        (CachedByShape, ("values",), "bounded"),
        (PreviousResult, ("values", "stateful"), None),
        (AddsUp, ("values", "stateful"), None),
    ],
)
def test_state_shows(caught: Caught, make: Callable[[], Any], kinds: tuple[str, ...], check: str | None) -> None:
    report = verify("conv2d", make())
    assert not report.passed
    (failure,) = report.failures
    assert failure.kind in kinds
    assert check in (None, failure.check)
    assert report.cases <= 3


@pytest.mark.parametrize("n", [37, 101])
def test_a_call_that_is_wrong_now_and_then_is_stateful(n: int) -> None:
    report = verify("conv2d", EveryNthCallWrong(n))
    (failure,) = report.failures
    assert failure.kind == "stateful"
    assert failure.message.endswith("; but not when the same case is examined again")
    assert failure.found_in == report.cases - 1


def test_integers_are_called_twice_in_the_same_arrays_too() -> None:
    report = verify("conv2d", CachedByIdentity(), dtypes=("int32",))
    assert [(failure.kind, failure.check) for failure in report.failures] == [("contract", "fresh data")]
    assert "other integers in the same arrays" in report.failures[0].message
