"""What each value of an output takes: found by giving the candidate one number at a time.

A value that is a sum of products a[i] * b[j] shows its products in calls in which `a` holds a single one: all other
numbers of `a` are zero, and those of `b` can be told apart.

    a = (0, 1, 0)    b = (code 0, code 1, code 2)    result[k] = code 2:  result[k] takes a[1] * b[2]

The codes are so chosen that their sums by twos can be told apart, too; few numbers are given one by one in both.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.explain.evidence import arranged, differing, rounding
from convoracle.harness.operations.base import Arrays, Operation, Output

MOST, MOST_ALONE = 200, 1_000
"""How many numbers the operand may have that is probed with: of two, and of one."""

ONE_BY_ONE = 300
"""So many products are asked for one by one, whatever their codes would be."""

SUMS = 64
"""Of so many codes the sums by twos are told apart, too."""

LARGEST = 2**22


@dataclass(frozen=True)
class Response:
    """What an output takes of some operands: one of them, or the products of two.

    Attributes
    ----------
    operands : tuple of str
        Their names.
    missing, extra, kept : ndarray
        A row for each product that is not there, that should not be, and that is right: the flat indices in the output
        and in the operands.
    """

    operands: tuple[str, ...]
    missing: np.ndarray
    extra: np.ndarray
    kept: np.ndarray


def response(
    operation: Operation,
    function: Callable[..., Any],
    case: Any,
    operands: Arrays,
    position: int,
    term: tuple[str, ...],
    deadline: float,
) -> Response | None:
    """Return what an output takes; None where that cannot be seen, or takes too long."""
    output = operation.outputs(case)[position]
    zeros = {name: array if name == "indices" else np.zeros_like(array) for name, array in operands.items()}
    first, *rest = sorted(term, key=lambda one: zeros[one].size)
    if not 0 < zeros[first].size <= (MOST if rest else MOST_ALONE):
        return None
    rows: dict[str, list[np.ndarray]] = {"missing": [], "extra": [], "kept": []}
    one_by_one = bool(rest) and zeros[first].size * zeros[rest[0]].size <= ONE_BY_ONE
    codes = None if one_by_one or not rest else _codes(zeros[rest[0]].size, case.dtype)
    if rest and codes is None and not one_by_one:
        return None
    for i, changed, known in _probes(zeros, first, rest, codes):
        got = result_at(operation, function, case, changed, position)
        if got is None or got.shape != output.shape or time.monotonic() > deadline:
            return None
        right = np.asarray(output.compute(changed))
        allowed = rounding(output, changed, case.dtype) if output.parts else np.zeros(())
        wrong = differing(got, right, allowed)
        if not _sort(rows, i, wrong.reshape(-1), got.reshape(-1), right.reshape(-1), known):
            return None
    made = {name: np.concatenate([np.zeros((0, 1 + len(term)), int), *found]) for name, found in rows.items()}
    return Response((first, *rest), **made)


def result_at(
    operation: Operation, function: Callable[..., Any], case: Any, operands: Arrays, position: int
) -> np.ndarray | None:
    """Return one output; None where the call raises or returns something else."""
    positional, keywords = operation.arguments(case, arranged(operation, case, operands))
    try:
        returned = function(*positional, **keywords)
    except Exception:
        return None
    results = returned if isinstance(returned, (tuple, list)) else (returned,)
    return results[position] if position < len(results) and isinstance(results[position], np.ndarray) else None


Known = dict[float, tuple[tuple[int, ...], ...]]
"""What a value says: for each of the products in it the indices of its factors."""


def _probes(
    zeros: dict[str, np.ndarray], first: str, rest: list[str], codes: np.ndarray | None
) -> Iterator[tuple[int, dict[str, np.ndarray], Known | None]]:
    """Yield the calls to make: the index of the one in the first operand, the operands, and what values say."""
    second = rest[0] if rest else ""
    known = None if codes is None else _meanings(codes)
    for i in range(zeros[first].size):
        changed = {**zeros, first: _one(zeros[first], i)}
        if codes is not None:
            yield i, {**changed, second: codes.reshape(zeros[second].shape).astype(zeros[second].dtype)}, known
        elif rest:
            for j in range(zeros[second].size):
                yield i, {**changed, second: _one(zeros[second], j)}, {1: ((j,),), 2: ((j,), (j,))}
        else:
            yield i, changed, None


def _sort(
    rows: dict[str, list[np.ndarray]],
    i: int,
    wrong: np.ndarray,
    got: np.ndarray,
    right: np.ndarray,
    known: Known | None,
) -> bool:
    """Add what a call says to the rows; return whether it could be read."""
    for name, places, values in (
        ("kept", np.flatnonzero(~wrong & (right != 0)), right),
        ("missing", np.flatnonzero(wrong & (right != 0)), right),
        ("extra", np.flatnonzero(wrong & (got != 0)), got),
    ):
        if known is None:
            rows[name] += [np.stack([places, np.full(len(places), i)], axis=1)]
            continue
        for place in places:
            said = known.get(float(values[place]))
            if said is None:
                return False
            rows[name] += [np.array([[place, i, *indices]]) for indices in said]
    return True


def _codes(count: int, dtype: str) -> np.ndarray | None:
    """Return numbers that can be told apart, if there are few enough also in sums by twos; None if there are none."""
    if dtype not in ("float32", "float64", "int32", "int64"):
        return None
    for attempt in range(8 if count <= SUMS else 0):
        codes = np.unique(Choices("codes", count, attempt).integers((count,), 1, LARGEST - 1))
        sums = (codes[:, None] + codes[None, :])[np.triu_indices(len(codes))]
        if len(codes) == count and len(np.unique(np.concatenate([codes, sums]))) == count + len(sums):
            return codes
    squares: np.ndarray = np.arange(1, count + 1) ** 2 + 3 * count
    return squares if squares[-1] < 2 ** (24 if dtype.endswith("32") else 50) else None


def _meanings(codes: np.ndarray) -> Known:
    """Return what each code says and, where there are few, each sum of two."""
    known: Known = {float(code): ((i,),) for i, code in enumerate(codes)}
    for i in range(len(codes) if len(codes) <= SUMS else 0):
        for j in range(i, len(codes)):
            known.setdefault(float(codes[i] + codes[j]), ((i,), (j,)))
    return known


def _one(zeros: np.ndarray, place: int) -> np.ndarray:
    changed = zeros.copy()
    changed.reshape(-1)[place] = 1
    return changed


def terms_of(output: Output) -> tuple[tuple[str, ...], ...]:
    """Return the terms that can be asked for: products of two, then what is added alone."""
    return tuple(
        sorted((term for term in output.terms if len(set(term)) == len(term) < 3), key=lambda term: -len(term))
    )
