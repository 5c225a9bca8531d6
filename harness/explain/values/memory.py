"""How arrays have to lie in memory for a result to be wrong: one operand, one layout, one property at a time."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from convoracle.harness.cases.data import ELSEWHERE, lay_out, read_only
from convoracle.harness.checks.other_thread import in_other_thread
from convoracle.harness.explain.evidence import differing, expectation, operands_of
from convoracle.harness.operations.base import Arrays, Operation

MEANINGS = {
    "F": "Fortran order",
    "channels_last": "channels last",
    "sliced": "every other element of a larger array",
    "reversed": "negative strides",
    "offset": "the inside of a larger array",
    "exchanged": "its first two axes exchanged",
    "cropped": "the inside of a larger array, channels last",
    "mirrored": "its last axis backwards",
    "transposed": "its last two axes exchanged",
    "spaced": "every other column of a wider array",
}


def memory(operation: Operation, function: Callable[..., Any], case: Any, accuracy: str) -> str:
    """Return which layouts of which operand make a result wrong, in words; empty if that is not what decides."""
    _, operands = next(operands_of(operation, case, "exact"))

    def is_wrong(layouts: Mapping[str, str], is_read_only: bool = False) -> bool:
        return _is_wrong(operation, function, case, accuracy, operands, layouts, is_read_only)

    if is_wrong({}):
        return ""
    said = []
    for name in operation.operand_shapes(case):
        tried = {layout: is_wrong({name: layout}) for layout in ELSEWHERE if layout != "C"}
        wrong, right = ([MEANINGS.get(one, one) for one in tried if tried[one] is so] for so in (True, False))
        if len(wrong) > len(right) > 0:
            said.append(f"wrong with {name} in any layout but C order, {_listed(right)}")
        elif wrong:
            where = f"{_listed(wrong)}, right in all other layouts" if right else "any layout but C order"
            said.append(f"wrong with {name} in {where}")
    if is_wrong({}, is_read_only=True):
        said.append("wrong with read-only arrays")
    if in_other_thread(lambda: is_wrong({})):
        said.append("wrong in another thread")
    return "; ".join(said)


def _is_wrong(
    operation: Operation,
    function: Callable[..., Any],
    case: Any,
    accuracy: str,
    operands: Arrays,
    layouts: Mapping[str, str],
    is_read_only: bool,
) -> bool:
    """Return whether a call goes wrong with operands in some layouts, all others in C order."""
    passed = {}
    for name in operation.operand_shapes(case):
        values = operands[name] if name == "indices" else operands[name].astype(case.dtype)
        array = lay_out(values, layouts.get(name, "C"))
        passed[name] = read_only(array) if is_read_only else array
    positional, keywords = operation.arguments(case, passed)
    try:
        returned = function(*positional, **keywords)
    except Exception:
        return True
    outputs = operation.outputs(case)
    results = returned if isinstance(returned, (tuple, list)) else (returned,)
    for output, got in zip(outputs, results, strict=False):
        expected, allowed = expectation(output, operands, case.dtype, accuracy)
        if not isinstance(got, np.ndarray) or got.shape != expected.shape or differing(got, expected, allowed).any():
            return True
    return False


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
