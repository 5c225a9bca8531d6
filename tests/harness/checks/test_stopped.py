"""A call that is stopped at one of its lines."""

import sys
import threading

import numpy as np
import pytest

from convoracle.harness.checks import other_thread
from convoracle.harness.checks.stopped import lines_of, stopped_at

log: list[str] = []


def steps() -> int:
    log.append("first")
    for number in (2, 3):
        step = f"step {number}"
        log.append(step)
    np.pad(np.ones(2), 1)
    return len(log)


@pytest.fixture(autouse=True)
def an_empty_log() -> None:
    log.clear()


def test_lines_are_listed_once_and_none_of_libraries() -> None:
    trace = sys.gettrace()
    returned, lines = lines_of(steps)
    assert returned == 3
    assert [line - steps.__code__.co_firstlineno for _, line in lines] == [1, 2, 3, 4, 5, 6]
    assert {code for code, _ in lines} == {steps.__code__}
    assert sys.gettrace() is trace


def test_something_else_is_done_when_a_line_is_first_come_to() -> None:
    again = steps.__code__, steps.__code__.co_firstlineno + 4
    assert stopped_at(again, steps, lambda: log.append("meanwhile")) == 4
    assert log == ["first", "meanwhile", "step 2", "step 3"]


def test_a_call_here_is_made_while_the_one_there_has_stopped() -> None:
    def there(stop: object) -> int:
        log.append("there")
        assert callable(stop)
        stop()
        log.append("there again")
        return 1

    assert other_thread.while_stopped(there, lambda: len(log) and log.append("here")) == (1, None)
    assert log == ["there", "here", "there again"]
    assert other_thread.while_stopped(lambda _: 1, lambda: log.append("never")) == (1, None)
    assert log[3:] == []


def test_who_waits_for_the_one_that_has_stopped_gets_on() -> None:
    lock = threading.Lock()

    def there(stop: object) -> int:
        assert callable(stop)
        with lock:
            stop()
        return 1

    def here() -> int:
        with lock:
            return 2

    assert other_thread.while_stopped(there, here) == (1, 2)


def test_what_is_raised_in_either_is_raised_and_the_thread_goes_on() -> None:
    def fails(*_: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        other_thread.while_stopped(fails, int)
    with pytest.raises(ValueError, match="no"):
        other_thread.while_stopped(lambda stop: stop(), fails)
    assert other_thread.in_other_thread(lambda: 5) == 5
