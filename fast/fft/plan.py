"""How a correlation is cut into transforms: the lengths of the blocks, and how many planes are transformed at a time.

A cyclic correlation of length L gives ``L - extent + 1`` outputs that nothing has wrapped around into (overlap-save).
One long block wastes little at its end, short ones take fewer butterflies for each number and stay in the cache; the
cheapest is taken. The choice depends on the shape of one image alone, so that an image has the same bits in every
batch.
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np
from scipy.fft import next_fast_len

PLANE_BYTES = 4 << 20
"""No block is larger than this, unless a block for a single output is."""

TILE_BYTES = 16 << 20
"""The spectra of the weights that are kept at a time, and all that the threads work with."""

STACK_BYTES = 1 << 20
"""How much is transformed at a time, if it is more than one plane."""

OVERHEAD = 12_000
"""Butterflies that take as long as to call for one transform."""


class Plan(NamedTuple):
    """The lengths of a block, its outputs down and across, and the numbers of planes in a tile."""

    lengths: tuple[int, int]
    outputs: tuple[int, int]
    groups: int
    filters: int
    channels: int
    plane_bytes: int


@functools.lru_cache(maxsize=256)
def plan_blocks(
    outputs: tuple[int, int],
    step: tuple[int, int],
    extent: tuple[int, int],
    groups: int,
    filters: int,
    channels: int,
    dtype: np.dtype,
) -> Plan:
    """Choose the blocks for so many outputs, `step` apart, each of which reads `extent` numbers along an axis.

    `groups`, `filters` and `channels` are how many groups there are, and how many planes each has.
    """
    down, across = (_candidates(*axis) for axis in zip(outputs, step, extent, strict=True))
    fitting = [pair for pair in itertools.product(down, across) if math.prod(pair) * dtype.itemsize <= PLANE_BYTES]
    lengths = min(fitting or [(down[0], across[0])], key=lambda pair: _cost(pair, outputs, step, extent))
    block = [_block_outputs(*axis) for axis in zip(lengths, outputs, step, extent, strict=True)]
    plane = lengths[0] * (lengths[1] // 2 + 1) * 2 * dtype.itemsize
    stack = max(STACK_BYTES // plane, 1)
    channels = min(channels, stack)
    filters = min(filters, stack, max(TILE_BYTES // (channels * plane), 1))
    groups = min(groups, max(stack // max(filters, channels), 1), max(TILE_BYTES // (filters * channels * plane), 1))
    return Plan(lengths, (block[0], block[1]), groups, filters, channels, plane)


def _candidates(outputs: int, step: int, extent: int) -> list[int]:
    """Return lengths worth a try, the shortest first: some multiples of the extent, and one block for all outputs."""
    whole = next_fast_len((outputs - 1) * step + extent, real=True)
    parts = (next_fast_len(math.ceil(extent * multiple), real=True) for multiple in (1, 1.5, 2, 3, 4, 6, 8, 16))
    return sorted({whole, *(length for length in parts if length < whole)})


def _block_outputs(length: int, outputs: int, step: int, extent: int) -> int:
    return min((length - extent) // step + 1, outputs)


def _cost(lengths: tuple[int, int], outputs: tuple[int, int], step: tuple[int, int], extent: tuple[int, int]) -> float:
    """Return about how many butterflies all blocks take."""
    blocks = (
        math.ceil(total / _block_outputs(*axis))
        for total, axis in zip(outputs, zip(lengths, outputs, step, extent, strict=True), strict=True)
    )
    numbers = math.prod(lengths)
    return math.prod(blocks) * (numbers * (math.log2(numbers) + 4) + OVERHEAD)
