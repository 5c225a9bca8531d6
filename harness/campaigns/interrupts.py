"""An interrupt from the keyboard goes to every process of a terminal's, and to those that cannot answer it yet."""

import contextlib
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Hold back interrupts: this process hears of them at the end of the block, those that it starts inside never.

    A new interpreter imports for a second before it can say what it does about one. What is held back is inherited.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    # It is started with the first process otherwise, and lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
