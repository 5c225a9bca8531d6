"""Constant matrices applied to vectors, transpositions and the tile of unpacked rows: against NumPy, lane by lane."""

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from convoracle.fast.simd.microkernel import ROWS
from convoracle.fast.simd.panels import multiply_panel
from convoracle.fast.simd.transforms import MOST_SQUARE, transform_by, transpose_in, transpose_out
from convoracle.fast.simd.vectors import lanes_of

DTYPES = (np.float32, np.float64)
MATRIX = ((1, 0, -1, 0), (2, 3, 2, 1), (2, -3, 2, -1), (0, 0, 0, 5), (0, 1, 0, 1), (-1, 0, 0, 1))
"""Rows that are equal but for signs, with and without something to share; of integers, so that sums are exact."""

_transform = transform_by([[Fraction(entry) for entry in row] for row in MATRIX])
_backward = transform_by([[Fraction(entry) for entry in row] for row in zip(*MATRIX, strict=True)], is_checked=True)


@njit
def transform(source, start, row_step, column_step, target):  # type: ignore[no-untyped-def]
    return _transform(source, start, row_step, column_step, target, 3, 7 * 20, 20)


@njit
def transform_backward(source, start, row_step, column_step, target):  # type: ignore[no-untyped-def]
    return _backward(source, start, row_step, column_step, target, 3, 7 * 20, 20)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("kernel", "matrix"), [(transform, MATRIX), (transform_backward, tuple(zip(*MATRIX, strict=True)))]
)
def test_a_transform_is_two_matrix_products(dtype: type, kernel: object, matrix: tuple[tuple[int, ...], ...]) -> None:
    size, lanes = len(matrix[0]), lanes_of(np.dtype(dtype))
    source = np.random.default_rng(0).integers(-9, 10, 3000).astype(dtype)
    target = np.full(1000, -1, dtype)
    assert kernel(source, 2000, -130, 21, target)  # type: ignore[operator]
    square = np.array([[source[2000 - 130 * i + 21 * j :][:lanes] for j in range(size)] for i in range(size)])
    expected = np.einsum("ik,klv,jl->ijv", matrix, square, matrix)
    written = np.zeros(1000, bool)
    for i, row in enumerate(expected):
        for j, vector in enumerate(row):
            place = slice(3 + 140 * i + 20 * j, 3 + 140 * i + 20 * j + lanes)
            np.testing.assert_array_equal(target[place], vector)
            written[place] = True
    assert (target[~written] == -1).all()


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_a_checked_transform_tells_of_numbers_that_are_not_finite(number: float) -> None:
    lanes = lanes_of(np.dtype(np.float32))
    for lane in range(lanes):
        source = np.ones(36 * lanes, np.float32)
        assert transform_backward(source, 0, 6 * lanes, lanes, np.empty(1000, np.float32))
        source[14 * lanes + lane] = number
        assert not transform_backward(source, 0, 6 * lanes, lanes, np.empty(1000, np.float32))


@njit
def turn_in(source, start, step, rows, count, target, to, pitch):  # type: ignore[no-untyped-def]
    transpose_in(source, start, step, rows, count, target, to, pitch)


@njit
def turn_out(source, start, base, base_start, target, to, step, rows, count):  # type: ignore[no-untyped-def]
    transpose_out(source, start, base, base_start, target, to, step, rows, count)


@pytest.mark.parametrize("dtype", DTYPES)
def test_transpositions_touch_what_they_are_told_to(dtype: type) -> None:
    lanes = lanes_of(np.dtype(dtype))
    size, pitch = min(lanes, MOST_SQUARE), lanes + 1
    numbers = np.arange(1, 40 * lanes + 1).astype(dtype)
    for rows, count in ((lanes, lanes), (1, lanes + 3), (size - 1, 1), (lanes + 9, 3), (0, 2)):
        seen, width = min(rows, size), min(count, size)
        # The last number that is read is the last there is: nothing behind it may be touched.
        source = numbers[: 40 + (seen - 1) * 31 + width]
        target = np.full(size * pitch + 1, -1, dtype)
        turn_in(source, 40, 31, seen, count, target, 1, pitch)
        square = target[1:].reshape(size, pitch)
        for row in range(size):
            np.testing.assert_array_equal(square[:width, row], source[40 + 31 * min(row, seen - 1) :][:width])
        assert not square[width:, :size].any()
        assert target[0] == -1
        assert (square[:, size:] == -1).all()

        base = np.arange(lanes + 2).astype(dtype)
        out = np.full(2 + 33 * lanes, -1, dtype)
        turn_out(numbers, 3, base, 2, out, 1, 33, rows, count)
        expected = out.copy()
        seen, width = min(rows, lanes), min(count, lanes)
        for row in range(seen):
            expected[1 + 33 * row :][:width] = numbers[3 + row :: lanes][:width] + base[2 + row]
        np.testing.assert_array_equal(out, expected)
        assert (out != -1).sum() == seen * width


@njit
def multiply(rows, depth, a, row_step, term_step, b, out, step, is_more):  # type: ignore[no-untyped-def]
    if rows == ROWS:
        multiply_panel(ROWS, 2, depth, a, 1, row_step, term_step, b, 2, out, 3, step, is_more)
    else:
        multiply_panel(1, 3, depth, a, 1, row_step, term_step, b, 2, out, 3, step, is_more)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "vectors"), [(ROWS, 2), (1, 3)])
@pytest.mark.parametrize(("row_step", "term_step"), [(9, 1), (1, 11)])
def test_a_panel_is_a_matrix_product(dtype: type, rows: int, vectors: int, row_step: int, term_step: int) -> None:
    rng, depth, width = np.random.default_rng(0), 7, vectors * lanes_of(np.dtype(dtype))
    a, b, before = (rng.integers(-9, 10, size).astype(dtype) for size in (200, 2 + depth * width, 2000))
    factors = np.array([[a[1 + i * row_step + k * term_step] for k in range(depth)] for i in range(rows)])
    product = factors @ b[2:].reshape(depth, width)
    for is_more in (False, True):
        out, expected = before.copy(), before.copy()
        for i in range(rows):
            place = slice(3 + i * (width + 5), 3 + i * (width + 5) + width)
            expected[place] = product[i] + (before[place] if is_more else 0)
        multiply(rows, depth, a, row_step, term_step, b, out, width + 5, is_more)
        np.testing.assert_array_equal(out, expected)
