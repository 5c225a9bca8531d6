"""The matrix products in the middle of Winograd's algorithm, one for each product of the tiles."""

from numba import njit

from convoracle.fast.simd.microkernel import ROWS
from convoracle.fast.simd.panels import multiply_panel

HALF = ROWS // 2
"""Rows of the smaller register tile, for the last few."""


@njit(inline="always")
def multiply_rows(  # type: ignore[no-untyped-def]
    rows, vectors, depth, a, a_start, row_step, term_step, b, b_start, sums, start, step, is_more
):
    """Multiply rows by a panel of 1, 2 or 3 vectors, as `multiply_panel` does.

    Rows are computed by ROWS or HALF: a, and sums, must have room for as many.
    """
    for row in range(0, rows, ROWS):
        place, to = a_start + row * row_step, start + row * step
        if rows - row > HALF:
            if vectors == 3:
                multiply_panel(ROWS, 3, depth, a, place, row_step, term_step, b, b_start, sums, to, step, is_more)
            elif vectors == 2:
                multiply_panel(ROWS, 2, depth, a, place, row_step, term_step, b, b_start, sums, to, step, is_more)
            else:
                multiply_panel(ROWS, 1, depth, a, place, row_step, term_step, b, b_start, sums, to, step, is_more)
        elif vectors == 3:
            multiply_panel(HALF, 3, depth, a, place, row_step, term_step, b, b_start, sums, to, step, is_more)
        elif vectors == 2:
            multiply_panel(HALF, 2, depth, a, place, row_step, term_step, b, b_start, sums, to, step, is_more)
        else:
            multiply_panel(HALF, 1, depth, a, place, row_step, term_step, b, b_start, sums, to, step, is_more)
