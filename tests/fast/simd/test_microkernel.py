"""The intrinsics: every lane of a tile, against NumPy, and what must not be touched."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

from convoracle.fast.simd.copying import copy_apart, copy_lanes, copy_line, pack_columns, spread_pairs
from convoracle.fast.simd.microkernel import HALF, ROWS, VECTORS, multiply_tile
from convoracle.fast.simd.vectors import lanes_of

DTYPES = (np.float32, np.float64)


@njit
def multiply(is_whole, depth, a, b, starts, offsets, out, places, step, rows, skips, base, is_more):  # type: ignore[no-untyped-def]
    if is_whole:
        multiply_tile(
            ROWS, VECTORS, depth, a, 3, b, 1, starts, offsets, out, 2, places, step, rows, skips, 1, base, 1, is_more
        )
    else:
        multiply_tile(
            HALF, 1, depth, a, 3, b, 1, starts, offsets, out, 2, places, step, rows, skips, 1, base, 1, is_more
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize(
    ("rows", "skips", "is_more"), [(ROWS, (0, 0, 0), False), (3, (0, 0, 1), True), (1, (2, 1, 0), False)]
)
def test_a_tile_is_a_matrix_product_and_stores_only_what_it_is_told_to(
    dtype: type, is_whole: bool, rows: int, skips: tuple[int, ...], is_more: bool
) -> None:
    rng, lanes, depth = np.random.default_rng(0), lanes_of(np.dtype(dtype)), 7
    a, b = (rng.integers(-9, 10, n).astype(dtype) for n in (3 + depth * ROWS, 400))
    starts, offsets = np.array([999, 3, 50, 51]), rng.integers(0, 300, depth)
    base, step = np.arange(ROWS + 1).astype(dtype), 3 * lanes + 5
    before = rng.integers(-9, 10, ROWS * step + 2).astype(dtype)
    places, skips = np.array([999, 0, lanes, 2 * lanes + 2]), (999, *skips)
    expected = before.copy()
    for i in range(rows if is_whole else min(rows, HALF)):
        for j in range(1, 1 + (VECTORS if is_whole else 1)):
            for lane in range(skips[j], lanes):
                total = sum(a[3 + k * ROWS + i] * b[1 + starts[j] + offsets[k] + lane] for k in range(depth))
                at = 2 + places[j] + i * step + lane
                expected[at] = total + (before[at] if is_more else base[1 + i])
    out = before.copy()
    multiply(is_whole, depth, a, b, starts, offsets, out, places, step, rows, np.array(skips), base, is_more)
    np.testing.assert_array_equal(out, expected)


@njit
def pack(source, start, step, target, target_step):  # type: ignore[no-untyped-def]
    pack_columns(source, start, step, target, 1, target_step)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gap", [0, 3])
def test_packing_is_a_transposition(dtype: type, gap: int) -> None:
    lanes = lanes_of(np.dtype(dtype))
    source = np.arange(ROWS * (lanes + 2) + 2).astype(dtype)
    target = np.full(1 + lanes * (ROWS + gap), -1, dtype)
    pack(source, 2, lanes + 2, target, ROWS + gap)
    packed = target[1:].reshape(lanes, ROWS + gap)
    rows = np.lib.stride_tricks.sliding_window_view(source[2:], lanes)[:: lanes + 2][:ROWS]
    np.testing.assert_array_equal(packed[:, :ROWS], rows.T)
    assert (packed[:, ROWS:] == -1).all()
    assert target[0] == -1


@njit
def copy_some(source, target, count):  # type: ignore[no-untyped-def]
    copy_lanes(source, 0, target, 1, count)


@pytest.mark.parametrize("dtype", DTYPES)
def test_copying_some_lanes_leaves_the_others(dtype: type) -> None:
    lanes = lanes_of(np.dtype(dtype))
    for count in range(lanes + 2):
        target = np.zeros(lanes + 2, dtype)
        copy_some(np.ones(lanes, dtype), target, count)
        np.testing.assert_array_equal(target, [0, *[1] * min(count, lanes), *[0] * (lanes - min(count, lanes)), 0])


@njit
def copy_one(source, width, column, stride, target):  # type: ignore[no-untyped-def]
    if stride == 1:
        copy_apart(1, source, 1, width, column, target, 0)
    elif stride == 2:
        copy_apart(2, source, 1, width, column, target, 0)
    else:
        copy_apart(stride, source, 1, width, column, target, 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_line_is_zero_beyond_its_ends(dtype: type, stride: int) -> None:
    lanes, width = lanes_of(np.dtype(dtype)), 9
    source = np.array([np.nan, *range(1, width + 1), np.nan], dtype)
    for column in range(-3 * lanes, width + 3):
        target = np.full(lanes, -1, dtype)
        copy_one(source, width, column, stride, target)
        columns = column + stride * np.arange(lanes)
        np.testing.assert_array_equal(target, np.where((columns >= 0) & (columns < width), columns + 1, 0))


@njit
def copy_whole_line(source, width, column, stride, target, count):  # type: ignore[no-untyped-def]
    if stride == 1:
        copy_line(1, source, 1, width, column, target, 1, count)
    elif stride == 2:
        copy_line(2, source, 1, width, column, target, 1, count)
    elif stride == 4:
        copy_line(4, source, 1, width, column, target, 1, count)
    else:
        copy_line(stride, source, 1, width, column, target, 1, count)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_a_line_is_copied_in_whole_vectors(dtype: type, stride: int) -> None:
    lanes = lanes_of(np.dtype(dtype))
    width, count = 7 * lanes + 3, lanes + 1
    source = np.array([np.nan, *range(1, width + 1), np.nan], dtype)
    for column in range(-lanes - 1, width + 1):
        target = np.full(2 * lanes + 2, -1, dtype)
        copy_whole_line(source, width, column, stride, target, count)
        columns = column + stride * np.arange(2 * lanes)
        np.testing.assert_array_equal(target[1:-1], np.where((columns >= 0) & (columns < width), columns + 1, 0))
        assert target[0] == target[-1] == -1


@njit
def spread(source, target, count):  # type: ignore[no-untyped-def]
    spread_pairs(source, 0, target, 1, count)


@pytest.mark.parametrize("dtype", DTYPES)
def test_spreading_leaves_what_is_between(dtype: type) -> None:
    lanes = lanes_of(np.dtype(dtype))
    for count in range(lanes + 2):
        target = np.full(2 * lanes + 2, -1, dtype)
        spread(np.arange(lanes).astype(dtype), target, count)
        expected = np.full(2 * lanes + 2, -1, dtype)
        expected[1 : 1 + 2 * min(count, lanes) : 2] = np.arange(min(count, lanes))
        np.testing.assert_array_equal(target, expected)


PROGRAM = """
import numpy as np
import convoracle as co
from convoracle.fast.simd import microkernel, vectors

