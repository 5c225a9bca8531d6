"""Pieces of work: all of them are done, once, whoever calls."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
import pytest
import threadpoolctl

import convoracle as co
from convoracle.fast import threads, workers


def test_every_piece_is_run_once() -> None:
    done: list[tuple[int, int, str]] = []
    threads.run_pieces(lambda piece, pieces, word: done.append((piece, pieces, word)), 5, "x")
    assert sorted(done) == [(piece, 5, "x") for piece in range(5)]


def test_an_error_in_any_piece_is_raised() -> None:
    def fail_last(piece: int, pieces: int) -> None:
        if piece == pieces - 1:
            raise ValueError("the last piece")

    for pieces in (1, 3):
        with pytest.raises(ValueError, match="the last piece"):
            threads.run_pieces(fail_last, pieces)


def test_little_work_and_one_thread_are_not_shared_out() -> None:
    assert threads.thread_count(threads.BREAK_EVEN - 1) == 1
    before = numba.get_num_threads()
    assert threads.thread_count(threads.TO_WAKE * threads.BREAK_EVEN) == before
    numba.set_num_threads(1)
    try:
        assert threads.thread_count(10**12) == 1
    finally:
        numba.set_num_threads(before)


def test_medium_work_is_shared_out_among_threads_that_are_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    threads.run_pieces(lambda piece, pieces: None, 1)
    for seconds, is_shared in ((workers.PATIENCE / 2, True), (2 * workers.PATIENCE, False)):
        now[0] = 1.0 + seconds
        assert threads.thread_count(threads.BREAK_EVEN) == (numba.get_num_threads() if is_shared else 1)


def test_threadpoolctl_holds_the_kernels_to_fewer_threads() -> None:
    before = numba.get_num_threads()
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    try:
        free = threads.thread_count(10**9)
        with threadpoolctl.threadpool_limits(1):
            assert threads.thread_count(10**9) == 1
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            assert threads.thread_count(10**9) == 1
        assert threads.thread_count(10**9) == free
    finally:
        numba.set_num_threads(before)


def test_without_threadpoolctl_numbas_number_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    with threadpoolctl.threadpool_limits(1):
        # Whether it is not imported, or in the middle of being so.
        for module in (None, ModuleType("threadpoolctl")):
            monkeypatch.setitem(sys.modules, "threadpoolctl", module)
            assert threads.thread_count(10**9) == numba.get_num_threads()


UNASKED = """
import numba
from convoracle.fast import threads

assert threads.thread_count(10**9) == numba.config.NUMBA_NUM_THREADS == 3
try:
    numba.threading_layer()
except ValueError:
    numba.set_num_threads(2)
    print(threads.thread_count(10**9))
"""


def test_numbas_own_threads_are_not_started() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", UNASKED],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "NUMBA_NUM_THREADS": "3"},
    )
    assert (finished.returncode, finished.stdout) == (0, "2\n"), finished.stderr


def test_kernels_called_from_several_threads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    rng = np.random.default_rng(0)
    x, weight = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4, 12, 13), (6, 4, 3, 3)))
    grad_output = co.conv2d(x, weight, backend="direct")
    calls: list[Callable[[], Any]] = [
        lambda: (co.conv2d(x, weight, backend="direct"),),
        lambda: co.conv2d_backward(grad_output, x, weight, backend="direct"),
        lambda: co.max_pool2d(x, 2, return_indices=True, backend="direct"),
        lambda: (co.avg_pool2d(x, 3, backend="direct"),),
    ]
    expected = [[result.tobytes() for result in call()] for call in calls]

    def repeat(first: int) -> bool:
        numba.set_num_threads(1 + first % numba.config.NUMBA_NUM_THREADS)
        return all(
            [result.tobytes() for result in calls[number % 4]()] == expected[number % 4]
            for number in range(first, first + 20)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(repeat, range(16)))


def test_calls_from_several_threads_at_once() -> None:
    def fill(_: int) -> int:
        target = np.zeros(100, np.int64)

        def add(piece: int, pieces: int) -> None:
            target[piece::pieces] += 1

        threads.run_pieces(add, 4)
        return int(target.sum())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(fill, range(50))) == [100] * 50


SPAWN = """
import multiprocessing, sys
import numpy as np, convoracle as co
from convoracle.fast import threads, workers

def compute(_=None):
    threads.BREAK_EVEN = 0
    x, weight = np.ones((4, 3, 20, 20), np.float32), np.ones((16, 3, 3, 3), np.float32)
    return co.conv2d(x, weight, backend="direct").tobytes()

if __name__ == "__main__":
    before = compute()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        sys.exit(0 if pool.map(compute, range(4)) == [before] * 4 else 1)
"""


def test_spawned_children_compute_too(tmp_path: Path) -> None:
    program = tmp_path / "spawn.py"
    program.write_text(SPAWN)
    finished = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NUMBA_NUM_THREADS": "4"},
    )
    assert finished.returncode == 0, finished.stderr


PROGRAM = """
import os, sys
import numpy as np, convoracle as co
from convoracle.fast import threads, workers

threads.BREAK_EVEN = 0
x, weight = np.ones((4, 3, 20, 20), np.float32), np.ones((16, 3, 3, 3), np.float32)
compute = lambda: co.conv2d(x, weight, backend="direct").tobytes()
before = compute()
child = os.fork()
if child == 0:
    os._exit(0 if compute() == before else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_computes_too() -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NUMBA_NUM_THREADS": "4"},
    )
    assert finished.returncode == 0, finished.stderr
