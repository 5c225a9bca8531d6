"""What wrong values have in common: where they are in every call, and what stands there instead."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.naming.diagnosis import wrong_call
from convoracle.harness.explain.values.pattern import Pattern, pattern
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.oracle import compiled

LOOPS = compiled(reference.conv2d_loops)
CALLS = 8


def evidence_of(change: Callable[[np.ndarray, Any], None]) -> list[Evidence]:
    """Return wrong calls of a convolution whose results are changed."""

    def liar(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = reference.conv2d(x, weight, bias, **options, loops=LOOPS)
        change(result, options)
        return result

    operation = OPERATIONS["conv2d"]
    cases = (draw_small(operation, {}, ("float32",), 0, number) for number in range(40))
    calls = (wrong_call(operation, liar, "componentwise", "exact", case) for case in cases)
    return [evidence for evidence in calls if evidence.wrong][:CALLS]


def found(change: Callable[[np.ndarray, Any], None]) -> Pattern:
    seen = pattern(OPERATIONS["conv2d"], evidence_of(change), "result")
    assert seen is not None
    return seen


def last_column_of_later_images(result: np.ndarray, options: Any) -> None:
    result[1:, :, :, -1] = 0


def copied_from_two_before(result: np.ndarray, options: Any) -> None:
    result[..., 4:] = result[..., 2:-2].copy()


def later_images_negated(result: np.ndarray, options: Any) -> None:
    result[1:] *= -1


def test_places_and_what_is_there() -> None:
    seen = found(last_column_of_later_images)
    assert set(seen.places) == {"in images after the first", "in the last column"}
    assert seen.instead == "0"
    assert seen.where().startswith(f"in all {CALLS} wrong calls only in ")


def test_a_step_to_where_the_values_belong() -> None:
    seen = found(copied_from_two_before)
    assert seen.places == ("from column 4 on",)
    assert seen.instead == "the right values of another column, 2 before"


def test_the_right_value_changed() -> None:
    assert found(later_images_negated).instead == "the right value negated"


def test_on_which_side_where_nothing_else_is_known() -> None:
    def noisy(result: np.ndarray, options: Any) -> None:
        result += np.arange(result.size).reshape(result.shape) % 5 + 1

    seen = found(noisy)
    assert (seen.places, seen.instead) == ((), "too large")


@pytest.mark.parametrize("count", [0, 2])
def test_too_few_calls_do_not_say_where(count: int) -> None:
    """Of two calls with many values it is said what these are, but not where."""
    calls = evidence_of(later_images_negated)[:count]
    seen = pattern(OPERATIONS["conv2d"], calls, "result")
    assert seen is None or (count, seen.where(), seen.instead) == (2, "", "the right value negated")
