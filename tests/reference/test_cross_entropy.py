from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import cross_entropy, cross_entropy_backward, log_softmax, softmax

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
U = 2.0**-53


@given(row=st.lists(st.floats(-50, 50), min_size=1, max_size=6), data=st.data())
@EXAMPLES
def test_is_minus_the_logarithm_of_the_softmax_within_its_bound(row: list[float], data: st.DataObject) -> None:
    target = data.draw(st.integers(0, len(row) - 1))
    with localcontext() as context:
        context.prec = 60
        exact = -(Decimal(row[target]).exp() / sum(Decimal(number).exp() for number in row)).ln()
    # as for the logarithm of the softmax (test_softmax.py); sum and mean of one example do not round
    spread = max(row) - min(row)
    roundings = 2 * spread + 8 + len(row) - 1 + 8 * np.log(len(row)) + float(abs(exact))
    bound = Decimal(roundings * U / (1 - roundings * U))
    assert abs(Decimal(float(cross_entropy(np.array([row]), np.array([target])))) - exact) <= bound


def test_is_the_mean_over_the_batch() -> None:
    logits, targets = np.array([[1.0, 3.0, 0.5], [2.0, 2.0, 7.0]]), np.array([0, 2])
    log_p = log_softmax(logits)
    assert cross_entropy(logits, targets) == (-log_p[0, 0] - log_p[1, 2]) / 2


def test_derivative_is_the_softmax_less_the_target_divided_by_the_batch() -> None:
    logits, targets = np.array([[1.0, 3.0, 0.5], [2.0, 2.0, 7.0]]), np.array([0, 2])
    expected = softmax(logits)
    expected[0, 0] -= 1
    expected[1, 2] -= 1
    assert cross_entropy_backward(logits, targets).tolist() == (expected / 2).tolist()
    # scaling the loss scales the derivative: by a power of two, to the last bit
    assert cross_entropy_backward(logits, targets, 4).tolist() == (expected * 2).tolist()


def test_a_softmax_that_underflows_does_not_make_the_loss_infinite() -> None:
    assert cross_entropy(np.array([[1000.0, 0.0]]), np.array([1])) == 1000
    with np.errstate(divide="ignore"):
        assert -np.log(softmax(np.array([[1000.0, 0.0]]))[0, 1]) == np.inf


def test_keeps_float32() -> None:
    logits = np.ones((2, 3), np.float32)
    assert cross_entropy(logits, np.array([0, 1])).dtype == np.float32
    assert cross_entropy_backward(logits, np.array([0, 1]), np.float64(2)).dtype == np.float32


def test_says_what_it_got_and_what_is_allowed() -> None:
    logits = np.zeros((2, 3))
    with pytest.raises(TypeError, match="cross_entropy: got targets of float64; allowed: integers"):
        cross_entropy(logits, np.zeros(2))
    with pytest.raises(TypeError, match="cross_entropy: got int64; allowed: floats"):
        cross_entropy(logits.astype(int), np.zeros(2, int))
    with pytest.raises(ValueError, match="cross_entropy: got targets from 0 to 3; allowed: 0 to 2"):
        cross_entropy(logits, np.array([0, 3]))
    with pytest.raises(ValueError, match="cross_entropy_backward: got targets from -1 to 0"):
        cross_entropy_backward(logits, np.array([0, -1]))
    with pytest.raises(ValueError, match=r"targets: got shape \(3,\); allowed: \(2,\)"):
        cross_entropy(logits, np.zeros(3, int))
    with pytest.raises(ValueError, match="got an empty batch"):
        cross_entropy(logits[:0], np.zeros(0, int))
    with pytest.raises(ValueError, match="cross_entropy: logits: got 1 dimensions"):
        cross_entropy(logits[0], np.zeros(3, int))
