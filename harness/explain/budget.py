"""The time that explaining a failure may take in all, shared out among its steps."""

import time
from collections.abc import Callable


class Budget:
    """Seconds that are spent once: a step that takes longer than its share leaves less for those after it.

    Parameters
    ----------
    seconds : float
        All there is.
    on_step : callable, optional
        Told what is being done whenever a step begins.
    """

    def __init__(self, seconds: float, on_step: Callable[[str], None] | None = None) -> None:
        self._end = time.monotonic() + seconds
        self._on_step = on_step

    def step(self, doing: str, seconds: float, reserved: float = 0.0) -> float:
        """Begin a step, and return how long it may take: its share, or what is left of the time not reserved."""
        if self._on_step is not None:
            self._on_step(doing)
        return max(min(seconds, self._end - reserved - time.monotonic()), 0.0)
