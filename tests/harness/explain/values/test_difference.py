"""Where a result is wrong, in words and as a map."""

import numpy as np

from convoracle.harness.explain.values.difference import COLUMNS, ROWS, in_words, plane_map, ranges


def test_the_axes_that_are_not_affected_all_along_are_named() -> None:
    wrong = np.zeros((2, 3, 4, 11), bool)
    wrong[..., 8:] = True
    assert in_words("result", wrong) == "72 of 264 values of result: all of columns 8-10 of 11"
    wrong[0] = False
    assert in_words("result", wrong) == "36 of 264 values of result: all of image 1 (the last) of 2, columns 8-10 of 11"
    wrong[1, 0, 0, 8] = False
    assert in_words("result", wrong).startswith("35 of 264 values of result: some of ")


def test_everything_and_anything() -> None:
    wrong = np.ones((2, 2), bool)
    assert in_words("result", wrong) == "all 4 values of result"
    assert in_words("grad_bias", np.array([True])) == "the only value of grad_bias"
    wrong[0, 1] = False
    assert in_words("result", wrong) == "3 of 4 values of result, spread over every row, column"
    weights = np.zeros((2, 3, 3, 3), bool)
    weights[:, :, :, 2] = True
    assert in_words("grad_weight", weights) == "18 of 54 values of grad_weight: all of kernel column 2 (the last) of 3"


def test_the_map_is_of_the_worst_plane() -> None:
    wrong = np.zeros((2, 3, 2, 4), bool)
    wrong[1, 2, :, 3] = wrong[0, 0, 0, 0] = True
    plane = plane_map("result", wrong)
    assert plane is not None
    assert plane.place == (1, 2)
    assert plane.title == "result, image 1, channel 2 (1 other plane wrong too)"
    assert plane.lines() == ["...x", "...x"]
    assert plane_map("result", np.zeros((1, 1, 2, 2), bool)) is None
    assert plane_map("grad_bias", np.array([True, False])) is None


def test_sequences_have_one_row() -> None:
    plane = plane_map("result", np.array([[[False, True]], [[False, False]]]))
    assert plane is not None
    assert plane.lines() == [".x"]


def test_a_large_plane_is_cut_around_the_first_wrong_element() -> None:
    wrong = np.zeros((1, 1, 50, 200), bool)
    wrong[0, 0, 40, 150] = True
    plane = plane_map("result", wrong)
    assert plane is not None
    lines = plane.lines()
    assert len(lines) == ROWS + 1
    assert max(map(len, lines[:-1])) == COLUMNS
    assert "".join(lines[:-1]).count("x") == 1
    assert lines[-1] == "(rows 32 to 47 of 50, columns 118 to 181 of 200)"


def test_ranges() -> None:
    assert ranges(np.array([0, 2, 5, 6, 7, 8])) == "0, 2, 5-8"
    assert ranges(np.arange(0, 40, 2)) == "0, 2, 4, 6, 8, ..."
