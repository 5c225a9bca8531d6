"""From a failing call to one with as few non-zero operands as possible, and those as plain as possible."""

import time
from collections.abc import Callable

import numpy as np

from convoracle.harness.explain.evidence import Evidence

PLAIN = (1.0, -1.0, 2.0, 3.0, 257.0, 2049.0, 16777217.0, 0.5)
"""What a value is replaced by if the call still fails: after the smallest, the first integers that do not fit the
significands of bfloat16, float16 and float32."""

Call = Callable[[dict[str, np.ndarray]], Evidence]
_Place = tuple[str, int]


def smallest_data(call: Call, evidence: Evidence, *, seconds: float) -> Evidence:
    """Return the simplest evidence found in which the same output is wrong, or the evidence itself.

    Delta debugging: non-zeros are made zero by halves, quarters, ... and one by one, until none can be spared; then
    each that is left is replaced by a plainer number.

    Parameters
    ----------
    call : callable
        Calls the candidate on operands.
    evidence : Evidence
        A call that went wrong.
    seconds : float
        How long this may take.
    """
    deadline = time.monotonic() + seconds
    blamed = evidence.wrong[0]
    best = evidence

    def still_wrong(operands: dict[str, np.ndarray]) -> bool:
        nonlocal best
        found = call(operands)
        if blamed not in found.wrong or not _same_shapes(found, evidence):
            return False
        best = found
        return True

    pieces = 2
    while (places := _non_zeros(best)) and time.monotonic() < deadline:
        pieces = min(pieces, len(places))
        size = -(-len(places) // pieces)
        spared = False
        for start in range(0, len(places), size):
            if time.monotonic() > deadline:
                break
            if still_wrong(_without(best.operands, places[start : start + size])):
                spared = True
        if spared:
            pieces = max(pieces // 2, 2)
        elif size == 1:
            break
        else:
            pieces *= 2
    for name, flat in _non_zeros(best):
        for value in PLAIN:
            if time.monotonic() > deadline or best.operands[name].reshape(-1)[flat] == value:
                break
            if not _is_representable(value, best.case.dtype):
                continue
            operands = {key: array.copy() for key, array in best.operands.items()}
            operands[name].reshape(-1)[flat] = value
            if still_wrong(operands):
                break
    return best


def non_zeros(operands: dict[str, np.ndarray]) -> dict[str, list[tuple[tuple[int, ...], float]]]:
    """Return, for each operand of values, where it is not zero and what it is there."""
    return {
        name: [(tuple(int(i) for i in place), array[tuple(place)].item()) for place in np.argwhere(array != 0)]
        for name, array in operands.items()
        if name != "indices"
    }


def _non_zeros(evidence: Evidence) -> list[_Place]:
    return [
        (name, int(flat))
        for name, array in evidence.operands.items()
        if name != "indices"
        for flat in np.flatnonzero(array.reshape(-1))
    ]


def _without(operands: dict[str, np.ndarray], places: list[_Place]) -> dict[str, np.ndarray]:
    """Return copies of the operands with zeros in these places."""
    fewer = {name: array.copy() for name, array in operands.items()}
    for name, flat in places:
        fewer[name].reshape(-1)[flat] = 0
    return fewer


def _is_representable(value: float, dtype: str) -> bool:
    number = np.dtype(dtype)
    if number.kind == "i":
        return value == int(value) and value <= np.iinfo(number).max
    return value <= float(np.finfo(number).max) and float(number.type(value)) == value


def _same_shapes(one: Evidence, other: Evidence) -> bool:
    shapes = ([seen.got.shape for seen in evidence.results] for evidence in (one, other))
    return next(shapes) == next(shapes)
