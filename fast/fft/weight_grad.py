"""The weight gradient as a sum of products of spectra: only the sum is transformed back.

The gradient of tap t sums, over images and outputs u, ``grad_output[u] * x[u * stride + t * dilation - padding]``: the
correlation of the input with the output gradient, its numbers a stride apart, read at the positions of the taps.
Outputs are cut into blocks, whose products of spectra are added up before the way back::

    for each tile of groups, filters and channels:
        for each share of the images and blocks:               shared out among threads
            for each of its blocks:
                transform the block of the gradient, and what it reads of the input; multiply and add
        add up the shares, transform back, take the taps

How many shares there are depends on the shapes alone, as then does the order of the sum.
"""

import math

import numpy as np
from scipy.fft import irfft2, rfft2

from convoracle.fast.fft.correlation import BUTTERFLY_WORK, read_block, slices
from convoracle.fast.fft.plan import TILE_BYTES, Plan, plan_blocks
from convoracle.fast.recomputed import direct
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape

SHARES = 8
"""Into how many shares images and blocks are divided, if the memory allows."""


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
    """Return the weight gradient; where it is not finite, that of `convoracle.fast.direct`."""
    filters, channels, *kernel_size = weight_shape
    reach = ((kernel_size[0] - 1) * dilation[0] + 1, (kernel_size[1] - 1) * dilation[1] + 1)
    outputs = (grad_output.shape[2], grad_output.shape[3])
    plan = plan_blocks(outputs, stride, reach, groups, filters // groups, channels, x.dtype)
    before = (padding[0][0], padding[1][0])
    inputs = x.reshape(len(x), groups, channels, *x.shape[2:])
    grads = grad_output.reshape(len(x), groups, filters // groups, *outputs)
    grad = np.zeros((groups, filters // groups, channels, *kernel_size), x.dtype)
    corners = [(p, q) for p in range(0, outputs[0], plan.outputs[0]) for q in range(0, outputs[1], plan.outputs[1])]
    tasks = [(image, corner) for image in range(len(x)) for corner in corners]
    for g in slices(groups, plan.groups):
        for f in slices(filters // groups, plan.filters):
            for c in slices(channels, plan.channels):
                at_taps = grad[g, f, c]
                spectra = _add_products(plan, tasks, inputs[:, g, c], grads[:, g, f], stride, before)
                values = irfft2(spectra, plan.lengths, workers=1, overwrite_x=True)
                at_taps[...] = values[..., : reach[0] : dilation[0], : reach[1] : dilation[1]]
    grad = grad.reshape(weight_shape)
    if np.isfinite(grad.sum()):
        return grad
    return direct("conv2d_weight_grad")(
        grad_output, x, weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def _add_products(
    plan: Plan, tasks: list[tuple[int, Pair]], inputs: np.ndarray, grads: np.ndarray, stride: Pair, before: Pair
) -> np.ndarray:
    """Return the sum of the products of spectra over all images and blocks (groups, filters, channels, ...)."""
    groups, channels, filters = inputs.shape[1], inputs.shape[2], grads.shape[2]
    spectrum = (plan.lengths[0], plan.lengths[1] // 2 + 1)
    bytes_each = groups * filters * channels * plan.plane_bytes
    shares = max(min(SHARES, len(tasks), TILE_BYTES // bytes_each), 1)
    sums = np.zeros((shares, groups, filters, channels, *spectrum), np.result_type(inputs, np.complex64))
    work = len(tasks) * groups * (filters + channels) * math.prod(plan.lengths) * BUTTERFLY_WORK
    run_pieces(_add_shares, min(thread_count(work), shares), tasks, plan, inputs, grads, sums, stride, before)
    total = sums[0]
    for share in sums[1:]:
        total += share
    return total


def _add_shares(
    piece: int,
    pieces: int,
    tasks: list[tuple[int, Pair]],
    plan: Plan,
    inputs: np.ndarray,
    grads: np.ndarray,
    sums: np.ndarray,
    stride: Pair,
    before: Pair,
) -> None:
    """Do one piece of the work: some shares."""
    shares = len(sums)
    # NumPy's settings belong to a thread.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for share in range(shares * piece // pieces, shares * (piece + 1) // pieces):
            for image, (p, q) in tasks[len(tasks) * share // shares : len(tasks) * (share + 1) // shares]:
                corner = (p * stride[0] - before[0], q * stride[1] - before[1])
                block = grads[image, ..., p : p + plan.outputs[0], q : q + plan.outputs[1]]
                read = rfft2(read_block(inputs[image], corner, plan.lengths, (1, 1)), workers=1, overwrite_x=True)
                grad = rfft2(read_block(block, (0, 0), plan.lengths, stride), workers=1, overwrite_x=True).conj()
                for channel in range(read.shape[1]):
                    sums[share, :, :, channel] += read[:, None, channel] * grad
