"""Every pool and its gradient as windows over tables, with each rule that libraries disagree about as a choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.explain.mistakes.windows import OUTSIDE, Axis, axes_of
from convoracle.harness.operations.base import Operation


@dataclass(frozen=True)
class Pooling:
    """A case of a pool or of a mean's gradient.

    Parameters
    ----------
    operation : str
        Its name.
    axes : tuple of Axis
        The windows.
    keeps_size : bool
        The output has the right size, whatever the axes say.
    padding_counts : bool
        Maxima: the zeros of the padding take part.
    floor : float, optional
        Maxima: what the running maximum starts from.
    ties : str
        Of equal maxima the ``first``, the ``last``, or the first ``by columns``.
    nan : str
        A NaN ``wins`` or is ``ignored``.
    index : str
        Where an index counts from: the ``plane``, the ``padded`` plane, the ``window``, the ``image``, the ``batch``;
        or ``columns``: in the plane, column by column.
    divisor : str
        Means: the case's own rule (``right``); the taps ``inside`` the input; those in the ``padded`` input; the whole
        ``kernel``; ``one``.
    assigns : str
        Gradients: where windows overlap, the ``last window`` or the ``last tap`` wins; empty if all count.
    """

    operation: str
    axes: tuple[Axis, ...]
    keeps_size: bool = False
    padding_counts: bool = False
    floor: float | None = None
    ties: str = "first"
    nan: str = "wins"
    index: str = "plane"
    divisor: str = "right"
    assigns: str = ""


def pooling_of(operation: Operation, case: Any) -> Pooling | None:
    """Return a case as a pool, or None if it is none."""
    if operation.name in ("max_pool2d", "avg_pool2d", "avg_pool2d_backward"):
        return Pooling(operation.name, axes_of(case))
    return None


def pool(form: Pooling, case: Any, arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...] | None:
    """Return the results, or None if the numbers leave no window."""
    if form.operation == "avg_pool2d_backward":
        return (_spread(form, case, arrays["grad_output"]),)
    counts = [axis.windows if form.keeps_size else axis.counted() for axis in form.axes]
    if min(counts) < 1:
        return None
    x = arrays["x"]
    tables = [axis.table(count, size) for axis, count, size in zip(form.axes, counts, x.shape[2:], strict=True)]
    if form.operation == "avg_pool2d":
        wide = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 1)))
        total = np.zeros((*x.shape[:2], *counts), x.dtype)
        for i, j in np.ndindex(tables[0].shape[1], tables[1].shape[1]):
            total += wide[:, :, tables[0][:, i][:, None], tables[1][:, j][None, :]]
        return (total / _divisors(form, case, tables),)
    values, indices = _maxima(form, x, tables)
    return (values, indices) if case.return_indices else (values,)


def _maxima(form: Pooling, x: np.ndarray, tables: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = tables
    taps = [(i, j) for i in range(rows.shape[1]) for j in range(columns.shape[1])]
    if form.ties == "by columns":
        taps = [(i, j) for j in range(columns.shape[1]) for i in range(rows.shape[1])]
    if form.ties == "last":
        taps = taps[::-1]
    wide = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 1)))
    best: np.ndarray | None = None
    for i, j in taps:
        row, column = rows[:, i][:, None], columns[:, j][None, :]
        seen = wide[:, :, row, column]
        takes_part = np.broadcast_to((row != OUTSIDE) & (column != OUTSIDE) | form.padding_counts, seen.shape)
        index = np.broadcast_to(_index(form, x.shape, tables, (i, j)), seen.shape)
        if form.nan == "ignored":
            takes_part = takes_part & (seen == seen)
        if best is None:
            best, place, found = seen.copy(), index.copy(), takes_part.copy()
            continue
        better = takes_part & (~found | (seen > best) | ((seen != seen) & (best == best)))
        best, place, found = np.where(better, seen, best), np.where(better, index, place), found | takes_part
    assert best is not None
    if form.floor is not None:
        best = np.maximum(best, np.asarray(form.floor, x.dtype))
    return best, place.astype(np.int64)


def _index(form: Pooling, shape: tuple[int, ...], tables: list[np.ndarray], tap: tuple[int, int]) -> np.ndarray:
    """Return what stands for the element that each window sees through one tap, in a shape that fits the output's."""
    rows, columns = tables[0][:, tap[0]][:, None], tables[1][:, tap[1]][None, :]
    n, c, height, width = shape
    down, across = form.axes
    if form.index == "window":
        return np.array(tap[0] * across.kernel + tap[1])
    if form.index == "padded":
        return (rows + down.before) * (width + across.before + across.after) + columns + across.before
    if form.index == "columns":
        return columns * height + rows
    flat: np.ndarray = rows * width + columns
    if form.index == "image":
        return flat + (np.arange(c) * height * width)[:, None, None]
    if form.index == "batch":
        return flat + (np.arange(n * c) * height * width).reshape(n, c, 1, 1)
    return flat


def _divisors(form: Pooling, case: Any, tables: list[np.ndarray]) -> np.ndarray:
    """Return what each window's sum is divided by."""
    rule = form.divisor
    if rule == "right":
        if case.divisor_override is not None:
            return np.array(case.divisor_override)
        rule = "padded" if case.count_include_pad else "inside"
    if rule == "one":
        return np.array(1)
    by_axis = []
    for axis, table in zip(form.axes, tables, strict=True):
        places = np.arange(len(table))[:, None] * axis.stride - axis.before + np.arange(axis.kernel) * axis.dilation
        if rule == "inside":
            taps = ((places >= 0) & (places < axis.size)).sum(axis=1)
        elif rule == "padded":
            taps = (places < axis.size + axis.after).sum(axis=1)
        else:
            taps = np.full(len(table), axis.kernel)
        by_axis.append(np.maximum(taps, 1))
    divisors: np.ndarray = np.multiply.outer(*by_axis)
    return divisors


def _spread(form: Pooling, case: Any, grad: np.ndarray) -> np.ndarray:
    """Return the gradient of a mean: every window's share, added up where windows overlap."""
    sizes = [axis.size for axis in form.axes]
    tables = [axis.table(count, size) for axis, count, size in zip(form.axes, grad.shape[2:], sizes, strict=True)]
    share = grad / _divisors(form, case, tables)
    wide = np.zeros((*grad.shape[:2], sizes[0] + 1, sizes[1] + 1), grad.dtype)
    taps = list(np.ndindex(tables[0].shape[1], tables[1].shape[1]))
    for i, j in reversed(taps) if form.assigns == "last window" else taps:
        places: Any = (slice(None), slice(None), tables[0][:, i][:, None], tables[1][:, j][None, :])
        if form.assigns:
            wide[places] = share
        else:
            np.add.at(wide, places, share)
    return wide[:, :, : sizes[0], : sizes[1]]
