"""The matrices of Winograd's algorithm: the identity they stand for, exactly, and the constants of the error bound."""

import itertools
from fractions import Fraction

import pytest

from convoracle.fast.winograd import one_axis, tiles
from convoracle.fast.winograd.cook_toom import Bilinear, Matrix, cook_toom
from convoracle.harness import bounds

USED = {
    "F(2, 3)": tiles.F_2_3,
    "F(4, 3)": tiles.F_4_3,
    "F(3, 4)": tiles.F_3_4,
    "F(2, 5)": tiles.F_2_5,
    "F(5, 2)": tiles.F_5_2,
    "F(4, 5)": tiles.F_4_5,
    "F(5, 4)": tiles.F_5_4,
}
OTHERS = {
    "F(1, 1)": cook_toom(1, 1, ()),
    "F(2, 2)": cook_toom(2, 2, (0, 1)),
    "F(3, 3)": cook_toom(3, 3, (0, 1, -1, 2)),
    "F(6, 3)": cook_toom(6, 3, (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))),
    "F(4, 5)": cook_toom(4, 5, (0, 1, -1, 2, -2, Fraction(1, 3), Fraction(-7, 5))),
}


@pytest.mark.parametrize(("name", "algorithm"), [*USED.items(), *OTHERS.items()])
def test_the_algorithm_is_a_correlation(name: str, algorithm: Bilinear) -> None:
    """Bilinear in data and taps: what holds for all pairs of basis vectors holds for all numbers."""
    assert name == f"F({len(algorithm.inverse)}, {len(algorithm.filter[0])})"
    size = len(algorithm.data)
    for output, of_output in enumerate(algorithm.inverse):
        for tap, position in itertools.product(range(len(algorithm.filter[0])), range(size)):
            got = sum(of_output[k] * algorithm.filter[k][tap] * algorithm.data[k][position] for k in range(size))
            assert got == (position == output + tap)


def test_the_matrices_of_f_2_3_are_the_published_ones() -> None:
    """Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, but for signs that cancel."""
    published = Bilinear(
        inverse=rows([1, 1, 1, 0], [0, 1, -1, -1]),
        filter=rows([1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]),
        data=rows([1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]),
    )
    assert [outer_products(tiles.F_2_3, k) for k in range(4)] == [outer_products(published, k) for k in range(4)]


def rows(*numbers: list[float]) -> Matrix:
    return tuple(tuple(map(Fraction, row)) for row in numbers)


def outer_products(algorithm: Bilinear, k: int) -> list[Fraction]:
    """What goes through product k, from each number and tap to each output; scales of the factors drop out."""
    return [
        of_output[k] * tap * number
        for of_output in algorithm.inverse
        for tap in algorithm.filter[k]
        for number in algorithm.data[k]
    ]


@pytest.mark.parametrize("points", [(0, 1), (0, 1, 1), (0, 1, 2, 3)])
def test_there_must_be_as_many_points_as_it_takes(points: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"F\(2, 3\) takes 3 different points"):
        cook_toom(2, 3, points)


def test_the_proven_bound_of_the_harness_holds_for_these_points() -> None:
    """The bound is kappa squared times the roundings; the harness has its own matrices, and its kappa is larger."""
    assert {name: round(float(algorithm.amplification), 2) for name, algorithm in USED.items()} == {
        "F(2, 3)": 4.0,
        "F(4, 3)": 12.67,
        "F(3, 4)": 12.67,
        "F(2, 5)": 12.67,
        "F(5, 2)": 12.67,
        "F(4, 5)": 39.56,
        "F(5, 4)": 39.56,
    }
    assert tiles.F_4_3.amplification <= bounds.WINOGRAD_KAPPA
    assert cook_toom(4, 3, (0, 1, -1, 2, -2)).amplification == bounds.WINOGRAD_KAPPA


@pytest.mark.parametrize(("down", "across"), [(tiles.F_2_5, tiles.F_4_5), (tiles.F_5_2, tiles.F_5_4)])
def test_the_proven_bound_of_the_harness_holds_for_tiles_longer_across(down: Bilinear, across: Bilinear) -> None:
    """Kappas are multiplied; a number is rounded as often as the columns of the matrices it goes through say, or less.

    Entries of the filter's matrices are rounded too, and the product; one of the terms is added to nothing, the sum to
    the bias.
    """
    columns = [len(matrix[0]) for algorithm in (down, across) for matrix in algorithm]
    roundings = sum(columns) + 2 + 1
    for terms in (1, 10, 10**4):
        amplified = (roundings + terms) * down.amplification * across.amplification
        assert amplified < (terms + 37) * bounds.WINOGRAD_KAPPA**2


def test_the_proven_bound_of_the_harness_holds_along_one_axis() -> None:
    """Kappa counts once there; a sum has a term for each channel and column of the kernel."""
    kappa = one_axis.ALGORITHMS[5].amplification
    for channels in (1, 10, 10**4):
        roundings = 5 * channels + 23
        assert roundings * kappa < (channels + 37) * bounds.WINOGRAD_KAPPA**2


def test_no_other_multiples_of_an_eighth_amplify_less() -> None:
    eighths = [Fraction(n, 8) for n in range(1, 17)]
    best = min(itertools.combinations(eighths, 2), key=lambda pair: cook_toom(4, 3, symmetric(*pair)).amplification)
    assert symmetric(*best) == tiles.POINTS[6]


def symmetric(a: Fraction, b: Fraction) -> tuple[Fraction | int, ...]:
    return 0, a, -a, b, -b


def test_the_data_has_one_transform_for_as_many_products() -> None:
    """Only those of F(4, 3) and F(4, 5) are compiled."""
    assert tiles.F_4_3.data == tiles.F_3_4.data == tiles.F_2_5.data == tiles.F_5_2.data
    assert tiles.F_4_5.data == tiles.F_5_4.data


def test_entries_that_are_not_rounded_are_exact_in_single_precision() -> None:
    """The bound counts no rounding for the entries of A and B."""
    for algorithm in USED.values():
        for entry in itertools.chain(*algorithm.inverse, *algorithm.data):
            assert entry.denominator & (entry.denominator - 1) == 0
            assert abs(entry.numerator) < 2**24
