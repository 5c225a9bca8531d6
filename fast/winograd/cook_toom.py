"""The matrices of Winograd's algorithm F(m, r), exactly, from the points they evaluate polynomials at (Cook and Toom).

A correlation of ``n = m + r - 1`` numbers d with r taps g has m outputs, ``y[i] = sum over k of d[i + k] * g[k]``. It
is the transpose of a product of two polynomials, and that product is known from its values at n points: n
multiplications instead of m * r. In matrices::

    y  =  A [ (G g) * (B d) ]          A: m x n,  G: n x r,  B: n x n,  * element by element

and for planes, rows and columns one after the other, ``Y = A [(G g G') * (B d B')] A'``.

Row k of G holds the powers 0 to r - 1 of point k, row k of A' the powers 0 to m - 1, and row k of B the coefficients of
the polynomial that is zero at all other points; it is divided, in G, by its value at point k. The last point is
infinity, where the value of a polynomial is its leading coefficient.

Everything is a `fractions.Fraction`, so that tests prove the identity above instead of measuring it.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

Matrix = tuple[tuple[Fraction, ...], ...]


class Bilinear(NamedTuple):
    """The three matrices of an algorithm that multiplies element by element."""

    inverse: Matrix
    filter: Matrix
    data: Matrix

    @property
    def amplification(self) -> Fraction:
        """The largest sum of the absolute values of all paths from data and one tap to one output.

        An error of a unit roundoff in every step ends as at most its square times ``max|x| * sum|weight|``, along two
        axes: `docs/tolerance.md` calls it kappa.
        """
        return max(
            sum(
                (abs(of_output[k] * self.filter[k][tap]) * sum(map(abs, self.data[k])) for k in range(len(self.data))),
                Fraction(0),
            )
            for of_output in self.inverse
            for tap in range(len(self.filter[0]))
        )


def cook_toom(outputs: int, taps: int, points: Sequence[Fraction | int]) -> Bilinear:
    """Return the matrices of F(outputs, taps) at these points and infinity.

    Parameters
    ----------
    outputs, taps : int
        The m and r of F(m, r).
    points : sequence of numbers
        ``outputs + taps - 2`` different ones.

    Returns
    -------
    Bilinear

    Examples
    --------
    >>> [list(map(str, row)) for row in cook_toom(2, 3, (0, 1, -1)).inverse]
    [['1', '1', '1', '0'], ['0', '1', '-1', '1']]
    """
    finite = [Fraction(point) for point in points]
    if len(set(finite)) != outputs + taps - 2:
        raise ValueError(f"F({outputs}, {taps}) takes {outputs + taps - 2} different points, got {points}")
    zeros = [[other for other in finite if other != point] for point in finite]
    values = [
        math.prod((point - other for other in others), start=Fraction(1))
        for point, others in zip(finite, zeros, strict=True)
    ]
    of_filter = [[power / value for power in _powers(point, taps)] for point, value in zip(finite, values, strict=True)]
    of_outputs = [_powers(point, outputs) for point in finite]
    of_data = [[*_polynomial(others), Fraction(0)] for others in zeros]
    # At infinity.
    of_filter.append([Fraction(tap == taps - 1) for tap in range(taps)])
    of_outputs.append([Fraction(output == outputs - 1) for output in range(outputs)])
    of_data.append(_polynomial(finite))
    return Bilinear(tuple(zip(*of_outputs, strict=True)), tuple(map(tuple, of_filter)), tuple(map(tuple, of_data)))


def _powers(point: Fraction, count: int) -> list[Fraction]:
    return [point**exponent for exponent in range(count)]


def _polynomial(zeros: Sequence[Fraction]) -> list[Fraction]:
    """Return the coefficients, lowest first, of the polynomial with these zeros and leading coefficient 1."""
    coefficients = [Fraction(1)]
    for zero in zeros:
        shifted, scaled = [Fraction(0), *coefficients], [*(zero * c for c in coefficients), Fraction(0)]
        coefficients = [a - b for a, b in zip(shifted, scaled, strict=True)]
    return coefficients
