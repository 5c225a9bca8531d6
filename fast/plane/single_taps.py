"""Kernels of 1 x 1 of few filters or channels: whole planes times numbers, streams through the memory.

Nothing is read twice by a dot product over channels for each position, or by the sums over positions of its weight
gradient; what counts is that the memory is read in long runs. So a plane is cut into blocks of positions that stay in
the nearest cache, and of each block all planes are gone through, some at a time::

            block 0        block 1              out[f, block] = base[f]
      c0  | ---------> | ---------> |           out[f, block] += w[f, 0] x[0, block] + ... + w[f, 3] x[3, block]
      c1  | ---------> |                        out[f, block] += w[f, 4] x[4, block] + ...
      c2  | ---------> |
      c3  | ---------> |                        grad[f, c] += the sum over block of grad_output[f] x[c]
      c4  | ...

The input gradient is the same sum with filters and channels exchanged. A sum is one chain over the channels; that of a
weight's gradient has a chain for each lane and block, which are added in the order of the blocks and images. These are
divided into shares, by the shapes alone, so that threads have something to share out.
"""

import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.plane.window_weight_grad import SHARES, add_shares
from convoracle.fast.simd.lines import LINES, add_lines, multiply_lines
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Ends, Pair, Shape

BLOCK = 1 << 12
"""Positions of a block: a run of 16 kilobytes is one to the hardware, and one of sums stays in the nearest cache."""


def fits(kernel_size: Shape, stride: Pair, padding: Ends) -> bool:
    """Tell whether every output is a sum over the channels of its own position."""
    return tuple(kernel_size) == (1, 1) and tuple(stride) == (1, 1) and not any(map(any, padding))


def bind_sums(
    source_shape: Shape, filters: int, groups: int, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (source, weight, base, out) that writes sums over the planes of a group into `out`.

    Source is (N, C, H, W), weight has C / groups numbers for each filter.
    """
    images, planes = source_shape[:2]
    positions = math.prod(source_shape[2:])
    tasks = images * groups * -(-positions // BLOCK)
    pieces = max(min(threads_to_move(images * positions * (planes + filters)), tasks), 1)
    sizes = tasks, groups, planes // groups, filters // groups, positions

    def add_up(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        run_pieces(_add_planes, pieces, sizes, source.reshape(-1), weight.reshape(-1), base, out.reshape(-1))

    return add_up


def bind_weight_grad(
    grad_shape: Shape, x_shape: Shape, weight_shape: Shape, groups: int, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the weight gradient of arrays of these shapes."""
    images, channels = x_shape[:2]
    positions, filters = math.prod(x_shape[2:]), grad_shape[1]
    units = images * -(-positions // BLOCK)
    shares = min(SHARES, units)
    pieces = max(min(threads_to_move(images * positions * (channels + filters)), shares), 1)
    # Whatever are more are the rows, of which some are read at a time.
    is_turned = channels < filters
    rows, lines = (filters, channels) if is_turned else (channels, filters)
    steps = (channels // groups, 1) if is_turned else (1, channels // groups)
    sizes, zeros = (units, groups, rows // groups, lines // groups, positions), np.zeros(LINES, dtype)

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        sums = np.zeros((shares, *weight_shape), dtype)
        of_rows, of_lines = (grad_output, x) if is_turned else (x, grad_output)
        arrays = of_rows.reshape(-1), of_lines.reshape(-1), zeros, sums.reshape(shares, -1)
        run_pieces(_multiply_planes, pieces, sizes, steps, *arrays)
        return sums[0] if shares == 1 else add_shares(sums)

    return weight_grad


@kernel
def _add_planes(piece, pieces, sizes, source, weight, base, out):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some blocks of positions of the planes of a group."""
    tasks, groups, channels, filters, positions = sizes
    blocks = -(-positions // BLOCK)
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        stack, block = divmod(task, blocks)
        first, position = stack % groups * filters, block * BLOCK
        count = min(positions - position, BLOCK)
        place, start = stack * filters * positions + position, stack * channels * positions + position
        for f in range(filters):
            at = place + f * positions
            out[at : at + count] = base[first + f]
        for c in range(0, channels - channels % LINES, LINES):
            for f in range(0, filters - filters % LINES, LINES):
                add_lines(
                    LINES, LINES, 1, count, source, start + c * positions, positions,
                    weight, (first + f) * channels + c, channels, out, place + f * positions, positions,
                )  # fmt: skip
            for f in range(filters - filters % LINES, filters):
                add_lines(
                    LINES, 1, 1, count, source, start + c * positions, positions,
                    weight, (first + f) * channels + c, 0, out, place + f * positions, 0,
                )  # fmt: skip
        for c in range(channels - channels % LINES, channels):
            for f in range(filters):
                add_lines(
                    1, 1, 1, count, source, start + c * positions, 0,
                    weight, (first + f) * channels + c, 0, out, place + f * positions, 0,
                )  # fmt: skip


@kernel
def _multiply_planes(piece, pieces, sizes, steps, a, b, zeros, sums):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some shares of the blocks of positions, all pairs of planes of a group."""
    units, groups, rows, lines, positions = sizes
    blocks, shares = -(-positions // BLOCK), len(sums)
    parts = np.empty(LINES * LINES, a.dtype)
    for share in range(shares * piece // pieces, shares * (piece + 1) // pieces):
        for unit in range(units * share // shares, units * (share + 1) // shares):
            image, block = divmod(unit, blocks)
            count = min(positions - block * BLOCK, BLOCK)
            for group in range(groups):
                stack = image * groups + group
                of_rows = stack * rows * positions + block * BLOCK
                of_lines = stack * lines * positions + block * BLOCK
                for row in range(0, rows, LINES):
                    wanted, at, line = min(rows - row, LINES), of_rows + row * positions, 0
                    while line < lines:
                        place, together = of_lines + line * positions, LINES if lines - line >= LINES else 1
                        if together == LINES:
                            multiply_lines(
                                LINES, LINES, count, wanted, a, at, positions, b, place, positions,
                                parts, 0, LINES, zeros, 0,
                            )  # fmt: skip
                        else:
                            multiply_lines(
                                LINES, 1, count, wanted, a, at, positions, b, place, 0, parts, 0, 0, zeros, 0
                            )  # fmt: skip
                        for j in range(together):
                            for i in range(wanted):
                                to = group * rows * lines + (row + i) * steps[0] + (line + j) * steps[1]
                                sums[share, to] += parts[j * LINES + i]
                        line += together
