"""The weight gradient, plane by plane: each tap is the sum of a plane of the output gradient times what it read.

The input is copied a band at a time, in phases and with its zeros, as in `convoracle.fast.plane.bands`. Taps are taken
in squares (`convoracle.fast.plane.tap_tile`): rows of a run, that is rows of the kernel which read neighbouring rows of
a phase, and any columns. A square may overhang its run; what it sums up there is dropped.

Each tap has a vector of sums, to which strips are added in the order of images, bands, columns; its lanes are added up
last. Channels are shared out among threads. Where they are few, images and bands are divided into shares too, how
finely depends on the shapes alone, and the sums of the shares are added in order.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convoracle.fast.correlation_axes import Axis, forward_axis
from convoracle.fast.finite import are_finite
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.plane import single_taps, tiny_planes, windows
from convoracle.fast.plane.bands import (
    PLAN_NUMBERS,
    Plan,
    arrays_of,
    band_window,
    buffer_size,
    copy_band,
    plan_correlation,
)
from convoracle.fast.plane.tap_tile import SIDES, correlate_taps
from convoracle.fast.plane.window_taps_tile import add_lanes
from convoracle.fast.plane.window_weight_grad import add_shares, bind_window_weight_grad
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape

STRIP_ROWS = 4
"""Rows of a strip that are gone through at a time, and otherwise one."""

SHARES = 16
"""Into how many shares the outputs are divided where there are fewer channels than that."""

SUM_NUMBERS = 1 << 19
"""How many sums a thread keeps, unless one filter needs more."""

NARROW, WIDE = SIDES


class Squares(NamedTuple):
    """The squares of taps of a kernel, in the numbers that `_weight_grad` works with."""

    side: int
    # Of each square: the number of its rows' remainder, their first shift, the first of its columns.
    squares: np.ndarray
    # Where each column is read, the last ones again for squares that overhang.
    offsets: np.ndarray
    # The sum, square by square, that each tap is.
    places: np.ndarray


def bind_conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the weight gradient of arrays of these shapes."""
    dtype = x.dtype
    if not len(x):
        return lambda grad_output, x: np.zeros(weight_shape, dtype)
    shapes = grad_output.shape, x.shape, weight_shape
    if single_taps.fits(weight_shape[2:], stride, padding):
        return single_taps.bind_weight_grad(*shapes, groups, dtype)
    down, across = (
        forward_axis(*axis) for axis in zip(x.shape[2:], weight_shape[2:], stride, padding, dilation, strict=True)
    )
    if tiny_planes.fits((x.shape, weight_shape, grad_output.shape), groups, down, across):
        in_place = tiny_planes.bind_weight_grad((x.shape, weight_shape, grad_output.shape), down, across, dtype)
    elif windows.fits(weight_shape[2:], stride, dilation):
        in_place = bind_window_weight_grad(*shapes, dtype, stride[0], (padding[0][0], padding[1][0]), dilation, groups)
    else:
        return _bind_copied(*shapes, dtype, stride, padding, dilation, groups)

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        grad = in_place(grad_output, x)
        if are_finite(grad.reshape(-1)):
            return grad
        return _bind_copied(*shapes, dtype, stride, padding, dilation, groups)(grad_output, x)

    return weight_grad


conv2d_weight_grad = kernel_from(bind_conv2d_weight_grad, arrays=2)


