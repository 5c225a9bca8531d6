"""One block of packed rows times many vectors, a tile at a time: the inner loop of direct convolutions."""

from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.microkernel import HALF, ROWS, VECTORS, multiply_tile

MOST = 2 * VECTORS
"""Vectors of a tile of HALF rows."""


@inner
def multiply_block(  # type: ignore[no-untyped-def]
    terms,
    column,
    source,
    shift,
    starts,
    offsets,
    out,
    out_start,
    places,
    of_filter,
    rows,
    skips,
    base,
    base_start,
    is_more,
    vectors,
):
    """Multiply ROWS packed rows, `column`, by the vectors at starts[v] + shift of `source`; see `multiply_tile`.

    The sums of vector v go to places[v] + out_start of `out`, without its first skips[v] lanes. If only few rows are
    wanted, only HALF are computed.
    """
    keep_small()
    v = 0
    while v < vectors:
        rest = vectors - v
        if rows > HALF:
            # Two tiles of two vectors are faster than one of three and one of one.
            count = min(VECTORS, rest) if rest != 4 else 2
        else:
            count = MOST if rest >= MOST else VECTORS if rest >= VECTORS else 1
        if rows > HALF and count == VECTORS:
            multiply_tile(
                ROWS, VECTORS, terms, column, 0, source, shift, starts, offsets, out, out_start, places, of_filter,
                rows, skips, v, base, base_start, is_more,
            )  # fmt: skip
        elif rows > HALF and count == 2:
            multiply_tile(
                ROWS, 2, terms, column, 0, source, shift, starts, offsets, out, out_start, places, of_filter,
                rows, skips, v, base, base_start, is_more,
            )  # fmt: skip
        elif rows > HALF:
            multiply_tile(
                ROWS, 1, terms, column, 0, source, shift, starts, offsets, out, out_start, places, of_filter,
                rows, skips, v, base, base_start, is_more,
            )  # fmt: skip
        elif count == MOST:
            multiply_tile(
                HALF, MOST, terms, column, 0, source, shift, starts, offsets, out, out_start, places, of_filter,
                rows, skips, v, base, base_start, is_more,
            )  # fmt: skip
        elif count == VECTORS:
            multiply_tile(
                HALF, VECTORS, terms, column, 0, source, shift, starts, offsets, out, out_start, places, of_filter,
                rows, skips, v, base, base_start, is_more,
            )  # fmt: skip
        else:
            multiply_tile(
                HALF, 1, terms, column, 0, source, shift, starts, offsets, out, out_start, places, of_filter,
                rows, skips, v, base, base_start, is_more,
            )  # fmt: skip
        v += count
