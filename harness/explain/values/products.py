"""Which products a wrong value is the sum of, in words: of the smallest call one by one, of a larger one their law."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.values.bystanders import bystanders
from convoracle.harness.explain.values.law import law
from convoracle.harness.explain.values.responses import MOST, MOST_ALONE, Response, response, terms_of
from convoracle.harness.operations.base import Operation, Output

SHOWN = 2
"""How many values are written down; of each one product that is missing and one that should not be in it."""

LARGER = 2
"""How many larger calls are asked for what is true of all their products."""

LARGEST = 3_000
"""How many values the second operand of the larger call may have."""


def products(
    operation: Operation,
    function: Callable[..., Any],
    evidence: Evidence,
    seconds: float,
    called: Sequence[Evidence] = (),
) -> str:
    """Return what the values of a wrong output take, and what they should take, in words.

    Empty where an output is no sum of products of two operands, or where there are too many of them.

    Parameters
    ----------
    operation, function
        What is explained, and the candidate.
    evidence : Evidence
        The smallest call.
    seconds : float
        How long this may take.
    called : sequence of Evidence
        Other wrong calls: the largest that can be asked for shows what is true of all such products.
    """
    deadline = time.monotonic() + seconds
    position, output = _wrong_output(operation, evidence)
    terms = terms_of(output)
    alone = _without_the_other(terms, evidence, output)
    if alone:
        return alone
    could = True
    for term in terms:
        found = response(operation, function, evidence.case, evidence.operands, position, term, deadline)
        could = could and found is not None
        if found is None or not len(found.missing) + len(found.extra):
            continue
        size = _size(evidence, term)
        larger = [one for one in called if output.name in one.wrong and _size(one, term) > size]
        for one in sorted(larger, key=lambda one: -_size(one, term))[:LARGER]:
            position, _ = _wrong_output(operation, one, output.name)
            more = response(operation, function, one.case, one.operands, position, term, deadline)
            of_all = "" if more is None else law(operation, one, position, more)
            if of_all:
                return f"{_one_by_one(output, evidence, found)}; in a larger call it {of_all}"
        position, _ = _wrong_output(operation, evidence)
        of_all = law(operation, evidence, position, found)
        return _one_by_one(output, evidence, found) + (f"; all in all it {of_all}" if of_all else "")
    beside = bystanders(operation, evidence)
    if beside:
        return beside
    alone = "each product" if any(len(term) > 1 for term in terms) else "each number"
    return f"{alone} alone is right: it takes certain data to be wrong" if terms and could else ""


def _without_the_other(terms: Sequence[tuple[str, ...]], evidence: Evidence, output: Output) -> str:
    """Return what is wrong though one factor of every product is zero."""
    if not all(np.isfinite(array).all() for array in evidence.operands.values()):
        return ""  # zero times infinity is no number
    holds = {name for name, array in evidence.operands.items() if name != "indices" and array.any()}
    used = {name for term in terms for name in term}
    if len(holds) != 1 or any(set(term) <= holds for term in terms) or not holds <= used:
        return ""
    (name,) = holds
    others = sorted({other for term in terms if name in term for other in term} - holds)
    return f"{output.name} takes {name} where {' and '.join(others)} is zero: it is added without that"


def _wrong_output(operation: Operation, evidence: Evidence, name: str = "") -> tuple[int, Output]:
    outputs = operation.outputs(evidence.case)
    return next((i, one) for i, one in enumerate(outputs) if one.name == (name or evidence.wrong[0]))


def _size(evidence: Evidence, term: tuple[str, ...]) -> int:
    """Return how much of a term a call shows; 0 if it is too much to be asked for."""
    sizes = sorted(evidence.operands[name].size if name in evidence.operands else 0 for name in term)
    return sum(sizes) if sizes[0] <= (MOST if len(term) > 1 else MOST_ALONE) and sizes[-1] <= LARGEST else 0


@dataclass
class Taken:
    """The products that are missing from a value, and those that should not be in it, in words."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        missing, extra = ("".join(one[:1]) + " + ..." * (len(one) > 1) for one in (self.missing, self.extra))
        if missing and extra:
            return f"has {extra} in place of {missing}" if missing != extra else f"has {extra} another number of times"
        return f"lacks {missing}" if missing else f"has {extra} besides"


def _one_by_one(output: Output, evidence: Evidence, found: Response) -> str:
    """Return what the first values take."""
    values: dict[int, Taken] = {}
    for rows, name in ((found.missing, "missing"), (found.extra, "extra")):
        for place, *factors in rows.tolist():
            getattr(values.setdefault(place, Taken()), name).append(_product(evidence, found.operands, factors))
    said = [f"{output.name}[{_index(place, output.shape)}] {taken}" for place, taken in sorted(values.items())[:SHOWN]]
    return "; ".join(said) + (f"; and so on at {len(values) - SHOWN} more" if len(values) > SHOWN else "")


def _product(evidence: Evidence, names: Sequence[str], factors: Sequence[int]) -> str:
    """Return the product of numbers as text, in the order of the call; they are given by their flat indices."""
    given = dict(zip(names, factors, strict=True))
    return " * ".join(f"{n}[{_index(given[n], array.shape)}]" for n, array in evidence.operands.items() if n in given)


def _index(flat: int, shape: tuple[int, ...]) -> str:
    return ", ".join(str(int(axis)) for axis in np.unravel_index(flat, shape))
