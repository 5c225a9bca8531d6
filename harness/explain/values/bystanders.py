"""Numbers that a value does not take, and without which it is right: sums that run on, rounding in blocks, spilt NaN.

The data of the smallest call holds no number that can be spared. One that the wrong values do not depend on is there
because the candidate lets them depend on it.
"""

import numpy as np

from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.values.smallest_data import non_zeros
from convoracle.harness.operations.base import Operation

MOST = 8
"""Of how many numbers it is asked."""


def bystanders(operation: Operation, evidence: Evidence) -> str:
    """Return which numbers a wrong value needs to be wrong and does not take, in words; empty if there are none."""
    places = [(name, index) for name, found in non_zeros(evidence.operands).items() for index, _ in found]
    first = evidence.first_wrong()
    if first is None or not 0 < len(places) <= MOST:
        return ""
    position = next(i for i, seen in enumerate(evidence.results) if seen.name == first[0])
    output, seen = operation.outputs(evidence.case)[position], evidence.results[position]
    if output.is_index:
        return ""
    taken = np.zeros(len(places), bool)
    with np.errstate(all="ignore"):
        for i, (name, index) in enumerate(places):
            changed = {key: np.array(array) for key, array in evidence.operands.items()}
            for key in changed:  # so that no zero hides what is taken
                changed[key] = changed[key] if key == "indices" else np.ones_like(changed[key])
            before = np.asarray(output.compute(changed))
            changed[name][index] = 5
            taken[i] = bool((np.asarray(output.compute(changed)) != before)[seen.wrong].any())
    spared = [
        f"{name}[{', '.join(map(str, index))}]"
        for (name, index), is_taken in zip(places, taken, strict=True)
        if not is_taken
    ]
    if not spared:
        return ""
    place = f"{first[0]}[{', '.join(map(str, first[1]))}]"
    others = " and the other wrong values" if seen.wrong.sum() > 1 else ""
    verb = "are" if others else "is"
    return f"{place}{others} should not depend on {' and '.join(spared)}, and {verb} right without"
