"""The normwise bounds: kept by SciPy's transforms of every radix, and by Winograd's algorithm written out."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.fft

from convoracle.harness import bounds
from convoracle.harness.cases.choices import Choices

# pocketfft has codelets for 2, 3, 4, 5, 7, 8, 11, a general one, and Bluestein's algorithm for large primes.
SIZES = (8, 16, 27, 49, 60, 121, 125, 169, 210, 256, 289, 343, 1024, 1009, 2187)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES)
def test_correlation_by_fft_keeps_its_bound(size: int, dtype: str) -> None:
    choices = Choices(size, dtype)
    digits = {"float32": 2**24, "float64": 2**53}[dtype]
    a, b = choices.integers((size,), -digits, digits), choices.integers((size,), -digits, digits)
    b[5:] = 0
    spectra = [scipy.fft.rfft(values.astype(dtype)) for values in (a, b)]
    got = scipy.fft.irfft(spectra[0] * np.conj(spectra[1]), size)
    assert got.dtype == dtype
    norms = math.sqrt(sum(int(value) ** 2 for value in a)) * sum(abs(int(value)) for value in b)
    bound = bounds.fft(math.log2(2 * size), 0, norms, dtype)
    whole_a, whole_b = [int(value) for value in a], [int(value) for value in b]
    for shift in range(0, size, max(size // 60, 1)):
        exact = sum(whole_a[(shift + tap) % size] * whole_b[tap] for tap in range(5))
        assert abs(Fraction(float(got[shift])) - exact) <= Fraction(bound)


def test_the_fft_bound_in_literals() -> None:
    for dtype, u in (("float32", 2.0**-24), ("float64", 2.0**-53), ("float16", 2.0**-24)):
        assert bounds.fft(10.0, 0, 3.0, dtype) == bounds.gamma(248, u) * 3.0
        assert bounds.fft(10.01, 0, 1.0, dtype) == bounds.gamma(249, u)
        assert bounds.fft(10.0, 7, 1.0, dtype) == bounds.gamma(255, u)


# Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: equations 2 and section 4.3.
F2 = (
    np.array([[1, 1, 1, 0], [0, 1, -1, -1]]),
    np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2,
    np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
)
F4 = (
    np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]),
    np.array(
        [
            [1 / 4, 0, 0],
            [-1 / 6] * 3,
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ]
    ),
    np.array(
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ]
    ),
)


POINTS, SCALES = (0, 1, -1, 2, -2), (1 / 4, -1 / 6, -1 / 6, 1 / 24, 1 / 24)


def at_the_points_of_f4(outputs: int, taps: int) -> tuple[np.ndarray, ...]:
    """F(2, 5) or F(5, 2): powers of the same points, and the same data."""
    inverse = [[point**power for point in POINTS] + [power == outputs - 1] for power in range(outputs)]
    scaled = [[scale * point**power for power in range(taps)] for point, scale in zip(POINTS, SCALES, strict=True)]
    return np.array(inverse, float), np.array([*scaled, [power == taps - 1 for power in range(taps)]], float), F4[2]


ALGORITHMS = {"F(2,3)": F2, "F(4,3)": F4, "F(2,5)": at_the_points_of_f4(2, 5), "F(5,2)": at_the_points_of_f4(5, 2)}


def winograd(tiles: np.ndarray, kernels: np.ndarray, matrices: tuple[np.ndarray, ...]) -> np.ndarray:
    """Sum over channels of one tile's Winograd products, everything rounded to the dtype of the tiles."""
    inverse, of_filter, of_data = (matrix.astype(tiles.dtype) for matrix in matrices)
    total = np.zeros((of_data.shape[0],) * 2, tiles.dtype)
    for tile, kernel in zip(tiles, kernels, strict=True):
        total = total + (of_filter @ kernel @ of_filter.T) * (of_data @ tile @ of_data.T)
    return np.asarray(inverse @ total @ inverse.T)


@pytest.mark.parametrize("kind", ["random", "worst sign"])
@pytest.mark.parametrize("channels", [1, 3, 16])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_winograd_keeps_its_bound(name: str, channels: int, kind: str) -> None:
    matrices = ALGORITHMS[name]
    (m, _), (_, r) = matrices[0].shape, matrices[1].shape
    choices = Choices(m, channels, kind)
    largest = 0.0
    for _ in range(30):
        digits = 2**24
        tiles = choices.integers((channels, m + r - 1, m + r - 1), -digits, digits)
        kernels = choices.integers((channels, r, r), -digits, digits)
        if kind == "worst sign":
            tiles = np.where(tiles < 0, -digits, digits)
        got = winograd(tiles.astype(np.float32), kernels.astype(np.float32), matrices)
        norm = float(np.abs(kernels).sum()) * float(np.abs(tiles).max())
        bound = Fraction(bounds.winograd(channels, norm, "float32"))
        for row, column in product(range(m), repeat=2):
            exact = int((tiles[:, row : row + r, column : column + r] * kernels).sum())
            error = abs(Fraction(float(got[row, column])) - exact)
            assert error <= bound
            largest = max(largest, float(error / Fraction(norm)))
    assert largest > bounds.gamma(1, 2.0**-24) / 9, "the data was so tame that nothing was tested"


def test_kappa_is_the_norm_of_the_transforms_of_f_4_3() -> None:
    assert Fraction(88, 3) == bounds.WINOGRAD_KAPPA
    for name, matrices in ALGORITHMS.items():
        inverse, of_filter, of_data = (np.abs(matrix) for matrix in matrices)
        amplification = float(((inverse * of_data.sum(axis=1)) @ of_filter).max())
        assert round(amplification, 5) == {"F(2,3)": 4}.get(name, round(88 / 3, 5))


def test_the_winograd_bound_in_literals() -> None:
    for terms, norm in ((1, 1.0), (16, 2.5)):
        expected = bounds.gamma(terms + 37, 2.0**-24) * (88 / 3) ** 2 * norm
        assert bounds.winograd(terms, norm, "float32") == expected
