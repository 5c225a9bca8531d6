"""The zoo's blocks, gradients' paths and windows of nothing: each with its thread's own configuration.

"Described" means that the thread prints no number that can be had from its configuration, and that the effect it
describes is asserted instead.
"""

from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.bugs.zoo import named
from convoracle.harness.cases.data import lay_out

PLAIN: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
TRANSPOSED: dict[str, Any] = {**PLAIN, "output_padding": 0}


def drawn(*shape: int) -> np.ndarray:
    """Return small random integers as floats."""
    return np.random.default_rng(11).integers(-9, 10, shape).astype(np.float64)


def both(name: str, *operands: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return what an entry returns, and what is right."""
    right = getattr(reference, name.split("/")[0])
    return named(name).make()(*operands, **options), right(*operands, **options)


@pytest.mark.parametrize(
    ("height", "width", "is_right"),
    [
        (16, 16, True),
        (17, 16, True),
        (18, 17, False),
        (18, 19, False),
        (18, 22, False),
        (18, 24, True),
        (22, 20, False),
    ],
)
def test_ncnn_1014(height: int, width: int, is_right: bool) -> None:
    """Printed: for which sizes of the input a 3x3 convolution with padding 1 and stride 2 was correct, and wrong."""
    x, weight = drawn(1, 3, height, width), drawn(4, 3, 3, 3)
    wrong, right = both("conv2d/ncnn#1014", x, weight, None, **{**PLAIN, "stride": 2, "padding": 1})
    assert np.array_equal(wrong, right) == is_right
    np.testing.assert_array_equal(wrong[:, 0], right[:, 0])


@pytest.mark.parametrize("size", [2, 3, 4])
def test_computelibrary_78(size: int) -> None:
    """Described: 4 by 4 pixels, right with a kernel of 3, wrong in the right border column with even ones."""
    wrong, right = both("conv2d/computelibrary#78", drawn(1, 1, 4, 4), np.ones((1, 1, size, size)), None, **PLAIN)
    np.testing.assert_array_equal(wrong[..., :-1], right[..., :-1])
    assert np.array_equal(wrong, right) == (size == 3)


def test_nnpack_130() -> None:
    """Described: with two filters of 512 channels, products that nobody asked for go to memory past the planes."""
    x, weight = drawn(2, 512, 2, 3), drawn(2, 512, 1, 1)
    wrong, right = both("conv2d/nnpack#130", x, weight, None, **PLAIN)
    np.testing.assert_array_equal(wrong[0], right[0])
    assert (wrong[1] != right[1]).any()


@pytest.mark.parametrize(("images", "is_right"), [(31, True), (32, True), (33, False), (64, True), (65, False)])
def test_neon_361(images: int, is_right: bool) -> None:
    """Described by its title: wrong for batches of more than 32 images that are no multiple of 32."""
    wrong, right = both("conv3d/neon#361", drawn(images, 1, 2, 2, 2), drawn(1, 1, 1, 2, 2), None, **PLAIN)
    assert np.array_equal(wrong, right) == is_right


@pytest.mark.parametrize("dilation", [1, 4])
def test_tfjs_5378(dilation: int) -> None:
    """Described: a depthwise 3x3 kernel with dilation 4 and SAME padding is wrong, its first value among them."""
    options = {**PLAIN, "padding": "same", "dilation": dilation, "groups": 2}
    wrong, right = both("conv2d/tfjs#5378", drawn(1, 2, 65, 65) + 20, np.ones((2, 1, 3, 3)), None, **options)
    assert (wrong[0, 0, 0, 0] == right[0, 0, 0, 0]) == (dilation == 1)


def test_candle_3736() -> None:
    """Described: a 1x1 kernel cut from the channels of a larger weight, and the same kernel made contiguous."""
    x, weight = drawn(1, 2, 3, 3), np.arange(1.0, 17).reshape(4, 4, 1, 1)[:, 2:]
    wrong, right = both("conv2d/candle#3736", x, weight, None, **PLAIN)
    assert (wrong != right).any()
    wrong, right = both("conv2d/candle#3736", x, weight.copy(), None, **PLAIN)
    np.testing.assert_array_equal(wrong, right)


@pytest.mark.parametrize(("width", "is_right"), [(7, True), (8, False)])
def test_flaggems_1576(width: int, is_right: bool) -> None:
    """Described: wrong where (input + 2 padding - dilation (kernel - 1) - 1) is no multiple of the stride."""
    grad, options = drawn(1, 2, 3, 4), {**PLAIN, "stride": (1, 2), "padding": (0, 1)}
    wrong, right = both("conv2d_input_grad/flaggems#1576", grad, drawn(2, 2, 1, 3), (1, 2, 3, width), **options)
    assert np.array_equal(wrong, right) == is_right


@pytest.mark.parametrize(("channels", "width", "is_right"), [(64, 8, False), (16, 8, True), (64, 18, True)])
def test_onednn_fujitsu_43(channels: int, width: int, is_right: bool) -> None:
    """Described by benchdnn's own words: g1ic64iw8oc17ow4kw3sw2pw1 fails; few channels or more columns do not."""
    options = {**PLAIN, "stride": (1, 2), "padding": (0, 1)}
    grad = drawn(2, 17, 1, (width - 1) // 2 + 1)
    shape = (2, channels, 1, width)
    wrong, right = both("conv2d_input_grad/onednn-fujitsu#43", grad, drawn(17, channels, 1, 3), shape, **options)
    assert np.array_equal(wrong, right) == is_right


@pytest.mark.parametrize("groups", [1, 2])
def test_pytorch_51430(groups: int) -> None:
    """Described: torch.nn.grad.conv2d_weight is not autograd's gradient where there are groups."""
    options = {**PLAIN, "groups": groups}
    operands = drawn(2, 4, 3, 3), drawn(2, 4, 4, 4), (4, 4 // groups, 2, 2)
    wrong, right = both("conv2d_weight_grad/pytorch#51430", *operands, **options)
    assert wrong.shape == right.shape
    assert np.array_equal(wrong, right) == (groups == 1)


@pytest.mark.parametrize(
    ("channels", "stride", "layout", "is_right"),
    [
        (4, 2, "channels_last", False),
        (8, 2, "channels_last", True),
        (4, 1, "channels_last", True),
        (4, 2, "C", True),
    ],
)
def test_onednn_6035(channels: int, stride: int, layout: str, is_right: bool) -> None:
    """Described by benchdnn's runs: mb32ic4ih32oc8oh16kh1sh2ph0 fails with axb, with abx, ic8 or sh1 it passes."""
    x = lay_out(drawn(3, channels, 6, 6), layout)
    grad = drawn(3, 8, -(-6 // stride), -(-6 // stride))
    options = {**PLAIN, "stride": stride}
    wrong, right = both("conv2d_weight_grad/onednn#6035", grad, x, (8, channels, 1, 1), **options)
    assert np.array_equal(wrong, right) == is_right
    assert is_right or (wrong != right).mean() > 0.9


def test_mxnet_15464() -> None:
    """Described: the gradient of the bias is wrong where that of the weights is not asked for."""
    wrong, right = both("conv2d_bias_grad/mxnet#15464", np.ones((2, 3, 4, 4)))
    np.testing.assert_array_equal(right, [32, 32, 32])
    np.testing.assert_array_equal(wrong, [0, 0, 0])


def test_pytorch_1565() -> None:
    """Printed: ConvTranspose1d(1, 1, 3, 2, 1, 1, 1, False, 2) of six ones, and how the right result begins."""
    options = {**TRANSPOSED, "stride": (1, 2), "padding": (0, 1), "output_padding": (0, 1), "dilation": (1, 2)}
    wrong, right = both("conv_transpose2d/pytorch#1565", np.ones((1, 1, 1, 6)), np.ones((1, 1, 1, 3)), None, **options)
    np.testing.assert_array_equal(wrong.ravel(), [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1])
    np.testing.assert_array_equal(right.ravel()[:6], [0, 2, 0, 3, 0, 3])


def test_tvm_5758() -> None:
    """Described: output_padding put zeros after the result, where other frameworks compute more of it."""
    options = {**TRANSPOSED, "stride": 2, "padding": 1, "output_padding": 1}
    wrong, right = both("conv_transpose2d/tvm#5758", np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), None, **options)
    np.testing.assert_array_equal(wrong[..., :-1, :-1], right[..., :-1, :-1])
    assert right[..., -1].all()
    assert not wrong[..., -1].any()
    assert not wrong[..., -1, :].any()


def test_pytorch_45357() -> None:
    """Printed: torch.Size([1, 1, 4, 4]) for 6 by 7 pixels, and a last row of minus infinity."""
    options = {"stride": (2, 2), "padding": 0, "dilation": 1, "ceil_mode": True, "return_indices": False}
    wrong, right = both("max_pool2d/pytorch#45357", drawn(1, 1, 6, 7), 1, **options)
    assert wrong.shape == (1, 1, 4, 4)
    assert right.shape == (1, 1, 3, 4)
    np.testing.assert_array_equal(wrong[:, :, :3], right)
    assert (wrong[:, :, 3] == -np.inf).all()


def test_pytorch_1465() -> None:
    """Described: the index of a window of NaN or minus infinity alone stays -1, before the array's first element."""
    x = np.array([[[[np.nan, -np.inf, 1.0, 2.0]]]])
    options = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": True}
    wrong, right = both("max_pool2d/pytorch#1465", x, (1, 2), **options)
    assert wrong[1].ravel().tolist() == [-1, 3]
    assert right[1].ravel().tolist() == [0, 3]
