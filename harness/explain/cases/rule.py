"""The shortest statement that is true of the failing cases and of no other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 4
"""A rule needs at least so many failing and so many passing cases."""

MOST = 60
"""How many statements are combined by threes."""

NEARLY = 1 / 12
"""The share of all cases that a rule may get wrong and still be worth saying."""

STATEMENTS = 4
"""How many statements a rule with exceptions may have."""

FEW = 1 / 3
"""The share of the exceptions allowed that more than two statements may leave: many explain anything."""

WORTH = 3
"""How many exceptions each statement after the first has to take away."""

Statements = dict[str, tuple[bool, int]]


@dataclass(frozen=True)
class Rule:
    """A conjunction of statements about a case.

    Parameters
    ----------
    statements : tuple of str
        All of them together.
    denies : bool
        The cases of which they are all true pass; the others fail.
    caught, failing : int
        Of how many failing cases it says that they fail, and how many there were.
    accused, passing : int
        The same of the passing ones.
    is_tested : bool
        It was put to the test on cases that it was not learned from.
    is_needed : bool
        They are true of every failing case, and of so many of the passing ones that they do not tell them apart.
    """

    statements: tuple[str, ...]
    denies: bool
    caught: int
    failing: int
    accused: int
    passing: int
    is_needed: bool = False
    is_tested: bool = True

    @property
    def exceptions(self) -> int:
        """How many cases it is wrong about."""
        return self.failing - self.caught + self.accused

    @property
    def is_exact(self) -> bool:
        """Whether it separates the cases without an exception."""
        return self.caught == self.failing and self.accused == 0

    def says_failing(self, said: Statements) -> bool:
        """Return whether a case must fail if the rule is right."""
        return all(said.get(statement, (False, 0))[0] for statement in self.statements) != self.denies

    def __str__(self) -> str:
        counts = f"in {self.caught} of {self.failing} failing and {self.accused} of {self.passing} passing cases"
        if not self.statements:
            return f"fails always: in all {self.failing} cases tried"
        joined = " and ".join(self.statements)
        if self.is_needed:
            others = f"{self.accused} of {self.passing} passing cases"
            return f"fails only where {joined}: true of all {self.failing} failing and of {others}"
        if self.is_exact and not self.is_tested:
            return f"seems to fail {'unless' if self.denies else 'where'} {joined}, not put to the test: {counts}"
        if self.is_exact:
            return f"fails {'unless' if self.denies else 'if and only if'} {joined}: {counts}"
        return f"fails where {joined}, with exceptions: {counts}"


def learn(failing: Sequence[Statements], passing: Sequence[Statements]) -> Rule | None:
    """Return the shortest rule that separates the cases, or nearly does; None where there is none."""
    if len(failing) >= FEWEST and not passing:
        return Rule((), False, len(failing), len(failing), 0, 0)
    if len(failing) < FEWEST or len(passing) < FEWEST:
        return None
    names = sorted(set().union(*failing, *passing))
    costs = {name: said[name][1] for said in (*failing, *passing) for name in said}
    fails, passes = (
        np.array([[said.get(name, (False, 0))[0] for name in names] for said in cases]) for cases in (failing, passing)
    )
    found = _exact(names, costs, fails, passes, 3)
    if found is not None:
        return Rule(found, False, len(failing), len(failing), 0, len(passing))
    found = _exact(names, costs, passes, fails, 2)
    if found is not None:
        return Rule(found, True, len(failing), len(failing), 0, len(passing))
    return _nearly(names, costs, fails, passes)


def _exact(
    names: list[str], costs: dict[str, int], inside: np.ndarray, outside: np.ndarray, most: int
) -> tuple[str, ...] | None:
    """Return the simplest conjunction that is true of all cases inside and of none outside."""
    # Of statements that say the same about these cases the simplest stays; those that say nothing go.
    simplest: dict[bytes, int] = {}
    for i in sorted(np.flatnonzero(inside.all(axis=0)), key=lambda i: (costs[names[i]], names[i])):
        if not outside[:, i].all():
            simplest.setdefault(outside[:, i].tobytes(), int(i))
    useful = np.array(sorted(simplest.values(), key=lambda i: outside[:, i].sum() + 4 * costs[names[i]]), int)
    if not len(useful):
        return None
    for count in range(1, most + 1):
        kept = useful if count < 3 else useful[:MOST]
        true = outside[:, kept].astype(np.int32)
        left = true.sum(axis=0)
        if count == 2:
            left = true.T @ true
        if count == 3:
            pairs = (true[:, :, None] * true[:, None, :]).reshape(len(true), -1)
            left = (pairs.T @ true).reshape((len(kept),) * 3)
        combinations = [tuple(names[kept[i]] for i in place) for place in np.argwhere(left == 0)]
        if combinations:
            return min(combinations, key=lambda found: (sum(costs[name] for name in found), found))
    return None


def _nearly(names: list[str], costs: dict[str, int], fails: np.ndarray, passes: np.ndarray) -> Rule | None:
    """Return the conjunction of a few statements with the fewest exceptions, if they are few."""
    allowed = int(NEARLY * (len(fails) + len(passes)))
    kept = np.flatnonzero((~fails).sum(axis=0) <= allowed)
    if not len(kept):
        return None
    hits, slips = (cases[:, kept].astype(np.int32) for cases in (fails, passes))
    wrong = len(fails) - hits.T @ hits + slips.T @ slips
    # A second statement has to pay for itself; on the diagonal there is none.
    price = wrong + WORTH * (1 - np.eye(len(kept), dtype=int))
    cost = np.array([costs[names[i]] for i in kept])
    price = price + 0.01 * (cost[:, None] + cost[None, :])
    i, j = np.unravel_index(int(np.argmin(price)), price.shape)
    chosen = list(dict.fromkeys((int(i), int(j))))
    pair = _with_exceptions(names, kept[chosen], fails, passes)
    hit, slip = (cases[:, chosen].all(axis=1).astype(np.int32) for cases in (hits, slips))
    while len(chosen) < STATEMENTS:  # and so has each after it
        exceptions = len(fails) - hit @ hits + slip @ slips + 0.01 * cost
        best = int(np.argmin(exceptions))
        if len(fails) - hit.sum() + slip.sum() - exceptions[best] < WORTH:
            break
        chosen.append(best)
        hit, slip = hit * hits[:, best], slip * slips[:, best]
    longer = _with_exceptions(names, kept[chosen], fails, passes)
    if longer.exceptions <= min(FEW * allowed, min(len(fails), len(passes)) / 2):
        return longer
    return pair if pair.exceptions <= allowed and pair.exceptions < min(len(fails), len(passes)) / 2 else None


def _with_exceptions(names: list[str], chosen: np.ndarray, fails: np.ndarray, passes: np.ndarray) -> Rule:
    """Return the rule that these statements are."""
    caught, accused = (int(cases[:, chosen].all(axis=1).sum()) for cases in (fails, passes))
    return Rule(tuple(names[i] for i in chosen), False, caught, len(fails), accused, len(passes))
