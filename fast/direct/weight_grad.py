"""The weight gradient of a convolution by the register tile.

The gradient of weight (f, c, tap) is a sum over all images and outputs p, of ``grad_output[f, p] * x[c, p * stride +
tap]``. The tile wants neighbouring lanes to be neighbours in memory for every p, so the input is turned first: all
channels of a position together, positions in rows, with the padding's zeros around::

    position (0, 0)    (0, 1)     (0, 2)           (1, 0)
    | c0 c1 c2 ... | c0 c1 c2 ... | c0 c1 c2 ... | c0 ...

From any position on, the numbers of tap (i, 0), (i, 1), ... and all their channels lie in one run, unless the kernel is
dilated across, which leaves runs of one tap. Vectors are taken from those runs; the offset table holds the positions of
the outputs, so a stride costs nothing.

A *band*, some rows of an image or some small images, is worked on at a time; its sums are added to those of the bands
before it. Filters are shared out among threads, each of which turns the input for itself: no sum is ever divided.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from numba import njit

from convoracle.fast.direct.plan import LARGEST_BUFFER
from convoracle.fast.simd.microkernel import ROWS, VECTORS, multiply_tile, pack_columns
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape

OUTPUTS = 384
"""Products summed in one chain, as nearly as whole rows of outputs allow."""


class Plan(NamedTuple):
    """A weight gradient, in the numbers that `_weight_grad` computes it from."""

    # Of each group; planes of the input, of the output gradient, and of the kernel.
    groups: int
    channels: int
    filters: int
    height: int
    width: int
    rows: int
    columns: int
    kernel_h: int
    kernel_w: int
    # Output (p, q) reads input (p * stride_h + i * dilation_h - top, q * stride_w + j * dilation_w - left).
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    top: int
    left: int
    # A band: so many images, and of them one of so many shares of rows and of columns; positions in a turned row.
    band_images: int
    row_bands: int
    column_bands: int
    band_height: int
    pitch: int
    # Vectors: numbers in each, taps in a run, vectors in a run.
    lanes: int
    run_taps: int
    run_vectors: int


def conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Return the weight gradient."""
    grad = np.zeros(weight_shape, x.dtype)
    images, filters = grad_output.shape[:2]
    if not images:
        return grad
    (top, _), (left, _) = padding
    plan = _plan(
        x.shape[1:], (filters, *grad_output.shape[2:]), weight_shape[2:], stride, (top, left), dilation, groups, x.dtype
    )
    blocks = -(-plan.filters // ROWS)
    threads = thread_count(images * plan.rows * plan.columns * grad.size)
    # The sums of a share wait in a buffer, which must not grow with the filters.
    shares = -(-blocks * ROWS * _line(plan) // LARGEST_BUFFER)
    if groups % threads and groups < 8 * threads:
        shares *= threads
    shares = min(shares, blocks)
    pieces = min(threads, groups * shares)
    run_pieces(_weight_grad, pieces, shares, images, plan, grad_output.reshape(-1), x.reshape(-1), grad.reshape(-1))
    return grad


@functools.lru_cache(maxsize=256)
def _plan(
    input_shape: Shape,
    output_shape: Shape,
    kernel_size: Pair,
    stride: Pair,
    before: Pair,
    dilation: Pair,
    groups: int,
    dtype: np.dtype,
) -> Plan:
    (channels, height, width), (filters, rows, columns) = input_shape, output_shape
    channels, filters = channels // groups, filters // groups
    images, row_bands, column_bands = 1, 1, 1
    most = [(n - 1) * d + 1 for n, d in zip(kernel_size, dilation, strict=True)]
    if rows * columns < OUTPUTS:
        numbers = channels * math.prod((n - 1) * s + m for n, s, m in zip((rows, columns), stride, most, strict=True))
        images = max(min(OUTPUTS // (rows * columns), LARGEST_BUFFER // numbers), 1)
    else:
        widest = max(LARGEST_BUFFER // (channels * most[0] * stride[1]), 1)
        column_bands = math.ceil(columns / min(widest, OUTPUTS))
        row_bands = math.ceil(rows / max(round(OUTPUTS * column_bands / columns), 1))
    band_height, pitch = (
        (math.ceil(n / bands) - 1) * s + m
        for n, bands, s, m in zip((rows, columns), (row_bands, column_bands), stride, most, strict=True)
    )
    lanes = lanes_of(dtype)
    run_taps = kernel_size[1] if dilation[1] == 1 else 1
    return Plan(
        groups,
        channels,
        filters,
        height,
        width,
        rows,
        columns,
        *kernel_size,
        *stride,
        *dilation,
        *before,
        images,
        row_bands,
        column_bands,
        band_height,
        pitch,
        lanes,
        run_taps,
        math.ceil(run_taps * channels / lanes),
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _line(plan):  # type: ignore[no-untyped-def]
    """Return how many sums a filter has in the buffer: its weights, each run filled up to whole vectors."""
    return plan.kernel_h * plan.kernel_w // plan.run_taps * plan.run_vectors * plan.lanes


@njit(nogil=True, cache=True, error_model="numpy")
def _weight_grad(piece, pieces, shares, images, plan, grad_output, x, grad):  # type: ignore[no-untyped-def]
    """Do one piece of the work: all bands, for the filters of some shares."""
    band_rows, band_columns = -(-plan.rows // plan.row_bands), -(-plan.columns // plan.column_bands)
    blocks, line = -(-plan.filters // ROWS), _line(plan)
    turned = np.empty(plan.band_images * plan.band_height * plan.pitch * plan.channels + plan.lanes, x.dtype)
    outputs = plan.band_images * band_rows * band_columns
    column = np.empty((outputs + plan.lanes) * ROWS, x.dtype)
    positions = np.empty(outputs, np.int64)
    base = np.zeros(ROWS, x.dtype)
    starts = _lay_vectors(plan)
    for task in range(plan.groups * shares * piece // pieces, plan.groups * shares * (piece + 1) // pieces):
        group, share = divmod(task, shares)
        first_block, last_block = blocks * share // shares, blocks * (share + 1) // shares
        sums = np.empty((last_block - first_block) * ROWS * line, x.dtype)
        is_more = False
        for image in range(0, images, plan.band_images):
            last_image = min(image + plan.band_images, images)
            for row_band in range(plan.row_bands):
                top, bottom = plan.rows * row_band // plan.row_bands, plan.rows * (row_band + 1) // plan.row_bands
                for column_band in range(plan.column_bands):
                    left = plan.columns * column_band // plan.column_bands
                    right = plan.columns * (column_band + 1) // plan.column_bands
                    window = (image, last_image, top, bottom, left, right)
                    _turn(plan, x, group, window, turned)
                    terms = _lay_positions(plan, window, positions)
                    for block in range(first_block, last_block):
                        rows = min(plan.filters - block * ROWS, ROWS)
                        _pack_filters(plan, grad_output, group * plan.filters + block * ROWS, rows, window, column)
                        out_start = (block - first_block) * ROWS * line
                        _multiply(terms, column, turned, starts, positions, sums, out_start, line, base, is_more)
                    is_more = True
        for f in range(first_block * ROWS, min(last_block * ROWS, plan.filters)):
            weights = (group * plan.filters + f) * plan.channels * plan.kernel_h * plan.kernel_w
            _distribute(plan, sums, (f - first_block * ROWS) * line, grad, weights)


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(terms, column, turned, starts, positions, sums, out_start, line, base, is_more):  # type: ignore[no-untyped-def]
    """Multiply one block of packed filters by all vectors of the runs, a tile at a time."""
    v, lanes = 0, line // len(starts)
    while v < len(starts):
        rest = len(starts) - v
        # Two tiles of two vectors are faster than one of three and one of one.
        count = min(VECTORS, rest) if rest != 4 else 2
        place = out_start + v * lanes
        if count == 1:
            multiply_tile(
                terms, column, 0, turned, (starts[v],), positions, sums, (place,), line, ROWS,
                (0,), base, 0, is_more,
            )  # fmt: skip
        elif count == 2:
            multiply_tile(
                terms, column, 0, turned, (starts[v], starts[v + 1]), positions, sums,
                (place, place + lanes), line, ROWS, (0, 0), base, 0, is_more,
            )  # fmt: skip
        else:
            multiply_tile(
                terms, column, 0, turned, (starts[v], starts[v + 1], starts[v + 2]), positions, sums,
                (place, place + lanes, place + 2 * lanes), line, ROWS, (0, 0, 0), base, 0, is_more,
            )  # fmt: skip
        v += count


@njit(nogil=True, cache=True, error_model="numpy")
def _lay_vectors(plan):  # type: ignore[no-untyped-def]
    """Return where each vector of the runs begins, counted from the position of an output."""
    runs_w = plan.kernel_w // plan.run_taps
    starts = np.empty(plan.kernel_h * runs_w * plan.run_vectors, np.int64)
    for run in range(plan.kernel_h * runs_w):
        i, j = divmod(run, runs_w)
        for vector in range(plan.run_vectors):
            position = i * plan.dilation_h * plan.pitch + j * plan.dilation_w
            starts[run * plan.run_vectors + vector] = position * plan.channels + vector * plan.lanes
    return starts


@njit(nogil=True, cache=True, error_model="numpy")
def _lay_positions(plan, window, positions):  # type: ignore[no-untyped-def]
    """Write the position in the turned input of each output of a band; return how many there are."""
    image, last_image, top, bottom, left, right = window
    terms = 0
    for n in range(last_image - image):
        for p in range(bottom - top):
            row = (n * plan.band_height + p * plan.stride_h) * plan.pitch
            for q in range(right - left):
                positions[terms] = (row + q * plan.stride_w) * plan.channels
                terms += 1
    return terms


@njit(nogil=True, cache=True, error_model="numpy")
def _turn(plan, x, group, window, turned):  # type: ignore[no-untyped-def]
    """Copy what a band reads, channels of a position together, with the zeros around it."""
    image, last_image, top, bottom, left, _ = window
    height = (bottom - top - 1) * plan.stride_h + (plan.kernel_h - 1) * plan.dilation_h + 1
    first_row, first_column = top * plan.stride_h - plan.top, left * plan.stride_w - plan.left
    # Turned columns before `begin` and from `end` on are outside the input.
    begin = min(max(-first_column, 0), plan.pitch)
    end = min(max(plan.width - first_column, begin), plan.pitch)
    plane = plan.height * plan.width
    for n in range(last_image - image):
        first_plane = ((image + n) * plan.groups + group) * plan.channels
        for i in range(height):
            to = (n * plan.band_height + i) * plan.pitch * plan.channels
            row = first_row + i
            if row < 0 or row >= plan.height:
                turned[to : to + plan.pitch * plan.channels] = 0
                continue
            turned[to : to + begin * plan.channels] = 0
            turned[to + end * plan.channels : to + plan.pitch * plan.channels] = 0
            source = first_plane * plane + row * plan.width + first_column
            _transpose(x, source, plane, plan.channels, begin, end, turned, to, plan.channels, plan.lanes)


@njit(nogil=True, cache=True, error_model="numpy")
def _transpose(source, start, step, rows, begin, end, target, to, target_step, lanes):  # type: ignore[no-untyped-def]
    """Write entry k, from `begin` to `end`, of row i as number i of column k: a tile of ROWS x LANES where one fits."""
    for i in range(0, rows - ROWS + 1, ROWS):
        k = begin
        while k + lanes <= end:
            pack_columns(source, start + i * step + k, step, target, to + k * target_step + i, target_step)
            k += lanes
        for rest in range(k, end):
            for j in range(i, i + ROWS):
                target[to + rest * target_step + j] = source[start + j * step + rest]
    for i in range(rows // ROWS * ROWS, rows):
        for k in range(begin, end):
            target[to + k * target_step + i] = source[start + i * step + k]


@njit(nogil=True, cache=True, error_model="numpy")
def _pack_filters(plan, grad_output, first, rows, window, column):  # type: ignore[no-untyped-def]
    """Pack the output gradients of ROWS filters at a band's outputs; missing filters leave their rows as they are."""
    image, last_image, top, bottom, left, right = window
    plane = plan.rows * plan.columns
    runs, length = bottom - top, right - left
    if length == plan.columns:
        runs, length = 1, runs * length
    to = 0
    for n in range(image, last_image):
        for run in range(runs):
            start = (n * plan.groups * plan.filters + first) * plane + (top + run) * plan.columns + left
            _transpose(grad_output, start, plane, rows, 0, length, column, to, ROWS, plan.lanes)
            to += length * ROWS


@njit(nogil=True, cache=True, error_model="numpy")
def _distribute(plan, sums, start, grad, to):  # type: ignore[no-untyped-def]
    """Copy the sums of one filter, in runs of taps and channels, to its weights, in channels of taps."""
    taps, runs_w = plan.kernel_h * plan.kernel_w, plan.kernel_w // plan.run_taps
    run = plan.run_vectors * plan.lanes
    if run == plan.run_taps * plan.channels:
        _transpose(sums, start, plan.channels, taps, 0, plan.channels, grad, to, taps, plan.lanes)
        return
    for i in range(plan.kernel_h):
        for j in range(plan.kernel_w):
            run_of_tap, tap = (i, j) if runs_w == 1 else (i * runs_w + j, 0)
            source = start + run_of_tap * run + tap * plan.channels
            for c in range(plan.channels):
                grad[to + c * taps + i * plan.kernel_w + j] = sums[source + c]
