"""Mistakes about the weight: kernels turned, filters and channels in another order, taps and channels left out."""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convoracle.harness.explain.mistakes.operand_mistake import OperandMistake, flipped, interleaved, zeroed


def kernel_mistakes(axes: int) -> Iterator[OperandMistake]:
    """Yield the mistakes about kernels with so many axes."""
    yield OperandMistake("with the kernel flipped (a true convolution)", "weight", lambda c, a: flipped(a, axes), 1)
    if axes > 1:
        for axis, way in ((-1, "left to right"), (-2, "top to bottom")):
            yield OperandMistake(
                f"with the kernel flipped {way} only",
                "weight",
                functools.partial(lambda axis, c, a: np.flip(a, axis), axis),
            )
        yield OperandMistake(
            "with the kernel transposed where it is square",
            "weight",
            lambda c, a: a.swapaxes(-1, -2) if a.shape[-1] == a.shape[-2] else a,
        )
        yield OperandMistake(
            "with each kernel read column by column",
            "weight",
            lambda c, a: a.reshape(*a.shape[:2], *a.shape[:1:-1]).transpose(0, 1, *range(a.ndim - 1, 1, -1)),
        )
    yield OperandMistake(
        "with the first two axes of the weight exchanged where they are equal",
        "weight",
        lambda c, a: a.swapaxes(0, 1) if a.shape[0] == a.shape[1] else a,
    )
    yield OperandMistake(
        "with the weight's memory read as IOHW",
        "weight",
        lambda c, a: a.reshape(a.shape[1], a.shape[0], *a.shape[2:]).swapaxes(0, 1),
    )
    yield OperandMistake(
        "with the weight's memory read as HWIO",
        "weight",
        lambda c, a: np.moveaxis(a.reshape(*a.shape[2:], a.shape[1], a.shape[0]), (-1, -2), (0, 1)),
    )
    yield OperandMistake(
        "with the filters of the first group for every group",
        "weight",
        lambda c, a: np.concatenate([a[: len(a) // c.groups]] * c.groups),
    )
    yield OperandMistake(
        "with the filters interleaved between the groups", "weight", lambda c, a: a[interleaved(len(a), c.groups)]
    )
    yield OperandMistake(
        "with the filters dealt out to the groups in turn",
        "weight",
        lambda c, a: a[np.argsort(interleaved(len(a), c.groups))],
    )
    for kept in (1, 2, 3, 4, 5):
        yield OperandMistake(
            f"with the taps of the kernel from number {kept + 1} on left out, along each axis",
            "weight",
            functools.partial(lambda kept, c, a: _only_taps(a, kept), kept),
            3,
        )
    yield OperandMistake(
        "with the last column of the kernel left out", "weight", lambda c, a: zeroed(a, -1, slice(-1, None)), 3
    )
    yield OperandMistake(
        "with the last row of the kernel left out",
        "weight",
        lambda c, a: zeroed(a, -2, slice(-1, None)) if axes > 1 else None,
        3,
    )
    for axis, where in ((1, "second"), (0, "first")):
        for kept in (1, 2, 3, 4, 8, 16):
            yield OperandMistake(
                f"with what follows the first {kept} channels (the weight's {where} axis, in each group) left out",
                "weight",
                functools.partial(
                    lambda axis, kept, c, a: _in_groups(c, a, axis, functools.partial(lambda kept, length: kept, kept)),
                    axis,
                    kept,
                ),
                3,
            )
        for block, needs_one in itertools.product((2, 4, 8, 16, 32, 64, 128, 256), (False, True)):
            after = f"after the last full {block}" + (", if there is a full one," if needs_one else "")
            yield OperandMistake(
                f"with the channels {after} (the weight's {where} axis, in each group) left out",
                "weight",
                functools.partial(
                    lambda axis, kept, c, a: _in_groups(c, a, axis, kept),
                    axis,
                    functools.partial(_full_blocks, block, needs_one),
                ),
                3,
            )
        yield OperandMistake(
            f"with the last channel (the weight's {where} axis, in each group) left out",
            "weight",
            functools.partial(lambda axis, c, a: _in_groups(c, a, axis, lambda length: length - 1), axis),
            3,
        )


def _only_taps(weight: np.ndarray, kept: int) -> np.ndarray:
    changed = np.zeros_like(weight)
    part = (slice(None), slice(None), *[slice(kept)] * (weight.ndim - 2))
    changed[part] = weight[part]
    return changed


def _full_blocks(block: int, needs_one: bool, length: int) -> int:
    """Return how many elements are in full blocks; all of them where there has to be a full one, and is none."""
    full = length // block * block
    return full if full or not needs_one else length


def _in_groups(case: Any, weight: np.ndarray, axis: int, kept: Callable[[int], int]) -> np.ndarray:
    """Return the weight with all but the first `kept` of the channels of each group zero; axis 0 holds all groups."""
    groups = case.groups if axis == 0 else 1
    changed = weight.swapaxes(0, axis).copy()
    grouped = changed.reshape(groups, -1, *changed.shape[1:])
    grouped[:, kept(grouped.shape[1]) :] = 0
    return grouped.reshape(changed.shape).swapaxes(0, axis)
