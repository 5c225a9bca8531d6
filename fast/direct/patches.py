"""The input gradient by patches, one for each window: one matrix product, then each patch laid where its window was.

If the stride is not smaller than the kernel's extent, every input is read by one output at most, through one tap. So

    patches[n, (c, t, s), (i, j)] = sum over f of weight[f, (c, t, s)] grad_output[n, f, (i, j)],

which is a convolution of 1 x 1 with a filter for each channel and tap, holds every number of the gradient once::

    y, x = i * stride_h + t * dilation_h - top, j * stride_w + s * dilation_w - left
    grad[n, c, y, x] = patches[n, (c, t, s), (i, j)]

Where windows overlap, patches are added up, tap by tap; with narrow kernels that is still the least work, as in the
first layer of a network for speech, 1 x 10 with a stride of 5. Wide ones have their rows added
(`convoracle.fast.direct.patch_sums`).

One correlation for each pair of remainders of the stride (`convoracle.fast.direct.conv2d`) would be as many, each with
the few channels of a photograph: the patches of a vision transformer, 16 x 16 of 3 channels, make 256 of them.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.direct.correlation import Target, bind_correlation
from convoracle.fast.direct.operands import Weights
from convoracle.fast.direct.plan import Plan, plan_correlation, steps_of
from convoracle.fast.jit import kernel
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Ends, Pair, Shape

SOME_NUMBERS = 1 << 19
"""How many numbers of patches are waiting at a time, unless one image has more: they are to stay in the cache."""

MOST_NUMBERS = 1 << 22
"""How many numbers the patches of one image may have: they are workspace."""

LAYING = 12
"""Steps (`convoracle.fast.direct.plan.steps_of`) it takes to copy a number from its patch to its place."""

COPIED_ROW = 50
"""Steps it takes to copy a row of a source that is not read where it is, beside those of its numbers."""


def plan_patches(groups: int, weight_shape: Shape, output_size: Shape, dtype: np.dtype) -> Plan | None:
    """Plan the product that makes the patches, or return None where they are too large."""
    channels_and_taps = math.prod(weight_shape[1:])
    if groups * channels_and_taps * math.prod(output_size) > MOST_NUMBERS:
        return None
    down, across = (Axis(size, size, 1, (0,)) for size in output_size)
    return plan_correlation(groups, weight_shape[0] // groups, channels_and_taps, down, across, dtype)


def do_windows_overlap(weight_shape: Shape, stride: Pair, dilation: Pair) -> bool:
    """Tell whether some input is read through two taps, or would be if there were outputs enough."""
    extents = (apart * (size - 1) + 1 for apart, size in zip(dilation, weight_shape[2:], strict=True))
    return any(step < extent for step, extent in zip(stride, extents, strict=True))


def are_patches_faster(patches: Plan, phases: Iterable[Plan], others: float) -> bool:
    """Tell whether patches take fewer steps than a correlation for each pair of remainders of the stride.

    And fewer than `others`, the steps of all other ways.
    """
    numbers = patches.groups * patches.filters * patches.rows * patches.columns
    by_phases = sum(
        steps_of(plan, is_spread=True)
        + COPIED_ROW * plan.groups * plan.channels * (plan.rows + plan.span_h) * plan.is_copied
        for plan in phases
    )
    return steps_of(patches) + LAYING * numbers < min(by_phases, others)


def bind_patches(
    plan: Plan,
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of arrays of these shapes."""
    images, (_, channels, *kernel_size) = len(grad_output), weight.shape
    plane, taps = math.prod(grad_output.shape[2:]), math.prod(kernel_size)
    planes = plan.groups * channels * taps
    weights = Weights(plan.channels * channels * taps, 1, channels * taps, True, np.zeros(1, np.int64))
    at_once = max(min(SOME_NUMBERS // (planes * plane), images), 1)
    to = Target(0, planes * plane, plane, grad_output.shape[3], 1)
    counts = sorted({at_once, images % at_once} - {0}) if images else []
    correlations = {count: bind_correlation(plan, count, weights, to) for count in counts}
    pieces = min(threads_to_move(at_once * planes * plane), at_once * plan.groups * channels)
    dtype = weight.dtype
    base = np.zeros(planes, dtype)
    places = *kernel_size, *grad_output.shape[2:], *stride, *dilation, padding[0][0], padding[1][0]

    is_summed = do_windows_overlap(weight.shape, stride, dilation)
    # Inputs between the windows and beyond the last one are read by none.
    are_all_read = tuple(kernel_size) == stride and all(
        outputs * step >= size + before
        for outputs, step, size, (before, _) in zip(
            grad_output.shape[2:], stride, input_shape[2:], padding, strict=True
        )
    )
    make = np.empty if are_all_read and not is_summed else np.zeros

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad: np.ndarray = make(input_shape, dtype)
        patches = np.empty((at_once, planes, plane), dtype)
        for first in range(0, images, at_once):
            some = slice(first, first + at_once)
            count = len(grad_output[some])
            correlations[count](grad_output[some], weight, base, patches)
            laid = grad[some].reshape(-1, *input_shape[2:])
            run_pieces(_lay_patches, pieces, patches.reshape(-1), laid, is_summed, *places)
        return grad

    return gather


@kernel
def _lay_patches(  # type: ignore[no-untyped-def]
    piece,
    pieces,
    patches,
    grad,
    is_summed,
    kernel_h,
    kernel_w,
    rows,
    columns,
    stride_h,
    stride_w,
    dilation_h,
    dilation_w,
    top,
    left,
):
    """Copy the patches of a share of the planes to their windows, or add them up, as far as these are inside."""
    planes, height, width = grad.shape
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for t in range(kernel_h):
            for s in range(kernel_w):
                start = ((plane * kernel_h + t) * kernel_w + s) * rows * columns
                shift_h, shift_w = t * dilation_h - top, s * dilation_w - left
                first = max(-(shift_w // stride_w), 0)
                last = min((width - 1 - shift_w) // stride_w + 1, columns)
                for i in range(rows):
                    row = i * stride_h + shift_h
                    if 0 <= row < height and is_summed:
                        for j in range(first, last):
                            grad[plane, row, j * stride_w + shift_w] += patches[start + i * columns + j]
                    elif 0 <= row < height:
                        for j in range(first, last):
                            grad[plane, row, j * stride_w + shift_w] = patches[start + i * columns + j]
