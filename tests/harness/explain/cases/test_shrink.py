"""Shrinking: what comes out fails, is small, is inside the limits, and comes in time."""

import time
from typing import Any

import pytest

from convoracle.harness import verify
from convoracle.harness.cases.descriptor import describe, parse
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.cases.shrink import shrink
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.geometry import pair


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_always_fails_shrinks_to_one_element(name: str) -> None:
    operation = OPERATIONS[name]
    smallest = shrink(operation, draw_small(operation, {}, ("float64",), 0, 3), {}, lambda case: True, seconds=5.0)
    assert all(size == 1 for shape in operation.operand_shapes(smallest).values() for size in shape)
    assert set(smallest.layout) == {"C"}
    assert smallest.seed == 0
    assert smallest.dtype == "float64"
    assert getattr(smallest, "padding", 0) == 0


def test_only_what_the_bug_needs_is_left() -> None:
    operation = OPERATIONS["conv2d"]
    case = draw_small(operation, {"stride": {2, 3}}, ("float32",), 0, 0)

    def fails(case: Any) -> bool:
        return bool(pair(case.stride)[1] > 1 and case.output_size()[1] > 3 and case.n > 1)

    assert fails(case)
    smallest = shrink(operation, case, {}, fails, seconds=8.0)
    assert fails(smallest)
    assert (smallest.n, smallest.c, smallest.f, smallest.h) == (2, 1, 1, 1)
    assert smallest.output_size()[1] == 4
    assert smallest.kernel_size == (1, 1)


def test_the_case_itself_is_returned_where_nothing_smaller_fails() -> None:
    operation = OPERATIONS["avg_pool2d"]
    case = draw_small(operation, {}, ("float32",), 0, 1)
    assert shrink(operation, case, {}, lambda other: other == case, seconds=1.0) == case


def test_shrinking_is_deterministic() -> None:
    operation = OPERATIONS["max_pool2d"]
    case = draw_small(operation, {}, ("float32",), 0, 2)
    found = {shrink(operation, case, {}, lambda case: case.w > 4, seconds=20.0) for _ in range(2)}
    assert len(found) == 1
    assert found.pop().w == 5


def test_a_slow_candidate_is_shrunk_for_the_time_given_and_no_longer() -> None:
    operation = OPERATIONS["conv2d"]
    case = draw_small(operation, {}, ("float32",), 0, 0)

    def fails(case: Any) -> bool:
        time.sleep(0.05)
        return True

    started = time.monotonic()
    smallest = shrink(operation, case, {}, fails, seconds=0.5)
    assert time.monotonic() - started < 5.0
    sizes = [sum(map(len, map(str, operation.operand_shapes(one).values()))) for one in (smallest, case)]
    assert sizes[0] < sizes[1]


def test_of_two_bugs_the_one_found_is_the_one_shrunk() -> None:
    """Small cases fail with wrong values; what raised in a large one still raises in the small one reported."""

    def both(x: Any, kernel: Any, *, padding: Any, **options: Any) -> Any:
        if any(pair(padding)):
            raise TypeError("no padding")
        return x * 0 - 1

    drawn = [draw_small(OPERATIONS["max_pool2d"], {}, ("float32",), 0, number) for number in range(100)]
    cases = [case for case in drawn if not case.return_indices and case.output_shape() != case.x_shape()]
    padded = [case for case in cases if any(pair(case.padding))]
    plain = [case for case in cases if not any(pair(case.padding))]
    for case in (*padded[:2], *plain[:2]):
        (failure,) = verify("max_pool2d", both, case=describe(case), limits={"return_indices": {False}}).failures
        assert failure.kind == ("raised" if case in padded else "shape")
        assert any(pair(parse(OPERATIONS["max_pool2d"], failure.case).padding)) == (failure.kind == "raised")
    assert padded
    assert plain
