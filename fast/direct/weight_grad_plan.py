"""What is known of a weight gradient before it is computed: its vectors, its bands and its blocks of channels.

See `convoracle.fast.direct.weight_grad`. All of it follows from the layer alone, and so do the bits of the result.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from convoracle.fast.direct.plan import LARGEST_BUFFER
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.windows import Pair, Shape

OUTPUTS = 384
"""Products summed in one chain, as nearly as whole rows of outputs allow."""

TURNED_NUMBERS = 1 << 16
"""How many numbers of the input are turned at a time, as far as that leaves vectors enough: a quarter of the second
cache of most processors."""

BLOCK_VECTORS = 24
"""Vectors of a block of channels, in all its taps, at least: packing the filters should be little beside using them."""

CUT_PARTS, CUT_OF = 3, 4
"""If no more than so many parts of all taps read the input, the others, which read zeros around it, are left out."""


class Plan(NamedTuple):
    """A weight gradient, in the numbers that the kernel computes it from."""

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
    # Only every take_h-th row and take_w-th column of the input is turned: a kernel of one tap leaves the others out.
    take_h: int
    take_w: int
    # From one turned position to the next.
    step: int
    # Blocks of channels. Vectors: numbers in each, taps in a run, vectors in the runs of all blocks together; sums of a
    # filter in a block, each run filled up to whole vectors.
    channel_blocks: int
    lanes: int
    run_taps: int
    run_vectors: int
    line: int
    # Whether the sums of a filter are its weights as they lie in the result.
    is_straight: bool
    # Whether each tap is multiplied only where it reads the input: then no zeros around that are turned.
    is_cut: bool


@functools.lru_cache(maxsize=256)
def plan_weight_grad(
    input_shape: Shape,
    output_shape: Shape,
    kernel_size: Pair,
    stride: Pair,
    before: Pair,
    dilation: Pair,
    groups: int,
    dtype: np.dtype,
    *,
    is_whole: bool = False,
) -> Plan:
    """Plan a weight gradient; `before` is the padding above and to the left.

    `is_whole` says that the zeros around the input are to be multiplied.
    """
    (channels, height, width), (filters, rows, columns) = input_shape, output_shape
    channels, filters = channels // groups, filters // groups
    lanes = lanes_of(dtype)
    # Whole vectors of channels need not be mixed with those of other taps, and can be as far apart as the caches like
    # best, which is no multiple of a power of two.
    run_taps = kernel_size[1] if dilation[1] == 1 and channels % lanes else 1
    run_vectors = math.ceil(run_taps * channels / lanes)
    is_straight = kernel_size == (1, 1) and channels >= lanes
    has_vectors = run_taps == 1 and channels >= lanes
    # A single tap reads no more rows and columns than there are outputs.
    take_h, take_w = (s if k == 1 else 1 for s, k in zip(stride, kernel_size, strict=True))
    stride = stride[0] // take_h, stride[1] // take_w
    most = [(n - 1) * d + 1 for n, d in zip(kernel_size, dilation, strict=True)]
    images, row_bands, column_bands = 1, 1, 1
    if rows * columns < OUTPUTS:
        images = OUTPUTS // (rows * columns)
    else:
        widest = max(LARGEST_BUFFER // (channels * most[0] * stride[1]), 1)
        column_bands = math.ceil(columns / min(widest, OUTPUTS))
        row_bands = math.ceil(rows / max(round(OUTPUTS * column_bands / columns), 1))
    band_height, pitch = (
        (math.ceil(n / bands) - 1) * s + m
        for n, bands, s, m in zip((rows, columns), (row_bands, column_bands), stride, most, strict=True)
    )
    is_cut = has_vectors and not is_whole and images == column_bands == take_h == take_w == 1
    is_cut = is_cut and _pays(
        *zip((height, width), (rows, columns), kernel_size, stride, before, dilation, strict=True)
    )
    if is_cut:
        band_height, pitch = min(band_height, height), width
    block_vectors, channel_blocks = run_vectors, 1
    if has_vectors:
        # Rows between the taps of all outputs are not turned.
        turned_rows = min(band_height, kernel_size[0] * ((math.ceil(rows / row_bands) - 1) * stride[0] + 1))
        fitting = TURNED_NUMBERS // (images * turned_rows * pitch * lanes)
        # A block has two vectors or more: the last one of all channels may be moved back to end with them.
        least = max(BLOCK_VECTORS // math.prod(kernel_size), 2)
        channel_blocks = max(min(math.ceil(run_vectors / max(fitting, least)), run_vectors // least), 1)
        block_vectors = math.ceil(run_vectors / channel_blocks)
    step = (block_vectors | 1) * lanes if has_vectors else channels
    images = max(min(images, LARGEST_BUFFER // (band_height * pitch * step)), 1)
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
        take_h,
        take_w,
        step,
        channel_blocks,
        lanes,
        run_taps,
        run_vectors,
        channels if is_straight else math.prod(kernel_size) // run_taps * block_vectors * lanes,
        is_straight,
        is_cut,
    )


def _pays(*axes: tuple[int, ...]) -> bool:
    """Tell whether taps are left out where they read zeros: there are many, and no output has nothing else to read."""
    inside = every = 1
    for size, outputs, taps, stride, before, dilation in axes:
        reads = [
            sum(0 <= output * stride + tap * dilation - before < size for tap in range(taps))
            for output in range(outputs)
        ]
        if not all(reads):
            return False
        inside, every = inside * sum(reads), every * outputs * taps
    return CUT_OF * inside <= CUT_PARTS * every
