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
before it. What is turned of it is to stay in the cache while all filters are multiplied by it, so where there are many
channels, whole vectors of them make a *block*. Blocks are shared out among threads, and filters, of which each share
turns the input for itself: no sum is ever divided.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.fast.direct.plan import LARGEST_BUFFER
from convoracle.fast.direct.tiles import multiply_block
from convoracle.fast.direct.turning import pack_filters, transpose, turn
from convoracle.fast.direct.weight_grad_plan import Plan, plan_weight_grad
from convoracle.fast.finite import are_finite
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.simd.code_size import ZERO, keep_small
from convoracle.fast.simd.microkernel import ROWS
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.simd.transforms import MOST_SQUARE
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape

TASKS = 4
"""Tasks for each thread, if there can be so many: one that is late then leaves the rest to the others."""


def bind_conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
    is_whole: bool = False,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the weight gradient of arrays of these shapes; `is_whole` says that zeros around x are multiplied."""
    images = len(grad_output)
    (top, _), (left, _) = padding
    input_shape, output_shape = x.shape[1:], grad_output.shape[1:]
    if weight_shape[2:] == (1, 1) and input_shape[1:] == output_shape[1:] and stride == (1, 1):
        # A plane is one row.
        input_shape, output_shape = ((n, 1, rows * columns) for n, rows, columns in (input_shape, output_shape))
    plan = plan_weight_grad(
        input_shape, output_shape, weight_shape[2:], stride, (top, left), dilation, groups, x.dtype, is_whole=is_whole
    )
    blocks, tasks = -(-plan.filters // ROWS), groups * plan.channel_blocks
    work = images * plan.rows * plan.columns * math.prod(weight_shape)
    # The sums of a share wait in a buffer, which must not grow with the filters.
    fewest = 1 if plan.is_straight else min(-(-blocks * ROWS * plan.line // LARGEST_BUFFER), blocks)
    same = images, pack(plan)
    dtype = x.dtype

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        if not images:
            return np.zeros(weight_shape, dtype)
        grad = np.empty(weight_shape, dtype)
        shares, threads = fewest, thread_count(work)
        if threads > 1:
            # Each share turns the input for itself; some blocks of filters should be worth that.
            shares = max(shares, min(TASKS * threads // tasks, blocks // 8), min(-(-threads // tasks), blocks))
        pieces = min(threads, tasks * shares)
        flat = grad_output.reshape(-1), x.reshape(-1), grad.reshape(-1)
        run_pieces(_weight_grad, pieces, new_counter(), shares, *same, *flat)
        if plan.is_cut and not are_finite(min(flat[0], flat[2], key=len)):
            # The zeros around x make NaN of a gradient that is not finite; each of them is part of some weight's.
            options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
            return bind_conv2d_weight_grad(grad_output, x, weight_shape, **options, is_whole=True)(grad_output, x)
        return grad

    return weight_grad


conv2d_weight_grad = kernel_from(bind_conv2d_weight_grad, arrays=2)


@kernel
def _weight_grad(_piece, _pieces, counter, shares, images, numbers, grad_output, x, grad):  # type: ignore[no-untyped-def]
    """Do tasks until there are no more: each is all bands, for the filters of a share."""
    keep_small()
    plan = unpack(Plan, numbers, 0, ())
    band_rows, band_columns = -(-plan.rows // plan.row_bands), -(-plan.columns // plan.column_bands)
    blocks, line = -(-plan.filters // ROWS), plan.line
    outputs = plan.band_images * band_rows * band_columns
    turned = np.empty((plan.band_images * plan.band_height * plan.pitch + MOST_SQUARE) * plan.step, x.dtype)
    spare = np.empty(0 if plan.take_w == 1 else plan.step * (plan.pitch + 2 * plan.lanes), x.dtype)
    column = np.empty((outputs + plan.lanes) * ROWS, x.dtype)
    # Taps that are left out somewhere are multiplied one by one, or else all together.
    taps_w = plan.kernel_w if plan.is_cut else 1
    positions = np.empty((taps_w, outputs), np.int64)
    base = np.zeros(ROWS, x.dtype)
    task = take_task(counter)
    while task < plan.groups * plan.channel_blocks * shares:
        part, share = divmod(task, shares)
        group, channel_block = divmod(part, plan.channel_blocks)
        first_vector = plan.run_vectors * channel_block // plan.channel_blocks
        last_vector = plan.run_vectors * (channel_block + 1) // plan.channel_blocks
        channel = first_vector * plan.lanes
        channels = plan.channels - channel
        if last_vector < plan.run_vectors:
            channels = (last_vector - first_vector) * plan.lanes
        first_block, last_block = blocks * share // shares, blocks * (share + 1) // shares
        if plan.is_straight:
            sums, first_sum = grad, -group * plan.filters * line - channel
        else:
            sums, first_sum = np.empty((last_block - first_block) * ROWS * line, x.dtype), first_block * ROWS * line
        starts, places, skips = _lay_vectors(plan, last_vector - first_vector, channels)
        is_more = False
        for image in range(0, images, plan.band_images):
            last_image = min(image + plan.band_images, images)
            for row_band in range(plan.row_bands):
                top, bottom = plan.rows * row_band // plan.row_bands, plan.rows * (row_band + 1) // plan.row_bands
                for column_band in range(plan.column_bands):
                    left = plan.columns * column_band // plan.column_bands
                    right = plan.columns * (column_band + 1) // plan.column_bands
                    window = (image, last_image, top, bottom, left, right)
                    turn(plan, x, group, channel, channels, window, spare, turned)
                    for j in range(taps_w):
                        _lay_positions(plan, _outputs_of_columns(plan, window, j), positions[j])
                    for block in range(first_block, last_block):
                        _multiply_filters(
                            plan, grad_output, group * plan.filters + block * ROWS, plan.filters - block * ROWS, window,
                            column, turned, starts, positions, sums, block * ROWS * line - first_sum, places, skips,
                            base, is_more,
                        )  # fmt: skip
                    is_more = True
        if not plan.is_straight:
            run = (last_vector - first_vector) * plan.lanes
            for f in range(first_block * ROWS, min(last_block * ROWS, plan.filters)):
                weights = ((group * plan.filters + f) * plan.channels + channel) * plan.kernel_h * plan.kernel_w
                _distribute(plan, sums, f * line - first_sum, run, channels, grad, weights)
        task = take_task(counter)


@inner
def _multiply_filters(  # type: ignore[no-untyped-def]
    plan, grad_output, first, filters, window, column, turned, starts, positions, sums, first_sum, places, skips, base,
    is_more,
):  # fmt: skip
    """Multiply ROWS filters at the outputs of a band by all vectors: those of all taps, or of one after the other."""
    keep_small()
    taps_h, taps_w = (plan.kernel_h, plan.kernel_w) if plan.is_cut else (1, 1)
    vectors = len(starts) // (taps_h * taps_w)
    for j in range(taps_w):
        outputs = _outputs_of_columns(plan, window, j)
        image, last_image, top, bottom, left, right = outputs
        pack_filters(plan, grad_output, first, min(filters, ROWS), outputs, column)
        shift = ZERO
        if plan.is_cut:
            # What is turned begins with the first row and column there are.
            shift = (min(top * plan.stride_h - plan.top, 0) * plan.pitch + left * plan.stride_w - plan.left) * plan.step
        for i in range(taps_h):
            above, below = top, bottom
            if plan.is_cut:
                above, below = _outputs_inside(top, bottom, plan.stride_h, i * plan.dilation_h - plan.top, plan.height)
            before, v = (above - top) * (right - left), (i * taps_w + j) * vectors
            multiply_block(
                (last_image - image) * (below - above) * (right - left),
                column[before * ROWS :],
                turned,
                shift,
                starts[v:],
                positions[j, before:],
                sums,
                first_sum,
                places[v:],
                plan.line,
                min(filters, ROWS),
                skips[v:],
                base,
                ZERO,
                is_more,
                vectors,
            )


@inner
def _outputs_of_columns(plan, window, j):  # type: ignore[no-untyped-def]
    """Return the outputs of a band whose taps of column j are multiplied: all, or those that read the input there."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    if plan.is_cut:
        left, right = _outputs_inside(left, right, plan.stride_w, j * plan.dilation_w - plan.left, plan.width)
    return image, last_image, top, bottom, left, right


