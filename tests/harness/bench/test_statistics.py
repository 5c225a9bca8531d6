"""Medians and intervals: the formulas against counting, and how often the intervals hold the truth."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom

from convoracle.harness.bench.rounds import LOOKS
from convoracle.harness.bench.statistics import (
    Interval,
    bootstrap_distribution,
    geometric_mean,
    median_interval,
    sure_interval,
)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_bootstrap_distribution_is_that_of_all_drawings(count: int) -> None:
    medians = [sorted(drawn)[count // 2] for drawn in product(range(count), repeat=count)]
    below = [sum(median <= k for median in medians) / count**count for k in range(count)]
    np.testing.assert_allclose(bootstrap_distribution(count), below, rtol=1e-12)


def test_an_even_number_of_rounds_has_no_median_among_them() -> None:
    with pytest.raises(ValueError, match="must be odd, got 4"):
        bootstrap_distribution(4)


def test_median_interval_is_made_of_the_values() -> None:
    values = [float(value) for value in np.random.Generator(np.random.PCG64(1)).permutation(33)]
    found = median_interval(values)
    low = next(k for k, chance in enumerate(bootstrap_distribution(33)) if chance > 0.025)
    assert found == Interval(16.0, float(low), float(32 - low))
    assert median_interval([2.0]) == Interval(2.0, 2.0, 2.0)
    reach = Interval(2.0, 1.0, 3.0)
    assert (reach.reach, reach.inverse()) == (1.0, Interval(0.5, 1 / 3, 1.0))


@pytest.mark.parametrize("count", LOOKS)
def test_bootstrap_interval_holds_the_median_about_as_often_as_it_says(count: int) -> None:
    """Of any continuous distribution: how often the k-th smallest is above the median is a binomial probability."""
    ordered = list(range(1, count + 1))
    low = median_interval(ordered).low
    missed = 2 * binom.cdf(low - 1, count, 0.5)
    # Percentile intervals are known to be a little narrow: their level is a step of a coarse staircase around 5 %.
    steps = [2 * binom.cdf(k, count, 0.5) for k in range(count // 2)]
    allowed = min(step for step in steps if step > 0.05)
    assert missed <= allowed


@pytest.mark.parametrize("count", [1, 4, 9, 33, 257])
@pytest.mark.parametrize("tail", [0.05, 0.00125, 1e-5])
def test_sure_interval_misses_no_more_often_than_it_may(count: int, tail: float) -> None:
    low, high = sure_interval([float(value) for value in range(1, count + 1)], tail)
    if low == 0.0:
        assert high == math.inf
        assert 0.5**count > tail
        return
    k = int(low)
    assert high == count + 1 - k
    assert binom.cdf(k - 1, count, 0.5) <= tail < binom.cdf(k, count, 0.5)


def test_geometric_mean_of_constant_ratios_is_exact() -> None:
    found = geometric_mean([[2.0] * 9, [8.0] * 17])
    assert found.middle == found.low == found.high == pytest.approx(4.0, rel=1e-12)


def test_geometric_mean_of_many_layers_is_surer_than_that_of_one() -> None:
    generator = np.random.Generator(np.random.PCG64(2))
    samples = [list(np.exp(generator.normal(0.0, 0.1, 33))) for _ in range(16)]
    assert geometric_mean(samples).reach < geometric_mean(samples[:1]).reach
    assert geometric_mean(samples) == geometric_mean(samples)


def test_geometric_mean_of_one_layer_agrees_with_the_median() -> None:
    values = list(np.exp(np.random.Generator(np.random.PCG64(3)).normal(0.0, 0.1, 65)))
    mean, median = geometric_mean([values]), median_interval(values)
    ordered = sorted(values)
    for of_mean, of_median in ((mean.low, median.low), (mean.high, median.high)):
        places = [int(np.argmin(np.abs(np.array(ordered) - value))) for value in (of_mean, of_median)]
        assert abs(places[0] - places[1]) <= 1
    assert mean.middle == pytest.approx(median.middle, rel=1e-12)
