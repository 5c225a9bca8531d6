"""One block of packed rows times many vectors, a tile at a time: the inner loop of every direct convolution."""

from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.microkernel import VECTORS, multiply_tile_ahead


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

    The sums of vector v go to places[v] + out_start of `out`, without its first skips[v] lanes.
    """
    keep_small()
    v = 0
    while v < vectors:
        rest = vectors - v
        # Two tiles of two vectors are faster than one of three and one of one.
        count = min(VECTORS, rest) if rest != 4 else 2
        first, place = starts[v] + shift, places[v] + out_start
        if count == 1:
            multiply_tile_ahead(
                terms, column, 0, source, (first,), offsets, out, (place,), of_filter, rows,
                (skips[v],), base, base_start, is_more,
            )  # fmt: skip
        elif count == 2:
            multiply_tile_ahead(
                terms, column, 0, source, (first, starts[v + 1] + shift), offsets, out,
                (place, places[v + 1] + out_start), of_filter, rows,
                (skips[v], skips[v + 1]), base, base_start, is_more,
            )  # fmt: skip
        else:
            multiply_tile_ahead(
                terms, column, 0, source, (first, starts[v + 1] + shift, starts[v + 2] + shift), offsets, out,
                (place, places[v + 1] + out_start, places[v + 2] + out_start), of_filter, rows,
                (skips[v], skips[v + 1], skips[v + 2]), base, base_start, is_more,
            )  # fmt: skip
        v += count
