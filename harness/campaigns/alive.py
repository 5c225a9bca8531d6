"""Calls of a candidate that may be slow: whoever waits hears that it is one call after the other."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

SECONDS = 1.0


class Alive:
    """Calls a function, and says before a call, once in so many seconds, that it goes on.

    Parameters
    ----------
    function : callable
        The candidate.
    say : callable
        Called in the thread that this was made in, and in no other.
    """

    def __init__(self, function: Callable[..., Any], say: Callable[[], None]) -> None:
        self._function, self._say = function, say
        self._thread, self._next = threading.get_ident(), monotonic() + SECONDS

    def call(self, *operands: Any, **options: Any) -> Any:
        """Call the candidate."""
        if monotonic() >= self._next and threading.get_ident() == self._thread:
            self._next = monotonic() + SECONDS
            self._say()
        return self._function(*operands, **options)
