"""The entries of the catalogue as suspects: whatever they are, they compute results to compare with."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug, HistoricalBug
from convoracle.harness.explain.evidence import Evidence, Seen, arranged, differing, operands_of, rounding
from convoracle.harness.explain.mistakes.dialect import Results
from convoracle.harness.explain.mistakes.dialects import dialects
from convoracle.harness.explain.naming.catalogue import bugs_of
from convoracle.harness.operations.base import Operation


@dataclass(frozen=True)
class Suspect:
    """An entry of the catalogue, whatever it is: what it says of itself, its cost, and its results for operands."""

    name: str
    says: str
    cost: int
    results: Callable[[Any, dict[str, np.ndarray]], Results | None]
    precedent: str = ""
    rounds: bool = True
    """Whether its rounding errors may be its mistake. A bug's are those of the kernel that it was planted in."""


def suspects(operation: Operation, without: Callable[[Bug], bool] | None = None) -> Iterator[Suspect]:
    """Yield the catalogue: dialects by their cost, then bugs."""
    for dialect in dialects(operation.name):
        compute = functools.partial(dialect.compute, operation)
        yield Suspect(dialect.says, dialect.says, dialect.cost, compute)
    for bug in bugs_of(operation.name):
        if without is None or not without(bug):
            precedent = f"{bug.project} {bug.thread}" if isinstance(bug, HistoricalBug) else ""
            results = functools.partial(_results_of, operation, bug.make())
            yield Suspect(bug.name, bug.says, 3, results, precedent, bug.kind == "numerics")


def _results_of(
    operation: Operation, function: Callable[..., Any], case: Any, operands: dict[str, np.ndarray]
) -> Results | None:
    """Return what a bug makes of operands."""
    positional, keywords = operation.arguments(case, arranged(operation, case, operands))
    returned = function(*positional, **keywords)
    results = returned if isinstance(returned, (tuple, list)) else (returned,)
    return tuple(results) if all(isinstance(result, np.ndarray) for result in results) else None


def explains(suspect: Suspect, evidence: Evidence, affected: tuple[str, ...]) -> bool:
    """Return whether a suspect gives what the candidate gave, in the outputs that are ever wrong.

    Where it does not apply (a kernel that does not fit any more) it says nothing about a right result.
    """
    results = safely(suspect, evidence.case, evidence.operands)
    if results is None or len(results) < len(evidence.results):
        return results is None and not evidence.wrong
    return all(
        _is_same(result, seen) for result, seen in zip(results, evidence.results, strict=False) if seen.name in affected
    )


def is_more_than_rounding(operation: Operation, suspect: Suspect, calls: Sequence[Evidence]) -> bool:
    """Return whether a suspect is wrong by more than its rounding errors in one of these calls, or may be by them."""
    if suspect.rounds or any(evidence.is_exact for evidence in calls):
        return True
    for evidence in calls:
        _, operands = next(operands_of(operation, evidence.case, "exact"))
        results = safely(suspect, evidence.case, operands)
        if results is None:
            return True
        for output, result in zip(operation.outputs(evidence.case), results, strict=False):
            right = np.asarray(output.compute(operands))
            room = rounding(output, operands, evidence.case.dtype)
            if result.shape != right.shape or differing(result, right, room).any():
                return True
    return False


def safely(suspect: Suspect, case: Any, operands: dict[str, np.ndarray]) -> Results | None:
    """Return a suspect's results; None where it raises, as what it stands for would."""
    try:
        with np.errstate(all="ignore"):
            return suspect.results(case, operands)
    except Exception:
        return None


def _is_same(result: np.ndarray, seen: Seen) -> bool:
    got, allowed = seen.got, seen.allowed
    if result.shape != got.shape or got.dtype.kind not in "fiu":
        return False
    if got.dtype.kind == "f":
        if not allowed.any() and not (result == np.rint(result)).all():
            allowed = seen.rounding
        with np.errstate(all="ignore"):
            result = result.astype(got.dtype)
    if allowed.ndim and allowed.shape != got.shape:
        allowed = np.asarray(np.max(allowed, initial=0.0))
    return not differing(got, result, allowed).any()


def agree(one: Results | None, other: Results | None) -> bool:
    """Return whether two suspects say the same."""
    if one is None or other is None:
        return one is other
    return len(one) == len(other) and all(
        a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(one, other, strict=True)
    )
