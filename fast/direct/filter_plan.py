"""What is known of a correlation whose lanes are filters before it is computed.

A result is made of *phases*, each a correlation of its own: the convolution is one, its input gradient one for each
pair of remainders by the stride (`convoracle.fast.correlation_axes`). A *unit* is what neighbouring outputs of all
phases make together; the outputs of unit (u, v) read the source at ``u * stride + offset`` down, and likewise across::

      result of stride 2      | 0,0  0,1 | 0,0  0,1 |         phase (0, 1): output 1 of every other column,
                              | 1,0  1,1 | 1,0  1,1 |         of every other row from row 0 on
                                 unit       unit
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.direct.plan import DEPTH
from convoracle.fast.direct.reading import Phase, reading_of
from convoracle.fast.simd.microkernel import HALF
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.windows import Pair

BAND_OUTPUTS = 1024
"""Outputs that share packed weights, as nearly as whole rows of units allow: packing should be little beside using."""

TURN = 7
"""Steps it takes to keep a vector of sums in a buffer, and to turn it into planes."""

COPIED_NUMBERS = 1 << 16
"""How many numbers of the source are copied at a time, or twice as many read where they are, if they can be so few."""

CROWDED, CROWDING_BYTES = 32, 1024
"""So many planes, that many bytes or a multiple of it apart, share a few sets of the cache: they are copied."""

SMALL_PLANE = 512
"""Planes of so many numbers or fewer are read where they are if no zeros around them are needed; copies of larger ones
stay in the nearest cache, rows of many planes side by side."""

LARGEST_UNIT = 64
"""Outputs of a unit, at most: a band has whole ones."""


class FilterPlan(NamedTuple):
    """A correlation, in the numbers that `convoracle.fast.direct.filter_lanes` computes it from."""

    # Of each group: planes of the source, planes of the result.
    groups: int
    channels: int
    filters: int
    # Source planes, and what is read of them (`Reading`).
    height: int
    width: int
    first_h: int
    first_w: int
    take_h: int
    take_w: int
    step_h: int
    step_w: int
    # Planes of the result, the outputs of a unit, and units.
    rows: int
    columns: int
    unit_h: int
    unit_w: int
    units_h: int
    units_w: int
    # What is worked on at a time, a band: so many images, of them one of so many shares of rows and columns of units;
    # its outputs, at most.
    band_images: int
    row_bands: int
    column_bands: int
    outputs: int
    # Whether what is read is copied first; rows of a copy; numbers in a row and in a plane of what is read.
    is_copied: bool
    copied_rows: int
    pitch: int
    plane: int
    lanes: int
    # Phases; whether some outputs are in none; taps of all of them; channels and taps that make one chain of sums, and
    # how many such blocks of taps there are.
    phases: int
    is_sparse: bool
    taps: int
    channel_block: int
    tap_block: int
    tap_blocks: int
    # Kinds of outputs; whether some of them leave out taps, those that read beyond the source, or zeros are multiplied.
    kinds: int
    is_cut: bool
    is_padded: bool
    # Whether every tap reads the source somewhere.
    is_read: bool
    # Block by block of taps, for each phase: its first line in the panel, how many taps it has, and the first of them.
    of_phases: np.ndarray
    # Likewise, for each kind: the first output of its phase down and across, its units from row to row and from column
    # to column, its first term in the table and how many for a channel.
    of_kinds: np.ndarray
    # Kind by kind, channel by channel, tap by tap: where it is read, and its line in the panel of packed weights.
    terms: np.ndarray


@functools.lru_cache(maxsize=256)
def plan_filter_lanes(
    groups: int,
    channels: int,
    filters: int,
    down: tuple[Phase, ...],
    across: tuple[Phase, ...],
    unit: Pair,
    size: Pair,
    dtype: np.dtype,
    *,
    is_whole: bool = False,
) -> FilterPlan | None:
    """Plan the correlation of images of ``groups * channels`` planes with ``groups * filters`` filters.

    `size` are the rows and columns of the result, `unit` those that neighbouring outputs of all phases make together.
    There is no such plan for steps that make large units, alone or with large kernels, and without taps.
    `is_whole` says that the zeros around the source are to be read.
    """
    lanes = lanes_of(dtype)
    taps = sum(len(taps_h) for _, taps_h, _ in down) * sum(len(taps_w) for _, taps_w, _ in across)
    pairs = list(itertools.product(down, across))
    tap_block = taps if taps <= 2 * DEPTH else DEPTH
    if not taps or math.prod(unit) > LARGEST_UNIT or (tap_block < taps and len(pairs) > 1):
        return None
    units_h, units_w = (math.ceil(number / of_unit) for number, of_unit in zip(size, unit, strict=True))
    reads_h, reads_w = reading_of(down, units_h), reading_of(across, units_w)
    counts = [len(taps_h) * len(taps_w) for (_, taps_h, _), (_, taps_w, _) in pairs]
    channel_block = min(max(DEPTH // max(counts), 1), channels)
    is_crowded = channels >= CROWDED and reads_h.size * reads_w.size * dtype.itemsize % CROWDING_BYTES == 0
    is_inside = reads_h.is_inside and reads_w.is_inside
    # The taps of a large kernel are not told apart by outputs: tables of them would be large, too.
    is_cut = not (is_inside or is_whole) and tap_block == taps and _pays(pairs)
    is_far = is_cut and reads_h.is_far(COPIED_NUMBERS // channel_block // reads_w.length(units_w))
    is_near = is_inside or (is_cut and reads_h.size * reads_w.size <= SMALL_PLANE)
    is_copied = not (is_far or (is_near and not is_crowded)) or max(reads_h.take, reads_w.take) > 1

    wanted = BAND_OUTPUTS * max(unit) // math.prod(unit)
    most = (COPIED_NUMBERS if is_copied else 2 * COPIED_NUMBERS) // channel_block
    column_bands = math.ceil(units_w / min(wanted, max((most - reads_w.span) // reads_w.step, 1)))
    band_w = math.ceil(units_w / column_bands)
    pitch = reads_w.length(band_w) if is_copied else reads_w.size
    fitting = reads_h.fitting(most // pitch) if is_copied else reads_h.fitting_in_place(most // pitch)
    row_bands = math.ceil(units_h / max(min(round(wanted / band_w), fitting), 1))
    band_h = math.ceil(units_h / row_bands)
    copied_rows = reads_h.length(band_h)
    # An odd number of vectors: caches favour no multiple of a power of two.
    plane = (math.ceil(copied_rows * pitch / lanes) | 1) * lanes if is_copied else reads_h.size * reads_w.size
    images = 1
    if row_bands * column_bands == 1:
        images = max(min(wanted // (units_h * units_w), most // plane), 1)

    terms, of_phases, of_kinds, first, count_of_terms = [], [], [], 0, 0
    channel_steps = np.arange(channel_block).reshape(-1, 1, 1)
    for ((top, _, axis_h), (left, _, axis_w)), count in zip(pairs, counts, strict=True):
        # Where each tap reads in the first channel, and its line in the panel; the next channels follow in equal steps.
        places = [
            [
                ((offset_h - reads_h.first) * pitch + offset_w - reads_w.first, first * channel_block + line)
                for line, offset_w in enumerate(axis_w.offsets, tap_h * len(axis_w.offsets))
            ]
            for tap_h, offset_h in enumerate(axis_h.offsets)
        ]
        of_channel = channel_steps * (plane, count)
        for (rows, taps_h), (columns, taps_w) in itertools.product(_ranges(axis_h, is_cut), _ranges(axis_w, is_cut)):
            of_taps = [places[tap_h][tap_w] for tap_h in taps_h for tap_w in taps_w]
            of_kinds.append((top, left, *rows, *columns, count_of_terms, len(of_taps)))
            if of_taps:
                terms.append((of_channel + of_taps).reshape(-1, 2))
            count_of_terms += channel_block * len(of_taps)
        of_phases.append((first, count, first))
        first += count
    if tap_block < taps:
        # One phase, one channel at a time: its only kind in blocks of its taps, each with lines of its own.
        blocks = [(tap, min(tap_block, taps - tap)) for tap in range(0, taps, tap_block)]
        of_phases = [(0, count, tap) for tap, count in blocks]
        of_kinds = [(*of_kinds[0][:6], tap, count) for tap, count in blocks]
        terms[0][:, 1] %= tap_block
    return FilterPlan(
        groups=groups,
        channels=channels,
        filters=filters,
        height=reads_h.size,
        width=reads_w.size,
        first_h=reads_h.first,
        first_w=reads_w.first,
        take_h=reads_h.take,
        take_w=reads_w.take,
        step_h=reads_h.step,
        step_w=reads_w.step,
        rows=size[0],
        columns=size[1],
        unit_h=unit[0],
        unit_w=unit[1],
        units_h=units_h,
        units_w=units_w,
        band_images=images,
        row_bands=row_bands,
        column_bands=column_bands,
        outputs=images * band_h * band_w * math.prod(unit),
        is_copied=is_copied,
        copied_rows=copied_rows,
        pitch=pitch,
        plane=plane,
        lanes=lanes,
        phases=len(pairs),
        is_sparse=len(pairs) < math.prod(unit),
        taps=taps,
        channel_block=channel_block,
        tap_block=tap_block,
        tap_blocks=math.ceil(taps / tap_block),
        kinds=len(of_kinds) // math.ceil(taps / tap_block),
        is_cut=is_cut,
        is_padded=not (is_inside or is_cut),
        is_read=_is_read(down) and _is_read(across),
        of_phases=np.array(of_phases, np.int64),
        of_kinds=np.array(of_kinds, np.int64),
        terms=np.concatenate(terms),
    )


def filter_steps_of(plan: FilterPlan) -> float:
    """Return about how many steps a correlation of one image takes: multiply-adds of a vector, or as long as one."""
    return plan.groups * math.ceil(plan.filters / plan.lanes) * (products_of(plan) + TURN * plan.rows * plan.columns)


def products_of(plan: FilterPlan) -> int:
    """Return the products of a filter in an image."""
    rows, columns = (plan.of_kinds[:, n + 1] - plan.of_kinds[:, n] for n in (2, 4))
    return plan.channels * int((rows * columns) @ plan.of_kinds[:, 7])


@functools.lru_cache(maxsize=256)
def _ranges(axis: Axis, is_cut: bool) -> list[tuple[tuple[int, int], tuple[int, ...]]]:
    """Return ranges of outputs along an axis, and the taps of each: all of them, or those that read the source."""
    every = range(len(axis.offsets))
    if not is_cut:
        return [((0, axis.outputs), tuple(every))]
    # Tap t reads the source from output begins[t] on, and before ends[t].
    begins, ends = (
        [min(max(-((offset - bound) // axis.stride), 0), axis.outputs) for offset in axis.offsets]
        for bound in (0, axis.size)
    )
    cuts = sorted({0, axis.outputs, *begins, *ends})
    return [
        ((first, last), tuple(tap for tap in every if begins[tap] <= first < ends[tap]))
        for first, last in itertools.pairwise(cuts)
    ]


def _pays(pairs: list[tuple[Phase, Phase]]) -> bool:
    """Tell whether leaving out taps saves more than incomplete tiles cost, of which each kind has one for a band."""
    whole = cut = 0.0
    for (_, _, down), (_, _, across) in pairs:
        images = max(BAND_OUTPUTS // (down.outputs * across.outputs), 1)
        bands = max(down.outputs * across.outputs // BAND_OUTPUTS, 1)
        whole += images * down.outputs * across.outputs * len(down.offsets) * len(across.offsets)
        for ((top, bottom), taps_h), ((left, right), taps_w) in itertools.product(
            _ranges(down, True), _ranges(across, True)
        ):
            outputs = images * (bottom - top) * (right - left)
            cut += (outputs + min(HALF * bands, outputs) / 2) * len(taps_h) * len(taps_w)
    return 0 < cut < whole


def _is_read(phases: tuple[Phase, ...]) -> bool:
    """Tell whether every tap reads the source for some output."""
    return all(
        len({tap for _, taps in _ranges(axis, True) for tap in taps}) == len(axis.offsets) for _, _, axis in phases
    )
