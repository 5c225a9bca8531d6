"""The correlation of planes with kernels of any size, stride and dilation, a strip of outputs at a time.

Bands and runs are explained in `convoracle.fast.plane.bands`; a run is what `correlate_strip` adds up::

    for each band of outputs of an image and a group:
        for each channel:
            copy what the band reads of it, in phases, with the zeros around
            for each filter:
                for each tile of the band:
                    for each run of the rows of taps, and some columns of them: add up

A sum is in this order too: channels, runs, blocks of columns; in a block by columns, then rows. Each block's sum is
added to those before it, the first to the base.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.finite import are_finite
from convoracle.fast.jit import inner, kernel
from convoracle.fast.plane.bands import (
    PLAN_NUMBERS,
    Plan,
    arrays_of,
    band_window,
    buffer_size,
    copy_band,
    plan_correlation,
)
from convoracle.fast.plane.strip_tile import VECTORS, correlate_strip
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Shape

ROWS, FEW_ROWS = 4, 2
"""Rows of a tile for a run that has at most one tap less, and for any run."""

CHAIN = 512
"""Products summed in one chain, as nearly as whole columns of a run allow."""


class Target(NamedTuple):
    """Where the output of (row, column) of plane k is in the result: ``start + k * of_plane + ...``."""

    start: int
    of_plane: int
    of_row: int
    of_column: int


def bind_correlation(
    source_shape: Shape,
    weight_shape: Shape,
    dtype: np.dtype,
    groups: int,
    down: Axis,
    across: Axis,
    target: Target,
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (source, weight, base, out) that writes the correlation of arrays of these shapes into `out`.

    Source is (N, C, H, W), weight (F, C / groups, kH, kW).
    """
    images, (filters, channels) = source_shape[0], weight_shape[:2]
    work = images * math.prod(weight_shape) * down.outputs * across.outputs

    @functools.cache
    def plan_for(shares: int) -> tuple[int, np.ndarray, tuple[np.ndarray, ...]]:
        """Return the number of tasks, and the plan as kernels take it."""
        plan = plan_correlation(groups, channels, filters // groups, down, across, dtype, shares)
        return images * groups * plan.row_bands * plan.column_bands, pack(plan, target), arrays_of(plan)

    def correlate(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        threads = thread_count(work)
        tasks, numbers, tables = plan_for(threads if images * groups < 8 * threads else 1)
        taps = weight.reshape(-1)
        arrays = source.reshape(-1), taps, base, out.reshape(-1)
        # Rows of zeros beside a plane are left out, unless an infinite weight makes NaN of them.
        pieces, is_padded = min(threads, max(tasks, 1)), not are_finite(taps)
        run_pieces(_correlate, pieces, tasks, numbers, tables, *arrays, is_padded)

    return correlate


@kernel
def _correlate(piece, pieces, tasks, numbers, tables, source, weight, base, out, is_padded):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some bands."""
    plan, target = unpack(Plan, numbers, 0, tables), unpack(Target, numbers, PLAN_NUMBERS, ())
    taps = len(plan.order)
    band_rows, band_columns = -(-plan.rows // plan.row_bands), -(-plan.columns // plan.column_bands)
    planes = np.empty(buffer_size(plan), source.dtype)
    packed = np.empty(taps, source.dtype)
    is_spread = target.of_column != 1
    buffer = np.empty(band_rows * band_columns if is_spread else 0, source.dtype)
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        stack, band = divmod(task, plan.row_bands * plan.column_bands)
        group = stack % plan.groups
        top, bottom, left, right = band_window(plan, band)
        for c in range(plan.channels):
            copy_band(
                plan, source, (stack * plan.channels + c) * plan.height * plan.width, top, bottom, left, right, planes
            )
            for f in range(plan.filters):
                filter = group * plan.filters + f
                for k in range(taps):
                    packed[k] = weight[(filter * plan.channels + c) * taps + plan.order[k]]
                place = target.start + (stack * plan.filters + f) * target.of_plane
                place += top * target.of_row + left * target.of_column
                to, at, step = out, place, target.of_row
                if is_spread:
                    # Summed up side by side, and then spread over the places of the target.
                    to, at, step = buffer, 0, right - left
                    if c > 0:
                        _collect(out, place, target, bottom - top, right - left, buffer)
                _correlate_band(
                    plan, planes, packed, top, bottom, right - left, to, at, step, base[filter], c > 0, is_padded
                )
                if is_spread:
                    _spread(buffer, bottom - top, right - left, out, place, target)


@inner
def _correlate_band(  # type: ignore[no-untyped-def]
    plan, planes, packed, top, bottom, columns, out, start, step, base, is_more, is_padded
):
    """Add one channel of one filter to a band of outputs, tile by tile."""
    widest = VECTORS * plan.lanes
    for p in range(top, bottom, ROWS):
        q = 0
        while q < columns:
            to = start + (p - top) * step + q
            rest = columns - q
            is_later = is_more
            for run in plan.runs:
                length = run[3]
                row = p + plan.shift_h + run[1]
                at = (run[0] * len(plan.remainders_w)) * plan.plane + (p - top + run[1]) * plan.pitch + q
                # Rows of the source that this run reads and that exist; the tile may reach beyond the band.
                first, last = -row, (plan.height - plan.remainders_h[run[0]] - 1) // plan.stride_h + 1 - row
                end = bottom - p - 1 + length
                if is_padded:
                    first, last = 0, end
                block = max(CHAIN // length, 1)
                for j in range(0, len(plan.offsets), block):
                    _correlate_tile(
                        plan, planes, at, first, min(last, end), packed, run[2], length, j,
                        min(j + block, len(plan.offsets)), out, to, step, bottom - p, rest, base, is_later,
                    )  # fmt: skip
                    is_later = True
            q += widest


@inner
def _correlate_tile(  # type: ignore[no-untyped-def]
    plan, planes, at, first, last, packed, start, length, j, end, out, to, step, rows, count, base, is_more
):
    """Add one block of taps to one tile, cut into tiles for which there is code."""
    pitch, lanes = plan.pitch, plan.lanes
    if length >= ROWS - 1:
        if count > 2 * lanes:
            correlate_strip(
                ROWS, VECTORS, planes, at, pitch, max(first, 0), min(last, length + ROWS - 1), packed, start, length,
                plan.offsets, j, end, out, to, step, rows, count, base, is_more,
            )  # fmt: skip
        elif count > lanes:
            correlate_strip(
                ROWS, 2, planes, at, pitch, max(first, 0), min(last, length + ROWS - 1), packed, start, length,
                plan.offsets, j, end, out, to, step, rows, count, base, is_more,
            )  # fmt: skip
        else:
            correlate_strip(
                ROWS, 1, planes, at, pitch, max(first, 0), min(last, length + ROWS - 1), packed, start, length,
                plan.offsets, j, end, out, to, step, rows, count, base, is_more,
            )  # fmt: skip
        return
    for row in range(0, min(rows, ROWS), FEW_ROWS):
        correlate_strip(
            FEW_ROWS, VECTORS, planes, at + row * pitch, pitch, max(first - row, 0),
            min(last - row, length + FEW_ROWS - 1), packed, start, length, plan.offsets, j, end,
            out, to + row * step, step, rows - row, count, base, is_more,
        )  # fmt: skip


@inner
def _spread(buffer, rows, columns, out, start, target):  # type: ignore[no-untyped-def]
    """Copy the sums of a band to their places."""
    for p in range(rows):
        for q in range(columns):
            out[start + p * target.of_row + q * target.of_column] = buffer[p * columns + q]


@inner
def _collect(out, start, target, rows, columns, buffer):  # type: ignore[no-untyped-def]
    """Copy the sums of a band from their places."""
    for p in range(rows):
        for q in range(columns):
            buffer[p * columns + q] = out[start + p * target.of_row + q * target.of_column]
