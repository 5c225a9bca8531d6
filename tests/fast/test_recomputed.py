"""Images that are not finite are computed again, and no others."""

import numpy as np

from convoracle.fast.recomputed import direct, replace_images


def test_only_images_that_are_not_finite_are_replaced() -> None:
    out, asked = np.zeros((4, 2, 3, 3), np.float32), []

    def compute(one: slice) -> np.ndarray:
        asked.append(one)
        return np.full((1, 2, 3, 3), one.start, np.float32)

    assert replace_images(out, np.array([True, False, True, False]), compute) is out
    assert asked == [slice(1, 2), slice(3, 4)]
    np.testing.assert_array_equal(out[:, 0, 0, 0], [0, 1, 0, 3])


def test_they_are_computed_by_direct() -> None:
    assert direct("conv2d_input_grad").__module__ == "convoracle.fast.direct.conv2d"
