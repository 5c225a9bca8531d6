"""Convolutions that are wrong on a way of their own: for some sizes, groups, paddings or layouts, and no others."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.channels import is_depthwise
from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.memory import as_if_contiguous
from convoracle.harness.bugs.zoo.sizes import axes, ends
from convoracle.harness.bugs.zoo.taps import convolve, input_grad, native, usual_places, weight_grad

ADDED = "2026-11-21"


def first_group_at_the_edge(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """Rows whose windows reach into the padding above or below read the first group's channels in every group."""
    rows, columns = usual_places(x.shape, weight.shape, options)
    out = convolve(x, weight, bias, (rows, columns), options["groups"])
    edge = ((rows < 0) | (rows >= x.shape[2])).any(axis=0)
    first = np.concatenate([x[:, : weight.shape[1]]] * options["groups"], axis=1)
    out[:, :, edge] = convolve(first, weight, bias, (rows[:, edge], columns), options["groups"])
    return out


def centre_of_the_kernel(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """Depthwise 3x3 with padding 1, on a map of one column: the kernel's centre is multiplied, and nothing else.

    The thread has the sizes, and the lines without which the result is right, not what these compute: that they are
    for a map of one pixel, and do not look at its height, is a reading.
    """
    places = usual_places(x.shape, weight.shape, options)
    if is_depthwise(x, options) and weight.shape[2:] == (3, 3) and x.shape[3] == places[1].shape[1] == 1:
        centre = np.zeros_like(weight)
        centre[:, :, 1, 1] = weight[:, :, 1, 1]
        weight = centre
    return convolve(x, weight, bias, places, options["groups"])


def grid_of_16_bits(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The images after the 65,535th are zero."""
    out = convolve(x, weight, bias, usual_places(x.shape, weight.shape, options), options["groups"])
    out[65_535:] = 0
    return out


def tiles_by_the_kernel(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """Winograd's tiles of four outputs begin two apart in x, as those of two do: r - 1, which is m there."""
    places = usual_places(x.shape, weight.shape, options)
    plain = weight.shape[2:] == (3, 3) and axes(options["stride"], 2) == axes(options["dilation"], 2) == (1, 1)
    if plain and options["groups"] == 1:
        places = tuple(place - 2 * (np.arange(place.shape[1]) // 4) for place in places)
    return convolve(x, weight, bias, places, options["groups"])


def only_what_windows_reach(grad: Any, weight: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """The gradient ends where the last window does: it is smaller than x where the stride leaves something over."""
    places = usual_places(shape, weight.shape, options)
    whole = input_grad(grad, weight, shape, places, options["groups"])
    reach = [min(size, int(place.max(initial=-1)) + 1) for place, size in zip(places, shape[2:], strict=True)]
    return np.ascontiguousarray(whole[:, :, : reach[0], : reach[1]])


def corners_without_stride(grad: Any, weight: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """The corner of a window is its index, not times the stride."""
    around = ends(options["padding"], shape[2:], weight.shape[2:], options["stride"], options["dilation"])
    places = tuple(
        np.arange(k)[:, None] * d + np.arange(count) - side[0]
        for k, d, count, side in zip(
            weight.shape[2:], axes(options["dilation"], 2), grad.shape[2:], around, strict=True
        )
    )
    return input_grad(grad, weight, shape, places, options["groups"])


def weight_in_order(grad: Any, x: Any, weight: Any, **options: Any) -> tuple[np.ndarray, ...]:
    """The gradient for x reads a weight that is not contiguous in the order of memory."""
    places, groups = usual_places(x.shape, weight.shape, options), options["groups"]
    read = weight if weight.flags.c_contiguous else as_if_contiguous(weight)
    return (
        input_grad(grad, read, x.shape, places, groups),
        weight_grad(grad, x, weight.shape, places, groups),
        grad.sum(axis=(0, 2, 3), dtype=native(grad)),
    )


def rest_without_weights(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """An odd number of channels in a group, more than four: those after the last four are added as they are."""
    from convoracle import reference

    channels = len(weight) // options["groups"]
    if channels > 4 and channels % 2:
        weight = weight.copy()
        weight.reshape(options["groups"], channels, *weight.shape[1:])[:, channels // 4 * 4 :] = 1
    result: np.ndarray = reference.conv_transpose2d(x, weight, bias, **options)
    return result


WAYS_OF_THEIR_OWN = (
    entry(
        "burn",
        "#4727",
        "tracel-ai/burn/pull",
        "conv2d",
        "structure",
        "the oracle's on the first group's channels in the rows whose windows reach into the padding",
        "Convolutions with groups and padding read past their input on the SIMD path. The loop over the rows at the "
        "border left out the offset of the group's channels.",
        first_group_at_the_edge,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "mnn",
        "#2291",
        "alibaba/MNN/issues",
        "conv2d",
        "tail",
        "the oracle's with the kernel's centre alone, depthwise 3x3 on a map of one column",
        "A depthwise layer on a map of 2 by 1 was wrong on x86 and ARM. Without the lines that treat so small a map "
        "on their own it was right.",
        centre_of_the_kernel,
        added=ADDED,
        first_sight=False,
    ),
    entry(
        "tensorflow",
        "#9870",
        "tensorflow/tensorflow/issues",
        "conv2d",
        "tail",
        "the oracle's with zeros for the images after the 65,535th",
        "In a batch of 100,000 the results of the first 65,535 images were right and the next were zero. Convolutions "
        "on a GPU with so large a batch were not computed to the end.",
        grid_of_16_bits,
        added=ADDED,
        first_sight=False,
    ),
    entry(
        "winograd",
        "#1",
        "adam-dziedzic/winograd/issues",
        "conv2d",
        "structure",
        "the oracle's with tiles of four outputs read two apart, for 3x3 kernels",
        "F(2x2, 3x3) was right, F(4x4, 3x3) wrong for inputs larger than 6. Tiles begin r - 1 apart in the code, which "
        "is m only for m = 2.",
        tiles_by_the_kernel,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "torch7",
        "#20",
        "torch/DEPRECEATED-torch7-distro/issues",
        "conv2d_input_grad",
        "structure",
        "the oracle's without the rows and columns that no window reaches",
        "For an image of 32x32 and a 5x5 filter with a stride of 2 the gradient was 31x31. The size was counted back "
        "from that of the output.",
        only_what_windows_reach,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "deep-learning-coursera",
        "#7",
        "enggen/Deep-Learning-Coursera/issues",
        "conv2d_input_grad",
        "structure",
        "the oracle's with windows one apart, whatever the stride",
        "The backward pass of an exercise gave wrong gradients with a stride. The corners of the windows are h and w "
        "there, not times the stride.",
        corners_without_stride,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "candle",
        "#3735",
        "huggingface/candle/issues",
        "conv2d_backward",
        "contract",
        "the oracle's with a gradient for x by a weight that is read in the order of memory",
        "Gradients differed between a transposed kernel and its contiguous copy on the CPU. The forward pass was right "
        "for both.",
        weight_in_order,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "onnxruntime",
        "#27749",
        "microsoft/onnxruntime/pull",
        "conv_transpose2d",
        "tail",
        "the oracle's with ones for the weights of the channels after the last four, where there is an odd number",
        "Transposed convolutions with 5 or 7 input channels were wrong in WebGPU, with 6 or 8 right. The loop over the "
        "rest of the channels added the input without multiplying it by a weight.",
        rest_without_weights,
        added=ADDED,
        first_sight=True,
    ),
)
