"""Pools and a gradient that are wrong at the borders: a corner, a last column, padding that is not looked at."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.average_pooling import divisors, places_for
from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.sizes import axes, ends, window_extent
from convoracle.harness.bugs.zoo.taps import input_grad, usual_places
from convoracle.harness.bugs.zoo.windows import answer, divided, largest, pool_places, sums

ADDED = "2026-11-21"


def empty_corner(x: Any, kernel_size: Any, **options: Any) -> np.ndarray:
    """The window at the end of one axis and the beginning of the other is not computed where both are padded.

    The thread prints an image that this happens to; Julia's first axis is our last.
    """
    places = places_for(x.shape[2:], kernel_size, options)
    out = divided(sums(x, places), divisors(places, x.shape[2:], options))
    if min(axes(options["padding"], 2)) > 0 and min(out.shape[2:]) > 1:
        out[:, :, 0, -1] = 0
    return out


def padding_never_counts(x: Any, kernel_size: Any, **options: Any) -> np.ndarray:
    """What a window holds of the padding is not looked at, and not counted."""
    places = places_for(x.shape[2:], kernel_size, options)
    return divided(sums(x, places), divisors(places, x.shape[2:], {**options, "count_include_pad": False}))


def third_column_of_the_last(x: Any, kernel_size: Any, **options: Any) -> Any:
    """The path for 3x3 windows two apart takes the last window of a row to be two columns wide.

    The thread shows one image, 61 columns wide: where 30 windows just cover it.
    """
    stride, padding, dilation = options["stride"], options["padding"], options["dilation"]
    places = pool_places(x.shape[2:], kernel_size, stride, padding, dilation, options["ceil_mode"])
    step = axes(kernel_size if stride in (None, ()) else stride, 2)
    if (axes(kernel_size, 2), step, axes(padding, 2), axes(dilation, 2)) == ((3, 3), (2, 2), (0, 0), (1, 1)):
        columns = places[1].copy()
        columns[2, -1] = columns[1, -1]
        places = (places[0], columns)
    return answer(*largest(x, places), options["return_indices"])


def end_less_the_padding_after(grad: Any, weight: Any, shape: Sequence[int], **options: Any) -> np.ndarray:
    """The last window starts at the padded end less the kernel and the padding behind, not less that in front.

    With more padding behind than in front the last windows are left out; with less there are no more to add.
    """
    places = usual_places(shape, weight.shape, options)
    around = ends(options["padding"], shape[2:], weight.shape[2:], options["stride"], options["dilation"])
    fewer = grad
    for axis, (size, k, d, (before, _)) in enumerate(
        zip(shape[2:], weight.shape[2:], axes(options["dilation"], 2), around, strict=True), start=2
    ):
        starts = places[axis - 2][0]
        kept = starts <= size + before - window_extent(k, d)
        fewer = fewer * kept.reshape(-1, *(1,) * (3 - axis)).astype(fewer.dtype)
    return input_grad(fewer, weight, shape, places, options["groups"])


BORDERS = (
    entry(
        "nnlib.jl",
        "#229",
        "FluxML/NNlib.jl/issues",
        "avg_pool2d",
        "structure",
        "the oracle's with 0 in the last column of the first row where both axes are padded",
        "A padded mean pool on the CPU was 0 in one corner, and on the GPU it was not. The window at the end of one "
        "axis and the beginning of the other was not computed.",
        empty_corner,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "migraphx",
        "#1766",
        "ROCm/AMDMIGraphX/issues",
        "avg_pool2d",
        "structure",
        "the oracle's with count_include_pad always off",
        "The mean of a 1 and three zeros of the padding was 1, not 0.25. Values in the padding were ignored, and no "
        "test had padding.",
        padding_never_counts,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "anakin",
        "#210",
        "PaddlePaddle/Anakin/issues",
        "max_pool2d",
        "tail",
        "the oracle's without the third column of the last window of a row, where windows of 3x3 are two apart",
        "In a row of 61 pixels the last of 30 maxima was not the largest number of its window. The routine for 3x3 "
        "windows with stride 2 did not look at the last pixel.",
        third_column_of_the_last,
        added=ADDED,
        first_sight=False,
    ),
    entry(
        "nntrainer",
        "#1570",
        "nntrainer/nntrainer/pull",
        "conv2d_input_grad",
        "structure",
        "the oracle's without the last windows where there is more padding behind than in front",
        "Convolutions with unequal padding were calculated wrongly in some cases. In col2im the end of the loop over "
        "the rows had the padding at the bottom where that at the top belongs.",
        end_less_the_padding_after,
        added=ADDED,
        first_sight=True,
    ),
)
