"""The mutants that are right alone: really wrong beside another call, and right otherwise."""

import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants import MUTANTS
from convoracle.harness.bugs.mutants.orders import ORDERS
from convoracle.harness.bugs.mutants.planting import right

ROUNDS = 3000

SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "conv2d": ((3, 4, 9, 9), (4, 4, 3, 3)),
    "conv2d_weight_grad": ((5, 4, 7, 7), (5, 4, 9, 9)),
    "conv_transpose2d_backward": ((2, 4, 9, 9), (2, 4, 7, 7), (4, 4, 3, 3)),
    "max_pool2d": ((3, 4, 9, 9),),
    "avg_pool2d": ((5, 4, 9, 9),),
}
OTHERS: dict[str, tuple[Any, ...]] = {
    "conv2d": (None,),
    "conv2d_weight_grad": ((4, 4, 3, 3),),
    "max_pool2d": (3,),
    "avg_pool2d": (3,),
}
WINDOWS = {"stride": 1, "padding": 0}
CONV = {**WINDOWS, "dilation": 1, "groups": 1}
OPTIONS: dict[str, dict[str, Any]] = {
    "conv2d": CONV,
    "conv2d_weight_grad": CONV,
    "conv_transpose2d_backward": {**CONV, "output_padding": 0},
    "max_pool2d": {**WINDOWS, "dilation": 1, "ceil_mode": False, "return_indices": False},
    "avg_pool2d": {**WINDOWS, "ceil_mode": False, "count_include_pad": True, "divisor_override": None},
}


def of(returned: Any) -> list[Any]:
    return [one.tolist() for one in (returned if isinstance(returned, tuple) else (returned,))]


def call_of(bug: Bug, seed: int) -> Callable[[Callable[..., Any]], Any]:
    """One call of a candidate, on integers."""
    rng, name = np.random.default_rng(seed), bug.operation
    operands = [rng.integers(-9, 10, shape).astype(np.float32) for shape in SHAPES[name]]
    return lambda function: of(function(*operands, *OTHERS.get(name, ()), **OPTIONS[name]))


@pytest.mark.parametrize(
    "bug", [bug for bug in MUTANTS if bug.concurrent and bug not in ORDERS], ids=lambda bug: bug.name
)
def test_it_is_wrong_beside_another_call_and_right_alone(bug: Bug) -> None:
    candidate, calls = bug.make(), [call_of(bug, seed) for seed in (1, 2)]
    expected = [call(right(bug.operation)) for call in calls]
    assert [call(candidate) for call in (*calls, *calls)] == expected * 2
    found = threading.Event()

    def go_on(number: int) -> None:
        for _ in range(ROUNDS):
            if found.is_set():
                break
            if calls[number](candidate) != expected[number]:
                found.set()

    threads = [threading.Thread(target=go_on, args=(number,)) for number in range(2)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)
    assert found.is_set()
