"""Errors that are those of arithmetic with fewer bits: not a formula, but a precision."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.checks import magnitude
from convoracle.harness.explain.evidence import Evidence, observe, operands_of
from convoracle.harness.operations.base import Operation

FORMATS = ((24, "float32"), (11, "float16 or TensorFloat-32"), (8, "bfloat16"))
MOST_BITS = 52
"""One less than the widest format has."""

TOUCHED = 1 / 3
"""What share of the values has to be wrong: a format rounds all of them, and few are none the worse for it."""

LARGEST_GAMMA = 0.25
"""Beyond that a bound is met by nearly anything, and so proves nothing."""


def precision(
    operation: Operation,
    wrong: Sequence[Evidence],
    right: Sequence[Evidence],
    function: Callable[..., Any],
    accuracy: str,
) -> str | None:
    """Return the format whose rounding errors explain all wrong calls, in words; None if none does.

    The errors must be as large and as many as those of that format, too: any format is coarse enough for small ones.
    And the calls on small integers, which fit every format, must be right.
    """
    for evidence in wrong:
        data, operands = next(operands_of(operation, evidence.case, "exact"))
        if evidence.data == data or observe(operation, function, evidence.case, accuracy, data, operands).wrong:
            return None
    values = [(seen.wrong, seen.expected != 0) for evidence in wrong for seen in evidence.results]
    touched = sum(int(is_wrong.sum()) for is_wrong, _ in values)
    if touched < TOUCHED * sum(int(is_any.sum()) for _, is_any in values):
        return None
    fewest = min(bits for bits, _ in FORMATS)
    held = next(
        (b for b in range(MOST_BITS, fewest - 1, -1) if all(_is_within(operation, one, b) for one in wrong)), None
    )
    if held is None:
        return None
    # The bound grows with the number of roundings, errors with its square root: so many bits better they look.
    most = max(output.roundings + 3 for evidence in wrong for output in operation.outputs(evidence.case))
    slack = 1 + math.log2(most) / 2
    for bits, name in FORMATS:
        if bits <= held:
            return f"the oracle's to the precision of {name} ({bits} bits)" if held <= bits + slack else None
    return None


def _is_within(operation: Operation, evidence: Evidence, bits: int) -> bool:
    case = evidence.case
    own = np.finfo(case.dtype).nmant + 1 if case.dtype.startswith("float") else 0
    if own < bits or (own == bits and case.dtype != "float16"):  # whose sums are to be kept in float32
        return False
    for output, seen in zip(operation.outputs(case), evidence.results, strict=False):
        if output.is_selection or seen.got.shape != seen.expected.shape:
            return False
        # Two roundings of the operands and one of the result besides those of the sum.
        gamma = bounds.gamma(output.roundings + 3, 2.0**-bits)
        if gamma > LARGEST_GAMMA:
            return False
        allowed = gamma * magnitude(output, evidence.operands) + seen.allowed
        with np.errstate(all="ignore"):
            if not (np.abs(seen.got.astype(np.float64) - seen.expected) <= allowed).all():
                return False
    return True
