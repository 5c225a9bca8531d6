"""The checker is mutated too: what it asks about NaN and infinities. See `test_checker_is_tested.py`."""

import functools
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.checks.question import Question
from convoracle.harness.operations import named
from convoracle.harness.oracle import compiled

right = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
right_maximum = functools.partial(reference.max_pool2d, loops=compiled(reference.max_pool2d_loops))


def hides_nan_of_a_padded_weight(x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    return right(x, np.nan_to_num(weight, nan=0.0, posinf=np.inf, neginf=-np.inf), *others, **options)


def pads_with_zeros(x: Any, *others: Any, padding: int, **options: Any) -> Any:
    if padding and not np.isfinite(others[0]).all():
        return right(np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2)), *others, padding=0, **options)
    return right(x, *others, padding=padding, **options)


def lets_infinity_win(x: Any, kernel_size: Any, *others: Any, **options: Any) -> Any:
    maximum = right_maximum(x, kernel_size, *others, **options)
    of_numbers = right_maximum(np.where(np.isnan(x), -np.inf, x).astype(x.dtype), kernel_size, *others, **options)
    return np.where(np.isposinf(of_numbers), of_numbers, maximum)


def begins_with_the_lowest(x: Any, *others: Any, **options: Any) -> Any:
    maximum = right_maximum(x, *others, **options)
    return np.where(np.isneginf(maximum), np.finfo(x.dtype).min, maximum).astype(x.dtype)


JURY: dict[str, tuple[Any, ...]] = {
    # who: (the verdict, the one check that is made, the maker of the candidate, and what differs from a plain case)
    "hides NaN of a padded weight": (
        "specials",
        "specials",
        lambda: hides_nan_of_a_padded_weight,
        {"case": {"padding": 1}, "seeds": 10},
    ),
    "pads with zeros": ("passes", "specials", lambda: pads_with_zeros, {"case": {"padding": 1}, "seeds": 10}),
    "lets infinity win": ("specials", "specials", lambda: lets_infinity_win, {"operation": "max_pool2d", "seeds": 20}),
    "begins with the lowest": (
        "specials",
        "specials",
        lambda: begins_with_the_lowest,
        {"operation": "max_pool2d", "seeds": 10},
    ),
}

BREAKAGES: dict[str, tuple[str, str, str, str]] = {
    # what is broken: (where, the text as it is, the text as it then is, the juror who notices)
    "nothing spreads": ("checks.special_values:_spreading",
     "if name not in exact", "if False", "hides NaN of a padded weight"),
    "nothing may spread": ("checks.specials:_not_finite", " or not has_one_effect", "", "pads with zeros"),
    "special values are never together": ("checks.special_values:with_special_values", "if rest:", "if False:",
     "lets infinity win"),
    "not everything is minus infinity": ("checks.special_values:with_special_values",
     "len(rest) > 1", "len(rest) > 99", "begins with the lowest"),
}  # fmt: skip


def test_a_juror_is_judged_as_is_known(verdict: str, known_verdict: str) -> None:
    assert verdict == known_verdict


def test_a_broken_rule_is_noticed(verdict_then: str, known_verdict: str) -> None:
    assert verdict_then != known_verdict


def test_what_meets_the_padding_alone_reaches_nothing() -> None:
    text = (
        "n=2 c=4 h=1 w=1 f=3 kernel_size=3x3 stride=1 padding=1 output_padding=0 groups=1 dilation=1 bias=no"
        " dtype=float32 layout=C+C seed={}"
    )
    operation = named("conv_transpose2d_input_grad")
    seen = set()
    for seed in range(40, 60):
        asked = Question(operation, parse(operation, text.format(seed)), "componentwise")
        assert asked.specials is not None
        weight = asked.specials.operands["weight"]
        if np.isfinite(weight).all():
            continue
        (expected,) = asked.specials.expected or ()
        reached = (~np.isfinite(weight[:, :, 1, 1])).any(axis=1)
        assert (np.isnan(expected.values[:, :, 0, 0]) == reached).all()
        seen |= set(reached.tolist())
    assert seen == {False, True}
