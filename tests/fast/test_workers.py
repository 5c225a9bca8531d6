"""Workers: they take what they can, are waited for no longer than they work, and leave nothing behind."""

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from convoracle.fast import processors, workers
from convoracle.fast.simd.words import add_and_look, new_word
from convoracle.fast.workers import Job, Team


@pytest.fixture
def team() -> Iterator[Team]:
    made = Team(3)
    yield made
    made.dismiss()


def test_all_threads_work_at_once(team: Team) -> None:
    together = threading.Barrier(4)
    team.run(Job(lambda piece, pieces: together.wait(60), 4, ()))
    assert len(team.workers) == 3
    team.run(Job(lambda piece, pieces: together.wait(60), 4, ()))
    assert len(team.workers) == 3


def test_nobody_waits_for_a_worker_that_is_busy(team: Team) -> None:
    team.most = 1
    is_let_go, has_begun = threading.Event(), threading.Event()

    def first(piece: int, pieces: int) -> None:
        if threading.current_thread() is caller:
            assert has_begun.wait(60)
        else:
            has_begun.set()
            assert is_let_go.wait(60)

    caller = threading.Thread(target=lambda: team.run(Job(first, 2, ())))
    caller.start()
    assert has_begun.wait(60)
    done: list[int] = []
    team.run(Job(lambda piece, pieces: done.append(piece), 3, ()))
    assert done == [0, 1, 2]
    is_let_go.set()
    caller.join(60)
    assert not caller.is_alive()


def test_without_threads_the_caller_does_everything(monkeypatch: pytest.MonkeyPatch, team: Team) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done: list[int] = []
    team.run(Job(lambda piece, pieces: done.append(piece), 3, ()))
    assert done == [0, 1, 2]


def test_an_error_anywhere_is_raised_when_all_have_finished(team: Team) -> None:
    together, finished = threading.Barrier(4), []

    def fail(piece: int, pieces: int, culprit: int) -> None:
        together.wait(60)
        if piece == culprit:
            raise ValueError(f"piece {piece}")
        time.sleep(0.01)
        finished.append(piece)

    for culprit in range(4):
        finished.clear()
        with pytest.raises(ValueError, match=f"piece {culprit}"):
            team.run(Job(fail, 4, (culprit,)))
        assert sorted(finished) == [piece for piece in range(4) if piece != culprit]


def test_a_call_keeps_no_array(team: Team) -> None:
    array = np.zeros(100)
    gone = weakref.ref(array)
    together = threading.Barrier(4)
    team.run(Job(lambda piece, pieces, _: together.wait(60), 4, (array,)))
    del array
    deadline = time.monotonic() + 10
    while gone() is not None and time.monotonic() < deadline:
        gc.collect()
    assert gone() is None


def test_who_was_dismissed_is_gone() -> None:
    team = Team(2)
    together = threading.Barrier(3)
    team.run(Job(lambda piece, pieces: together.wait(60), 3, ()))
    team.dismiss()
    assert not any(worker.thread.is_alive() for worker in team.workers)
    done: list[int] = []
    team.run(Job(lambda piece, pieces: done.append(piece), 3, ()))
    assert done == [0, 1, 2]


def test_workers_without_work_take_no_time(team: Team) -> None:
    together = threading.Barrier(4)
    team.run(Job(lambda piece, pieces: together.wait(60), 4, ()))
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def test_a_look_ends_when_the_word_is_there_or_patience_is_gone() -> None:
    word, other = new_word(), new_word()
    add_and_look(word, 3, other, 1, 10, 0)
    assert word[0] == 3
    looking = threading.Thread(target=add_and_look, args=(word, 0, other, 2, 10**12, 10))
    looking.start()
    other[0] += 1
    time.sleep(0.01)
    assert looking.is_alive()
    other[0] += 1
    looking.join(60)
    assert not looking.is_alive()


@pytest.mark.parametrize("here", [0, 1])
def test_a_worker_is_kept_off_the_callers_processor(here: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, set[int]]] = []
    monkeypatch.setattr(processors, "_here", lambda: here)
    monkeypatch.setattr(os, "sched_getaffinity", lambda thread: {0, 1, 2}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *arguments: asked.append(arguments), raising=False)
    assert processors.keep_off(77, -1) == here
    assert processors.keep_off(77, here) == here
    assert asked == [(77, {0, 1, 2} - {here})]


def test_a_worker_stays_where_there_is_one_processor_or_none_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("asked to move a thread nowhere")

    monkeypatch.setattr(os, "sched_getaffinity", lambda thread: {0}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", refuse, raising=False)
    monkeypatch.setattr(processors, "_here", lambda: 0)
    assert processors.keep_off(77, -1) == 0
    monkeypatch.setattr(processors, "_here", None)
    assert processors.keep_off(77, -1) == -1


EXIT = """
import threading, time
import numpy as np
from convoracle.fast import threads
from convoracle.fast.simd.words import add_and_look, new_word

word = new_word()
def spend(piece, pieces):
    add_and_look(word, 0, word, 1, 10**6, 0)
def repeat():
    while True:
        threads.run_pieces(spend, 2)
threading.Thread(target=repeat, daemon=True).start()
threads.run_pieces(spend, 2)
time.sleep(0.02)
print("end")
"""


def test_the_interpreter_ends_while_workers_work() -> None:
    for _ in range(3):
        finished = subprocess.run(
            [sys.executable, "-c", EXIT],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "NUMBA_NUM_THREADS": "2"},
        )
        assert (finished.returncode, finished.stdout, finished.stderr) == (0, "end\n", "")


def test_patience_is_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_seconds_of_look", lambda: 2e-8)
    looks: Callable[[float], int] = workers.looks
    assert looks(1e-4) == 5001
