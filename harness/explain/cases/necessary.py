"""What every failing case has in common, where nothing separates the failing cases from the others.

A bug that shows on some data only fails in some of the cases that have what it needs. What they need can be told all
the same: a statement that is true of every failing case, and of few of the others.
"""

from collections.abc import Sequence

import numpy as np

from convoracle.harness.explain.cases.rule import FEWEST, Rule, Statements

CHANCE = 1e-4
"""How likely it may be that some statement, of all there are, is true of every failing case by accident."""

MUCH = 1.5
"""How many times fewer passing cases a second statement has to leave."""


def needed(failing: Sequence[Statements], passing: Sequence[Statements]) -> Rule | None:
    """Return the statement, or the two, that all failing cases need; None where there may be none.

    The cases have to be drawn without regard to each other: variations of one case have most of it in common.
    """
    if len(failing) < FEWEST or len(passing) < FEWEST:
        return None
    names = sorted(set().union(*failing, *passing))
    costs = {name: said[name][1] for said in (*failing, *passing) for name in said}
    fails, passes = (
        np.array([[said.get(name, (False, 0))[0] for name in names] for said in cases]) for cases in (failing, passing)
    )
    shares = (1 + passes.sum(axis=0)) / (1 + len(passes))
    kept = np.flatnonzero(fails.all(axis=0) & (len(names) * shares ** len(fails) < CHANCE))
    if not len(kept):
        return None
    true = passes[:, kept].astype(np.int32)
    left = (true.T @ true).astype(float)
    cost = np.array([costs[names[i]] for i in kept])
    # A second statement has to pay for itself; on the diagonal there is none.
    price = (1 + left) * (1 + (MUCH - 1) * (1 - np.eye(len(kept)))) * (1 + 0.01 * (cost[:, None] + cost[None, :]))
    i, j = np.unravel_index(int(np.argmin(price)), price.shape)
    statements = tuple(names[kept[k]] for k in dict.fromkeys((int(i), int(j))))
    return Rule(statements, False, len(fails), len(fails), int(left[i, j]), len(passes), is_needed=True)
