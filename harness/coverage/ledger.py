"""What a run has reached: which combinations of features occurred in some case, and which did not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convoracle.harness.cases.draw import draw
from convoracle.harness.cases.limits import Limits
from convoracle.harness.coverage.combinations import Combinations
from convoracle.harness.coverage.families import family_of
from convoracle.harness.coverage.family import of_dtypes
from convoracle.harness.coverage.space import Space
from convoracle.harness.operations import Operation

STRENGTHS = (2, 3)

MOST_MISSING = 200
"""How many combinations a report of a verification names: a short one misses tens of thousands."""


@dataclass
class Coverage:
    """The ledger of one operation.

    Attributes
    ----------
    operation : str
        Which.
    cases : int
        How many were counted.
    outside : int
        How many of them have a number that the harness never draws, such as those of a ``--case``: they count for none.
    features : dict
        Feature name to its levels.
    combined, feasible, reached : dict of int
        For two and for three features: the combinations on paper, those that some case can have, those some case had.
    missing : dict
        For two and for three: the feasible combinations that no case had, as text.
    """

    operation: str
    cases: int = 0
    outside: int = 0
    features: dict[str, list[str]] = field(default_factory=dict)
    combined: dict[int, int] = field(default_factory=dict)
    feasible: dict[int, int] = field(default_factory=dict)
    reached: dict[int, int] = field(default_factory=dict)
    missing: dict[int, list[str]] = field(default_factory=dict)

    def shortened(self) -> "Coverage":
        """Return the ledger with no more than `MOST_MISSING` missing combinations of each kind."""
        return replace(self, missing={strength: texts[:MOST_MISSING] for strength, texts in self.missing.items()})

    def share(self, strength: int) -> float:
        """Return the reached part of the feasible combinations of so many features."""
        return self.reached[strength] / self.feasible[strength]

    def as_dict(self) -> dict[str, Any]:
        """Return the ledger as plain values, for JSON."""
        return {
            "operation": self.operation,
            "cases": self.cases,
            "outside": self.outside,
            "features": self.features,
            **{
                f"{strength}-way": {
                    "combinations": self.combined[strength],
                    "feasible": self.feasible[strength],
                    "reached": self.reached[strength],
                    "missing": self.missing[strength],
                }
                for strength in STRENGTHS
            },
        }


def coverage_of(
    operation: Operation, cases: Iterable[Any], dtypes: Sequence[str], limits: Limits | None = None
) -> Coverage | None:
    """Return what cases have reached of all that candidates with these dtypes and limits can be given.

    None for an operation that is not of this package, and whose parameters are not known.
    """
    family = family_of(operation)
    if family is None:
        return None
    space = Space([*family.blocks(limits or {}), of_dtypes(dtypes)])
    counted = [Combinations(space, strength) for strength in STRENGTHS]
    coverage = Coverage(operation.name, features={feature.name: list(feature.levels) for feature in space.features})
    for case in cases:
        coverage.cases += 1
        try:
            values = [*family.values_of(case), [dtypes.index(case.dtype)]]
        except ValueError:
            coverage.outside += 1
            continue
        levels = space.levels_of([np.array([row]) for row in values])
        for combined in counted:
            combined.add(levels)
    for combined in counted:
        strength = combined.strength
        coverage.combined[strength] = len(combined.feasible)
        coverage.feasible[strength] = int(combined.feasible.sum())
        coverage.missing[strength] = [combined.text(int(number)) for number in np.flatnonzero(combined.wanted)]
        coverage.reached[strength] = coverage.feasible[strength] - len(coverage.missing[strength])
    return coverage


def coverage_of_campaign(
    operation: Operation, examples: int, seed: int, dtypes: tuple[str, ...], limits: Limits | None = None
) -> Coverage | None:
    """Return what a campaign reaches, without any candidate: its cases are drawn and counted, not run."""
    if family_of(operation) is None:
        return None
    drawn = (draw(operation, limits or {}, dtypes, seed, number) for number in range(examples))
    return coverage_of(operation, drawn, dtypes, limits)
