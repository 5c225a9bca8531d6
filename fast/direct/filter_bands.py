"""A band of outputs of `convoracle.fast.direct.filter_lanes`: where it is, what it reads, and where its sums go.

A band is some images, units of rows and units of columns of one group; a unit is one output, or one of every phase. Its
outputs read the source where it is, or a copy of the rows they need, with the zeros around them; their sums are turned
from filters side by side into planes of the result in the end.
"""

from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.copying import ask_for, copy_line
from convoracle.fast.simd.microkernel import HALF
from convoracle.fast.simd.transforms import transpose_out


@inner
def locate_band(plan, images, band):  # type: ignore[no-untyped-def]
    """Return the group of a band, and its window: the ends of its images, and of its units down and across."""
    keep_small()
    band, column_band = divmod(band, plan.column_bands)
    band, row_band = divmod(band, plan.row_bands)
    stack, group = divmod(band, plan.groups)
    return group, (
        stack * plan.band_images,
        min((stack + 1) * plan.band_images, images),
        plan.units_h * row_band // plan.row_bands,
        plan.units_h * (row_band + 1) // plan.row_bands,
        plan.units_w * column_band // plan.column_bands,
        plan.units_w * (column_band + 1) // plan.column_bands,
    )


@inner
def lay_outputs(plan, window, of_image, starts, places, ends):  # type: ignore[no-untyped-def]
    """Write where each output of a band begins to read, and where its sums are kept, kind by kind.

    Sums are kept in the order of the result. Each kind is filled up to whole tiles, of ROWS outputs or HALF.
    """
    keep_small()
    image, last_image, top, bottom, left, right = window
    rows = min(bottom * plan.unit_h, plan.rows) - top * plan.unit_h
    columns = min(right * plan.unit_w, plan.columns) - left * plan.unit_w
    end = 0
    for kind in range(plan.kinds):
        first_row, first_column = plan.of_kinds[kind, 0], plan.of_kinds[kind, 1]
        above, below = max(plan.of_kinds[kind, 2], top), min(plan.of_kinds[kind, 3], bottom)
        before, behind = max(plan.of_kinds[kind, 4], left), min(plan.of_kinds[kind, 5], right)
        for n in range(last_image - image):
            for u in range(above - top, below - top):
                start = n * of_image + u * plan.step_h * plan.pitch
                place = (n * rows + u * plan.unit_h + first_row) * columns + first_column
                for v in range(before - left, behind - left):
                    starts[end] = start + v * plan.step_w
                    places[end] = (place + v * plan.unit_w) * plan.lanes
                    end += 1
        while end % HALF > 0:
            starts[end], places[end] = starts[end - 1], plan.outputs * plan.lanes
            end += 1
        ends[kind] = end


@inner
def copy_source(plan, source, first_plane, channels, window, planes):  # type: ignore[no-untyped-def]
    """Copy what a band reads of some channels, with the zeros around it.

    Whole vectors are copied; what one carries beyond its row, the next row overwrites.
    """
    keep_small()
    image, last_image, top, _, left, _ = window
    lanes = plan.lanes
    first_row, column = top * plan.step_h * plan.take_h + plan.first_h, left * plan.step_w * plan.take_w + plan.first_w
    for n in range(last_image - image):
        for c in range(channels):
            plane = (first_plane + n * plan.groups * plan.channels + c) * plan.height * plan.width
            to = (n * plan.channel_block + c) * plan.plane
            for i in range(plan.copied_rows):
                row = first_row + i * plan.take_h
                # A line outside the plane has no numbers, only zeros.
                inside = plan.width if 0 <= row < plan.height else 0
                line = plane + row * plan.width
                if plan.take_w == 1:
                    copy_line(1, source, line, inside, column, planes, to, plan.pitch)
                elif plan.take_w == 2:
                    copy_line(2, source, line, inside, column, planes, to, plan.pitch)
                else:
                    copy_line(plan.take_w, source, line, inside, column, planes, to, plan.pitch)
                for near in range(0, plan.width, lanes):
                    ask_for(source, line + plan.height * plan.width + near)
                to += plan.pitch


@inner
def turn_sums(plan, sums, start, zeros, group, first, filters, window, out):  # type: ignore[no-untyped-def]
    """Turn the sums of a vector of filters into rows of their planes, a square at a time."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    rows = min(bottom * plan.unit_h, plan.rows) - top * plan.unit_h
    columns = min(right * plan.unit_w, plan.columns) - left * plan.unit_w
    runs, length = (1, rows * columns) if columns == plan.columns else (rows, columns)
    plane = plan.rows * plan.columns
    for n in range(last_image - image):
        to = ((image + n) * plan.groups + group) * plan.filters + first
        to = to * plane + top * plan.unit_h * plan.columns + left * plan.unit_w
        for run in range(runs):
            for entry in range(0, length, plan.lanes):
                transpose_out(
                    sums,
                    start + ((n * runs + run) * length + entry) * plan.lanes,
                    zeros,
                    0,
                    out,
                    to + run * plan.columns + entry,
                    plane,
                    filters,
                    length - entry,
                )
