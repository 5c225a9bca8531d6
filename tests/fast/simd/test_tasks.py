"""The counter of tasks: every task is taken once, however many threads ask."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

from convoracle.fast.simd.tasks import new_counter, take_task


@njit(nogil=True)
def take_all(counter, taken):  # type: ignore[no-untyped-def]
    task = take_task(counter)
    while task < len(taken):
        taken[task] += 1
        task = take_task(counter)


def test_every_task_is_taken_once() -> None:
    counter, taken = new_counter(), np.zeros(200_000, np.int64)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: take_all(counter, taken), range(4)))
    np.testing.assert_array_equal(taken, 1)
    assert counter[0] == len(taken) + 4
