"""Bands of the planes of a correlation, and the copies they are computed from.

Along each axis, output u sums over taps t the source positions ``u * stride + offsets[t]``; positions outside the
source are zeros. Where the stride is not 1 the source is separated into *phases*: with ``offset = shift * stride +
remainder``, tap t of output u is entry ``u + shift`` of the phase of its remainder, and neighbouring outputs read
neighbours again. Taps of one remainder whose shifts follow each other are a *run*.

A *band* is some rows and columns of outputs. What it reads of a channel is copied, in phases, with the zeros around it.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.jit import inner
from convoracle.fast.plane.strip_tile import VECTORS
from convoracle.fast.simd.copying import clear, copy_apart
from convoracle.fast.simd.vectors import lanes_of

LEAST_SHARE = 4
"""Rows of outputs that a band has at least."""

PLANE_NUMBERS = 1 << 16
"""How many numbers of the source are worked on at a time, if they can be so few: they are to stay in the cache."""

LEAST_ROWS, LEAST_COLUMNS = 32, 256
"""A band of so few rows, or columns, is not cut further: it would read more beside its outputs than for them."""


class Plan(NamedTuple):
    """A correlation, in the numbers that bands are computed from."""

    # Of each group: planes of the source, planes of the result.
    groups: int
    channels: int
    filters: int
    # Source planes, and the step from one output to the next in them; output planes.
    height: int
    width: int
    stride_h: int
    stride_w: int
    rows: int
    columns: int
    # A band is one of so many shares of the rows and the columns of a plane.
    row_bands: int
    column_bands: int
    # Numbers in a row and in a plane of the copied band, and in a vector.
    pitch: int
    plane: int
    lanes: int
    # The least shift of a tap, and by how much the largest is larger.
    shift_h: int
    shift_w: int
    span_h: int
    span_w: int
    # The remainders that taps leave; how many rows the source has of each.
    remainders_h: np.ndarray
    remainders_w: np.ndarray
    # Runs: the number of the remainder, the shift, the first packed tap, the length. The tap packed k-th; where each
    # column of taps is read.
    runs: np.ndarray
    order: np.ndarray
    offsets: np.ndarray


PLAN_NUMBERS = len(Plan._fields) - 5
"""So many fields of a plan come before its arrays."""


def arrays_of(plan: Plan) -> tuple[np.ndarray, ...]:
    """Return the arrays of a plan, which kernels take beside its numbers (`convoracle.fast.simd.packed`)."""
    return plan.remainders_h, plan.remainders_w, plan.runs, plan.order, plan.offsets


@functools.lru_cache(maxsize=256)
def plan_correlation(
    groups: int, channels: int, filters: int, down: Axis, across: Axis, dtype: np.dtype, shares: int
) -> Plan:
    """Plan a correlation; into how many bands it is cut changes no sum, so `shares` may depend on the threads."""
    lanes = lanes_of(dtype)
    taps_h, taps_w = _split(down), _split(across)
    remainders_h, remainders_w = (sorted({remainder for _, remainder in taps}) for taps in (taps_h, taps_w))
    shift_h, shift_w = (min(shift for shift, _ in taps) for taps in (taps_h, taps_w))
    span_h, span_w = (max(shift for shift, _ in taps) - min(shift for shift, _ in taps) for taps in (taps_h, taps_w))
    phases = len(remainders_h) * len(remainders_w)

    widest = PLANE_NUMBERS // (phases * (LEAST_ROWS + span_h)) - span_w
    column_bands = math.ceil(across.outputs / max(widest, LEAST_COLUMNS))
    # An odd number of vectors: rows a power of two apart would meet in few places of the cache.
    pitch = (math.ceil((math.ceil(across.outputs / column_bands) + span_w) / lanes) | 1) * lanes
    highest = PLANE_NUMBERS // (phases * pitch) - span_h
    row_bands = math.ceil(down.outputs / max(highest, LEAST_ROWS))
    row_bands = min(math.ceil(row_bands / shares) * shares, math.ceil(down.outputs / LEAST_SHARE))
    plane = (math.ceil(down.outputs / row_bands) + span_h) * pitch

    runs: list[tuple[int, int, int, int]] = []
    order: list[int] = []
    for number, remainder in enumerate(remainders_h):
        members = sorted((shift, tap) for tap, (shift, r) in enumerate(taps_h) if r == remainder)
        for _, run in _consecutive(members):
            runs.append((number, run[0][0] - shift_h, len(order), len(run)))
            order += [tap * len(taps_w) + column for column in range(len(taps_w)) for _, tap in run]
    offsets = [remainders_w.index(remainder) * plane + shift - shift_w for shift, remainder in taps_w]
    return Plan(
        groups,
        channels,
        filters,
        down.size,
        across.size,
        down.stride,
        across.stride,
        down.outputs,
        across.outputs,
        row_bands,
        column_bands,
        pitch,
        plane,
        lanes,
        shift_h,
        shift_w,
        span_h,
        span_w,
        np.array(remainders_h, np.int64),
        np.array(remainders_w, np.int64),
        np.array(runs, np.int64),
        np.array(order, np.int64),
        np.array(offsets, np.int64),
    )


def _split(axis: Axis) -> list[tuple[int, int]]:
    """Return each tap's shift and remainder."""
    return [divmod(offset, axis.stride) for offset in axis.offsets]


def _consecutive(members: list[tuple[int, int]]) -> list[tuple[int, list[tuple[int, int]]]]:
    """Cut a sorted list of (shift, tap) where shifts do not follow each other."""
    runs: list[tuple[int, list[tuple[int, int]]]] = []
    for n, member in enumerate(members):
        if runs and runs[-1][0] == member[0] - n:
            runs[-1][1].append(member)
        else:
            runs.append((member[0] - n, [member]))
    return runs


@inner
def buffer_size(plan):  # type: ignore[no-untyped-def]
    """Return how many numbers a band takes in all phases, with what a tile reads beyond its end."""
    return len(plan.remainders_h) * len(plan.remainders_w) * plan.plane + VECTORS * plan.lanes


@inner
def band_window(plan, band):  # type: ignore[no-untyped-def]
    """Return the ends of a band's rows and of its columns."""
    row_band, column_band = divmod(band, plan.column_bands)
    return (
        plan.rows * row_band // plan.row_bands,
        plan.rows * (row_band + 1) // plan.row_bands,
        plan.columns * column_band // plan.column_bands,
        plan.columns * (column_band + 1) // plan.column_bands,
    )


@inner
def copy_band(plan, source, start, top, bottom, left, right, planes):  # type: ignore[no-untyped-def]
    """Copy the rows a band reads of a plane, apart by the remainders of the stride, zeros beside them."""
    to = 0
    for remainder_h in plan.remainders_h:
        for remainder_w in plan.remainders_w:
            for i in range(bottom - top + plan.span_h):
                row = (top + plan.shift_h + i) * plan.stride_h + remainder_h
                line, at = start + row * plan.width, to + i * plan.pitch
                column = (left + plan.shift_w) * plan.stride_w + remainder_w
                end = at + right - left + plan.span_w
                if not 0 <= row < plan.height:
                    clear(planes, at, end - at)
                    continue
                while at < end:
                    if plan.stride_w == 1:
                        copy_apart(1, source, line, plan.width, column, planes, at)
                    elif plan.stride_w == 2:
                        copy_apart(2, source, line, plan.width, column, planes, at)
                    else:
                        copy_apart(plan.stride_w, source, line, plan.width, column, planes, at)
                    at += plan.lanes
                    column += plan.lanes * plan.stride_w
            to += plan.plane
