"""The stream of choices: pinned to literal numbers, so that a seed means the same cases next year."""

import zlib

import numpy as np
import pytest

from convoracle.harness.cases.choices import STREAM, Choices


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((0,), [271, 617, 24, 533, 971, 894, 207, 557]),
        ((7, "conv2d", 3, 0), [480, 621, 152, 502, 958, 343, 863, 503]),
        ((2**31, "integers"), [396, 511, 297, 811, 147, 583, 619, 104]),
    ],
)
def test_the_stream_is_pinned(keys: tuple[int | str, ...], expected: list[int]) -> None:
    choices = Choices(*keys)
    assert [choices.below(1000) for _ in range(8)] == expected


def test_the_stream_is_made_of_the_raw_words_of_pcg64_alone() -> None:
    assert STREAM == "pcg64-v1"
    words = np.random.PCG64(np.random.SeedSequence([5, zlib.crc32(b"name")])).random_raw(6)
    choices = Choices(5, "name")
    assert choices.below(10**6) == int(words[0]) % 10**6
    assert choices.between(-3, 9) == int(words[1]) % 13 - 3
    assert choices.pick("abcdefg") == "abcdefg"[int(words[2]) % 7]
    assert choices.happens(3) == (int(words[3]) % 3 == 0)
    assert choices.integers((1,), -4, 4).tolist() == [int(words[4]) % 9 - 4]
    assert choices.fractions((1,)).tolist() == [(int(words[5]) >> 11) / 2**53]


def test_every_key_counts_and_so_does_their_order() -> None:
    keys: list[tuple[int | str, ...]] = [(1,), (2,), (1, 2), (2, 1), (1, "a"), (1, "b"), ("a", 1)]
    streams = {tuple(Choices(*key).below(2**40) for _ in range(3)) for key in keys}
    assert len(streams) == len(keys)


def test_ranges_include_both_ends_and_nothing_else() -> None:
    choices = Choices(11)
    assert {choices.between(-2, 2) for _ in range(200)} == {-2, -1, 0, 1, 2}
    assert {choices.below(3) for _ in range(100)} == {0, 1, 2}
    assert set(np.unique(choices.integers((20, 20), 3, 6))) == {3, 4, 5, 6}
    assert choices.between(4, 4) == 4
    assert choices.integers((2, 0, 3), 0, 1).shape == (2, 0, 3)


def test_fractions_are_multiples_of_2_to_the_minus_53_below_1() -> None:
    values = Choices(3).fractions((30, 40))
    assert values.shape == (30, 40)
    assert values.dtype == np.float64
    assert values.min() >= 0.0
    assert values.max() < 1.0
    scaled = values * 2.0**53
    assert (scaled == np.rint(scaled)).all()
    assert (scaled % 2 == 1).any()  # the last bit is used


def test_an_option_listed_twice_is_drawn_twice_as_often() -> None:
    choices = Choices(4)
    drawn = [choices.pick(["once", "twice", "twice"]) for _ in range(3000)]
    # Binomial(3000, 2/3): six standard deviations are 155; the stream is fixed, so this never varies.
    assert abs(drawn.count("twice") - 2000) < 155
    assert abs(sum(choices.happens(4) for _ in range(4000)) - 1000) < 165
