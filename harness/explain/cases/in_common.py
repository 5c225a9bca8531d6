"""The statements, three at most, that are true of all of some things and of the fewest others."""

from collections.abc import Mapping, Sequence

import numpy as np

WORTH = 1.5
"""How many times fewer others a second statement has to leave; a third one leaves none, or goes unsaid."""


def in_common(
    names: Sequence[str], costs: Mapping[str, int], inside: np.ndarray, outside: np.ndarray
) -> tuple[tuple[str, ...], int] | None:
    """Return statements that are true of everything inside, and of how many outside; None where there are none.

    `inside` and `outside` hold a row for each statement, and a column for each thing.
    """
    kept = np.flatnonzero(inside.all(axis=1)).tolist()
    if not kept:
        return None
    slips = outside[kept].astype(np.int32)
    left = slips @ slips.T
    cost = np.array([costs[names[i]] for i in kept])
    # A second statement has to pay for itself; on the diagonal there is none.
    price = (1 + left) * (1 + (WORTH - 1) * (1 - np.eye(len(kept)))) * (1 + 0.05 * (cost[:, None] + cost[None, :]))
    i, j = divmod(int(np.argmin(price)), len(kept))
    chosen = list(dict.fromkeys((i, j)))
    others = slips[chosen].all(axis=0)
    thirds = np.flatnonzero(~(slips & others).any(axis=1))
    if others.any() and len(thirds):
        chosen.append(int(min(thirds, key=lambda k: (cost[k], k))))
        return tuple(names[kept[k]] for k in chosen), 0
    return tuple(names[kept[k]] for k in chosen), int(left[i, j])
