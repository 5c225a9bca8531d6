"""Groups of few filters, several joined to one: a weight with zeros outside of its blocks.

Filters lie in the lanes of a vector, and channels before them. Eight filters of a group leave half of sixteen lanes
idle, in the products and in both transforms. Two such groups are one of sixteen filters and twice as many channels,
whose weights from one group to the other are zero::

    group 0:  | w w |                              | w w 0 0 |
              | w w |              as one group:   | w w 0 0 |
    group 1:          | v v |                      | 0 0 v v |
                      | v v |                      | 0 0 v v |

It takes as many multiplications, half of which are by zero, as went into lanes that nobody wanted, and half as many
transforms. Adding zeros rounds nothing. What they make of an infinity is found and put right as everything that is not
finite (`convoracle.fast.not_finite`).
"""

import numpy as np


def groups_to_join(groups: int, filters: int, lanes: int) -> int:
    """Return how many groups of so many filters to join: a divisor of their number, as many as fill a vector."""
    return max(number for number in range(1, max(lanes // filters, 1) + 1) if groups % number == 0)


def join(weight: np.ndarray, groups: int, joined: int) -> np.ndarray:
    """Return a weight (F, C / groups, ...) as that of the joined groups, (F, joined * C / groups, ...)."""
    if joined == 1:
        return weight
    filters, channels, *kernel = weight.shape
    shape = groups // joined, joined, filters // groups, channels, *kernel
    blocks = np.zeros((*shape[:3], joined, *shape[3:]), weight.dtype)
    for number in range(joined):
        blocks[:, number, :, number] = weight.reshape(shape)[:, number]
    return blocks.reshape(filters, joined * channels, *kernel)


def part(grad: np.ndarray, groups: int, joined: int) -> np.ndarray:
    """Return the gradient of a weight (F, C / groups, ...) from that of the joined one: its blocks."""
    if joined == 1:
        return grad
    filters, channels, *kernel = grad.shape
    blocks = grad.reshape(groups // joined, joined, filters // groups, joined, channels // joined, *kernel)
    parts = np.stack([blocks[:, number, :, number] for number in range(joined)], axis=1)
    return parts.reshape(filters, channels // joined, *kernel)
