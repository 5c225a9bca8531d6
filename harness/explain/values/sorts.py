"""On which sort of data a candidate is wrong, where it is right on others: no configuration, but a value decides."""

from collections.abc import Callable, Sequence
from typing import Any

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.explain.evidence import observe, operands_of
from convoracle.harness.operations.base import Operation

CASES = 4
"""How many failing cases are called with every sort."""


def sorts(
    operation: Operation, candidate: Candidate, function: Callable[..., Any], cases: Sequence[Any], check: str
) -> str:
    """Return on which sorts of data failing cases are wrong and on which right; empty where that is all the same."""
    found: dict[str, list[bool]] = {}
    for case in cases[:CASES]:
        for data, operands in operands_of(operation, case, check):
            evidence = observe(operation, function, case, candidate.accuracy, data, operands)
            if evidence.results:
                sort = "floats" if data.endswith(" floats") else data
                found.setdefault(sort, []).append(bool(evidence.wrong))
    wrong = [sort for sort, seen in found.items() if all(seen)]
    right = [sort for sort, seen in found.items() if not any(seen) and len(seen) > 1]
    if not wrong or not right:
        return ""
    return f"wrong on {', '.join(wrong)}; right on {', '.join(right)} (in {min(CASES, len(cases))} failing cases)"
