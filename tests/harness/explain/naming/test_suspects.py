"""A planted bug computes as the kernel it was planted in does: whose rounding errors are no mistake of its own."""

import functools
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.evidence import Evidence, observe, operands_of
from convoracle.harness.explain.naming.suspects import Suspect, _results_of, explains, is_more_than_rounding
from convoracle.harness.operations import OPERATIONS

OPERATION = OPERATIONS["conv2d"]
CASE = parse(
    OPERATION,
    "n=1 c=40 h=2 w=5 f=2 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1 bias=no dtype=float16 "
    "layout=C+C seed=1",
)


def sums_in_float16(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """The loops of the reference keep the sum in the dtype of the operands."""
    return reference.conv2d(x, weight, bias, **options)


def with_a_mistake(x: Any, weight: Any, bias: Any, *, dilation: Any, **options: Any) -> Any:
    return sums_in_float16(x, weight[..., ::-1], bias, dilation=dilation, **options)


def suspect(function: Any, rounds: bool) -> Suspect:
    return Suspect("planted", "a mistake", 3, functools.partial(_results_of, OPERATION, function), rounds=rounds)


def on_floats(function: Any) -> list[Evidence]:
    made = [
        observe(OPERATION, function, CASE, "componentwise", *one) for one in operands_of(OPERATION, CASE, "bounded")
    ]
    return [one for one in made if one.wrong and not one.is_exact]


def test_who_only_rounds_alike_is_not_the_mistake() -> None:
    calls = on_floats(sums_in_float16)
    assert calls
    bug = suspect(sums_in_float16, rounds=False)
    assert all(explains(bug, one, ("result",)) for one in calls), "it gives the very same bits"
    assert not is_more_than_rounding(OPERATION, bug, calls)
    assert is_more_than_rounding(OPERATION, suspect(sums_in_float16, rounds=True), calls)


def test_a_mistake_shows_on_integers_too() -> None:
    calls = on_floats(with_a_mistake)
    assert is_more_than_rounding(OPERATION, suspect(with_a_mistake, rounds=False), calls)


def test_what_is_wrong_on_integers_is_no_rounding() -> None:
    made = observe(OPERATION, with_a_mistake, CASE, "componentwise", *next(operands_of(OPERATION, CASE, "exact")))
    assert made.is_exact
    assert np.any(made.results[0].wrong)
    assert is_more_than_rounding(OPERATION, suspect(sums_in_float16, rounds=False), [made])