@inner
def _outputs_inside(first, last, stride, offset, size):  # type: ignore[no-untyped-def]
    """Return the ends of those outputs from `first` to `last` that read inside, at ``output * stride + offset``."""
    keep_small()
    begin = min(max(-(offset // stride), first), last)
    return begin, max(min(-((offset - size) // stride), last), begin)


@inner
def _lay_vectors(plan, run_vectors, channels):  # type: ignore[no-untyped-def]
    """Return where each vector begins, counted from an output's position, where its sums go, and what it skips."""
    keep_small()
    runs_w = plan.kernel_w // plan.run_taps
    count = plan.kernel_h * runs_w * run_vectors
    starts, places, skips = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    for run in range(plan.kernel_h * runs_w):
        i, j = divmod(run, runs_w)
        for vector in range(run_vectors):
            v, first = run * run_vectors + vector, vector * plan.lanes
            if plan.is_straight:
                # The last vector is moved back to end with the channels.
                first = min(first, channels - plan.lanes)
            position = i * plan.dilation_h * plan.pitch + j * plan.dilation_w
            starts[v] = position * plan.step + first
            places[v] = first if plan.is_straight else v * plan.lanes
            skips[v] = vector * plan.lanes - first
    return starts, places, skips


@inner
def _lay_positions(plan, window, positions):  # type: ignore[no-untyped-def]
    """Write the position in the turned input of each output of a band, counted from the first."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    terms = 0
    for n in range(last_image - image):
        for p in range(bottom - top):
            row = (n * plan.band_height + p * plan.stride_h) * plan.pitch
            for q in range(right - left):
                positions[terms] = (row + q * plan.stride_w) * plan.step
                terms += 1


@inner
def _distribute(plan, sums, start, run, channels, grad, to):  # type: ignore[no-untyped-def]
    """Copy the sums of one filter, in runs of taps and channels, to its weights, in channels of taps."""
    keep_small()
    taps, runs_w = plan.kernel_h * plan.kernel_w, plan.kernel_w // plan.run_taps
    if plan.run_taps == 1 or run == plan.run_taps * channels:
        of_tap = run if plan.run_taps == 1 else channels
        transpose(sums, start, of_tap, taps, ZERO, channels, grad, to, taps, plan.lanes)
        return
    for i in range(plan.kernel_h):
        for j in range(plan.kernel_w):
            run_of_tap, tap = (i, j) if runs_w == 1 else (i * runs_w + j, 0)
            source = start + run_of_tap * run + tap * channels
            for c in range(channels):
                grad[to + c * taps + i * plan.kernel_w + j] = sums[source + c]
