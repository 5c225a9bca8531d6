"""The algorithms that are used, and their transforms as compiled functions.

====================  ==========================  ===============  ==========
kernels of            algorithm                   multiplications  instead of
====================  ==========================  ===============  ==========
3x3                   F(2x2, 3x3)                 16               36
3x3                   F(4x4, 3x3)                 36               144
3x3, weight gradient  F(3x3, 4x4)                 36               144
5x5                   F(2x4, 5x5)                 48               200
5x5, weight gradient  F(5x5, 2x4)                 48               200
====================  ==========================  ===============  ==========

An algorithm of n products along an axis has n - 1 points, whatever it makes of them: those of 36 have the same ones,
and so the same transform of the data. A tile of 5x5 kernels is longer across than down: one of 2x2 outputs takes 9
products for each, one of 2x4 takes 6, and one of 4x4 would take 4; but its errors are five times those of 2x2 or more.

The points decide the error. Measured by kappa (`cook_toom.Bilinear.amplification`), whose square is in the proven
bound, the usual 0, 1, -1, 2, -2 have 29.3, and these 12.7: the least that 0, a, -a, b, -b up to 2 have where a and b
are multiples of an eighth, so that all entries of A and B are exact floats. 0, 1, -1 have 4. The seven of eight
products have 39.6, the least up to 5/2 in eighths. Of two axes, the kappas are multiplied.
"""

from fractions import Fraction

from numba import njit

from convoracle.fast.simd.copying import clear
from convoracle.fast.simd.transforms import MOST_SQUARE, transform_by, transpose_in
from convoracle.fast.winograd.cook_toom import cook_toom

POINTS = {
    4: (0, 1, -1),
    6: (0, Fraction(5, 8), Fraction(-5, 8), Fraction(13, 8), Fraction(-13, 8)),
    8: (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2)),
}
"""By the products along an axis."""

F_2_3, F_4_3, F_2_5 = cook_toom(2, 3, POINTS[4]), cook_toom(4, 3, POINTS[6]), cook_toom(2, 5, POINTS[6])
F_4_5 = cook_toom(4, 5, POINTS[8])
F_3_4, F_5_2, F_5_4 = cook_toom(3, 4, POINTS[6]), cook_toom(5, 2, POINTS[6]), cook_toom(5, 4, POINTS[8])

_data_4, _data_6 = (transform_by(algorithm.data) for algorithm in (F_2_3, F_4_3))
_filter_2_3, _filter_4_3, _filter_3_4 = (transform_by(algorithm.filter) for algorithm in (F_2_3, F_4_3, F_3_4))
_inverse_2_3, _inverse_4_3, _inverse_3_4 = (
    transform_by(algorithm.inverse, is_checked=True) for algorithm in (F_2_3, F_4_3, F_3_4)
)
_data_6_8 = transform_by(F_2_5.data, F_4_5.data)
_filter_24_5, _filter_5_24 = transform_by(F_2_5.filter, F_4_5.filter), transform_by(F_5_2.filter, F_5_4.filter)
_inverse_24_5, _inverse_5_24 = (
    transform_by(down.inverse, across.inverse, is_checked=True) for down, across in ((F_2_5, F_4_5), (F_5_2, F_5_4))
)


@njit(inline="always")
def transform_data(tile, taps, source, start, row_step, column_step, target, to, to_step):  # type: ignore[no-untyped-def]
    """Transform a tile of the input; the products it takes part in, as many as it has numbers, are `to_step` apart."""
    if taps == 5:
        _data_6_8(source, start, row_step, column_step, target, to, 8 * to_step, to_step)
    elif tile == 4:
        _data_6(source, start, row_step, column_step, target, to, 6 * to_step, to_step)
    else:
        _data_4(source, start, row_step, column_step, target, to, 4 * to_step, to_step)


@njit(inline="always")
def transform_filter(tile, taps, source, start, row_step, column_step, target, to, to_step):  # type: ignore[no-untyped-def]
    """Transform a kernel of taps x taps; the products it takes part in are `to_step` apart."""
    if taps == 5:
        _filter_24_5(source, start, row_step, column_step, target, to, 8 * to_step, to_step)
    elif tile == 4:
        _filter_4_3(source, start, row_step, column_step, target, to, 6 * to_step, to_step)
    else:
        _filter_2_3(source, start, row_step, column_step, target, to, 4 * to_step, to_step)


@njit(inline="always")
def transform_sums(tile, taps, source, start, step, target, to, row_step, column_step):  # type: ignore[no-untyped-def]
    """Transform sums of products, `step` apart, into a tile of outputs; return whether all of them are finite."""
    if taps == 5:
        return _inverse_24_5(source, start, 8 * step, step, target, to, row_step, column_step)
    if tile == 4:
        return _inverse_4_3(source, start, 6 * step, step, target, to, row_step, column_step)
    return _inverse_2_3(source, start, 4 * step, step, target, to, row_step, column_step)


@njit(inline="always")
def transform_grad(taps, source, start, row_step, column_step, target, to, to_step):  # type: ignore[no-untyped-def]
    """Transform a tile of the output gradient, which takes the place of the filter where taps x taps are outputs."""
    if taps == 5:
        _filter_5_24(source, start, row_step, column_step, target, to, 8 * to_step, to_step)
    else:
        _filter_3_4(source, start, row_step, column_step, target, to, 6 * to_step, to_step)


@njit(inline="always")
def transform_weight_sums(taps, source, start, step, target, to, row_step, column_step):  # type: ignore[no-untyped-def]
    """Transform sums of products, `step` apart, into a kernel's gradient; return whether all of it is finite."""
    if taps == 5:
        return _inverse_5_24(source, start, 8 * step, step, target, to, row_step, column_step)
    return _inverse_3_4(source, start, 6 * step, step, target, to, row_step, column_step)


@njit(inline="always")
def turn_planes(  # type: ignore[no-untyped-def]
    source, start, height, width, planes, first_row, row_step, first_column, rows, columns, turned, lanes
):
    """Copy a window of some planes, their numbers at a position together, with zeros where it is outside of them.

    Its rows are `row_step` apart in the planes.
    """
    begin = min(max(-first_column, 0), columns)
    end = max(min(width - first_column, columns), begin)
    plane, square = height * width, min(lanes, MOST_SQUARE)
    for i in range(rows):
        to, row = i * columns * lanes, first_row + i * row_step
        if row < 0 or row >= height or begin == end:
            clear(turned, to, columns * lanes)
            continue
        place = start + row * width + first_column
        for n in range(0, lanes, square):
            for j in range(begin, end, square):
                # What a square writes beyond the row is written over: by the zeros after it, or the next row.
                transpose_in(
                    source, place + n * plane + j, plane, planes - n, end - j, turned, to + j * lanes + n, lanes
                )
        clear(turned, to, begin * lanes)
        clear(turned, to + end * lanes, (columns - end) * lanes)
