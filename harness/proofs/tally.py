"""What a proof found: how many configurations it went through, what it counted, and every exception."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Tick = Callable[[int, int], None]
"""Told after each configuration how many are done, and how many there are."""

FAILURES_KEPT = 20


@dataclass
class Tally:
    """The counts of one proof.

    Parameters
    ----------
    configurations : int
        How many configurations were gone through.
    counts : Counter
        What was compared or observed, by a phrase that a reader understands.
    failures : list of str
        The first exceptions, in words that name the configuration; none means that the proof holds.
    failed : int
        How many exceptions there were.
    """

    configurations: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    failed: int = 0

    @property
    def holds(self) -> bool:
        """Whether there was something to prove and no exception."""
        return self.failed == 0 and self.configurations > 0

    def fail(self, sentence: str) -> None:
        """Note an exception."""
        self.failed += 1
        if len(self.failures) < FAILURES_KEPT:
            self.failures.append(sentence)

    @contextmanager
    def configuration(self, what: Any) -> Iterator[None]:
        """Count what the block goes through as one more configuration, and note whatever it raises as an exception."""
        self.configurations += 1
        try:
            yield
        except Exception as error:
            self.fail(f"{what}: raised {type(error).__name__}: {error}")

    def expect(self, is_true: bool, counted: str, sentence: str) -> None:
        """Count a comparison, and note an exception if it came out wrong."""
        self.counts[counted] += 1
        if not is_true:
            self.fail(sentence)
