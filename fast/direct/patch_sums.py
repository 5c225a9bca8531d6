"""The input gradient of large windows that overlap: a patch for each output, and their sums where they meet.

What an output adds to the input gradient is a patch as large as its window,

    patches[p, (c, t, s)] = sum over f of grad_output[f, p] weight[f, (c, t, s)],

a product of two matrices as they lie: the rows of a tile are outputs, its vectors neighbouring taps. So neither few
channels nor few outputs in a row leave lanes idle. A row of a patch is then added to a row of the gradient::

      row u * stride + t * dilation - top of channel c      . . . . . . . . . . . .
      row t of the patch of output (u, v)                       |s0 s1 s2 s3 s4|
      row t of the patch of output (u, v + 1)                          |s0 s1 s2 s3 s4|      a stride further

`convoracle.fast.direct.conv2d` gathers instead, one correlation for each pair of remainders of the stride; that makes
no patches, but where a kernel of 4 x 300 takes rows of 300 to columns of one output, nearly all it multiplies are the
zeros around these.

The order of a sum: filters, in blocks; then rows of outputs, from the bottom of their columns, column by column.
"""

import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.direct.correlation import Target, bind_correlation
from convoracle.fast.direct.operands import Weights
from convoracle.fast.direct.patches import MOST_NUMBERS, SOME_NUMBERS, do_windows_overlap
from convoracle.fast.direct.plan import Plan, plan_correlation, steps_of
from convoracle.fast.jit import kernel
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.copying import clear
from convoracle.fast.simd.lines import LINES, add_lines
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Ends, Pair, Shape

ADDING_ROW = 25
"""Steps (`convoracle.fast.direct.plan.steps_of`) it takes to add a row of a patch to the gradient, beside the next."""

ADDING = 3
"""Steps it takes to add a vector of it."""


def plan_patch_sums(groups: int, filters: int, taps: int, outputs: int, dtype: np.dtype) -> Plan:
    """Plan the product that makes the patches of so many outputs; `filters` and `taps` (of all channels) of a group."""
    return plan_correlation(groups, filters, outputs, Axis(1, 1, 1, (0,)), Axis(taps, taps, 1, (0,)), dtype)


def patch_sums_steps(
    groups: int, weight_shape: Shape, output_size: Shape, stride: Pair, dilation: Pair, dtype: np.dtype
) -> float:
    """Return about how many steps the input gradient of an image takes this way, infinity where it is not to go so."""
    filters, channels, kernel_h, kernel_w = weight_shape
    outputs, lanes = math.prod(output_size), lanes_of(dtype)
    taps = channels * kernel_h * kernel_w
    # Taps that are apart in the gradient are no run, and patches that do not meet are only copied.
    is_run = dilation[1] == 1 or kernel_w == 1
    if not is_run or not do_windows_overlap(weight_shape, stride, dilation) or groups * taps * outputs > MOST_NUMBERS:
        return math.inf
    plan = plan_patch_sums(groups, filters // groups, taps, outputs, dtype)
    rows = groups * outputs * channels * kernel_h
    # Its weights are the outputs of all filters, packed for each band of taps.
    packing = filters * outputs * plan.column_bands
    return steps_of(plan) + packing + rows * (ADDING_ROW + ADDING * math.ceil(kernel_w / lanes))


def bind_patch_sums(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of arrays of these shapes."""
    images, filters, dtype = len(grad_output), len(weight) // groups, weight.dtype
    rows, columns = grad_output.shape[2:]
    outputs, taps = rows * columns, math.prod(weight.shape[1:])
    fitting = SOME_NUMBERS // (outputs * max(groups * taps, len(weight)))
    at_once = max(min(fitting, images), 1)
    products = {}
    for count in sorted({at_once, images % at_once} - {0}) if images else []:
        # The weights are its source; what it has in the place of filters are outputs, of all images.
        plan = plan_patch_sums(groups, filters, taps, count * outputs, dtype)
        of_filter = count * outputs
        weights = Weights(filters * of_filter, 1, of_filter, True, np.zeros(1, np.int64))
        products[count] = bind_correlation(plan, 1, weights, Target(0, 0, taps, 0, 1))
    pieces = threads_to_move(at_once * groups * taps * outputs)
    base, ones = np.zeros(groups * at_once * outputs, dtype), np.ones(LINES, dtype)
    # Taps that read the same row are so many apart, and so many rows of outputs.
    common = math.gcd(stride[0], dilation[0])
    apart = stride[0] // common, dilation[0] // common
    places = *weight.shape[1:], rows, columns, *stride, dilation[0], *apart, padding[0][0], padding[1][0]

    def scatter(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad: np.ndarray = np.empty(input_shape, dtype)
        patches = np.empty(at_once * groups * outputs * taps, dtype)
        for first in range(0, images, at_once):
            some = grad_output[first : first + at_once]
            count = len(some)
            # Filter by filter, the outputs of all images.
            factors = some.reshape(count, -1, outputs).transpose(1, 0, 2).reshape(-1)
            products[count](weight, factors, base, patches)
            run_pieces(_add_patches, pieces, patches, ones, grad[first : first + at_once], count, groups, *places)
        return grad

    return scatter


@kernel
def _add_patches(  # type: ignore[no-untyped-def]
    piece,
    pieces,
    patches,
    ones,
    grad,
    images,
    groups,
    channels,
    kernel_h,
    kernel_w,
    rows,
    columns,
    stride_h,
    stride_w,
    dilation_h,
    apart_taps,
    apart_rows,
    top,
    left,
):
    """Sum the patches in a share of the rows of the gradient."""
    keep_small()
    height, width = grad.shape[2:]
    grad = grad.reshape(-1)
    lines = images * groups * channels * height
    of_patch = channels * kernel_h * kernel_w
    # From a row of a patch to the next that is added to the same row: another tap, of outputs above.
    step = apart_taps * kernel_w - apart_rows * columns * of_patch
    for line in range(lines * piece // pieces, lines * (piece + 1) // pieces):
        plane, row = divmod(line, height)
        image, channel = divmod(plane, groups * channels)
        group, channel = divmod(channel, channels)
        to = line * width
        clear(grad, to, width)
        # The first tap that reads this row for a row of outputs that there is, and how many follow it.
        tap = 0
        while tap < kernel_h and (
            (row + top - tap * dilation_h) % stride_h != 0 or row + top - tap * dilation_h >= rows * stride_h
        ):
            tap += 1
        if tap == kernel_h or row + top - tap * dilation_h < 0:
            continue
        output_row = (row + top - tap * dilation_h) // stride_h
        count = min((kernel_h - 1 - tap) // apart_taps, output_row // apart_rows) + 1
        first = ((group * images + image) * rows + output_row) * columns * of_patch
        first += (channel * kernel_h + tap) * kernel_w
        for column in range(columns):
            # What of the row of a patch is inside.
            place = column * stride_w - left
            begin, end = max(-place, 0), min(kernel_w, width - place)
            if begin < end:
                start, done = first + column * of_patch + begin, 0
                while done < count:
                    if count - done >= LINES:
                        add_lines(
                            LINES, 1, 0, end - begin, patches, start + done * step, step, ones, 0, 0,
                            grad, to + place + begin, 0,
                        )  # fmt: skip
                        done += LINES
                    else:
                        add_lines(
                            1, 1, 0, end - begin, patches, start + done * step, step, ones, 0, 0,
                            grad, to + place + begin, 0,
                        )  # fmt: skip
                        done += 1
