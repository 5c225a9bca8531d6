"""What is known of a correlation before it is computed: where its numbers are, and in which portions it is done.

A *correlation* is what the convolution and its input gradient have in common. Along each axis an output u sums over
taps t the source positions ``u * stride + offsets[t]``, zeros outside the source. Where the stride is not 1, a source
is first separated into *phases*: the phase of remainder r holds the positions r, r + stride, r + 2 * stride, ...; with
``offsets[t] = shift * stride + r``, tap t of output u is entry u + shift of its phase, and neighbouring outputs have
neighbouring taps again, as the vectors of `convoracle.fast.simd.microkernel` need them.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.simd.microkernel import HALF, ROWS, VECTORS
from convoracle.fast.simd.vectors import lanes_of

DEPTH = 256
"""Products summed in one chain, as far as whole channels allow: the shorter the chain, the smaller the error."""

PLANE_NUMBERS = 1 << 15
"""How many numbers of the source are worked on at a time, if they can be so few: they are to stay in the cache,
and bands to be so many that threads share them evenly."""

STRUNG_VECTORS = 32 * VECTORS
"""How many vectors of outputs are strung together, or nearly so many."""

THROUGH_BUFFER = 4
"""Steps it takes to keep a vector of sums in a buffer, and to copy it to the result."""

SPREAD = 50
"""Steps it takes if the numbers of that vector are not neighbours in the result."""

PHASES_COPY = 0.7
"""Steps it takes to copy a number of a source that is separated into phases."""

SUM_NUMBERS = 1 << 17
"""How many sums may wait in a buffer: they are to stay in the cache."""

LARGEST_BUFFER = 1 << 21
"""No buffer of a thread gets more numbers than this, unless a single row or a single tile needs them."""


class Plan(NamedTuple):
    """A correlation, in the numbers that `convoracle.fast.direct.correlation` computes each image from."""

    # Of each group: planes of the source, planes of the result.
    groups: int
    channels: int
    filters: int
    # Source planes, and the step from one output to the next in them.
    height: int
    width: int
    stride_h: int
    stride_w: int
    # Output planes.
    rows: int
    columns: int
    # The least shift of a tap, and by how much the largest is larger.
    shift_h: int
    shift_w: int
    span_h: int
    span_w: int
    # Numbers in a vector; whether no tap reads beyond the source, whether that is copied before it is read, and whether
    # outputs are strung together across the ends of rows.
    lanes: int
    is_inside: bool
    is_copied: bool
    is_strung: bool
    # What is worked on at a time, a band: so many images, of them one of so many shares of rows and of columns, whole
    # units of these; in all at most so many vectors of outputs.
    band_images: int
    row_bands: int
    column_bands: int
    column_unit: int
    band_vectors: int
    # Numbers in a row and in a plane of what is read; so many planes for each channel.
    pitch: int
    plane: int
    phases: int
    # Taps of the kernel; channels and taps that make one chain of sums.
    taps: int
    channel_block: int
    tap_block: int
    # The phases that any tap reads; where each number of a chain is read.
    remainders_h: np.ndarray
    remainders_w: np.ndarray
    offsets: np.ndarray


@functools.lru_cache(maxsize=256)
def plan_correlation(
    groups: int,
    channels: int,
    filters: int,
    down: Axis,
    across: Axis,
    dtype: np.dtype,
    *,
    is_spread: bool = False,
) -> Plan:
    """Plan the correlation of images of ``groups * channels`` planes with ``groups * filters`` filters.

    `is_spread` says that the outputs of a plane do not lie together in the result.
    """
    lanes = lanes_of(dtype)
    if not is_spread and all(axis == Axis(axis.size, axis.size, 1, (0,)) for axis in (down, across)):
        # A kernel of 1 x 1: a plane is one row.
        down, across = Axis(1, 1, 1, (0,)), Axis(down.size * across.size, down.size * across.size, 1, (0,))
    remainders_h, shifts_h, shift_h = _phases(down)
    remainders_w, shifts_w, shift_w = _phases(across)
    numbers_h, numbers_w = sorted(set(remainders_h)), sorted(set(remainders_w))
    span_h, span_w = max(shifts_h), max(shifts_w)
    taps, phases = len(shifts_h) * len(shifts_w), len(numbers_h) * len(numbers_w)
    tap_block = taps if taps <= 2 * DEPTH else DEPTH
    channel_block = min(max(DEPTH // taps, 1), channels)

    is_inside = _is_inside(down, shift_h, span_h) and _is_inside(across, shift_w, span_w)
    is_strung = _is_strung(down.outputs, across.outputs, span_w, channels * taps, lanes, is_spread)
    is_copied = is_strung or not is_inside
    choose_bands = _strung_bands if is_strung else _row_bands
    images, row_bands, column_bands = choose_bands(
        down.outputs, across.outputs, span_h, span_w, channel_block * phases, lanes
    )
    # A row that is read where it is can be cut anywhere, so it is where tiles end.
    unit = VECTORS * lanes if across.outputs >= VECTORS * lanes * column_bands and not is_copied else 1
    band_rows = math.ceil(down.outputs / row_bands)
    band_columns = math.ceil(across.outputs // unit / column_bands) * unit + across.outputs % unit
    pitch = band_columns + span_w if is_copied else across.size
    plane = (band_rows + span_h) * pitch if is_copied else down.size * across.size
    if is_strung:
        band_vectors = images * math.ceil(((band_rows - 1) * pitch + band_columns) / lanes)
    else:
        band_vectors = images * band_rows * math.ceil(band_columns / lanes)
    of_taps = [
        (numbers_h.index(r_h) * len(numbers_w) + numbers_w.index(r_w)) * plane + s_h * pitch + s_w
        for r_h, s_h in zip(remainders_h, shifts_h, strict=True)
        for r_w, s_w in zip(remainders_w, shifts_w, strict=True)
    ]
    of_channels = np.arange(channel_block, dtype=np.int64) * (phases * plane)
    return Plan(
        groups=groups,
        channels=channels,
        filters=filters,
        height=down.size,
        width=across.size,
        stride_h=down.stride,
        stride_w=across.stride,
        rows=down.outputs,
        columns=across.outputs,
        shift_h=shift_h,
        shift_w=shift_w,
        span_h=span_h,
        span_w=span_w,
        lanes=lanes,
        is_inside=is_inside,
        is_copied=is_copied,
        is_strung=is_strung,
        band_images=images,
        row_bands=row_bands,
        column_bands=column_bands,
        column_unit=unit,
        band_vectors=band_vectors,
        pitch=pitch,
        plane=plane,
        phases=phases,
        taps=taps,
        channel_block=channel_block,
        tap_block=tap_block,
        remainders_h=np.array(numbers_h, np.int64),
        remainders_w=np.array(numbers_w, np.int64),
        offsets=(of_channels[:, None] + np.array(of_taps, np.int64)).reshape(-1),
    )


def _phases(axis: Axis) -> tuple[list[int], list[int], int]:
    """Return each tap's remainder, each tap's shift less the least shift, and the least shift."""
    shifts, remainders = zip(*(divmod(offset, axis.stride) for offset in axis.offsets), strict=True)
    least = min(shifts)
    return list(remainders), [shift - least for shift in shifts], least


def _is_inside(axis: Axis, shift: int, span: int) -> bool:
    """Tell whether every tap of every output reads the source itself, in steps of one."""
    return axis.stride == 1 and shift >= 0 and shift + span + axis.outputs <= axis.size


def _is_strung(rows: int, columns: int, span_w: int, products: int, lanes: int, is_spread: bool) -> bool:
    """Tell whether outputs are strung together because that takes fewer steps."""
    by_rows, as_it_lies = _vectors_of_ways(rows, columns, span_w, lanes, is_spread)
    return by_rows * products > as_it_lies * (products + THROUGH_BUFFER)


def _vectors_of_ways(rows: int, columns: int, span_w: int, lanes: int, is_spread: bool) -> tuple[float, int]:
    """Return into how many vectors the outputs of a plane are cut by rows, and strung together.

    Rows leave lanes of their last vector unused. Outputs strung together as the source lies waste the lanes at the ends
    of rows.
    """
    runs, length = (1, rows * columns) if span_w == 0 else (rows, columns)
    can_be_rows = length >= lanes and not is_spread
    by_rows = runs * math.ceil(length / lanes) if can_be_rows else math.inf
    return by_rows, math.ceil(((rows - 1) * (columns + span_w) + columns) / lanes)


def steps_of(plan: Plan, *, is_spread: bool = False) -> float:
    """Return about how many steps a correlation of one image takes: multiply-adds of a vector, or as long as one."""
    vectors = _vectors_of_ways(plan.rows, plan.columns, plan.span_w, plan.lanes, False)[plan.is_strung]
    products = plan.channels * plan.taps + (SPREAD if is_spread else THROUGH_BUFFER if plan.is_strung else 0)
    is_apart = max(plan.stride_h, plan.stride_w) > 1
    copied = plan.channels * plan.height * plan.width * is_apart
    rows = math.ceil(plan.filters / ROWS) * ROWS
    rows -= HALF if 0 < plan.filters % ROWS <= HALF else 0
    return plan.groups * (vectors * products * rows + PHASES_COPY * copied)


def _strung_bands(rows: int, columns: int, span_h: int, span_w: int, planes: int, lanes: int) -> tuple[int, int, int]:
    """Return how many images are strung together, or into how many shares of rows and columns one is divided."""
    wanted = STRUNG_VECTORS * lanes
    if rows * columns < wanted:
        numbers = planes * (rows + span_h) * (columns + span_w)
        return max(min(wanted // (rows * columns), PLANE_NUMBERS // numbers), 1), 1, 1
    column_bands = math.ceil(columns / wanted)
    return 1, math.ceil(rows / max(round(wanted * column_bands / columns), 1)), column_bands


def _row_bands(rows: int, columns: int, span_h: int, span_w: int, planes: int, lanes: int) -> tuple[int, int, int]:
    """Return the images, or the shares of one, whose taps stay in the cache: of columns if a single row is too long.

    No share gets less than a vector: the last vector of a row is moved back to end with it.
    """
    widest = max(LARGEST_BUFFER // (planes * (span_h + 1)) - span_w, lanes)
    if rows == 1:
        widest = min(widest, max(PLANE_NUMBERS // planes, 2 * VECTORS * lanes))
    if columns > widest:
        return 1, rows, min(math.ceil(columns / widest), columns // lanes)
    numbers = planes * (rows + span_h) * (columns + span_w)
    if 2 * numbers <= PLANE_NUMBERS:
        return max(min(STRUNG_VECTORS * lanes // (rows * columns), PLANE_NUMBERS // numbers), 1), 1, 1
    most, at_most = (numbers // (planes * (columns + span_w)) - span_h for numbers in (PLANE_NUMBERS, SUM_NUMBERS))
    # Fewer rows than taps reach beyond them would be copied for more bands than they are in.
    most = max(most, min(span_h, at_most), 1)
    return 1, max(min(math.ceil(rows / most), rows // math.ceil(lanes / columns)), 1), 1
