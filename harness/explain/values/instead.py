"""What stands where a value is wrong: nothing, a neighbour, the right value changed in some way."""

from collections.abc import Iterator, Sequence

import numpy as np

from convoracle.harness.explain.evidence import Evidence, Seen, differing
from convoracle.harness.explain.mistakes.operand_mistakes import rounded_to
from convoracle.harness.explain.values.difference import axis_names
from convoracle.harness.operations.base import Operation

MOST_STEPS = 65
"""How far away another index is looked for."""


def instead(operation: Operation, shown: Sequence[tuple[Evidence, Seen]]) -> str:
    """Return what all wrong values of these calls are, in words; empty if nothing known."""
    left: list[str] | None = None
    for evidence, seen in shown:
        true = [words for words, values in _stand_ins(evidence, seen) if _holds(values, seen)]
        left = true if left is None else [words for words in left if words in true]
        if not left:
            break
    if left:
        return left[0]
    dimensions = {seen.expected.ndim for _, seen in shown}
    names = axis_names(shown[0][1].name, *dimensions) if len(dimensions) == 1 else ()
    for axis, name in enumerate(names):
        sources = [_sources(seen, axis) for _, seen in shown]
        if all(by_index is not None for by_index in sources):
            return f"the right values of another {name}{_which([one for one in sources if one is not None])}"
    return _direction([seen for _, seen in shown])


def _sources(seen: Seen, axis: int) -> dict[int, set[int]] | None:
    """Return, for each index along an axis at which values are wrong, the others whose right values stand there."""
    got, right, wrong = (np.moveaxis(values, axis, 0) for values in (seen.got, seen.expected, seen.wrong))
    found: dict[int, set[int]] = {}
    for i in np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1)):
        there = got[i][wrong[i]]
        found[int(i)] = {j for j in range(len(right)) if np.array_equal(there, right[j][wrong[i]], equal_nan=True)}
        if not found[int(i)] - {int(i)}:
            return None
    return found


def _which(sources: list[dict[int, set[int]]]) -> str:
    """Return which other index it is: always so many before or after, the index modulo something, or an example."""
    pairs = [(index, others) for found in sources for index, others in found.items()]
    for step in (*range(1, MOST_STEPS), *range(-1, -MOST_STEPS, -1)):
        if all(index - step in others for index, others in pairs):
            return f", {abs(step)} {'before' if step > 0 else 'after'}"
    for block in range(2, MOST_STEPS):
        if all(index % block in others for index, others in pairs):
            return f": its number modulo {block}"
    first = sorted(max(sources, key=len).items())[:4]
    return ": " + ", ".join(f"{min(others)} in place of {index}" for index, others in first)


def _holds(values: np.ndarray, seen: Seen) -> bool:
    """Return whether these values stand wherever it is wrong, as exactly as they can be had."""
    wrong = seen.wrong
    values = np.broadcast_to(values, wrong.shape)
    allowed = seen.allowed if seen.allowed.any() or (values == np.rint(values)).all() else seen.rounding
    allowed = np.broadcast_to(allowed, wrong.shape)[wrong]
    with np.errstate(all="ignore"):
        return not differing(seen.got[wrong], values[wrong].astype(seen.got.dtype), allowed).any()


def _stand_ins(evidence: Evidence, seen: Seen) -> Iterator[tuple[str, np.ndarray]]:
    """Yield values that may stand in an output instead, the simplest first."""
    right = seen.expected
    yield "0", np.zeros(())
    yield "NaN", np.full((), np.nan)
    bias = evidence.operands.get("bias")
    if bias is not None and right.ndim > 2 and bias.shape == right.shape[1:2]:
        spread = bias.reshape(-1, *[1] * (right.ndim - 2))
        yield "the bias alone", spread
        yield "the right value without the bias", right - spread
        yield "the right value with the bias added twice", right + spread
    if right.dtype.kind == "f":
        with np.errstate(all="ignore"):
            yield "the right value, or 0 where that is negative", np.where(right < 0, 0, right)
            yield "the right value, or 0 where that is not finite", np.where(np.isfinite(right), right, 0)
            yield "infinite", np.where(right < 0, -np.inf, np.inf)
            for bits, what in ((24, "float32"), (11, "float16 (11 bits)"), (8, "bfloat16")):
                yield f"the right value rounded to {what}", rounded_to(right, bits)
            yield "the right value without its fraction", np.trunc(right)
    for words, values in (("negated", -right), ("doubled", 2 * right), ("halved", right / 2), ("tripled", 3 * right)):
        yield f"the right value {words}", values
    yield "the right value plus 1", right + 1
    yield "the right value minus 1", right - 1
    for axis, name in enumerate(axis_names(seen.name, right.ndim)):
        size = right.shape[axis]
        if size < 2:
            continue
        for step, words in ((1, "before"), (-1, "after")):
            yield f"the right value of the {name} {words}", np.roll(right, step, axis)
        for place, words in ((0, "first"), (size - 1, "last")):
            yield f"the right value of the {words} {name}", np.take(right, [place], axis)
        yield f"the right value of the mirrored {name}", np.flip(right, axis)
    for axis, name in enumerate(axis_names(seen.name, right.ndim)):
        if right.shape[axis] > 1:
            for step, words in ((1, "before"), (-1, "after")):
                yield f"the right value plus that of the {name} {words}", right + np.roll(right, step, axis)


def _direction(shown: Sequence[Seen]) -> str:
    """Return on which side of the right values all wrong ones are; empty if on both."""
    got = np.concatenate([seen.got[seen.wrong].astype(np.float64) for seen in shown])
    right = np.concatenate([seen.expected[seen.wrong].astype(np.float64) for seen in shown])
    if not np.isfinite(right).all():
        return "finite, where the right value is not" if np.isfinite(got[~np.isfinite(right)]).all() else ""
    if not np.isfinite(got).any():
        return "not finite"
    for words, holds in (
        ("too large", got > right),
        ("too small", got < right),
        ("too far from 0", np.abs(got) > np.abs(right)),
        ("too near to 0", np.abs(got) < np.abs(right)),
    ):
        if holds.all():
            return words
    return ""
