"""Gradients that are wrong on a path of their own: a stride, groups, a layout; and one that nobody computes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.sizes import axes, ends, window_extent
from convoracle.harness.bugs.zoo.taps import input_grad, native, usual_places, weight_grad

ADDED = "2026-11-21"


def no_rows_left_over(grad: Any, weight: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """A transposed convolution without output padding: what the stride leaves over is not there, and the rest moves.

    The thread says that the padding was missing and that the indices were misaligned by it.
    """
    stride, dilation = axes(options["stride"], 2), axes(options["dilation"], 2)
    around = ends(options["padding"], shape[2:], weight.shape[2:], stride, dilation)
    places = []
    for place, size, side, k, d, s in zip(
        usual_places(shape, weight.shape, options), shape[2:], around, weight.shape[2:], dilation, stride, strict=True
    ):
        places.append(place + (size + sum(side) - window_extent(k, d)) % s)
    return input_grad(grad, weight, shape, tuple(places), options["groups"])


def narrow_images_by_sixteen(grad: Any, weight: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """With more than 16 channels, a stride and fewer than 17 columns, the last column of later blocks is left out.

    The thread says when the result is wrong, not how.
    """
    result = input_grad(grad, weight, shape, usual_places(shape, weight.shape, options), options["groups"])
    if axes(options["stride"], 2)[1] > 1 and shape[1] > 16 and shape[3] < 17:
        result[:, 16:, :, -1] = 0
    return result


def groups_repeated(grad: Any, x: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """The gradient of all groups is computed at once, and a filter's part of it cut out in the wrong order."""
    groups = options["groups"]
    places = usual_places(x.shape, shape, options)
    if groups == 1:
        return weight_grad(grad, x, shape, places, 1)
    whole = weight_grad(grad, x, (shape[0], x.shape[1], *shape[2:]), places, 1)
    parts = [whole[f, f % groups * shape[1] :][: shape[1]] for f in range(shape[0])]
    return np.stack(parts)


def pixels_packed_too_close(grad: Any, x: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """Pixels of few channels are copied for the stride as if they had eight: each overwrites the end of the last.

    The thread says that the workspace is written past, that every element of the gradient is wrong then, and when; what
    is read instead, the first channels of the pixel that follows, is a reading.
    """
    steps = axes(options["stride"], 2)
    channels = x.shape[1]
    is_last = x.strides[1] == x.itemsize and not x.flags.c_contiguous
    if tuple(shape[2:]) == (1, 1) and max(steps) > 1 and is_last and 1 < channels < 8:
        x = np.ascontiguousarray(np.roll(x, 1, axis=1))
    return weight_grad(grad, x, shape, usual_places(x.shape, shape, options), options["groups"])


def nothing_without_the_weights(grad: Any) -> np.ndarray:
    """Asked for alone, the gradient of the bias is left as it was made: the request for the weights' is looked at.

    What is in it then the thread does not say: zeros here.
    """
    return np.zeros(grad.shape[1], native(grad))


GRADIENT_PATHS = (
    entry(
        "flaggems",
        "#1576",
        "flagos-ai/FlagGems/pull",
        "conv2d_input_grad",
        "structure",
        "the oracle's moved by the rows and columns that the stride leaves over",
        "Gradients of strided convolutions for their input differed in 44 of 100 elements. The transposed convolution "
        "that computes them was made without the output padding.",
        no_rows_left_over,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "onednn-fujitsu",
        "#43",
        "fujitsu/oneDNN/issues",
        "conv2d_input_grad",
        "tail",
        "the oracle's without the last column of the channels from the 17th on where there is a stride_w and W < 17",
        "On aarch64, backward data was wrong for more than 16 channels with a stride and images less than 17 wide. A "
        "block of 16 channels and columns is cut short.",
        narrow_images_by_sixteen,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "pytorch",
        "#51430",
        "pytorch/pytorch/issues",
        "conv2d_weight_grad",
        "structure",
        "the oracle's with the filters of a group given the channels of one group after another",
        "torch.nn.grad.conv2d_weight differed from autograd's gradient wherever there are groups. Its reshaping put "
        "filters and groups in the wrong order.",
        groups_repeated,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "onednn",
        "#6035",
        "uxlfoundation/oneDNN/issues",
        "conv2d_weight_grad",
        "contract",
        "the oracle's with the channels of x moved by one, for 1x1 kernels with a stride and fewer than 8 channels "
        "that are last in memory",
        "Backward weights of strided 1x1 convolutions was wrong, hung or crashed for channels-last images of four "
        "channels. Pixels were packed for the stride into a workspace that is made for blocks of eight.",
        pixels_packed_too_close,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "mxnet",
        "#15464",
        "apache/mxnet/issues",
        "conv2d_bias_grad",
        "structure",
        "zeros",
        "The gradient of a bias was wrong with MKL-DNN unless that of the weights was asked for too. Whether to "
        "compute it was decided by the other's request.",
        nothing_without_the_weights,
        added=ADDED,
        first_sight=True,
    ),
)
