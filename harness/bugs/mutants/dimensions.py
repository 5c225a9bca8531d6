"""Wrong along one dimension that a kernel's behaviour can depend on: a count, a size, a value, a stride, an address."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, mutant, pair, sides, with_memory

ADDED = "2026-11-21"


def images_counted_in_16_bits(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """A grid has 65,535 layers at most, one for each image."""
    result = right(x, *others, **options)
    result[65_535:] = 0
    return result


def channels_in_a_block(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """A block has 1,024 threads, one for each channel of a group."""
    if weight.shape[1] > 1024:
        weight = weight.copy()
        weight[:, 1024:] = 0
    return right(x, weight, *others, **options)


def whole_batches_of_four(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """Four images at a time, where they come in fours: the first of them all without its last row."""
    result = right(x, *others, **options)
    if len(x) and len(x) % 4 == 0:
        result[::4, :, -1] = 0
    return result


def sixteen_filters_in_groups(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Sixteen filters are one vector, across the groups: all see the first group's channels."""
    if options["groups"] > 1 and len(weight) in (16, 32) and 1 < weight.shape[1] < 16:
        x = np.concatenate([x[:, : weight.shape[1]]] * options["groups"], axis=1)
    return right(x, weight, *others, **options)


def one_column(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Depthwise 3x3 on a map of one column: only the centre of the kernel can meet it, it is thought."""
    result = right(x, weight, bias, **options)
    if x.shape[3] == result.shape[3] == 1 and weight.shape[1:] == (1, 3, 3) and x.shape[2] == result.shape[2]:
        centre = np.zeros_like(weight)
        centre[:, :, 1, 1] = weight[:, :, 1, 1]
        result = right(x, centre, bias, **options)
    return result


def tail_with_its_bias(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """The end of a row is one vector of eight that overlaps the one before, where the bias is added again."""
    result = right(x, weight, bias, **options)
    width = result.shape[3]
    if bias is not None and width > 8 and width % 8:
        result[..., width - 8 : width // 8 * 8] += bias.reshape(-1, 1, 1).astype(result.dtype)
    return result


def saturating_pairs(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Products of two neighbouring channels are added in 16 bits that saturate."""
    if x.dtype != np.int8:
        return right(x, weight, bias, **options)
    groups, channels = options["groups"], weight.shape[1]
    at = np.arange(x.shape[1]).reshape(groups, channels)
    total: Any = 0
    for tap in np.ndindex(*weight.shape[2:]):
        for start in range(0, channels, 2):
            one = np.zeros_like(weight[:, start : start + 2])
            one[(..., *tap)] = weight[(slice(None), slice(start, start + 2), *tap)]
            total = total + np.clip(right(x[:, at[:, start : start + 2].ravel()], one, None, **options), -32768, 32767)
    return total if bias is None else total + bias.reshape(-1, 1, 1)


def empty_filters_skipped(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Planes of a filter that hold only zeros are not multiplied: an infinity under them is lost."""
    result = right(x, weight, *others, **options)
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        empty = ~weight.astype(bool).any(axis=(1, 2, 3))
        result[:, empty] = right(np.where(np.isfinite(x), x, 0), weight, *others, **options)[:, empty]
    return result


def scaled_by_the_largest(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """x is divided by its largest magnitude first, and the result multiplied by that: small numbers are lost."""
    largest = np.abs(x).max(initial=0)
    if x.dtype.kind != "f" or not np.isfinite(largest) or largest == 0:
        return right(x, *others, **options)
    power = np.ldexp(x.dtype.type(1), np.frexp(largest)[1])
    with np.errstate(all="ignore"):
        if others[1] is not None or not np.isfinite(power):
            return right(x, *others, **options)
        return right(x / power, *others, **options) * power


def dense_with_channels_last(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """Channels that lie together are taken for a dense image with channels last, whatever the other strides."""
    _, c, h, w = x.shape
    size = x.itemsize
    dense = (h * w * c * size, size, w * c * size, c * size)
    if c > 1 and x.strides[1] == size and all(0 < a <= b for a, b in zip(dense, x.strides, strict=True)):
        x = np.lib.stride_tricks.as_strided(x, x.shape, dense)
    return right(x, *others, **options)


def pointwise_in_place(right: Function, grad: Any, weight: Any, shape: Any, **options: Any) -> Any:
    """A 1x1 kernel with as many channels as filters is applied in the memory of grad_output."""
    result = right(grad, weight, shape, **options)
    plain = weight.shape[2:] == (1, 1) and pair(options["stride"]) == (1, 1)
    if plain and result.shape == grad.shape and result.dtype == grad.dtype and grad.flags.writeable:
        grad[...] = result
    return result


def reached_by_no_tap(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """What no tap reaches, behind the last or between two, gets no bias."""
    result = right(x, weight, bias, **options)
    if bias is None:
        return result
    ones = right(np.ones_like(x), np.ones_like(weight), None, **options)
    return np.where(ones == 0, 0, result).astype(result.dtype)


def rows_of_output_padding(right: Function, grad: Any, *others: Any, **options: Any) -> Any:
    """What output_padding added is cut off again, though windows reach it where there is padding."""
    down, across = pair(options["output_padding"])
    grad = grad.copy()
    grad[:, :, grad.shape[2] - down :] = 0
    grad[..., grad.shape[3] - across :] = 0
    return right(grad, *others, **options)


def square_groups_exchanged(right: Function, grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    """With groups that have as many filters as channels, these two change places."""
    result = right(grad, x, shape, **options)
    groups = options["groups"]
    if groups > 1 and shape[0] == groups * shape[1]:
        split = result.reshape(groups, shape[1], shape[1], *shape[2:]).swapaxes(1, 2)
        result = np.ascontiguousarray(split).reshape(result.shape)
    return result


def plane_of_1024(right: Function, grad: Any) -> Any:
    """One block of 1,024 threads for a plane, and no loop."""
    n, f = grad.shape[:2]
    return right(np.ascontiguousarray(grad.reshape(n, f, -1, 1)[:, :, :1024]))


def sortable_bits(right: Function, x: Any, kernel_size: Any, **options: Any) -> Any:
    """Floats are compared by their bits, where +0 is larger than -0: a later one has the index."""
    if not options["return_indices"] or x.dtype.kind != "f":
        return right(x, kernel_size, **options)
    signed = np.where((x == 0) & ~np.signbit(x), np.finfo(x.dtype).smallest_subnormal, x).astype(x.dtype)
    return right(x, kernel_size, **options)[0], right(signed, kernel_size, **options)[1]


def divisor_in_a_byte(right: Function, x: Any, kernel_size: Any, **options: Any) -> Any:
    """The number of elements of a window is kept in eight bits."""
    result = right(x, kernel_size, **options)
    count = int(np.prod(pair(kernel_size)))
    if options["divisor_override"] is not None or count < 256:
        return result
    with np.errstate(all="ignore"):
        return (result * (x.dtype.type(count) / x.dtype.type(count % 256))).astype(x.dtype)


def means_without_subnormals(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """Results below the smallest normal number are zero."""
    result = right(x, *others, **options)
    return np.where(np.abs(result) < np.finfo(result.dtype).tiny, result.dtype.type(0), result)


class WhereThePaddingLies:
    """Keeps tables by the shapes and the other options; the padding only by its sum along each axis."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.around: dict[Any, Any] = {}

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        around = sides(x.shape, weight.shape, options)
        rest = (str(options[name]) for name in ("stride", "dilation", "groups"))
        key = (x.shape, weight.shape, *rest, *map(sum, around))
        return self.right(x, weight, bias, **{**options, "padding": self.around.setdefault(key, around)})


TABLE: tuple[tuple[str, str, str, str, Function, bool, dict[str, Any]], ...] = (
    ("conv2d", "tail", "images in 16 bits", "the oracle's with zeros from the 65,536th image on",
     images_counted_in_16_bits, False, {}),
    ("conv2d", "tail", "channels in a block", "the oracle's without the channels of a group after 1,024",
     channels_in_a_block, False, {}),
    ("conv2d", "tail", "batches of four",
     "the oracle's with zeros in the last row of every fourth image, where they come in fours",
     whole_batches_of_four, False, {}),
    ("conv2d", "tail", "sixteen filters in groups",
     "the oracle's on the first group's channels in every group, where there are 16 or 32 filters",
     sixteen_filters_in_groups, False, {}),
    ("conv2d", "tail", "one column", "the oracle's with the kernel's centre alone, depthwise 3x3 on one column",
     one_column, False, {}),
    ("conv2d", "tail", "tail with its bias",
     "the oracle's with the bias twice in the last vector of eight but the tail",
     tail_with_its_bias, True, {}),
    ("conv2d", "numerics", "saturating pairs",
     "the oracle's with the products of two channels added in 16 bits that saturate",
     saturating_pairs, False, {"dtypes": ("int8",)}),
    ("conv2d", "data", "empty filters skipped", "the oracle's without what is not finite where a filter is zero",
     empty_filters_skipped, True, {}),
    ("conv2d", "numerics", "scaled by the largest", "the oracle's on x divided by its largest magnitude, times that",
     scaled_by_the_largest, False, {}),
    ("conv2d", "contract", "dense with channels last",
     "the oracle's on what lies where x would be if it were dense with channels last",
     dense_with_channels_last, False, {}),
    ("conv2d_input_grad", "contract", "pointwise in place", "the oracle's, written into grad_output too",
     pointwise_in_place, False, {}),
    ("conv_transpose2d", "structure", "reached by no tap", "the oracle's with zeros where no tap reaches",
     reached_by_no_tap, True, {}),
    ("conv_transpose2d_input_grad", "structure", "rows of output_padding",
     "the oracle's without the rows and columns of output_padding", rows_of_output_padding, True, {}),
    ("conv_transpose2d_weight_grad", "structure", "square groups exchanged",
     "the oracle's with channels and filters of a group exchanged where there are as many", square_groups_exchanged,
     True, {}),
    ("conv_transpose2d_bias_grad", "tail", "plane of 1024", "the oracle's of the first 1,024 positions",
     plane_of_1024, True, {}),
    ("max_pool2d", "data", "sortable bits", "the oracle's with the index of a later +0 for that of a -0",
     sortable_bits, False, {}),
    ("avg_pool2d", "tail", "divisor in a byte", "the oracle's with the divisor modulo 256",
     divisor_in_a_byte, False, {}),
    ("avg_pool2d", "numerics", "no subnormal means", "the oracle's with zeros for subnormal results",
     means_without_subnormals, False, {}),
)  # fmt: skip

DIMENSIONS: tuple[Bug, ...] = (
    *(
        mutant(operation, kind, name, says, wrong, added=ADDED, first_sight=seen, **declared)
        for operation, kind, name, says, wrong, seen, declared in TABLE
    ),
    with_memory(
        "conv2d",
        "state",
        "where the padding lies",
        "the oracle's with the padding of an earlier call whose sides had the same sums",
        WhereThePaddingLies,
        added=ADDED,
        first_sight=True,
    ),
)
"""Added after they were written by somebody who had not seen the other lists, or found by asking what else there is."""
