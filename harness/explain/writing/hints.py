"""What the author of a candidate may do about a failure, where that is to declare something rather than to mend it."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.explain.evidence import Evidence, differing, expectation
from convoracle.harness.operations import Operation

MOST_NAMED = 2
"""How many of an operation's limits are shown as an example."""

WITHIN_NORMWISE = (
    "every result is within the normwise bound; an algorithm that goes through a transform (Fourier, Winograd) "
    "declares accuracy='normwise'"
)

_EXAMPLES = {  # those that most implementations are limited in come first
    "padding": "{0, 1}",
    "dilation": "{1}",
    "ceil_mode": "{False}",
    "factor": "{2}",
    "axis": "{1}",
}


def of_raised(operation: Operation, candidate: Candidate, case: Any) -> str:
    """Return how the candidate is called, if its parameters do not take that, and how it declares what it cannot do."""
    arrays = {name: np.empty(shape, bool) for name, shape in operation.operand_shapes(case).items()}
    positional, keywords = operation.arguments(case, arrays)
    keywords = {name: value for name, value in keywords.items() if name not in candidate.left_out(operation)}
    said = [_declaring(operation)]
    if not _takes(candidate.function, positional, keywords):
        names = {id(array): name for name, array in arrays.items()}
        words = [names.get(id(value), repr(value)) for value in positional]
        words += [f"{name}={value!r}" for name, value in keywords.items()]
        said.insert(0, f"it is called as {operation.name}({', '.join(words)})")
    return "; ".join(filter(None, said))


def of_accuracy(operation: Operation, candidate: Candidate, called: Sequence[Evidence]) -> str:
    """Return that the other bound would do, if it does for every wrong result that was seen."""
    wrong = sorted((one for one in called if one.wrong), key=lambda one: sum(seen.got.size for seen in one.results))
    if candidate.accuracy != "componentwise" or not wrong:
        return ""
    return WITHIN_NORMWISE if all(_is_normwise(operation, evidence) for evidence in wrong) else ""


def _declaring(operation: Operation) -> str:
    """Return how limits are declared, by the example of those that most implementations have."""
    named = [name for name in _EXAMPLES if name in operation.limit_names][:MOST_NAMED]
    if not named:
        return ""
    limits = ", ".join(f"{name!r}: {_EXAMPLES[name]}" for name in named)
    return (
        f"what an implementation does not take it declares, by an attribute of the function, limits = {{{limits}}}, or "
        "by that argument of verify"
    ) + ("; what has one value only is then not passed" if named[-1] in operation.options else "")


def _takes(function: Any, positional: Sequence[Any], keywords: dict[str, Any]) -> bool:
    """Return whether a callable has parameters for such a call; True where its signature cannot be read."""
    try:
        inspect.signature(function).bind(*positional, **keywords)
    except ValueError:
        return True
    except TypeError:
        return False
    return True


def _is_normwise(operation: Operation, evidence: Evidence) -> bool:
    """Return whether every output of a call is within the normwise bound."""
    outputs = operation.outputs(evidence.case)
    if len(outputs) != len(evidence.results):
        return False
    for output, seen in zip(outputs, evidence.results, strict=True):
        if seen.got.shape != seen.expected.shape or seen.got.dtype.kind != "f":
            return False
        expected, allowed = expectation(output, evidence.operands, evidence.case.dtype, "normwise")
        if differing(seen.got, expected, allowed).any():
            return False
    return True
