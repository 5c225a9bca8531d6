"""The bounds of what goes through exp and log: kept by every right way to compute it, and by no much worse one."""

from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import special

from convoracle.harness import exact_exponentials, exponential_bounds, verify
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import SCORE_KINDS, floats

Function = Callable[..., Any]


def quietly(function: Function) -> Function:
    def quiet(*arguments: Any, **options: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments, **options)

    return quiet


def through_the_logarithm(x: Any, axis: int) -> Any:
    return np.exp(x - special.logsumexp(x, axis=axis, keepdims=True)).astype(x.dtype)


def one_pass(x: Any, axis: int) -> Any:
    """The running maximum and the sum so far, which is rescaled whenever the maximum grows."""
    rows = np.moveaxis(x, axis, 0)
    largest, total = rows[0], np.ones_like(rows[0])
    for row in rows[1:]:
        larger = np.maximum(largest, row)
        total = total * np.exp(largest - larger) + np.exp(row - larger)
        largest = larger
    return np.ascontiguousarray(np.moveaxis(np.exp(rows - largest) * (1 / total), 0, axis))


def from_the_softmax(grad: Any, share: Any, axis: int) -> Any:
    return grad * share - share * (grad * share).sum(axis=axis, keepdims=True)


def by_log_sum_exp(logits: Any, targets: Any) -> Any:
    chosen = logits[np.arange(len(logits)), targets]
    return (special.logsumexp(logits, axis=1).mean() - chosen.mean()).astype(logits.dtype)


RIGHT: list[tuple[str, Function]] = [
    ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
    ("sigmoid", special.expit),
    ("sigmoid", lambda x: np.exp(-np.logaddexp(x.dtype.type(0), -x))),
    ("sigmoid_backward", lambda grad, x: grad * special.expit(x) * (1 - special.expit(x))),
    ("sigmoid_backward", lambda grad, x: grad * special.expit(x) * special.expit(-x)),
    ("softmax", lambda x, axis: special.softmax(x, axis=axis)),
    ("softmax", through_the_logarithm),
    ("softmax", one_pass),
    ("softmax", lambda x, axis: np.exp(special.log_softmax(x, axis=axis))),
    ("log_softmax", lambda x, axis: special.log_softmax(x, axis=axis)),
    ("log_softmax", lambda x, axis: (x - special.logsumexp(x, axis=axis, keepdims=True)).astype(x.dtype)),
    ("softmax_backward", lambda grad, x, axis: from_the_softmax(grad, special.softmax(x, axis=axis), axis)),
    (
        "log_softmax_backward",
        lambda grad, x, axis: grad - np.exp(special.log_softmax(x, axis=axis)) * grad.sum(axis=axis, keepdims=True),
    ),
    ("cross_entropy", by_log_sum_exp),
]


@pytest.mark.parametrize(("operation", "right"), RIGHT)
def test_every_right_way_keeps_the_bound(operation: str, right: Function) -> None:
    report = verify(operation, quietly(right), examples=80)
    assert report.passed, str(report)
    assert report.grade == "A"


def off_by(units: int) -> Function:
    """Return a softmax whose exponentials are off by units in the last place: below the sum's, above its own."""

    def softmax(x: Any, axis: int) -> Any:
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        unit = np.spacing(powers)
        return (powers + units * unit) / (powers - units * unit).sum(axis=axis, keepdims=True)

    return softmax


def test_an_exponential_may_be_off_by_as_much_as_assumed_and_not_by_far_more() -> None:
    # NumPy's own error comes on top, so one unit is left to it.
    assert verify("softmax", quietly(off_by(exponential_bounds.ULPS - 1)), examples=60).passed
    assert not verify("softmax", quietly(off_by(64 * exponential_bounds.ULPS)), examples=60).passed


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [1, 2, 8, 64])
def test_equal_scores_share_equally(dtype: str, classes: int) -> None:
    x = np.full((2, classes), 7.0)
    high, low = exact_exponentials.softmax(x, 1)
    assert (high == 1 / classes).all()
    assert not low.any()
    bound = exponential_bounds.softmax(x, 1, dtype)
    # A few roundings for each class: that of the sum.
    assert (bound < (20 * classes + 100) * {"float32": 2.0**-24, "float64": 2.0**-53}[dtype] / classes).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_underflows_is_zero_or_nearly(dtype: str) -> None:
    x = np.array([[-1000.0]])
    assert exact_exponentials.sigmoid(x)[0] == 0
    smallest = {"float32": 2.0**-149, "float64": 2.0**-1074}[dtype]
    assert exponential_bounds.sigmoid(x, dtype) < 20 * smallest
    assert exponential_bounds.softmax(np.array([[0.0, -1000.0]]), 1, dtype)[0, 1] < 20 * smallest


def test_the_exact_values_by_other_arithmetic() -> None:
    """The same functions from Taylor's series in fractions, to 2**-106 of the value: twice float64's precision."""
    scores = [0.0, 1.5, -2.25, 3.0]

    def exp(value: float) -> Fraction:
        half = Fraction(value) / 16
        term, total, number = Fraction(1), Fraction(1), 0
        while abs(term) > Fraction(1, 2**140):
            number += 1
            term *= half / number
            total += term
        return total**16

    def near(pair: tuple[np.ndarray, np.ndarray], place: tuple[int, ...], exact: Fraction) -> bool:
        got = Fraction(float(pair[0][place])) + Fraction(float(pair[1][place]))
        return abs(got - exact) <= abs(exact) / 2**104

    x = np.array([scores])
    powers = [exp(value) for value in scores]
    shares = [power / sum(powers) for power in powers]
    grad = np.array([[1.0, -2.0, 0.5, 4.0]])
    weights = [Fraction(value) for value in grad[0]]
    mean = sum(g * p for g, p in zip(weights, shares, strict=True))
    for place, share in enumerate(shares):
        at = (0, place)
        s = powers[place] / (1 + powers[place])
        assert near(exact_exponentials.softmax(x, 1), at, share)
        assert near(exact_exponentials.softmax_backward(grad, x, 1), at, share * (weights[place] - mean))
        assert near(exact_exponentials.log_softmax_backward(grad, x, 1), at, weights[place] - share * sum(weights))
        assert near(exact_exponentials.sigmoid(x), at, s)
        assert near(exact_exponentials.sigmoid_backward(grad, x), at, weights[place] * s * (1 - s))
        target = np.array([1])
        wanted = (share - (place == 1)) * 3
        assert near(exact_exponentials.cross_entropy_backward(x, target, 3), at, wanted)
        high, low = exact_exponentials.log_softmax(x, 1)
        # The exponential of the logarithm is the softmax; its error is the relative one.
        logarithm = float(high[at])
        with localcontext() as context:
            context.prec = 50
            back = (Decimal(logarithm) + Decimal(float(low[at]))).exp()
        assert abs(Fraction(back) - share) <= share / 2**100
    loss = exact_exponentials.cross_entropy(x, np.array([2]))
    assert loss[0] == -exact_exponentials.log_softmax(x, 1)[0][0, 2]


@pytest.mark.parametrize("kind", SCORE_KINDS)
def test_along_any_axis_the_exact_values_are_those_of_the_rows(kind: str) -> None:
    x = floats(Choices(1), kind, (2, 3, 4), "float64")
    rows = [exact_exponentials.softmax(x[i, :, j][None], 1)[0][0] for i in range(2) for j in range(4)]
    wanted = np.array(rows).reshape(2, 4, 3).transpose(0, 2, 1)
    assert np.array_equal(exact_exponentials.softmax(x, 1)[0], wanted)
