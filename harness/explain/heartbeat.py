"""A sign of life while a failure is explained: that takes longer than a candidate may spend on one case."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

SECONDS = 0.3


class Heartbeat:
    """Calls a function and, from a thread of its own, says that it goes on; silent while one call lasts.

    Parameters
    ----------
    function : callable
        The candidate.
    alive : callable, optional
        Told now and then what is being done; without it nothing is started.

    Attributes
    ----------
    doing : str
        What is being done, for whoever sets it.
    """

    def __init__(self, function: Callable[..., Any], alive: Callable[[str], None] | None) -> None:
        self._function, self._alive = function, alive
        self.doing = ""
        self._lock = threading.Lock()
        self._open = self._returned = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="convoracle-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        if self._alive is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        if self._alive is not None:
            self._thread.join()

    def call(self, *operands: Any, **options: Any) -> Any:
        """Call the candidate."""
        return self.calling(self._function, *operands, **options)

    def calling(self, function: Callable[..., Any], *operands: Any, **options: Any) -> Any:
        """Call another function in its place, the candidate from a new process for one."""
        with self._lock:
            self._open += 1
        try:
            return function(*operands, **options)
        finally:
            with self._lock:
                self._open -= 1
                self._returned += 1

    def _beat(self) -> None:
        seen = 0
        while not self._over.wait(SECONDS):
            with self._lock:
                goes_on, seen = not self._open or self._returned > seen, self._returned
            if goes_on and self._alive is not None:
                self._alive(self.doing)
