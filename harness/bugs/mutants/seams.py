"""Right but where two blocks meet, or the last is not full: seams, rests and halves of a kernel's own making."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, along, mutant, pair, sides

ADDED = "2026-11-21"


def first_row_of_a_band(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Rows are shared out in bands of eight; each takes its first row for one at the top of the image."""
    result = right(x, weight, bias, **options)
    if result.shape[2] > 8 and sides(x.shape, weight.shape, options)[0][0]:
        less = weight.copy()
        less[:, :, 0] = 0
        result[:, :, 8::8] = right(x, less, bias, **options)[:, :, 8::8]
    return result


def tiles_two_apart(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Winograd's F(4, 3) made of F(2, 3): the tiles of four columns are read two apart."""
    plain = pair(options["stride"]) == pair(options["dilation"]) == (1, 1)
    if weight.shape[2:] != (3, 3) or not plain:
        return right(x, weight, bias, **options)
    padded = np.pad(x, ((0, 0), (0, 0), *sides(x.shape, weight.shape, options)))
    inside = {**options, "padding": 0}
    whole = right(padded, weight, bias, **inside)
    result = whole.copy()
    for start in range(4, whole.shape[3], 4):
        result[..., start : start + 4] = whole[..., start // 2 : start // 2 + result[..., start : start + 4].shape[3]]
    return result


def rest_of_the_next_group(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Channels of a group are read in fours, the last of a rest from the group that follows."""
    count = weight.shape[1]
    if options["groups"] > 1 and count > 4 and count % 4:
        at = np.arange(x.shape[1])
        x = x[:, np.where(at % count == count - 1, np.minimum(at + 1, len(at) - 1), at)]
    return right(x, weight, *others, **options)


def bias_in_each_half(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """From 32 channels on, the sum is split in two halves, and each begins with the bias."""
    result = right(x, weight, bias, **options)
    return result if bias is None or weight.shape[1] < 32 else result + bias.reshape(-1, 1, 1)


def block_of_one_twice(right: Function, grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    """Positions are added up in blocks of 32; where one is left over, it is added twice."""
    result = right(grad, x, shape, **options)
    area = grad.shape[2] * grad.shape[3]
    if area > 32 and area % 32 == 1:
        last = np.zeros_like(grad)
        last[..., -1, -1] = grad[..., -1, -1]
        result = result + right(last, x, shape, **options)
    return result


def ninth_image_begins_again(right: Function, grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    """With more than eight images and filters, the later filters' sums begin again at the ninth image."""
    result = right(grad, x, shape, **options)
    if len(x) > 8 and shape[0] > 8:
        result[8:] = right(grad[8:], x[8:], shape, **options)[8:]
    return result


def images_past_32(right: Function, x: Any, *others: Any, **options: Any) -> Any:
    """Images come in blocks of 32; a last block that is not full is left out."""
    result = right(x, *others, **options)
    if len(x) > 32:
        result[len(x) // 32 * 32 :] = 0
    return result


def pieces_of_eight(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """A kernel of more than eight taps is applied in pieces, the later ones where they are without dilation."""
    spread = along(options["dilation"], 1)[0]
    if weight.shape[2] <= 8 or spread == 1:
        return right(x, weight, bias, **options)
    first, rest = weight[:, :, :8], weight[:, :, 8:]
    around = sides(x.shape, weight.shape, options)[0]
    padded = np.pad(x, ((0, 0), (0, 0), around))
    inside = {**options, "padding": 0}
    count = right(padded, weight, None, **inside).shape[2]
    return right(padded, first, bias, **inside)[..., :count] + right(padded[..., 8:], rest, None, **inside)[..., :count]


def third_phase_as_the_second(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Stride 3 is computed by phases; for four columns of taps the third takes the second's."""
    result = right(x, weight, bias, **options)
    if pair(options["stride"])[1] == 3 and weight.shape[3] == 4 and pair(options["dilation"])[1] == 1:
        other = weight.copy()
        other[..., 2] = weight[..., 1]
        start = (2 - pair(options["padding"])[1]) % 3
        result[..., start::3] = right(x, other, bias, **options)[..., start::3]
    return result


def seam_of_a_scatter(right: Function, grad: Any, weight: Any, shape: Any, **options: Any) -> Any:
    """Two threads scatter the halves of the windows' rows; in the row where they meet the second's share is left."""
    result = right(grad, weight, shape, **options)
    half = grad.shape[2] // 2
    row = half * pair(options["stride"])[0] - sides(shape, weight.shape, options)[0][0]
    if grad.shape[2] >= 8 and 0 <= row < shape[2]:
        lower = grad.copy()
        lower[:, :, :half] = 0
        result[:, :, row] = right(lower, weight, shape, **options)[:, :, row]
    return result


def last_groups_swapped(right: Function, grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    """With more than two groups, the last two change places in one of the operands."""
    groups = options["groups"]
    if groups > 2:
        order = [*range(groups - 2), groups - 1, groups - 2]
        split = grad.reshape(len(grad), groups, -1, *grad.shape[2:])
        grad = split[:, order].reshape(grad.shape)
    return right(grad, x, shape, **options)


def filters_of_a_far_group(right: Function, grad: Any, weight: Any, shape: Any, **options: Any) -> Any:
    """The table of where groups begin has four places: later groups have the first one's filters."""
    groups = options["groups"]
    if groups > 4:
        split = weight.reshape(groups, -1, *weight.shape[1:])
        weight = split[np.where(np.arange(groups) < 4, np.arange(groups), 0)].reshape(weight.shape)
    return right(grad, weight, shape, **options)


TABLE: tuple[tuple[str, str, str, Function, bool], ...] = (
    # operation, name, says, wrong, whether it was caught at first sight
    (
        "conv2d",
        "first row of a band",
        "the oracle's without the kernel's first row in every eighth row where there is padding at the top",
        first_row_of_a_band,
        True,
    ),
    (
        "conv2d",
        "tiles two apart",
        "the oracle's with the tiles of four columns taken from half as far right, for plain 3x3 kernels",
        tiles_two_apart,
        True,
    ),
    (
        "conv2d",
        "rest of the next group",
        "the oracle's with the last channel of a group that of the next, where there are more than four and no "
        "multiple of four",
        rest_of_the_next_group,
        True,
    ),
    (
        "conv2d",
        "bias in each half",
        "the oracle's with the bias twice where a group has 32 channels or more",
        bias_in_each_half,
        True,
    ),
    (
        "conv2d_weight_grad",
        "block of one twice",
        "the oracle's with the last position twice where H_out * W_out is one more than a multiple of 32",
        block_of_one_twice,
        True,
    ),
    (
        "conv2d_weight_grad",
        "ninth image begins again",
        "the oracle's without the first eight images for the filters from the ninth on",
        ninth_image_begins_again,
        False,
    ),
    (
        "conv2d",
        "images past 32",
        "the oracle's with zeros for the images after the last whole 32 of them",
        images_past_32,
        False,
    ),
    (
        "conv1d",
        "pieces of eight",
        "the oracle's with the taps from the ninth on eight pixels after the first, whatever the dilation",
        pieces_of_eight,
        False,
    ),
    (
        "conv_transpose2d",
        "third phase as the second",
        "the oracle's with the second tap of a row for the third where stride_w = 3 and the kernel has four columns",
        third_phase_as_the_second,
        True,
    ),
    (
        "conv2d_input_grad",
        "seam of a scatter",
        "the oracle's without the upper half of the windows in the row where the lower half begins",
        seam_of_a_scatter,
        True,
    ),
    (
        "conv_transpose2d_weight_grad",
        "last groups swapped",
        "the oracle's with the last two groups of grad_output swapped where there are more than two",
        last_groups_swapped,
        True,
    ),
    (
        "conv2d_input_grad",
        "filters of a far group",
        "the oracle's with the first group's filters for the groups from the fifth on",
        filters_of_a_far_group,
        True,
    ),
)

SEAMS: tuple[Bug, ...] = tuple(
    mutant(operation, "tail", name, says, wrong, added=ADDED, first_sight=seen)
    for operation, name, says, wrong, seen in TABLE
)
"""Added after they were written by somebody who had not seen the other lists."""
