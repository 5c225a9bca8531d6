"""The zoo's paths of their own, SAME padding and borders: each with its thread's own configuration.

"Described" means that the thread prints no number that can be had from its configuration, and that the effect it
describes is asserted instead.
"""

from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.bugs.zoo import named

PLAIN: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
MEAN: dict[str, Any] = {
    "stride": None,
    "padding": 0,
    "ceil_mode": False,
    "count_include_pad": True,
    "divisor_override": None,
}


def drawn(*shape: int) -> np.ndarray:
    """Return small random integers as floats."""
    return np.random.default_rng(11).integers(-9, 10, shape).astype(np.float64)


def both(name: str, x: np.ndarray, weight: np.ndarray, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return what a wrong convolution returns, and what a right one does."""
    asked = {**PLAIN, **options}
    return named(f"conv2d/{name}").make()(x, weight, None, **asked), reference.conv2d(x, weight, None, **asked)


@pytest.mark.parametrize(("filters", "is_right"), [(2, True), (4, False)])
def test_pytorch_60460(filters: int, is_right: bool) -> None:
    """Described by the bounds of the loop: of a batch's planes only so many are written as there would be groups."""
    wrong, right = both("pytorch#60460", drawn(2, 2, 5, 6), drawn(filters, 1, 3, 3), groups=2)
    assert np.array_equal(wrong, right) == is_right
    if not is_right:
        assert not wrong.reshape(-1, 3, 4)[4:].any()


def test_pytorch_54080() -> None:
    """Described: a 1x1 kernel was multiplied with the image as it lies in memory, whatever the stride."""
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    wrong, right = both("pytorch#54080", x, np.ones((1, 1, 1, 1)), stride=2)
    np.testing.assert_array_equal(right.ravel(), [0, 2, 8, 10])
    np.testing.assert_array_equal(wrong.ravel(), [0, 1, 2, 3])
    wrong, right = both("pytorch#54080", x, np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(wrong, right)


@pytest.mark.parametrize(
    ("stride", "padding", "is_right"),
    [((3, 4), "same", False), ((4, 3), "same", False), ((3, 4), "valid", True), ((3, 3), "same", True)],
)
def test_litert_9256(stride: Any, padding: str, is_right: bool) -> None:
    """Described: zeros with strides of 3 and 4 and padding="same", right with "valid" or equal strides."""
    wrong, right = both("litert#9256", drawn(1, 3, 16, 17), drawn(2, 3, 3, 3), stride=stride, padding=padding)
    assert np.array_equal(wrong, right) == is_right
    assert wrong.any() == is_right


def test_ggml_737() -> None:
    """Described by the thread's own check: two images, each of one value, whose results are mixed."""
    x = np.stack([np.full((1, 3, 3), 1.0), np.full((1, 3, 3), 10.0)])
    wrong, right = both("ggml#737", x, np.ones((2, 1, 3, 3)))
    np.testing.assert_array_equal(right.reshape(2, 2), [[9, 9], [90, 90]])
    np.testing.assert_array_equal(wrong.reshape(2, 2), [[9, 90], [9, 90]])


@pytest.mark.parametrize(("channels", "last"), [(23, [6, 9, 9]), (24, [4, 6, 6]), (25, [6, 9, 9])])
def test_pytorch_50042(channels: int, last: list[float]) -> None:
    """Printed: the gradient of one channel of ones, wrong with 24 channels, right with 23 and 25."""
    grad, x = np.ones((1, channels, 3, 3)), np.ones((1, channels, 6, 6))
    options = {**PLAIN, "stride": 2, "padding": 1, "groups": channels}
    result = named("conv2d_weight_grad/pytorch#50042").make()(grad, x, (channels, 1, 3, 3), **options)
    for channel in result:
        np.testing.assert_array_equal(channel[0], [[4, 6, 6], [6, 9, 9], last])


def test_tvm_13009() -> None:
    """Described by the function it shows: kernel - 1, one more in front, whatever the stride."""
    x, weight = drawn(1, 1, 1, 6), drawn(1, 1, 1, 4)
    wrong, _ = both("tvm#13009", x, weight, stride=(1, 2), padding="same")
    right = reference.conv2d(x, weight, None, **{**PLAIN, "stride": (1, 2), "padding": ((0, 0), (2, 1))})
    np.testing.assert_array_equal(wrong, right)


def test_mipverify_jl_23() -> None:
    """Described, on the thread's sizes: a row on top and a column on the left where TensorFlow has none."""
    x, weight = drawn(1, 2, 6, 6), drawn(1, 2, 3, 3)
    wrong, right = both("mipverify.jl#23", x, weight, stride=2, padding="same")
    assert wrong.shape == right.shape == (1, 1, 3, 3)
    np.testing.assert_array_equal(right, reference.conv2d(x, weight, None, stride=2, padding=((0, 1), (0, 1))))
    np.testing.assert_array_equal(wrong, reference.conv2d(x, weight, None, stride=2, padding=1))


def test_nnlib_jl_229() -> None:
    """Printed: the mean of a padded 4x4 image on the CPU, 0.0 in one corner, and on the GPU."""
    image = np.array(
        [
            [-2.03431, 0.369436, 0.404957, 0.676001],
            [0.392665, -0.142985, 1.75043, 0.34975],
            [1.68848, 0.559873, -0.883515, 0.570732],
            [-2.00521, 0.804538, 0.685247, 0.803716],
        ]
    )
    on_gpu = np.array([[-0.508577, 0.193598, 0.169], [0.520285, 0.320951, 0.230121], [-0.501303, 0.372446, 0.200929]])
    on_cpu = on_gpu.copy()
    on_cpu[2, 0] = 0.0
    x, options = image.T[None, None], {**MEAN, "padding": 1}  # Julia's first axis is our last
    wrong = named("avg_pool2d/nnlib.jl#229").make()(x, 2, **options)[0, 0].T
    printed = 5e-6 / 4 + 5e-7  # half of the last digit of an image's number, in a mean of four, and of a mean
    assert (np.abs(wrong - on_cpu) <= printed).all()
    assert (np.abs(reference.avg_pool2d(x, 2, **options)[0, 0].T - on_gpu) <= printed).all()


def test_migraphx_1766() -> None:
    """Printed: a window in the corner that holds a 1 and three zeros of the padding has mean 1, not 0.25."""
    x, options = np.ones((1, 1, 2, 2)), {**MEAN, "stride": 1, "padding": 1}
    assert named("avg_pool2d/migraphx#1766").make()(x, 2, **options)[0, 0, 0, 0] == 1
    assert reference.avg_pool2d(x, 2, **options)[0, 0, 0, 0] == 0.25


def test_anakin_210() -> None:
    """Described, on the thread's row of 61: its last maximum is 0.021526 where the pixel behind it is 0.041485."""
    x = np.full((1, 1, 3, 61), 0.021526)
    x[0, 0, 1, 60] = 0.041485
    options: dict[str, Any] = {"stride": 2, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}
    wrong = named("max_pool2d/anakin#210").make()(x, 3, **options)
    right = np.asarray(reference.max_pool2d(x, 3, **options))
    assert wrong.shape == right.shape == (1, 1, 1, 30)
    assert (wrong[0, 0, 0, -1], right[0, 0, 0, -1]) == (0.021526, 0.041485)
    np.testing.assert_array_equal(wrong[..., :-1], right[..., :-1])


@pytest.mark.parametrize(("sides", "is_right"), [((0, 2), False), ((1, 1), True), ((2, 0), True)])
def test_nntrainer_1570(sides: tuple[int, int], is_right: bool) -> None:
    """Described by the two formulas: windows at the bottom are left out where there is more padding than on top."""
    shape, weight = (1, 1, 5, 4), drawn(1, 1, 3, 2)
    options = {**PLAIN, "padding": (sides, (0, 0))}
    grad = drawn(1, 1, 5, 3)
    result = named("conv2d_input_grad/nntrainer#1570").make()(grad, weight, shape, **options)
    grad_of_kept = grad.copy()
    grad_of_kept[:, :, 3 if not is_right else 5 :] = 0
    np.testing.assert_array_equal(result, reference.conv2d_input_grad(grad_of_kept, weight, shape, **options))
