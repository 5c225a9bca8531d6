"""The other thread: one for all calls, whatever became of the call before."""

import os
import threading

import pytest

from convoracle.harness.checks.other_thread import in_other_thread, start


def test_calls_are_made_in_one_other_thread() -> None:
    start()
    names = {in_other_thread(lambda: threading.current_thread().name) for _ in range(3)}
    assert names == {"convoracle-other-thread"}
    assert in_other_thread(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_what_is_raised_there_is_raised_here_and_the_thread_goes_on(error: BaseException) -> None:
    def fails() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        in_other_thread(fails)
    assert caught.value is error
    assert in_other_thread(lambda: 5) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_has_a_thread_of_its_own() -> None:
    start()
    child = os.fork()
    if not child:
        os._exit(in_other_thread(lambda: 7))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
