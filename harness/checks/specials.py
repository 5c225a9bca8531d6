"""Specials: NaN, infinities, and numbers at the ends of the range, still with one right answer.

A NaN or an infinity in x reaches exactly the outputs whose window holds it. An algorithm that goes through a transform
may spread it over its own image, so under ``normwise`` it has to stay there, and what it reaches must not look finite.
Nor must what one in another operand reaches, though textbook ways to compute the operation multiply that operand by
zeros of their own (of a padding, or between the elements of an upsampled gradient), and so spread it.
Multiplied by a power of two, integers give the same result multiplied by it, all the way down to subnormal numbers.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from convoracle.harness.cases.limits import allowed
from convoracle.harness.checks import compare
from convoracle.harness.checks.contract import BATCHED
from convoracle.harness.checks.problem import Problem

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination


THIRDS = 3
"""A third of all cases has special values, another one is scaled; that of the rest is `relations`."""

HUGE_EVERY = 3
"""One case in so many of those has one huge number among tiny ones, where there are results that it does not reach."""


def check(examination: "Examination") -> None:
    """Call with special values among integers; or with scaled integers, or with one huge number among tiny ones."""
    if not examination.wants("specials") or examination.first is None:
        return
    if examination.has_turn(0, THIRDS):
        _not_finite(examination)
    if examination.has_turn(1, THIRDS) and (examination.case.seed // THIRDS % HUGE_EVERY or not _one_huge(examination)):
        _scaled(examination)


def _not_finite(examination: "Examination") -> None:
    """Call with NaN and infinities, which have to reach what they must, and nothing else but by a transform."""
    answered = examination.question.specials
    if answered is None or answered.expected is None:
        return
    if not allowed(examination.limits.get("non_finite"), True):
        examination.outcome.unproved["specials"] += 1
        return
    examination.refill(answered.operands)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = examination.call(examination.case, examination.passed)
    name = next(name for name, array in answered.operands.items() if not np.isfinite(array).all())
    has_one_effect = name in examination.operation.special_operands(examination.case)
    spreads = examination.accuracy == "normwise" or not has_one_effect
    for one, got in zip(answered.expected, results, strict=True):
        expected, values = one.values, got.astype(np.float64)
        reached = ~np.isfinite(expected)
        if spreads:
            wrong = reached & np.isfinite(values)
            if name in BATCHED and examination.operation.alone(examination.case) is not None:
                operand = answered.operands[name]
                spoiled = ~np.isfinite(operand.reshape(len(operand), -1)).all(axis=1)
                wrong |= ~np.isfinite(values) & ~spoiled.reshape(-1, *(1,) * (values.ndim - 1))
        else:
            with np.errstate(all="ignore"):
                rounded = values if one.divisors is None else np.rint(values * one.divisors)
            wrong = ~((rounded == expected) | (np.isnan(rounded) & np.isnan(expected)))
        if wrong.any():
            index = compare.first(wrong)
            divisor = 1 if one.divisors is None else np.broadcast_to(one.divisors, expected.shape)[index]
            examination.note(
                Problem(
                    "values",
                    "specials",
                    f"{int(wrong.sum())} of {wrong.size} values of {one.output.name} are wrong where {name} holds "
                    f"{_listed(answered.operands[name])} among integers",
                    index,
                    expected[index] / divisor,
                    got[index],
                )
            )
    examination.outcome.checked["specials"] += 1


def _scaled(examination: "Examination") -> None:
    scaled = examination.question.scales.scaled
    if scaled is None:
        return
    names, exponent = scaled
    integers = examination.question.integers
    examination.refill(
        {name: np.ldexp(array, exponent) if name in names else array for name, array in integers.operands.items()}
    )
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = examination.call(examination.case, examination.passed)
    back = tuple(
        got if output.is_index else np.ldexp(got.astype(np.float64), -exponent)
        for output, got in zip(examination.outputs, results, strict=True)
    )
    examination.judge(integers, back, f"integers times 2**{exponent} ({', '.join(sorted(names))})", "specials")
    examination.outcome.checked["specials"] += 1


def _one_huge(examination: "Examination") -> bool:
    """Call with one huge number: what it does not reach is as if it were not there. Return whether that was asked."""
    asked = None if examination.accuracy != "componentwise" else examination.question.scales.one_huge
    if asked is None:
        return False
    operands, exponent, reached = asked
    examination.refill(operands)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = examination.call(examination.case, examination.passed)
    integers = examination.question.integers
    back = tuple(
        np.where(
            one,
            expected.values / (1 if expected.divisors is None else expected.divisors),
            np.ldexp(got.astype(np.float64), -exponent),
        )
        for one, expected, got in zip(reached, integers.expected or (), results, strict=True)
    )
    data = f"integers times 2**{exponent} and one huge number, where it does not reach"
    examination.judge(integers, back, data, "specials")
    examination.outcome.checked["specials"] += 1
    return True


def _listed(array: np.ndarray) -> str:
    """Return the special values of an array and where they are."""
    places = np.argwhere(~np.isfinite(array))
    some = [f"{array[tuple(place)]} at {[int(axis) for axis in place]}" for place in places[:6]]
    return ", ".join([*some, "..."] if len(places) > len(some) else some)
