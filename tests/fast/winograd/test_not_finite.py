"""Winograd's transforms of what is infinite, no number, or so large that a transform is: images as in `direct`."""

from typing import Any

import numpy as np
import pytest

import convoracle as co

NAMES = ("conv2d", "input_grad", "weight_grad", "bias_grad")


@pytest.mark.parametrize(("number", "taps", "groups"), [(np.inf, 3, 1), (-np.inf, 5, 1), (np.nan, 3, 2)])
def test_an_image_that_is_not_finite_is_as_in_direct_and_the_others_as_they_were(
    number: float, taps: int, groups: int
) -> None:
    """The channel of another group is finite all the same."""
    rng = np.random.default_rng(24)
    shapes = (3, 4, 8, 9), (6, 4 // groups, taps, taps), (6,), (3, 6, 8, 9)
    x, weight, bias, grad = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)

    def results(backend: str) -> dict[str, np.ndarray]:
        options: Any = {"padding": taps // 2, "groups": groups, "backend": backend}
        gradients = co.conv2d_backward(grad, x, weight, **options)
        return dict(zip(NAMES, (co.conv2d(x, weight, bias, **options), *gradients), strict=True))

    before = results("winograd")
    x[1, 2, 3, 4] = grad[1, 2, 3, 4] = number
    got, expected = results("winograd"), results("direct")
    for name in NAMES:
        images = slice(None) if name in ("weight_grad", "bias_grad") else slice(1, 2)
        np.testing.assert_array_equal(got[name][images], expected[name][images])
    for name, channels in (("conv2d", 6), ("input_grad", 4)):
        assert np.isfinite(got[name]).sum() == got[name].size - taps**2 * channels // groups
        assert got[name][::2].tobytes() == before[name][::2].tobytes()


def test_huge_numbers_whose_transform_overflows() -> None:
    """Kernels that copy their channel: the result is the input, as large as a number can be."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 4, 10, 11)).astype(np.float32)
    x[1] = rng.choice([-1, 1], x[1].shape) * np.finfo(np.float32).max
    weight = np.zeros((4, 4, 3, 3), np.float32)
    weight[range(4), range(4), 1, 1] = 1
    out = co.conv2d(x, weight, padding=1, backend="winograd")
    grad = co.conv2d_input_grad(x, weight, x.shape, padding=1, backend="winograd")
    np.testing.assert_array_equal(out[1], x[1])
    np.testing.assert_array_equal(grad[1], x[1])
    impulse = np.zeros_like(x)
    impulse[:, :, 5, 5] = 1
    got = co.conv2d_weight_grad(impulse, x[1:2].repeat(3, 0), weight.shape, padding=1, backend="winograd")
    expected = co.conv2d_weight_grad(impulse, x[1:2].repeat(3, 0), weight.shape, padding=1, backend="direct")
    np.testing.assert_array_equal(got, expected)
    impulse[1:] = 0
    got = co.conv2d_weight_grad(impulse, x[1:2].repeat(3, 0), weight.shape, padding=1, backend="winograd")
    np.testing.assert_array_equal(got[0, 0], x[1, 0, 4:7, 4:7])
