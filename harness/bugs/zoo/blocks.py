"""Convolutions that are wrong at the end of a block: of filters, images, memory, or of a row."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.channels import is_depthwise
from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.sizes import axes
from convoracle.harness.bugs.zoo.taps import convolve, native, usual_places

ADDED = "2026-11-21"


def gaps_between_planes(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The planes of a result begin at multiples of four elements, and are read as if nothing were between them.

    The thread shows for which sizes a 3x3 kernel of stride 2 is wrong, and the maintainer names the reason.
    """
    out = convolve(x, weight, bias, usual_places(x.shape, weight.shape, options), options["groups"])
    if weight.shape[2:] != (3, 3) or axes(options["stride"], 2) != (2, 2):
        return out
    area = out.shape[2] * out.shape[3]
    memory = np.zeros((*out.shape[:2], -(-area // 4) * 4), out.dtype)
    memory[..., :area] = out.reshape(*out.shape[:2], area)
    return memory.reshape(len(out), -1)[:, : out.shape[1] * area].reshape(out.shape).copy()


def last_tap_of_the_last_column(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The border is a column too narrow for a kernel that is even: its last tap reads nothing in the last window.

    That the right border column is wrong, and for even kernels alone, is the thread's; what is missing is a reading.
    """
    rows, columns = usual_places(x.shape, weight.shape, options)
    if weight.shape[3] % 2 == 0:
        columns = columns.copy()
        columns[-1, -1] = x.shape[3]
    return convolve(x, weight, bias, (rows, columns), options["groups"])


def spare_filters_of_a_block(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """A 1x1 kernel is multiplied for four filters at once; what there are too few of is added elsewhere.

    The thread shows the loop: kernels that were not read are multiplied, and the products go to memory past the last
    plane, which is the next image's. Their values are whatever is in registers: here those of the last filter.
    """
    places = usual_places(x.shape, weight.shape, options)
    out = convolve(x, weight, None, places, options["groups"])
    spare = -len(weight) % 4
    plain = weight.shape[2:] == (1, 1) and options["groups"] == 1
    if plain and spare and len(weight) > 1:
        last = convolve(x, weight[-1:], None, places, 1)
        planes = out.reshape(-1, *out.shape[2:])
        for image in range(1, len(x)):
            planes[image * len(weight) : image * len(weight) + spare] += last[image - 1]
    return out if bias is None else out + np.asarray(bias, native(x)).reshape(-1, 1, 1)


def whole_batches_of_32(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """Images come in blocks of 32, and those after the last whole block are not computed.

    The thread says that results are wrong for more than 32 images that are no multiple of 32, not what they are.
    """
    out = convolve(x, weight, bias, usual_places(x.shape, weight.shape, options), options["groups"])
    if len(x) > 32:
        out[len(x) // 32 * 32 :] = 0
    return out


def bounds_without_dilation(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """Depthwise, a tap is checked for being inside the image where it would be without dilation.

    The thread says that the dilation was in the wrong place of the check; that what is outside then reads the nearest
    pixel, as textures do, is a reading.
    """
    places = usual_places(x.shape, weight.shape, options)
    if not is_depthwise(x, options):
        return convolve(x, weight, bias, places, options["groups"])
    read = []
    for place, size, d in zip(places, x.shape[2:], axes(options["dilation"], 2), strict=True):
        undilated = place - np.arange(len(place))[:, None] * (d - 1)
        inside = (undilated >= 0) & (undilated < size)
        read.append(np.where(inside, np.clip(place, 0, size - 1), size))
    return convolve(x, weight, bias, tuple(read), options["groups"])


def copy_read_at_the_old_offset(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """A weight that is not contiguous is copied, and the copy read from where the original begins in its memory."""
    if not weight.flags.c_contiguous:
        owner: Any = weight
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        begin = weight.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        packed = np.ascontiguousarray(weight).reshape(-1)
        skipped = packed[max(begin, 0) // weight.itemsize :]
        weight = np.concatenate([skipped, np.zeros(packed.size - skipped.size, packed.dtype)]).reshape(weight.shape)
    return convolve(x, weight, bias, usual_places(x.shape, weight.shape, options), options["groups"])


BLOCKS = (
    entry(
        "ncnn",
        "#1014",
        "Tencent/ncnn/issues",
        "conv2d",
        "tail",
        "the oracle's with planes that begin at multiples of four elements read without the gaps between them, for "
        "3x3 kernels of stride 2",
        "A convolution with a 3x3 kernel and stride 2 was wrong wherever height times width of the result is no "
        "multiple of 4. Planes begin at aligned addresses, and the reader took them to lie side by side.",
        gaps_between_planes,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "computelibrary",
        "#78",
        "ARM-software/ComputeLibrary/issues",
        "conv2d",
        "tail",
        "the oracle's without the kernel's last column in the last column of the result where the kernel's width is "
        "even",
        "Convolutions with even kernels were wrong in the right border column, those with odd ones right. The border "
        "that is allocated around an image was too narrow.",
        last_tap_of_the_last_column,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "nnpack",
        "#130",
        "Maratyszcza/NNPACK/issues",
        "conv2d",
        "tail",
        "the oracle's, and of 1x1 kernels whose number is no multiple of four the last once more in the first planes "
        "of the next image",
        "1x1 convolutions with two filters read kernels and wrote planes that do not exist. The loop went by blocks of "
        "four filters, whatever was left of them.",
        spare_filters_of_a_block,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "neon",
        "#361",
        "NervanaSystems/neon/issues",
        "conv3d",
        "tail",
        "the oracle's with zeros for the images after the last whole 32 of them",
        "Three-dimensional convolutions were wrong for batches of more than 32 images that are no multiple of 32. The "
        "kernel goes by blocks of 32 images.",
        whole_batches_of_32,
        added=ADDED,
        first_sight=False,
    ),
    entry(
        "tfjs",
        "#5378",
        "tensorflow/tfjs/issues",
        "conv2d",
        "structure",
        "a depthwise convolution whose taps are checked for being inside where they would be without dilation",
        "A depthwise layer of DeepLab with dilation 4 and SAME padding came out wrong on WebGL, and right on other "
        "backends. When indices were rewritten, the dilation slipped out of the bounds check.",
        bounds_without_dilation,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "candle",
        "#3736",
        "huggingface/candle/pull",
        "conv2d",
        "contract",
        "the oracle's with a weight that is not contiguous read from a copy, as far in as the weight was in its memory",
        "A 1x1 kernel cut from a larger weight gave another result than a copy of it. It was copied into a new buffer, "
        "which was then read from the old one's offset.",
        copy_read_at_the_old_offset,
        added=ADDED,
        first_sight=True,
    ),
)
