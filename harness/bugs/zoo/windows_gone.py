"""Transposed convolutions and pools that are wrong about what is at the end: padding, holes, windows of nothing."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.max_pooling import places_for
from convoracle.harness.bugs.zoo.sizes import axes
from convoracle.harness.bugs.zoo.transposed import output_shape, transposed, with_bias
from convoracle.harness.bugs.zoo.transposed import places_for as places_of_inputs
from convoracle.harness.bugs.zoo.windows import answer, largest

ADDED = "2026-11-21"


def kernel_without_holes(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The dilation is not handed on: the result is that of a plain kernel, in its size."""
    plain = {**options, "dilation": 1}
    shape = output_shape(x, weight, plain)
    return transposed(x, weight, bias, shape, places_of_inputs(x.shape[2:], weight, plain), options["groups"])


def zeros_for_output_padding(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The rows and columns that output_padding adds are zeros put after the result."""
    right = transposed(
        x,
        weight,
        None,
        output_shape(x, weight, options),
        places_of_inputs(x.shape[2:], weight, options),
        options["groups"],
    )
    rows, columns = axes(options["output_padding"], 2)
    right[:, :, right.shape[2] - rows :] = 0
    right[..., right.shape[3] - columns :] = 0
    return with_bias(right, bias)


def every_window(size: int, extent: int, stride: int, padding: int, ceil_mode: bool) -> int:
    """Return the number of windows where ceil_mode keeps those that begin after the image, too."""
    positions = size + 2 * padding - extent
    return (-(-positions // stride) if ceil_mode else positions // stride) + 1


def windows_past_the_end(x: Any, kernel_size: Any, **options: Any) -> Any:
    """ceil_mode keeps windows that begin past the image, and returns minus infinity for them."""
    best, where = largest(x, places_for(x, kernel_size, options, every_window))
    best = np.where(where < 0, best.dtype.type(-np.inf), best) if best.dtype.kind == "f" else best
    return answer(best, where, options["return_indices"])


def nowhere_for_the_lowest(x: Any, kernel_size: Any, **options: Any) -> Any:
    """The index starts from -1, and is written where something is larger than minus infinity alone.

    A window of nothing but NaN and minus infinity keeps it; that its value is right is a reading.
    """
    best, where = largest(x, places_for(x, kernel_size, options))
    if x.dtype.kind == "f":
        lowered = np.where(np.isnan(x), x.dtype.type(-np.inf), x)
        where = np.where(largest(lowered, places_for(x, kernel_size, options))[0] == -np.inf, -1, where)
    return answer(best, where, options["return_indices"])


WINDOWS_GONE = (
    entry(
        "pytorch",
        "#1565",
        "pytorch/pytorch/issues",
        "conv_transpose2d",
        "structure",
        "the oracle's without dilation, in the size without it",
        "A transposed convolution with stride 2 and dilation 2 returned 12 numbers that alternate between 1 and 2. The "
        "dispatch to the CPU's kernels had no dilated transposed one, and took another.",
        kernel_without_holes,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "tvm",
        "#5758",
        "apache/tvm/pull",
        "conv_transpose2d",
        "structure",
        "the oracle's with zeros, and the bias, in the rows and columns that output_padding adds",
        "output_padding put zeros after the result, where every other framework computes more of it. The parameter's "
        "meaning had been misunderstood.",
        zeros_for_output_padding,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "pytorch",
        "#45357",
        "pytorch/pytorch/issues",
        "max_pool2d",
        "structure",
        "the oracle's with a row and a column more, of minus infinity, where ceil_mode finds a window past the image",
        "A max pool of 6 by 7 with a kernel of 1, stride 2 and ceil_mode returned four rows, the last of minus "
        "infinity. Windows that begin past the image were kept.",
        windows_past_the_end,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "pytorch",
        "#1465",
        "pytorch/pytorch/pull",
        "max_pool2d",
        "data",
        "the oracle's with the index -1 for windows of nothing but NaN and minus infinity",
        "The backward pass of max pooling wrote to memory before its array. The index of a window of NaN or minus "
        "infinity alone stayed at its first value, -1.",
        nowhere_for_the_lowest,
        added=ADDED,
        first_sight=True,
    ),
)
