"""The mutants that are wrong in some order of calls: really wrong in one, and right at first."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.orders import ORDERS
from convoracle.harness.bugs.mutants.planting import right

CONV = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
AVG = {"stride": 1, "padding": 0, "ceil_mode": False, "count_include_pad": True, "divisor_override": None}
MAX = {"stride": 1, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}
X = np.random.default_rng(1).integers(-9, 10, (2, 1, 6, 6)).astype(np.float64)
W = np.arange(1.0, 10).reshape(1, 1, 3, 3)


class Calls:
    """A mutant and the right implementation, called alike; `differ` once a result did."""

    def __init__(self, bug: Bug) -> None:
        self.candidate, self.right = bug.make(), right(bug.operation)
        self.differ = False

    def __call__(self, *operands: Any, **options: Any) -> Any:
        expected = self.right(*operands, **options)
        got = self.candidate(*operands, **options)
        self.differ |= not np.array_equal(got, expected)
        return got


def frozen(calls: Calls) -> None:
    weight = W.copy()
    for _ in range(33):
        calls(X, weight, None, **CONV)
    assert not calls.differ
    weight *= -1
    calls(X, weight, None, **CONV)


def in_turn(calls: Calls) -> None:
    kept = calls(X, 2, **MAX)
    copy = kept.copy()
    for n in range(32):
        calls(X + n + 1, 2, **MAX)
    assert not calls.differ
    calls.differ = not np.array_equal(kept, copy)


def own_result(calls: Calls) -> None:
    result = calls(X, W, None, **CONV)
    result *= -1
    assert not calls.differ
    calls(result, W, None, **CONV)


def raises_again(calls: Calls) -> None:
    calls(X, 2, **AVG)
    with contextlib.suppress(ValueError):
        calls.candidate(X, 9, **AVG)
    assert not calls.differ
    try:
        calls(X, 2, **AVG)
    except ValueError:
        calls.differ = True


def refused(calls: Calls) -> None:
    calls(X, W, None, **CONV)
    with contextlib.suppress(ValueError):
        calls.candidate(X, W, np.ones(2), **CONV)
    assert not calls.differ
    calls(X, W, None, **CONV)


def one_dtype(calls: Calls) -> None:
    options = {**CONV, "output_padding": 0}
    calls(X.astype(np.float32), W.astype(np.float32), None, **options)
    assert not calls.differ
    calls(X, W + 2.0**-40, None, **options)


def larger_batch(calls: Calls) -> None:
    others, options = ((2,), MAX) if calls.right is right("max_pool2d") else ((W, None), CONV)
    calls(X[:1], *others, **options)
    assert not calls.differ
    calls(X, *others, **options)


def transposed_view(calls: Calls) -> None:
    weight, grad = np.arange(81.0).reshape(3, 3, 3, 3).copy(), np.ones((1, 3, 4, 4))
    calls(grad, weight, (1, 3, 6, 6), **CONV)
    assert not calls.differ
    calls(grad, weight.swapaxes(0, 1), (1, 3, 6, 6), **CONV)


def same_weight(calls: Calls) -> None:
    calls(X, W, None, **CONV)
    assert not calls.differ
    calls(X[:, :, :5], W, None, **CONV)


def many_layers(calls: Calls) -> None:
    for size in (*range(3, 12), 3):
        assert not calls.differ
        calls(np.ones((1, 1, size, size)), W, None, **CONV)


def one_of_many(calls: Calls) -> None:
    x, grad = np.ones((1, 1, 80, 80)), np.ones((1, 1, 78, 78))
    calls(grad, x, (1, 1, 3, 3), **CONV)
    assert not calls.differ
    x[0, 0, 40, 41] = 5
    calls(grad, x, (1, 1, 3, 3), **CONV)


def random_numbers(calls: Calls) -> None:
    before = np.random.get_state()  # noqa: NPY002
    calls(X, W, None, **CONV)
    assert not calls.differ
    calls.differ = not np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
    np.random.set_state(before)  # noqa: NPY002


def same_x_meanwhile(calls: Calls) -> None:
    grad, x = np.ones((2, 1, 4, 4)), X.copy()
    alone = calls.candidate(grad, x, W, **CONV)
    expected = calls.right(grad, x, W, **CONV)
    assert all(map(np.array_equal, alone, expected))
    seen: list[bool] = []

    def look(*operands: Any, **options: Any) -> Any:
        thread = threading.Thread(target=lambda: seen.append(np.array_equal(x, X)))
        thread.start()
        thread.join()
        return calls.right(*operands, **options)

    calls.candidate.right = look  # what another thread sees of x while this one is in the middle of its call
    calls.candidate(grad, x, W, **CONV)
    calls.differ = seen == [False]


SEQUENCES: dict[str, Callable[[Calls], None]] = {
    "frozen weights": frozen,
    "thirty-two buffers": in_turn,
    "knows its result": own_result,
    "raises again": raises_again,
    "left by a refusal": refused,
    "kept in one dtype": one_dtype,
    "batch of the first": larger_batch,
    "packed by memory": transposed_view,
    "layer of an array": same_weight,
    "table of eight": many_layers,
    "knows some of x": one_of_many,
    "seeds NumPy": random_numbers,
    "in place meanwhile": same_x_meanwhile,
}


@pytest.mark.parametrize("bug", ORDERS, ids=lambda bug: bug.name)
def test_it_is_wrong_in_this_order(bug: Bug) -> None:
    calls = Calls(bug)
    SEQUENCES[bug.name.partition("/")[2]](calls)
    assert calls.differ
