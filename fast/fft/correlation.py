"""The correlation of planes by products of spectra, a block of outputs at a time: what both directions have in common.

Output u sums over taps t the positions ``first + u * stride + t * dilation`` of a source whose numbers are `spread`
apart, with zeros between and around them::

    for each tile of groups, filters and channels:
        transform the dilated filters, once
        for each image and each block of its outputs:          shared out among threads
            transform what the block reads
            multiply, add up the channels, transform back, take every `stride`-th output

Planes are transformed together only if they belong to one image: SciPy's transform does several at once with vectors
and the last ones without, so what is beside a plane could otherwise change its bits.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft2, rfft2

from convoracle.fast.fft.plan import TILE_BYTES, Plan, plan_blocks
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Pair, Shape

BUTTERFLY_WORK = 4
"""Multiply-adds that take about as long as one number of a transform takes at each of its levels."""


class Reading(NamedTuple):
    """Where the outputs read the source, along both axes."""

    first: Pair
    stride: Pair
    dilation: Pair
    spread: Pair


class Tile(NamedTuple):
    """The spectra, conjugated, of some filters (groups, filters, channels, rows, columns), and which these are."""

    groups: slice
    filters: slice
    channels: slice
    spectra: np.ndarray


def plan_correlation(weight_shape: Shape, groups: int, outputs: Pair, reading: Reading, dtype: np.dtype) -> Plan:
    """Plan the correlation with filters of the shape (F, C / groups, kH, kW)."""
    filters, channels, *kernel_size = weight_shape
    extent = ((kernel_size[0] - 1) * reading.dilation[0] + 1, (kernel_size[1] - 1) * reading.dilation[1] + 1)
    return plan_blocks(outputs, reading.stride, extent, groups, filters // groups, channels, dtype)


def transform_weights(plan: Plan, weight: np.ndarray, groups: int, dilation: Pair) -> Iterator[Tile]:
    """Yield the spectra of the weights (F, C / groups, kH, kW), tile by tile, all filters of some channels first."""
    _, channels, *kernel_size = weight.shape
    stacks = weight.reshape(groups, -1, channels, *kernel_size)
    filters = stacks.shape[1]
    size = [(k - 1) * d + 1 for k, d in zip(kernel_size, dilation, strict=True)]
    for c in slices(channels, plan.channels):
        for g in slices(groups, plan.groups):
            for f in slices(filters, plan.filters):
                dilated = np.zeros((*stacks[g, f, c].shape[:3], *size), weight.dtype)
                dilated[..., :: dilation[0], :: dilation[1]] = stacks[g, f, c]
                yield Tile(g, f, c, rfft2(dilated, plan.lengths, workers=1).conj())


def correlate(
    plan: Plan,
    source: np.ndarray,
    tiles: Iterator[Tile] | list[Tile],
    groups: int,
    out: np.ndarray,
    reading: Reading,
) -> None:
    """Write the correlation of `source` (N, C, H, W) with the filters of `tiles` into `out` (N, F, H_out, W_out)."""
    stacks = source.reshape(len(source), groups, source.shape[1] // groups, *source.shape[2:])
    results = out.reshape(len(out), groups, out.shape[1] // groups, *out.shape[2:])
    corners = [(p, q) for p in range(0, out.shape[2], plan.outputs[0]) for q in range(0, out.shape[3], plan.outputs[1])]
    tasks = [(image, corner) for image in range(len(source)) for corner in corners]
    for tile in tiles:
        planes = tile.spectra.shape[0] * (tile.spectra.shape[1] + tile.spectra.shape[2])
        work = len(tasks) * planes * plan.plane_bytes * BUTTERFLY_WORK
        most = max(TILE_BYTES // (4 * planes * plan.plane_bytes), 1)
        pieces = min(thread_count(work), max(len(tasks), 1), most)
        run_pieces(_correlate_tasks, pieces, tasks, plan, stacks, tile, results, reading)


def _correlate_tasks(
    piece: int,
    pieces: int,
    tasks: list[tuple[int, Pair]],
    plan: Plan,
    stacks: np.ndarray,
    tile: Tile,
    results: np.ndarray,
    reading: Reading,
) -> None:
    """Do one piece of the work: some blocks of some images, with the filters of one tile."""
    (step_h, step_w), (length_h, length_w) = reading.stride, plan.lengths
    # NumPy's settings belong to a thread.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for image, (p, q) in tasks[len(tasks) * piece // pieces : len(tasks) * (piece + 1) // pieces]:
            corner = (reading.first[0] + p * step_h, reading.first[1] + q * step_w)
            block = read_block(stacks[image, tile.groups, tile.channels], corner, plan.lengths, reading.spread)
            spectra = rfft2(block, workers=1, overwrite_x=True)
            products = spectra[:, None, 0] * tile.spectra[:, :, 0]
            for channel in range(1, spectra.shape[1]):
                products += spectra[:, None, channel] * tile.spectra[:, :, channel]
            values = irfft2(products, (length_h, length_w), workers=1, overwrite_x=True)
            result = results[image, tile.groups, tile.filters, p : p + plan.outputs[0], q : q + plan.outputs[1]]
            values = values[..., : result.shape[2] * step_h : step_h, : result.shape[3] * step_w : step_w]
            values = values[..., : result.shape[2], : result.shape[3]]
            if tile.channels.start == 0:
                result[...] = values
            else:
                result += values


def read_block(planes: np.ndarray, corner: Pair, lengths: Pair, spread: Pair) -> np.ndarray:
    """Return a block of planes (..., H, W) from `corner` on, their numbers `spread` apart, zeros around and between."""
    block = np.zeros((*planes.shape[:-2], *lengths), planes.dtype)
    sources, targets = [], []
    for size, start, length, step in zip(planes.shape[-2:], corner, lengths, spread, strict=True):
        first = min(max(-(-start // step), 0), size)
        last = min(max(-(-(start + length) // step), first), size)
        sources.append(slice(first, last))
        targets.append(
            slice(first * step - start, max((last - 1) * step - start + 1, 0), step) if last > first else slice(0)
        )
    block[..., targets[0], targets[1]] = planes[..., sources[0], sources[1]]
    return block


def slices(count: int, size: int) -> Iterator[slice]:
    """Yield the parts of a range, of `size` or less."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
