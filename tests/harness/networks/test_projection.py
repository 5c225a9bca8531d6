"""The sums of a projection: equal to the sums of the whole result, and different wherever one value is."""

import numpy as np
import pytest

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.draw import draw
from convoracle.harness.cases.operands import integers
from convoracle.harness.networks.projection import FACTOR_BITS, projection_of, sum_channels
from convoracle.harness.operations import OPERATIONS

PROJECTED = ["conv2d", "conv2d_input_grad", "conv2d_weight_grad", "conv2d_backward"]


@pytest.mark.parametrize("name", PROJECTED)
def test_the_oracle_s_sums_are_the_sums_of_the_oracle(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(40):
        case = draw(operation, {}, ("float64",), 0, number)
        operands = {key: array.astype(np.int64) for key, array in integers(operation, case, 50).items()}
        for output in operation.outputs(case):
            projection = projection_of(case, output.name)
            if projection is None:
                assert output.name == "grad_bias"
                continue
            factors = projection.factors(Choices(number))
            whole = output.compute(operands)
            np.testing.assert_array_equal(projection.sums(whole, factors), projection.compute(operands, factors))


@pytest.mark.parametrize("name", PROJECTED)
def test_one_wrong_value_shows_wherever_it_is(name: str) -> None:
    operation = OPERATIONS[name]
    for number in range(20):
        case = draw(operation, {}, ("float64",), 0, number)
        for output in operation.outputs(case):
            projection = projection_of(case, output.name)
            if projection is None:
                continue
            factors = projection.factors(Choices(number))
            place = np.zeros(output.shape, np.int64)
            index = tuple(Choices(number, "place").below(size) for size in output.shape)
            place[index] = 1
            sums = projection.sums(place, factors)
            assert np.count_nonzero(sums) == 1
            assert sums.sum() == factors[index[projection.axis]]


def test_factors_are_never_zero_and_reach_both_ends() -> None:
    projection = projection_of(draw(OPERATIONS["conv2d"], {}, ("float64",), 0, 0), "result")
    assert projection is not None
    drawn = np.concatenate([projection.factors(Choices(number)) for number in range(3000)])
    assert np.all(drawn != 0)
    assert np.abs(drawn).max() <= 2**FACTOR_BITS
    assert drawn.min() < -0.99 * 2**FACTOR_BITS
    assert drawn.max() > 0.99 * 2**FACTOR_BITS


def test_factors_are_drawn_from_the_whole_range() -> None:
    projection = projection_of(draw(OPERATIONS["conv2d"], {}, ("float64",), 0, 0), "result")
    assert projection is not None

    class Ends(Choices):
        def integers(self, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
            return np.array([low, -1, 0, high])

    assert projection.factors(Ends(0)).tolist() == [-(2**FACTOR_BITS), -1, 1, 2**FACTOR_BITS]


def test_more_channels_than_cannot_overflow_are_refused() -> None:
    sum_channels(np.zeros((4096, 1), np.int64), np.ones(4096, np.int64), 0, 2)
    with pytest.raises(ValueError, match="4096 channels: more than 2048 could overflow"):
        sum_channels(np.zeros((4096, 1), np.int64), np.ones(4096, np.int64), 0, 1)


def test_the_largest_sum_is_exact() -> None:
    values = np.full((2048, 1), 2**32, np.int64)
    factors = np.full(2048, 2**FACTOR_BITS, np.int64)
    assert sum_channels(values, factors, 0, 1).item() == 2**62
