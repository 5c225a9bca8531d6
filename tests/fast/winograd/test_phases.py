"""Tiles of interleaved outputs: all of them, each once, in bands and runs of any kind."""

import itertools

import pytest
from numba import njit

from convoracle.fast.winograd.phases import longest_run, run_from, widest_band, window_of
from convoracle.fast.winograd.plan import Bands, panels_of
from convoracle.fast.winograd.tile_shapes import count_tiles


@njit
def run(first, last, outputs, dilation, tile):  # type: ignore[no-untyped-def]
    return run_from(first, last, outputs, dilation, tile)


@njit
def window(band, bands, images, tiles_h, tiles_w, dilation):  # type: ignore[no-untyped-def]
    return window_of(band, bands, images, tiles_h, tiles_w, dilation)


AXES = list(itertools.product((1, 2, 3, 5, 12), (2, 4)))


@pytest.mark.parametrize(("dilation", "tile"), AXES)
def test_tiles_down_hold_every_output_once(dilation: int, tile: int) -> None:
    for outputs, most in itertools.product(range(1, 70), (1, 3, 100)):
        tiles = count_tiles(outputs, dilation, tile)
        found, first = [], 0
        while first < tiles:
            begin, count = run(first, min(first + most, tiles), outputs, dilation, tile)
            assert 0 < count <= min(most, longest_run(outputs, dilation, tile))
            rows = range(begin, begin + tile * count * dilation, dilation)
            assert rows[-tile] < outputs, "the last tile has no output"
            found += [row for row in rows if row < outputs]
            first += count
        assert sorted(found) == list(range(outputs))


@pytest.mark.parametrize(("dilation", "tile"), AXES)
def test_tiles_across_hold_every_output_once(dilation: int, tile: int) -> None:
    """Tile j begins at column ``tile * (j - j % dilation) + j % dilation``, of a band as of all of them."""
    for outputs, shares in itertools.product(range(1, 70), (1, 2, 5)):
        tiles = count_tiles(outputs, dilation, tile)
        bands = Bands(1, 1, min(shares, -(-tiles // dilation)), 0)
        found: list[int] = []
        for band in range(bands.columns):
            *_, left, right = window(band, bands, 1, 1, tiles, dilation)
            assert left % dilation == 0
            assert 0 < right - left <= widest_band(tiles, bands.columns, dilation)
            for j in range(right - left):
                begin = tile * (left + j - j % dilation) + j % dilation
                assert begin < outputs, "a tile has no output"
                found += [column for column in range(begin, begin + tile * dilation, dilation) if column < outputs]
        assert sorted(found) == list(range(outputs))


def test_bands_hold_every_tile_of_every_image_once() -> None:
    bands = Bands(2, 3, 2, 0)
    found: list[tuple[int, ...]] = []
    for band in range(3 * 3 * 2):
        image, last_image, top, bottom, left, right = window(band, bands, 5, 7, 8, 3)
        found += itertools.product(range(image, last_image), range(top, bottom), range(left, right))
    assert sorted(found) == list(itertools.product(range(5), range(7), range(8)))


def test_panels_are_an_even_number_or_one() -> None:
    assert [panels_of(vectors) for vectors in range(1, 4)] == [1, 1, 1]
    assert not any(panels_of(vectors) % 2 for vectors in range(4, 100))
