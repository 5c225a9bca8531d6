"""What is interrupted while a process is started: the one that starts it, and that afterwards."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from convoracle.harness.campaigns.interrupts import held_back

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no signal masks")

INTERRUPTED = "import signal; signal.raise_signal(signal.SIGINT); print('goes on')"


@pytest.fixture(autouse=True)
def _interruptible() -> Iterator[None]:
    """Heed interrupts also where the tests are a shell's background job, which ignores them, as do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_process_started_meanwhile_goes_on() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with held_back():
        started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert started.communicate()[0] == "goes on\n"
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_the_interrupt_is_not_lost() -> None:
    reached = []

    def interrupted() -> None:
        with held_back():
            signal.raise_signal(signal.SIGINT)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached == ["the end"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
