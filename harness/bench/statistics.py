"""Ratios of times: their median, how far it can be trusted, and the mean over layers.

A round times every implementation twice, in the order A B B A or B A A B, so that a machine's slowly getting faster or
slower cancels. A round gives one ratio, and the median of the rounds ignores those that something else interrupted.

The interval is the bootstrap's: how the median of as many ratios, drawn from these with replacement, would scatter. It
takes no drawing. With the ratios sorted and n odd, a drawn sample's median is at most the k-th ratio exactly when more
than half of its n numbers are among the first k, so (Efron, *The Jackknife, the Bootstrap and Other Resampling Plans*,
10.2)

    P(median* <= x_k) = P(Binomial(n, k / n) > n / 2).
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

CONFIDENCE = 0.95
DRAWS = 4_000
"""How often the means over layers are drawn anew: the tails of 2.5 % then hold a hundred of them."""


@dataclass(frozen=True)
class Interval:
    """A median and between which ratios it lies."""

    middle: float
    low: float
    high: float

    @property
    def reach(self) -> float:
        """The farther end, as a share of the middle: 0.01 for plus or minus 1 %."""
        return max(self.high / self.middle, self.middle / self.low) - 1.0

    def inverse(self) -> "Interval":
        """Return the interval of the reciprocals."""
        return Interval(1.0 / self.middle, 1.0 / self.high, 1.0 / self.low)


def median_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the median of an odd number of positive values, and its bootstrap interval.

    Parameters
    ----------
    values : sequence of float
        One for each round.
    confidence : float
        The share of the bootstrap's medians inside the interval, the same share being left out on either side.
    """
    ordered = sorted(values)
    below = bootstrap_distribution(len(ordered))
    tail = (1.0 - confidence) / 2.0
    low = next(k for k, chance in enumerate(below) if chance > tail)
    # The distribution is symmetric: what is left out above is what is left out below.
    return Interval(ordered[len(ordered) // 2], ordered[low], ordered[len(ordered) - 1 - low])


@functools.lru_cache(maxsize=64)
def bootstrap_distribution(count: int) -> tuple[float, ...]:
    """Return P(median* <= x_k) for k = 1 .. count, the median being that of `count` draws from as many values.

    The binomial's tail is the incomplete beta function's (Abramowitz and Stegun, 26.5.24).

    Raises
    ------
    ValueError
        If `count` is even: the median would be no single value.
    """
    from scipy.special import betainc

    if count % 2 == 0:
        raise ValueError(f"the number of rounds must be odd, got {count}")
    most = (count + 1) // 2
    chances = betainc(most, most, np.arange(1, count + 1) / count)
    return tuple(float(chance) for chance in chances)


def sure_interval(values: Sequence[float], tail: float) -> tuple[float, float]:
    """Return two values between which the true median lies, each end being wrong with a chance of at most `tail`.

    For this no distribution is assumed at all, only that each round lies below with a chance of one half, whatever the
    others did: then the k-th smallest is above only if fewer than k of n fair coins show heads. An end for which there
    are too few values is 0 or infinite. The bootstrap's interval is a little too narrow for such small tails.
    """
    ordered = sorted(values)
    k = _sure_position(len(ordered), tail)
    return (ordered[k - 1], ordered[-k]) if k else (0.0, math.inf)


@functools.lru_cache(maxsize=256)
def _sure_position(count: int, tail: float) -> int:
    """Return the largest k for which fewer than k heads of `count` coins have a chance of at most `tail`, or 0."""
    # Counted in whole numbers: so many halves multiplied are no number of floating point.
    allowed, cases, k = Fraction(tail) * 2**count, 1, 0
    while cases <= allowed and k < count // 2:
        k += 1
        cases += math.comb(count, k)
    return k


def geometric_mean(samples: Sequence[Sequence[float]], confidence: float = CONFIDENCE) -> Interval:
    """Return the geometric mean of the medians of several layers, and its bootstrap interval.

    Each layer's rounds are drawn anew by themselves: the layers are those that were asked for, not a sample of others.
    """
    generator = np.random.Generator(np.random.PCG64(0))
    total = np.zeros(DRAWS)
    middle = 0.0
    for values in samples:
        logs = np.log(np.sort(np.asarray(values, np.float64)))
        middle += float(logs[len(logs) // 2])
        at = np.searchsorted(bootstrap_distribution(len(logs)), generator.random(DRAWS), side="left")
        total += logs[np.minimum(at, len(logs) - 1)]
    low, high = np.quantile(total / len(samples), [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return Interval(*(math.exp(value) for value in (middle / len(samples), float(low), float(high))))
