"""Which products a wrong value is the sum of: found by giving the candidate one number at a time.

Where every value is a sum of products of two operands, a call in which one operand holds a single one, and the other
numbers that can be told apart, shows for each value which of those it takes. As many calls as the first operand has
numbers show every product there is; those that are missing and those that should not be there say what is done wrong.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.explain.evidence import Evidence, arranged
from convoracle.harness.operations.base import Operation

MOST = 80
"""How many numbers the operand may have that is probed with."""

SHOWN = 2
"""How many values are written down; of each one product that is missing and one that should not be in it."""


def products(operation: Operation, function: Callable[..., Any], evidence: Evidence, seconds: float) -> str:
    """Return what the values of a wrong output take, and what they should take, in words.

    Empty where an output is no sum of products of two operands, or where there are too many of them.
    """
    deadline = time.monotonic() + seconds
    outputs = operation.outputs(evidence.case)
    position = next(i for i, one in enumerate(outputs) if one.name == evidence.wrong[0])
    output = outputs[position]
    pairs = [term for term in output.terms if len(term) == 2]
    if not pairs or output.parts or evidence.case.dtype == "float16":
        return ""
    zeros = {key: np.zeros_like(array) for key, array in evidence.operands.items()}
    first, second = sorted(pairs[0], key=lambda one: zeros[one].size)
    if not 0 < zeros[first].size <= MOST:
        return ""
    codes = np.arange(1, zeros[second].size + 1) ** 2 + 3 * zeros[second].size  # they say which number it was
    known = {int(code): i for i, code in enumerate(codes)}
    found: dict[tuple[int, ...], Taken] = {}
    for i in range(zeros[first].size):
        operands = {key: array.copy() for key, array in zeros.items()}
        operands[first].reshape(-1)[i] = 1
        operands[second].reshape(-1)[:] = codes
        got = _result(operation, function, evidence.case, operands, position)
        right = np.asarray(output.compute(operands))
        if got is None or got.shape != right.shape or time.monotonic() > deadline:
            return ""
        for place in zip(*np.nonzero(got != right), strict=True):
            taken = found.setdefault(tuple(int(axis) for axis in place), Taken([], []))
            for kept, value in ((taken.missing, right[place]), (taken.extra, got[place])):
                if value != 0 and value not in known:
                    return ""
                kept += [_product(evidence, {first: i, second: known[int(value)]})] if value != 0 else []
    if not found and not all(evidence.operands[one].any() for one in (first, second)):
        return ""  # it is wrong without a product: the bias
    if not found:
        return "each product alone is right: it takes certain data to be wrong"
    said = [f"{output.name}[{', '.join(map(str, place))}] {found[place]}" for place in list(found)[:SHOWN]]
    return "; ".join(said) + (f"; and so on at {len(found) - SHOWN} more" if len(found) > SHOWN else "")


@dataclass
class Taken:
    """The products that are missing from a value, and those that should not be in it, in words."""

    missing: list[str]
    extra: list[str]

    def __str__(self) -> str:
        missing, extra = ("".join(one[:1]) + " + ..." * (len(one) > 1) for one in (self.missing, self.extra))
        if missing and extra:
            return f"has {extra} in place of {missing}"
        return f"lacks {missing}" if missing else f"has {extra} besides"


def _result(
    operation: Operation, function: Callable[..., Any], case: Any, operands: dict[str, np.ndarray], position: int
) -> np.ndarray | None:
    """Return one output; None where the call raises or returns something else."""
    positional, keywords = operation.arguments(case, arranged(operation, case, operands))
    try:
        returned = function(*positional, **keywords)
    except Exception:
        return None
    results = returned if isinstance(returned, (tuple, list)) else (returned,)
    return results[position] if position < len(results) and isinstance(results[position], np.ndarray) else None


def _product(evidence: Evidence, factors: dict[str, int]) -> str:
    """Return the product of two numbers as text; they are given by their flat indices."""
    said = []
    for name, array in evidence.operands.items():
        if name in factors:
            place = np.unravel_index(factors[name], array.shape)
            said.append(f"{name}[{', '.join(str(int(axis)) for axis in place)}]")
    return " * ".join(said)
