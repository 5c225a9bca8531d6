"""What came of one case, and what carries a problem out of the middle of its examination."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.checks.problem import Problem


@dataclass
class Outcome:
    """What one case showed.

    ``case`` is the case that has the problem, where it is not the one examined; ``ratios`` maps an accuracy to the
    largest error as a multiple of its bound; ``checked`` counts the checks made; ``unproved`` those left out because no
    integer data small enough for their proof exists.
    """

    problem: Problem | None = None
    case: Any = None
    ratios: dict[str, float] = field(default_factory=dict)
    checked: Counter[str] = field(default_factory=Counter)
    unproved: Counter[str] = field(default_factory=Counter)


class Found(Exception):
    """Carries a problem out of the middle of an examination, and the case that has it if it is another one."""

    def __init__(self, problem: Problem, case: Any = None) -> None:
        self.problem, self.case = problem, case