def _bind_copied(
    grad_shape: Shape,
    x_shape: Shape,
    weight_shape: Shape,
    dtype: np.dtype,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the weight gradient by bands that are copied, of arrays of these shapes."""
    filters, channels, *kernel_size = weight_shape
    down, across = (
        Axis(n, outputs, s, tuple(tap * d - before for tap in range(k)))
        for n, outputs, s, k, d, (before, _) in zip(
            x_shape[2:], grad_shape[2:], stride, kernel_size, dilation, padding, strict=True
        )
    )
    pairs, work = groups * channels, math.prod(grad_shape) * channels * math.prod(kernel_size)
    plan = plan_correlation(groups, channels, filters // groups, down, across, dtype, 1)
    squares = _squares(plan, len(across.offsets))
    units = x_shape[0] * plan.row_bands * plan.column_bands
    shares = 1 if pairs >= SHARES else min(SHARES, units)
    blocks = min(-(-plan.filters * len(squares.squares) * squares.side**2 * plan.lanes // SUM_NUMBERS), plan.filters)
    tasks = pairs, blocks, shares, units
    tables = pack(plan, squares), arrays_of(plan), squares[1:]

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        sums = np.empty((shares, *weight_shape), dtype)
        arrays = grad_output.reshape(-1), x.reshape(-1), sums.reshape(shares, -1)
        run_pieces(_weight_grad, min(thread_count(work), pairs * blocks * shares), tasks, *tables, *arrays)
        return sums[0] if shares == 1 else add_shares(sums)

    return weight_grad


def _squares(plan: Plan, columns: int) -> Squares:
    """Cut the runs into squares, of the side that leaves less over."""
    return _cut(tuple(map(tuple, plan.runs)), tuple(plan.order), tuple(plan.offsets), columns)


@functools.lru_cache(maxsize=256)
def _cut(runs: tuple[tuple[int, ...], ...], order: tuple[int, ...], offsets: tuple[int, ...], columns: int) -> Squares:
    def computed(side: int) -> int:
        return sum(math.ceil(run[3] / side) for run in runs) * math.ceil(columns / side) * side**2

    side = min(SIDES, key=computed)
    squares: list[tuple[int, int, int]] = []
    places = np.empty(len(order), np.int64)
    for remainder, shift, packed, length in runs:
        for i in range(0, length, side):
            for j in range(0, columns, side):
                for row in range(i, min(i + side, length)):
                    for column in range(j, min(j + side, columns)):
                        tap = order[packed + column * length + row]
                        places[tap] = len(squares) * side**2 + (row - i) * side + column - j
                squares.append((remainder, shift + i, j))
    return Squares(side, np.array(squares, np.int64), np.array([*offsets, *[offsets[-1]] * side], np.int64), places)


@kernel
def _weight_grad(piece, pieces, tasks, numbers, of_plan, of_squares, grad_output, x, sums):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some channels, for some filters, over a share of the outputs."""
    plan, squares = unpack(Plan, numbers, 0, of_plan), unpack(Squares, numbers, PLAN_NUMBERS, of_squares)
    pairs, blocks, shares, units = tasks
    lanes, line = plan.lanes, len(squares.squares) * squares.side**2 * plan.lanes
    planes = np.empty(buffer_size(plan) + squares.side * plan.pitch, x.dtype)
    vectors = np.empty(-(-plan.filters // blocks) * line, x.dtype)
    total = pairs * blocks * shares
    for task in range(total * piece // pieces, total * (piece + 1) // pieces):
        pair, block = divmod(task, blocks * shares)
        block, share = divmod(block, shares)
        group, channel = divmod(pair, plan.channels)
        first, last = plan.filters * block // blocks, plan.filters * (block + 1) // blocks
        vectors[:] = 0
        for unit in range(units * share // shares, units * (share + 1) // shares):
            image, band = divmod(unit, plan.row_bands * plan.column_bands)
            top, bottom, left, right = band_window(plan, band)
            start = (image * pairs + pair) * plan.height * plan.width
            copy_band(plan, x, start, top, bottom, left, right, planes)
            for f in range(first, last):
                plane = (image * plan.groups + group) * plan.filters + f
                place = (plane * plan.rows + top) * plan.columns + left
                _add_band(
                    plan, squares, planes, grad_output, place, bottom - top, right - left, vectors, (f - first) * line
                )
        for f in range(first, last):
            weight = ((group * plan.filters + f) * plan.channels + channel) * len(squares.places)
            for tap in range(len(squares.places)):
                at = (f - first) * line + squares.places[tap] * lanes
                add_lanes(1, vectors, at, sums[share], weight + tap)


@inner
def _add_band(plan, squares, planes, grad, start, rows, columns, vectors, first):  # type: ignore[no-untyped-def]
    """Add a band of outputs of one filter to the sums of all squares, strip by strip."""
    lanes, pitch, step = plan.lanes, plan.pitch, plan.columns
    times = rows // STRIP_ROWS
    done, left_over = times * STRIP_ROWS, rows - times * STRIP_ROWS
    for q in range(0, columns, lanes):
        for n in range(len(squares.squares)):
            remainder, shift, column = squares.squares[n]
            at = remainder * len(plan.remainders_w) * plan.plane + shift * pitch + q
            to = first + n * squares.side**2 * lanes
            if squares.side == NARROW:
                correlate_taps(
                    NARROW, STRIP_ROWS, planes, at, pitch, squares.offsets, column, grad, start + q, step, times,
                    columns - q, vectors, to,
                )  # fmt: skip
                correlate_taps(
                    NARROW, 1, planes, at + done * pitch, pitch, squares.offsets, column, grad, start + done * step + q,
                    step, left_over, columns - q, vectors, to,
                )  # fmt: skip
            else:
                correlate_taps(
                    WIDE, STRIP_ROWS, planes, at, pitch, squares.offsets, column, grad, start + q, step, times,
                    columns - q, vectors, to,
                )  # fmt: skip
                correlate_taps(
                    WIDE, 1, planes, at + done * pitch, pitch, squares.offsets, column, grad, start + done * step + q,
                    step, left_over, columns - q, vectors, to,
                )  # fmt: skip
