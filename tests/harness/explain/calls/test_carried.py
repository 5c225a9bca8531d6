"""State that is carried over from call to call: which call it comes from, and what that has in common with this."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle.harness.checks.other_thread import in_other_thread
from convoracle.harness.explain.calls.carried import Replay, _explained, carried_over
from convoracle.harness.explain.calls.history import Recorder

Calls = list[tuple[tuple[Any, ...], dict[str, Any]]]
X = np.array([1.0, 2.0, 3.0, 4.0])
SAME_SUM = np.array([2.0, 2.0, 2.0, 4.0])
OTHER = np.array([5.0, 6.0, 7.0, 9.0])
W = np.array([2.0, 3.0, 5.0, 7.0])


def right(x: Any, weight: Any, *, stride: int = 1) -> Any:
    return x * weight * stride


def story(make: Callable[[], Callable[..., Any]], cases: list[Calls], earlier: list[Calls] = []) -> str:  # noqa: B006
    """Make the calls of each case, which fails if a result is wrong; arrays are written over, as a check does."""

    def fails(function: Callable[..., Any], case: "Case") -> bool:
        kept: dict[str, np.ndarray] = {}
        for positional, keywords in case.made():
            arrays = [kept.setdefault(f"{i}{one.shape}", one.copy()) for i, one in enumerate(positional)]
            for array, values in zip(arrays, positional, strict=True):
                array[...] = values
            if not np.array_equal(function(*arrays, **keywords), right(*arrays, **keywords)):
                return True
        return False

    replay = Replay(make, fails, ("x", "weight"), time.monotonic() + 20)
    return carried_over(replay, [Case(calls) for calls in cases], [Case(calls) for calls in earlier])


class Case:
    def __init__(self, calls: Calls) -> None:
        self.made = lambda: calls  # whose arrays are not compared


def by_the_sum() -> Callable[..., Any]:
    kept: dict[Any, Any] = {}

    def remembers(x: Any, weight: Any, **options: Any) -> Any:
        return kept.setdefault((x.sum(), weight.tobytes()), right(x, weight, **options)).copy()

    return remembers


def test_a_result_kept_by_a_part_of_the_operands() -> None:
    said = story(by_the_sum, [[((OTHER, W), {}), ((X, W), {}), ((SAME_SUM, W), {})]])
    assert said == (
        "alone, in a new process, the same call gives another result; it is wrong after a call with the same weight "
        "and shapes, but other numbers in x (2 of 4, the same sum, last number and largest magnitude): it returns "
        "what that had returned"
    )


def test_an_option_that_a_plan_leaves_out() -> None:
    said = story(by_the_sum, [[((X, W), {"stride": 1}), ((OTHER, W), {"stride": 2}), ((X, W), {"stride": 3})]])
    assert "it is wrong after a call with the same x, weight and shapes, but stride=1 for 3: it returns" in said


def test_weights_kept_by_their_address() -> None:
    def make() -> Callable[..., Any]:
        kept: dict[int, Any] = {}

        def packs(x: Any, weight: Any) -> Any:
            return right(x, kept.setdefault(weight.ctypes.data, weight.copy()))

        return packs

    assert story(make, [[((2 * X, 2 * W), {}), ((X, W), {})]]).endswith(": it is what comes of that x or that weight")
    said = story(make, [[((OTHER, W), {}), ((X, OTHER), {})]])
    assert "after a call in the same arrays, with the same shapes, but other numbers in x (4 of 4), other" in said
    assert said.endswith(": it is what comes of that weight")


def test_a_workspace_that_is_not_cleared() -> None:
    def make() -> Callable[..., Any]:
        space = np.zeros(4)

        def spread(x: Any, weight: Any) -> Any:
            space[x != 0] = x[x != 0]
            return space * weight

        return spread

    said = story(make, [[((X, W), {}), ((np.array([0.0, 9, 0, 4]), W), {})]])
    assert said.endswith(": wrong are values that should be 0, as where nothing was cleared")


@pytest.mark.parametrize("enough", [2, 3, 7, 8, 21])
def test_a_call_that_is_wrong_after_so_many(enough: int) -> None:
    def make() -> Callable[..., Any]:
        count = 0

        def counts(x: Any, weight: Any) -> Any:
            nonlocal count
            count += 1
            return right(x, weight) + (count > enough)

        return counts

    said = story(make, [[((X if n % 2 else OTHER, W), {}) for n in range(enough + 1)]])
    assert f"it takes the {enough} calls before it, and fewer are not enough" in said


def test_a_call_that_raised_is_one_of_those_before() -> None:
    def make() -> Callable[..., Any]:
        raised: list[str] = []

        def raises_again(x: Any, weight: Any) -> Any:
            if raised:
                raise RuntimeError(raised.pop())
            if x[0] < 0:
                raised.append("negative")
                raise ValueError
            return right(x, weight)

        return raises_again

    def fails(function: Any, case: Any) -> bool:
        with contextlib.suppress(ValueError):
            function(-X, W)
        try:
            function(X, W)
        except RuntimeError:
            return True
        return False

    said = carried_over(Replay(make, fails, ("x", "weight"), time.monotonic() + 20), [Case([])], [])
    assert said == (
        "alone, in a new process, the same call does not raise; it is wrong after a call that raised ValueError, with "
        "the same weight and shapes, but other numbers in x (4 of 4, the same largest magnitude)"
    )


def test_an_earlier_case_that_is_needed() -> None:
    said = story(by_the_sum, [[((SAME_SUM, W), {})]], [[((OTHER, W), {})], [((X, W), {})]])
    assert "it is wrong after a call with the same weight and shapes" in said


def test_what_is_wrong_alone_owes_nothing() -> None:
    assert story(lambda: lambda x, weight: x, [[((X, W), {})]]) == ""


def test_what_is_right_after_the_same_cases_is_chance() -> None:
    said = story(lambda: right, [[((X, W), {})]], [[((OTHER, W), {})]])
    assert (
        said == "right in a new process, and there after the same cases, too: chance decides, as of threads that race"
    )


def test_what_differs_in_each_process_is_told() -> None:
    numbers = iter(range(100))

    def make() -> Callable[..., Any]:
        number = next(numbers)
        return lambda x, weight: right(x, weight) + number

    next(numbers)
    assert "something else in each new process" in story(make, [[((X, W), {})]])


def test_a_result_that_is_added_to() -> None:
    def make() -> Callable[..., Any]:
        total: dict[int, Any] = {}

        def adds(x: Any, weight: Any) -> Any:
            total[id(weight)] = total.get(id(weight), 0) + right(x, weight)
            return total[id(weight)]

        return adds

    said = story(make, [[((X, W), {}), ((OTHER, W), {})]])
    assert said.endswith(": it returns the right result and that one added up")


def test_of_two_results_the_one_that_is_wrong_is_explained() -> None:
    def make() -> Callable[..., Any]:
        kept: dict[Any, Any] = {}

        def both(x: Any, weight: Any) -> Any:
            return np.stack([right(x, weight), kept.setdefault(weight.ctypes.data, weight.copy()) + x])

        return lambda x, weight: tuple(both(x, weight))

    recorder = Recorder(make())
    weight = W.copy()
    recorder(X, weight)
    weight[:] = OTHER
    recorder(SAME_SUM, weight)
    replay = Replay(make, lambda function, case: False, ("x", "weight"), time.monotonic() + 20)
    assert _explained(replay, recorder.calls, 0).endswith(": it is what comes of that weight")


def test_what_is_wrong_in_another_thread_owes_nothing_to_earlier_calls() -> None:
    def make() -> Callable[..., Any]:
        return lambda x, weight: right(x, weight) + (threading.current_thread() is not threading.main_thread())

    recorder = Recorder(make())
    recorder(X, W)
    in_other_thread(lambda: recorder(OTHER, W))
    replay = Replay(make, lambda function, case: False, ("x", "weight"), time.monotonic() + 20)
    assert _explained(replay, recorder.calls, 0) == ""
