"""Signs of life: while nothing is called, while calls come back, and not while one call hangs."""

import threading

import pytest

from convoracle.harness.explain.heartbeat import SECONDS, Heartbeat


class Beats:
    """Counts beats, and waits for one."""

    def __init__(self) -> None:
        self.count = 0
        self.came = threading.Event()
        self.doing = ""

    def __call__(self, doing: str) -> None:
        self.count += 1
        self.doing = doing
        self.came.set()


def test_it_beats_while_nothing_is_called_and_stops_at_the_end() -> None:
    beats = Beats()
    with Heartbeat(lambda: None, beats) as heart:
        heart.doing = "shrinking"
        assert beats.came.wait(100 * SECONDS)
    assert beats.doing == "shrinking"
    counted = beats.count
    threading.Event().wait(3 * SECONDS)
    assert beats.count == counted
    assert "convoracle-heartbeat" not in {thread.name for thread in threading.enumerate()}


def test_it_is_silent_while_a_call_hangs() -> None:
    beats = Beats()
    hang = threading.Event()
    with Heartbeat(lambda: hang.wait(100 * SECONDS), beats) as heart:
        assert beats.came.wait(100 * SECONDS)
        hanging = threading.Thread(target=heart.call)
        hanging.start()
        threading.Event().wait(2 * SECONDS)
        counted = beats.count
        threading.Event().wait(5 * SECONDS)
        assert beats.count == counted
        beats.came.clear()
        hang.set()
        assert beats.came.wait(100 * SECONDS)
        hanging.join()


def test_what_the_candidate_returns_or_raises_is_passed_on() -> None:
    with Heartbeat(lambda first, second: first / second, None) as heart:
        assert heart.call(6, second=3) == 2
        with pytest.raises(ZeroDivisionError):
            heart.call(1, second=0)
