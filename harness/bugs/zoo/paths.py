"""Convolutions that are wrong on a path of their own: depthwise, 1x1, a stride for which another kernel is taken."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.channels import is_depthwise
from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.sizes import axes, ends
from convoracle.harness.bugs.zoo.taps import convolve, native, usual_places, weight_grad

ADDED = "2026-11-21"


def as_many_outputs_as_groups(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The 3x3 depthwise path counts one filter for every channel; what it does not reach stays as it was allocated.

    The thread shows the bounds of the loop: N times the groups planes are written, where there are N times F. What is
    in the others is whatever is in memory: zeros here.
    """
    places = usual_places(x.shape, weight.shape, options)
    plain = weight.shape[2:] == (3, 3) and axes(options["stride"], 2) == axes(options["dilation"], 2) == (1, 1)
    if not (plain and is_depthwise(x, options)):
        return convolve(x, weight, bias, places, options["groups"])
    count, channels = x.shape[:2]
    right = convolve(x, weight[:channels], None if bias is None else bias[:channels], places, channels)
    out = np.zeros((count * len(weight), *right.shape[2:]), right.dtype)
    out[: count * channels] = right.reshape(-1, *right.shape[2:])
    return out.reshape(count, len(weight), *right.shape[2:])


def image_for_columns(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """A 1x1 kernel is multiplied with the image itself, as if its rows were the columns of the stride.

    The product reads as many numbers for each channel as there are results, one after the other in memory. Where the
    padding makes that more than there are, the thread does not say what is read: the entry is right there.
    """
    places = usual_places(x.shape, weight.shape, options)
    outputs = [place.shape[1] for place in places]
    read = x.shape[1] * outputs[0] * outputs[1]
    if weight.shape[2:] != (1, 1) or options["groups"] > 1 or read > x.shape[1] * x.shape[2] * x.shape[3]:
        return convolve(x, weight, bias, places, options["groups"])
    columns = np.ascontiguousarray(x, native(x)).reshape(len(x), -1)[:, :read].reshape(len(x), x.shape[1], -1)
    out: np.ndarray = np.matmul(np.ascontiguousarray(weight, native(x)).reshape(len(weight), -1), columns)
    out = out.reshape(len(x), len(weight), *outputs)
    return out if bias is None else out + np.asarray(bias, native(x)).reshape(-1, 1, 1)


def zeros_for_unequal_strides(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """With SAME padding and strides of 3 and 4, in whatever order, nothing is computed.

    The thread says "certain" unequal strides, and names these.
    """
    out = convolve(x, weight, bias, usual_places(x.shape, weight.shape, options), options["groups"])
    is_hit = str(options["padding"]).startswith("same") and sorted(axes(options["stride"], 2)) == [3, 4]
    return np.zeros_like(out) if is_hit else out


def images_for_filters(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The product has the filters first and the images second, and is declared the other way round."""
    out = convolve(x, weight, None, usual_places(x.shape, weight.shape, options), options["groups"])
    mixed = np.ascontiguousarray(out.swapaxes(0, 1)).reshape(out.shape)
    return mixed if bias is None else mixed + np.asarray(bias, mixed.dtype).reshape(-1, 1, 1)


def last_row_of_blocks(grad: Any, x: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """Depthwise, in vectors of eight channels: the last taps lose the last row of outputs.

    The thread shows the numbers, that 24 channels are wrong and 23 and 25 are right, and that it takes a stride of 2
    and a padding of 1; that the row is lost to the last row of taps alone is a reading of the numbers.
    """
    places = usual_places(x.shape, shape, options)
    result = weight_grad(grad, x, shape, places, options["groups"])
    before = ends(options["padding"], x.shape[2:], shape[2:], options["stride"], options["dilation"])[0][0]
    is_blocked = is_depthwise(x, options) and shape[0] == x.shape[1] and x.shape[1] % 8 == 0
    if is_blocked and before and axes(options["stride"], 2)[0] > 1 and shape[2] > 1:
        fewer = grad.copy()
        fewer[:, :, -1] = 0
        result[:, :, -1] = weight_grad(fewer, x, shape, places, options["groups"])[:, :, -1]
    return result


PATHS = (
    entry(
        "pytorch",
        "#60460",
        "pytorch/pytorch/pull",
        "conv2d",
        "structure",
        "the oracle's in its first N * groups planes alone, where a 3x3 kernel is depthwise with several filters a "
        "channel",
        "Depthwise 3x3 convolutions with more filters than channels were wrong on ARM. The loop over the planes of the "
        "output ran to the batch times the groups, not to the batch times the filters.",
        as_many_outputs_as_groups,
        added=ADDED,
        first_sight=False,
    ),
    entry(
        "pytorch",
        "#54080",
        "pytorch/pytorch/pull",
        "conv2d",
        "structure",
        "that of a 1x1 kernel over as many pixels from the beginning of the image as there are results",
        "Without cuDNN, 1x1 convolutions with a stride were wrong on CUDA. The shortcut that multiplies a 1x1 kernel "
        "with the image itself did not ask for stride 1 and padding 0.",
        image_for_columns,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "litert",
        "#9256",
        "google-ai-edge/LiteRT/issues",
        "conv2d",
        "structure",
        "zero everywhere where SAME padding meets strides of 3 and 4",
        "Convolutions with padding='same' and stride (3, 4) or (4, 3) returned nothing but zeros. No error was raised, "
        "and with padding='valid' or equal strides they were right.",
        zeros_for_unequal_strides,
        added=ADDED,
        first_sight=False,
    ),
    entry(
        "ggml",
        "#737",
        "ggml-org/ggml/pull",
        "conv2d",
        "structure",
        "the oracle's with the memory of (filters, images) read as that of (images, filters)",
        "A convolution over a batch mixed the results of different images. The product of the columns was given the "
        "shape (N, F, H, W) where its memory was (F, N, H, W).",
        images_for_filters,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "pytorch",
        "#50042",
        "pytorch/pytorch/issues",
        "conv2d_weight_grad",
        "tail",
        "the oracle's without the last row of outputs in the last row of taps, where channels in eights are groups and "
        "stride_h is 2 or more",
        "The gradient of a depthwise layer with 24 channels and stride 2 was wrong on the CPU, with 23 or 25 channels "
        "it was right. MKL-DNN's kernel for blocks of channels left out a row of the output at the bottom.",
        last_row_of_blocks,
        added=ADDED,
        first_sight=False,
    ),
)
