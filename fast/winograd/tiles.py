"""The algorithms that are used, and their transforms as compiled functions.

F(4x4, 3x3) makes 16 outputs with 36 multiplications instead of 144, F(2x2, 3x3) 4 with 16 instead of 36, and the weight
gradient by F(3x3, 4x4) sums 16 outputs' share in 9 taps with 36.

The points decide the error. Measured by kappa (`cook_toom.Bilinear.amplification`), whose square is in the proven
bound, the usual 0, 1, -1, 2, -2 of F(4, 3) have 29.3, and these 12.7: the least that 0, a, -a, b, -b up to 2 have where
a and b are multiples of an eighth, so that all entries of A and B are exact floats. The weight gradient has the same
points, and the same kappa. F(2, 3) at 0, 1, -1 has 4.
"""

from fractions import Fraction

from numba import njit

from convoracle.fast.simd.transforms import MOST_SQUARE, transform_by, transpose_in
from convoracle.fast.winograd.cook_toom import cook_toom

POINTS_OF_2 = (0, 1, -1)
POINTS_OF_4 = (0, Fraction(5, 8), Fraction(-5, 8), Fraction(13, 8), Fraction(-13, 8))

F2 = cook_toom(2, 3, POINTS_OF_2)
F4 = cook_toom(4, 3, POINTS_OF_4)
F4_TRANSPOSED = cook_toom(3, 4, POINTS_OF_4)

_data_2, _data_4 = transform_by(F2.data), transform_by(F4.data)
_filter_2, _filter_4 = transform_by(F2.filter), transform_by(F4.filter)
_inverse_2, _inverse_4 = (transform_by(algorithm.inverse, is_checked=True) for algorithm in (F2, F4))
_filter_transposed = transform_by(F4_TRANSPOSED.filter)
_inverse_transposed = transform_by(F4_TRANSPOSED.inverse, is_checked=True)


@njit(inline="always")
def transform_data(tile, source, start, row_step, column_step, target, to, to_step):  # type: ignore[no-untyped-def]
    """Transform a tile of the input; the products it takes part in are `to_step` apart."""
    if tile == 4:
        _data_4(source, start, row_step, column_step, target, to, 6 * to_step, to_step)
    else:
        _data_2(source, start, row_step, column_step, target, to, 4 * to_step, to_step)


@njit(inline="always")
def transform_filter(tile, source, start, row_step, column_step, target, to, to_step):  # type: ignore[no-untyped-def]
    """Transform a 3x3 kernel; the products it takes part in are `to_step` apart."""
    if tile == 4:
        _filter_4(source, start, row_step, column_step, target, to, 6 * to_step, to_step)
    else:
        _filter_2(source, start, row_step, column_step, target, to, 4 * to_step, to_step)


@njit(inline="always")
def transform_sums(tile, source, start, step, target, to, row_step, column_step):  # type: ignore[no-untyped-def]
    """Transform sums of products, `step` apart, into a tile of outputs; return whether all of them are finite."""
    if tile == 4:
        return _inverse_4(source, start, 6 * step, step, target, to, row_step, column_step)
    return _inverse_2(source, start, 4 * step, step, target, to, row_step, column_step)


@njit(inline="always")
def transform_grad(source, start, row_step, column_step, target, to, to_step):  # type: ignore[no-untyped-def]
    """Transform a tile of the output gradient, as `F4_TRANSPOSED` does with its filters."""
    _filter_transposed(source, start, row_step, column_step, target, to, 6 * to_step, to_step)


@njit(inline="always")
def transform_weight_sums(source, start, step, target, to, row_step, column_step):  # type: ignore[no-untyped-def]
    """Transform sums of products, `step` apart, into nine gradients; return whether all of them are finite."""
    return _inverse_transposed(source, start, 6 * step, step, target, to, row_step, column_step)


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
            turned[to : to + columns * lanes] = 0
            continue
        place = start + row * width + first_column
        for n in range(0, lanes, square):
            for j in range(begin, end, square):
                # What a square writes beyond the row is written over: by the zeros after it, or the next row.
                transpose_in(
                    source, place + n * plane + j, plane, planes - n, end - j, turned, to + j * lanes + n, lanes
                )
        turned[to : to + begin * lanes] = 0
        turned[to + end * lanes : to + columns * lanes] = 0
