"""What is around a candidate, and is no business of its: the oracle, the checks, NumPy, the clock, and reports."""

import functools
import sys
import time
from types import ModuleType

import numpy as np

from convoracle.harness.checks import other_thread
from convoracle.harness.checks.identities import Identities
from convoracle.harness.checks.problem import Problem
from convoracle.harness.report import Failure, Report

_MODULES = (
    "convoracle.harness.checks",
    "convoracle.harness.calls",
    "convoracle.harness.examine",
    "convoracle.harness.bounds",
    "convoracle.reference",
)
"""Modules that no candidate has any business to change; NumPy, the clock and reports besides."""


class Watched:
    """Modules and classes, and what they were when the first case was about to be examined."""

    def __init__(self) -> None:
        modules = [module for name, module in sys.modules.items() if name.startswith(_MODULES)]
        watched: list[ModuleType | type] = [Report, Failure, np, time, *modules]
        self._names = [(one, dict(vars(one))) for one in watched]
        self._values = self._identities()

    def restored(self) -> Problem | None:
        """Put back what was replaced, and return that as a problem."""
        # To compare the values alone is quicker by far, and most often all there is to do.
        if self._values.are_unchanged():
            return None
        problem = None
        for watched, names in self._names:
            if not names.items() <= vars(watched).items():
                for name, right in names.items():
                    if vars(watched).get(name) is not right:
                        setattr(watched, name, right)
                        sentence = f"a call replaced {watched.__name__}.{name}"
                        problem = problem or Problem("contract", "nothing replaced", sentence)
        self._values = self._identities()  # there may be more names than before: modules imported since
        return problem

    def _identities(self) -> Identities:
        """Return the values that all the names have now."""
        return Identities([vars(one) for one, _ in self._names])


@functools.cache
def _watched() -> Watched:
    """Return what is watched: the same from the first case on."""
    return Watched()


class Surroundings:
    """What a candidate has no business to change, as it was before its first call of a case."""

    def __init__(self, is_thorough: bool = False) -> None:
        self._watched = _watched()  # kept here: the function itself may be replaced
        other_thread.start()  # it has to be running before a candidate can get in the way
        self._float_errors = np.geterr()
        # As long as all the rest takes. Who seeds them the same each time is found out if they are elsewhere before.
        self._random = np.random.get_state() if is_thorough else None  # noqa: NPY002
        if self._random is not None:
            np.random.random_sample()  # noqa: NPY002
            self._drawn = _random_state()

    def restored(self) -> Problem | None:
        """Put back what was replaced of the oracle, the checks, NumPy or the clock, and return that as a problem."""
        problem = self._watched.restored()
        if np.geterr() != self._float_errors:
            np.seterr(**self._float_errors)
            sentence = "a call changed how NumPy treats floating-point errors"
            problem = problem or Problem("contract", "nothing replaced", sentence)
        if self._random is not None:
            if _random_state() != self._drawn:
                sentence = "a call drew from NumPy's global random numbers, or seeded them"
                problem = problem or Problem("contract", "nothing replaced", sentence)
            np.random.set_state(self._random)  # noqa: NPY002
        return problem


def _random_state() -> tuple[bytes, int]:
    """Return how far NumPy's global random numbers have been drawn."""
    _, key, position, *_ = np.random.get_state()  # noqa: NPY002 - it is the global ones that are others' business
    return np.asarray(key).tobytes(), int(position)
