"""A few cases of one family: what is kept for one of them may be taken for another.

=========================  ====================================================================
the case itself            twice, with different data
in the other dtype         of the same shapes, with numbers that the other dtype may not have
of other batches           of one image, of one more and of twice as many
with other options         in the same arrays
of a key in common         see `convoracle.harness.checks.same_key`
of nearly the same size    a row or a column more or less
of the same memory         a square operand with its axes exchanged
the next layers            a kernel of one tap, twice, on the case's result and on what that gives
=========================  ====================================================================

Operands of as many numbers hold the same numbers, so that one array is an operand of several of these calls.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.everyday import is_small
from convoracle.harness.cases.operands import integers, lopsided
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.other_options import OtherOptions, of_nearly_the_same_size, without_change
from convoracle.harness.checks.same_key import RARE, USUAL, SameKey, possible
from convoracle.harness.operations.base import Arrays, Operation

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question

Asked = tuple[Any, Answered]
"""A case and its answer."""

MOST_PRODUCTS = 10_000
"""As many as each of them has at most: they are called many times."""

OTHER_OPTIONS, SAME_KEYS, NEXT_LAYERS = 2, 4, 2
"""So many of these."""

OTHER_DTYPE = {"float32": "float64", "float64": "float32", "float16": "float32", "int64": "int32"}
"""Which dtype is asked besides one; of all others float32."""


def relatives(question: "Question", case: Any) -> list[Asked]:
    """Return the family of a case whose arrays are in C order; empty if it is too much work.

    The case is the first, and the next layers, each of which takes the result of the one before, come last.
    """
    operation = question.operation
    if not is_small(operation, case, MOST_PRODUCTS):
        return []
    first = integers(operation, case, 3, stream="family")
    asked = [_answered(question, case, first), _answered(question, case, integers(operation, case, 3, stream="again"))]
    for other in dict.fromkeys(_others(operation, case)):
        if other != case and is_small(operation, other, MOST_PRODUCTS):
            operands = _with_the_same_numbers(first, integers(operation, other, 3, stream="family"))
            wide = None if other.dtype == case.dtype else _wider(question, other, operands)
            asked.append(wide or _answered(question, other, operands))
    asked.append(_seen_otherwise(question, case, first))
    found = [one for one in asked if one is not None]
    return [*found, *_next_layers(question, *found[0])] if found else []


def _seen_otherwise(question: "Question", case: Any, first: Arrays) -> Asked | None:
    """Return the case with one operand's memory seen with two axes exchanged, if there is one that has square parts."""
    pairs = [
        (name, axis)
        for name, array in first.items()
        for axis in range(array.ndim - 1)
        if name != "indices" and array.shape[axis] == array.shape[axis + 1] > 1
    ]
    if not pairs:
        return None
    name, axis = Choices(case.seed, "seen otherwise").pick(pairs)
    return _answered(question, case, {**first, name: first[name].swapaxes(axis, axis + 1)})


def _others(operation: Operation, case: Any) -> Iterator[Any]:
    """Yield the others, except for the next layers."""
    yield dataclasses.replace(case, dtype=OTHER_DTYPE.get(case.dtype, "float32"))
    if hasattr(case, "n"):
        for images in (case.n + 1, 1, 2 * case.n + 1):
            yield dataclasses.replace(case, n=images)
    yield from itertools.islice(OtherOptions(operation, case), OTHER_OPTIONS)
    kinds: list[SameKey] = Choices(case.seed, "relatives").shuffled((*USUAL, *RARE))
    found = (possible(kind, operation, case) for kind in kinds)
    yield from itertools.islice((other for other in found if other is not None), SAME_KEYS)
    nearly = possible(of_nearly_the_same_size, operation, case)
    if nearly is not None:
        yield nearly


def _with_the_same_numbers(first: Arrays, operands: Arrays) -> Arrays:
    """Return operands of which those of as many numbers as the first ones hold these, and are these if they can."""
    same = dict(operands)
    for name, array in operands.items():
        numbers = first.get(name)
        if name != "indices" and numbers is not None and numbers.size == array.size and numbers.dtype == array.dtype:
            same[name] = numbers if numbers.shape == array.shape else numbers.reshape(array.shape)
    return same


def _wider(question: "Question", case: Any, operands: Arrays) -> Asked | None:
    """Return a case and its answer on numbers that a narrower dtype may not have."""
    if question.is_selection or case.dtype.startswith("int"):
        return None
    return _answered(question, case, lopsided(question.operation, case, dict(operands)))


def _next_layers(question: "Question", case: Any, answered: Answered) -> Iterator[Asked]:
    """Yield layers of one tap that take the result of the one before, which changes signs and places alone."""
    for _ in range(NEXT_LAYERS):
        result = answered.expected[0] if answered.expected else None
        kernel = without_change(case)
        if kernel is None or result is None or result.divisors is not None or result.output.name != "result":
            return
        sizes = dict(
            zip([name for name in ("d", "h", "w") if hasattr(case, name)], result.values.shape[2:], strict=True)
        )
        channels = result.values.shape[1]
        filters = {"f": channels} if hasattr(case, "f") else {}
        case = dataclasses.replace(kernel, n=len(result.values), c=channels, **filters, **sizes)
        operands = {"x": result.values}
        if filters:
            signs = Choices(case.seed, "next layer").integers((channels,), 0, 1) * 2 - 1
            weight = np.roll(np.diag(signs), 1, axis=0).astype(result.values.dtype)
            operands["weight"] = weight.reshape(channels, channels, *(1 for _ in sizes))
        fits = question.like(case).shapes == {name: array.shape for name, array in operands.items()}
        found = _answered(question, case, operands) if fits else None  # there may be a kernel for every place
        if found is None:
            return
        answered = found[1]
        yield found


def _answered(question: "Question", case: Any, operands: Arrays) -> Asked | None:
    """Return a case and its answer on some integers; None if they prove nothing."""
    asked = question.like(case)
    return (case, asked.answer(operands)) if asked.proves(operands) else None