rng = np.random.default_rng(0)
draw = lambda *shape: rng.integers(-3, 4, shape).astype(np.float32)

def compare(name, *operands, **options):
    found, wanted = (getattr(co, name)(*operands, **options, backend=one) for one in ("direct", "im2col"))
    for one, other in zip(*(each if isinstance(each, tuple) else (each,) for each in (found, wanted)), strict=True):
        np.testing.assert_array_equal(one, other)

for size, filters in ((20, 9), (7, 13)):
    x, weight, options = draw(2, 5, size, size + 2), draw(filters, 5, 3, 2), {"stride": (1, 2), "padding": 1}
    compare("conv2d", x, weight, **options)
    compare("conv2d_backward", draw(2, filters, size, size // 2 + 2), x, weight, **options)
    for stride in (1, 2, 3):
        compare("max_pool2d", x, 3, stride, 1, return_indices=True)
if vectors.VECTOR_BITS == 128:  # fewer numbers in a vector than rows in a tile
    compare("conv2d_input_grad", draw(1, 5, 8, 8).astype(np.float64), draw(5, 9, 1, 1).astype(np.float64), (1, 9, 8, 8))
print(vectors.VECTOR_BITS, microkernel.ROWS, microkernel.VECTORS)
"""


@pytest.mark.parametrize(("processor", "tile"), [("haswell", "256 4 3"), ("x86-64", "128 4 2")])
def test_the_tile_follows_the_processor_numba_compiles_for(processor: str, tile: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""},
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == tile
