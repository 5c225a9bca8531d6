"""The zoo's convolutions on a way of their own, and pools that came later: each with its thread's own configuration.

"Described" means that the thread prints no number that can be had from its configuration, and that the effect it
describes is asserted instead.
"""

from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.bugs.mutants.planting import right as correct
from convoracle.harness.bugs.zoo import named

PLAIN: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
MAX: dict[str, Any] = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}


def drawn(*shape: int) -> np.ndarray:
    """Return small random integers as floats, none of them zero."""
    return np.random.default_rng(7).integers(1, 10, shape).astype(np.float64)


def both(name: str, *operands: Any, **options: Any) -> tuple[Any, Any]:
    """Return what an entry returns, and what is right."""
    return named(name).make()(*operands, **options), correct(name.split("/")[0])(*operands, **options)


@pytest.mark.parametrize(("groups", "padding", "is_right"), [(16, 64, False), (1, 64, True), (16, 0, True)])
def test_burn_4727(groups: int, padding: int, is_right: bool) -> None:
    """Described: a kernel of 128 with groups and padding is wrong; the thread's has 1,024 channels, this one 32."""
    x, weight = drawn(1, 32, 150, 1), drawn(32, 32 // groups, 128, 1)
    options = {**PLAIN, "groups": groups, "padding": (padding, 0)}
    wrong, right = both("conv2d/burn#4727", x, weight, None, **options)
    assert np.array_equal(wrong, right) == is_right
    np.testing.assert_array_equal(wrong[:, : 32 // groups], right[:, : 32 // groups])


@pytest.mark.parametrize(("height", "width", "is_right"), [(2, 1, False), (1, 1, True), (2, 2, True)])
def test_mnn_2291(height: int, width: int, is_right: bool) -> None:
    """Described: 1x128x2x1, a depthwise 3x3 kernel, and a result of the same size that is wrong."""
    options = {**PLAIN, "padding": 1, "groups": 128}
    wrong, right = both("conv2d/mnn#2291", drawn(1, 128, height, width), drawn(128, 1, 3, 3), None, **options)
    assert wrong.shape == (1, 128, height, width)
    assert np.array_equal(wrong, right) == is_right


def test_tensorflow_9870() -> None:
    """Described: the result of case 65,535 is right, that of the next is zero."""
    wrong, right = both("conv2d/tensorflow#9870", drawn(65_540, 1, 1, 2), drawn(1, 1, 1, 2), None, **PLAIN)
    np.testing.assert_array_equal(wrong[:65_535], right[:65_535])
    assert not wrong[65_535:].any()


@pytest.mark.parametrize("size", [5, 6, 7, 8])
def test_winograd_1(size: int) -> None:
    """Described: with F(4x4, 3x3), wrong where height and width of the input are larger than 6."""
    wrong, right = both("conv2d/winograd#1", drawn(1, 1, size, size), drawn(1, 1, 3, 3), None, **PLAIN)
    assert np.array_equal(wrong, right) == (size <= 6)


def test_torch7_20() -> None:
    """Printed: 31x31 for an image of 32x32 through a 5x5 filter with a stride of 2."""
    grad, weight = drawn(1, 1, 14, 14), drawn(1, 1, 5, 5)
    wrong, right = both("conv2d_input_grad/torch7#20", grad, weight, (1, 1, 32, 32), **{**PLAIN, "stride": 2})
    assert wrong.shape[2:] == (31, 31)
    assert right.shape[2:] == (32, 32)


@pytest.mark.parametrize("stride", [1, 2])
def test_deep_learning_coursera_7(stride: int) -> None:
    """Described: a stride affects the output of the backward pass."""
    grad, weight = drawn(2, 3, 2, 2), drawn(3, 2, 2, 2)
    shape = (2, 2, stride + 2, stride + 2)
    options = {**PLAIN, "stride": stride}
    wrong, right = both("conv2d_input_grad/deep-learning-coursera#7", grad, weight, shape, **options)
    assert np.array_equal(wrong, right) == (stride == 1)


def test_candle_3735() -> None:
    """Described: 1 to 18 as (1, 2, 3, 3), a kernel of 1 to 16 as (2, 2, 2, 2), transposed, and the loss its squares."""
    x = np.arange(1.0, 19.0).reshape(1, 2, 3, 3)
    weight = np.arange(1.0, 17.0).reshape(2, 2, 2, 2).swapaxes(0, 1)
    grad = 2 * reference.conv2d(x, weight, None, **PLAIN)
    wrong, right = both("conv2d_backward/candle#3735", grad, x, weight, **PLAIN)
    assert [np.array_equal(one, other) for one, other in zip(wrong, right, strict=True)] == [False, True, True]
    copied, _ = both("conv2d_backward/candle#3735", grad, x, weight.copy(), **PLAIN)
    np.testing.assert_array_equal(copied[0], right[0])


@pytest.mark.parametrize(("channels", "is_right"), [(5, False), (6, True), (7, False), (8, True)])
def test_onnxruntime_27749(channels: int, is_right: bool) -> None:
    """Described: 5 and 7 input channels fail, 6 and 8 do not."""
    options = {**PLAIN, "output_padding": 0}
    x, weight = drawn(1, channels, 2, 2), 1 + drawn(channels, 2, 2, 2)
    wrong, right = both("conv_transpose2d/onnxruntime#27749", x, weight, None, **options)
    assert np.array_equal(wrong, right) == is_right


@pytest.mark.parametrize("dilation", [(2, 1), (1, 2), (2, 2)])
def test_burn_4466(dilation: tuple[int, int]) -> None:
    """Described: dilation[0] is used twice, which no test with two equal ones can see."""
    x = drawn(1, 1, 7, 7) * np.arange(1.0, 50.0).reshape(7, 7)
    wrong, right = both("max_pool2d/burn#4466", x, 3, **{**MAX, "stride": 1, "dilation": dilation})
    assert np.array_equal(wrong, right) == (dilation[0] == dilation[1])


def test_executorch_21878() -> None:
    """Described: what the memory of the gradient held, 999 in the thread's test, is still in it."""
    wrong = named("max_pool2d_backward/executorch#21878").make()
    indices = np.zeros((1, 1, 1, 1), np.int64)
    wrong(np.full((1, 1, 1, 1), 999.0), indices + 3, (1, 1, 2, 2))
    result = wrong(np.ones((1, 1, 1, 1)), indices, (1, 1, 2, 2))
    assert result.ravel().tolist() == [1, 0, 0, 999]


def test_chainer_2062() -> None:
    """Described: 4 by 4 ones, here in two channels, a 2x2 pool, and a second backward pass that is out of range."""
    _, indices = reference.max_pool2d(np.ones((1, 2, 4, 4)), 2, None, 0, 1, False, return_indices=True)
    grad, wrong = np.ones((1, 2, 2, 2)), named("max_pool2d_backward/chainer#2062").make()
    right = reference.max_pool2d_backward(grad, indices, (1, 2, 4, 4))
    np.testing.assert_array_equal(wrong(grad, indices, (1, 2, 4, 4)), right)
    with pytest.raises(IndexError, match="out of bounds"):
        wrong(grad, indices, (1, 2, 4, 4))


def test_pytorch_mps_273() -> None:
    """Described: two divisors, one key."""
    wrong = named("avg_pool2d/pytorch-mps#273").make()
    options = {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True}
    first, second = (wrong(np.ones((1, 1, 2, 2)), 2, **options, divisor_override=divisor) for divisor in (None, 2))
    assert (first.item(), second.item()) == (1, 1)


@pytest.mark.parametrize("stride", [(2, 2), (1, 2)])
def test_nnpack_16(stride: tuple[int, int]) -> None:
    """Described: x * stride_height + j - padding_left is the column of a pixel."""
    x = np.arange(25.0).reshape(1, 1, 5, 5)
    wrong, right = both("max_pool2d/nnpack#16", x, 2, **{**MAX, "stride": stride})
    assert np.array_equal(wrong, right) == (stride[0] == stride[1])
