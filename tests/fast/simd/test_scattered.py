"""The tile of scattered rows: every lane against NumPy, the bits of the other tile, and what must not be touched."""

import numpy as np
import pytest
from numba import njit

from convoracle.fast.simd.microkernel import HALF, ROWS, VECTORS, multiply_tile
from convoracle.fast.simd.scattered import multiply_scattered
from convoracle.fast.simd.vectors import lanes_of


@njit
def multiply(is_whole, depth, a, starts, terms, b, out, places, out_step, base, is_more):  # type: ignore[no-untyped-def]
    if is_whole:
        multiply_scattered(
            ROWS, VECTORS, depth, a, 2, starts, terms, 1, b, 5, out, 3, places, out_step, 1, base, 4, is_more
        )
    else:
        multiply_scattered(HALF, 1, depth, a, 2, starts, terms, 1, b, 5, out, 3, places, out_step, 1, base, 4, is_more)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("is_more", [True, False])
def test_a_tile_is_a_matrix_product_of_scattered_rows(dtype: type, is_whole: bool, is_more: bool) -> None:
    rng, lanes, depth = np.random.default_rng(0), lanes_of(np.dtype(dtype)), 7
    rows, vectors = (ROWS, VECTORS) if is_whole else (HALF, 1)
    a, b, base = (
        rng.integers(-9, 10, n).astype(dtype) for n in (300, 5 + (1 + depth) * vectors * lanes, 4 + vectors * lanes)
    )
    starts, terms = (
        rng.integers(0, 200, 1 + rows),
        np.stack([rng.integers(0, 90, 1 + depth), rng.permutation(1 + depth)], 1),
    )
    places, out_step = 1 + rng.permutation(1 + rows) * (lanes + 1), (rows + 2) * (lanes + 1)
    before = rng.integers(-9, 10, 3 + vectors * out_step).astype(dtype)
    expected = before.copy()
    for i in range(rows):
        for j in range(vectors):
            at = 3 + places[1 + i] + j * out_step + np.arange(lanes)
            panel = b[5:].reshape(1 + depth, vectors, lanes)[terms[1:, 1], j]
            total = a[2 + starts[1 + i] + terms[1:, 0]] @ panel
            expected[at] = total + (before[at] if is_more else base[4 + j * lanes :][:lanes])
    out = before.copy()
    multiply(is_whole, depth, a, starts, terms, b, out, places, out_step, base, is_more)
    np.testing.assert_array_equal(out, expected)


@njit
def multiply_both(depth, x, weight, offsets, of_filters, of_outputs, zeros):  # type: ignore[no-untyped-def]
    one = np.arange(ROWS)
    none = np.zeros(1, np.int64)
    terms = np.stack((offsets, np.arange(depth)), 1)
    multiply_tile(
        ROWS, 1, depth, weight, 0, x, 0, none, offsets, of_outputs, 0, none, 64, ROWS, none, 0, zeros, 0, False
    )
    multiply_scattered(ROWS, 1, depth, x, 0, one, terms, 0, weight, 0, of_filters, 0, 64 * one, 0, 0, zeros, 0, False)


def test_both_tiles_compute_the_same_bits() -> None:
    """The first ROWS outputs of the first ROWS filters, once with outputs in the lanes, once with filters."""
    rng, lanes, depth = np.random.default_rng(0), lanes_of(np.dtype(np.float32)), 50
    x, weight = (rng.standard_normal(n).astype(np.float32) for n in (200, depth * lanes))
    by_rows = weight.reshape(depth, lanes)
    packed = np.zeros((depth, lanes), np.float32)
    packed.reshape(-1)[: depth * ROWS] = by_rows[:, :ROWS].reshape(-1)
    of_filters, of_outputs, zeros = (np.zeros(64 * ROWS, np.float32) for _ in range(3))
    offsets = rng.integers(0, 100, depth)
    multiply_both(depth, x, weight, offsets, of_filters, np.zeros_like(of_outputs), zeros)
    multiply_both(depth, x, packed.reshape(-1), offsets, np.zeros_like(of_filters), of_outputs, zeros)
    square = slice(0, min(ROWS, lanes))
    one, other = (array.reshape(ROWS, 64)[square, square] for array in (of_filters, of_outputs))
    assert one.any()
    assert one.tobytes() == other.T.tobytes()
