"""How far a correct result may be from the truth: theorems, no tolerances. The derivations are in docs/tolerance.md.

Every function returns an absolute bound, per element or for the whole result, from the dtype, the number of roundings
and the magnitudes of the data. Nothing here was fitted to what an implementation happened to return.
"""

import math
from fractions import Fraction

import numpy as np

# Unit roundoff u, and the smallest positive normal and subnormal, of the type sums are accumulated in.
UNIT_ROUNDOFF = {"float16": 2.0**-24, "float32": 2.0**-24, "float64": 2.0**-53}
SMALLEST_NORMAL = {"float16": 2.0**-126, "float32": 2.0**-126, "float64": 2.0**-1022}
SMALLEST_SUBNORMAL = {"float16": 2.0**-149, "float32": 2.0**-149, "float64": 2.0**-1074}

# Integers up to 2**EXACT_BITS are all representable in the type that every partial sum must fit: the floating-point
# type itself, and int64 for every integer type.
EXACT_BITS = {"float16": 11, "float32": 24, "float64": 53, "int8": 62, "int16": 62, "int32": 62, "int64": 62}


def gamma(roundings: int, unit: float) -> float:
    """Return Higham's ``gamma_n = n*u / (1 - n*u)``; infinite where the theory says nothing (``n*u >= 1``).

    Source: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., lemma 3.1.
    """
    product = roundings * unit
    return product / (1.0 - product) if product < 1.0 else math.inf


def componentwise(magnitude: np.ndarray, truth: np.ndarray, roundings: int, dtype: str) -> np.ndarray:
    """Return the bound for sums of products in any order: ``gamma_n * G + n * eta``, and float16's final rounding.

    Parameters
    ----------
    magnitude : ndarray
        ``G``: the same operation on the absolute values, computed in float64 with at most `roundings` roundings.
    truth : ndarray
        The exact result rounded to float64; only float16 uses it.
    roundings : int
        ``n``: the most roundings any one term goes through.
    dtype : {"float16", "float32", "float64"}
        The candidate's dtype. float16 accumulates in float32 and rounds once at the end.
    """
    # 12 roundings more than the magnitude went through: those of this formula itself.
    computed_magnitude = magnitude * (1.0 + gamma(roundings + 12, UNIT_ROUNDOFF["float64"]))
    bound = gamma(roundings, UNIT_ROUNDOFF[dtype]) * computed_magnitude + roundings * SMALLEST_SUBNORMAL[dtype]
    return bound + final_rounding(bound, truth, dtype)


def final_rounding(bound: np.ndarray, truth: np.ndarray, dtype: str) -> np.ndarray | float:
    """Return what the last rounding of a result accumulated in a wider type adds to its bound: float16's."""
    return 2.0**-11 * (bound + np.abs(truth)) + 2.0**-25 if dtype == "float16" else 0.0


def float64_error(magnitude: np.ndarray, roundings: int) -> np.ndarray:
    """Return a bound on the error of the float64 loops themselves, where they serve as the truth."""
    return componentwise(magnitude, magnitude, roundings, "float64")


def fft(transform_bits: float, sums: int, norm: float, dtype: str) -> float:
    """Return the normwise bound of a sum of products computed through fast Fourier transforms.

    Two forward transforms, one product of spectra and one inverse transform, each transform of length at most
    ``2**transform_bits``: ``|error| <= e / (1 - e) * ||a||_2 * ||b||_1`` with ``e = u * (24 * bits + 8 + sums)``.

    Parameters
    ----------
    transform_bits : float
        Base-2 logarithm of the number of points of the largest transform, padding included.
    sums : int
        The most spectra, or blocks of results, that are added up to one output: never more than it has products.
    norm : float
        ``||a||_2 * ||b||_1`` of the operands that meet in one output.
    dtype : {"float16", "float32", "float64"}
        The candidate's dtype.
    """
    return gamma(math.ceil(24.0 * transform_bits + 8.0) + sums, UNIT_ROUNDOFF[dtype]) * norm


def winograd(terms: int, norm: float, dtype: str) -> float:
    """Return the normwise bound of Winograd's F(m x m, r x r) and its weight gradients: see `WINOGRAD_KAPPA`.

    That is F(4x4, 3x3), F(2x2, 5x5), and every smaller one.

    Parameters
    ----------
    terms : int
        How many tile products are summed into one output (the input channels; tiles times batch for a weight gradient).
    norm : float
        ``||b||_1 * max|a|`` of the operands that meet in one output, `b` the one transformed as the filter.
    dtype : {"float16", "float32", "float64"}
        The candidate's dtype.
    """
    return gamma(terms + 37, UNIT_ROUNDOFF[dtype]) * float(WINOGRAD_KAPPA) ** 2 * norm


def _winograd_kappa() -> Fraction:
    """Return ``max_i max_r sum_k |A'_ik| * (sum_j |B'_kj|) * |G_kr|`` for F(4, 3) at the points 0, +-1, +-2, infinity.

    Matrices: Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, section 4.3. It is that of F(3, 4),
    F(2, 5) and F(5, 2) too: row k of A is the powers of point k, that of G is too but for a factor, so only i + r, from
    0 to 5 in all four, is in their product.
    """
    inverse = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
    data = [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
    filters = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]  # times 1/24
    return max(
        sum((abs(Fraction(row[k] * filters[k][r], 24)) * sum(map(abs, data[k])) for k in range(6)), Fraction(0))
        for row in inverse
        for r in range(3)
    )


WINOGRAD_KAPPA = _winograd_kappa()
