"""SAME padding that does not know of the stride."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.zoo.entry import entry
from convoracle.harness.bugs.zoo.padding import SAME, asked, extents, padded
from convoracle.harness.bugs.zoo.sizes import axes

ADDED = "2026-11-21"


def of_stride_1(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """The kernel's extent less one, whatever the stride, with the larger half in front."""
    around = asked(x, weight, options)
    if options["padding"] in SAME:
        around = tuple((k // 2, k - 1 - k // 2) for k in extents(weight, axes(options["dilation"], 2)))
    return padded(x, weight, bias, around, options)


def the_same_on_both_sides(x: Any, weight: Any, bias: Any = None, **options: Any) -> np.ndarray:
    """Half of what is missing, rounded up, on either side."""
    around = asked(x, weight, options)
    if options["padding"] in SAME:
        around = tuple((max(sides), max(sides)) for sides in around)
    return padded(x, weight, bias, around, options)


SAME_PADDING = (
    entry(
        "tvm",
        "#13009",
        "apache/tvm/issues",
        "conv2d",
        "structure",
        "the oracle's with \"same\" as the kernel's extent less one, the larger half in front, whatever the stride",
        "Operators that are passed 'SAME' padded differently from imported models. get_pad_tuple does not know of the "
        "stride, and puts the odd row in front.",
        of_stride_1,
        added=ADDED,
        first_sight=True,
    ),
    entry(
        "mipverify.jl",
        "#23",
        "vtjeng/MIPVerify.jl/pull",
        "conv2d",
        "structure",
        'the oracle\'s with the larger side of its "same" padding on both sides',
        "With an image of 6 by 6, a kernel of 3 by 3 and stride 2, SAME padded a row on top, where TensorFlow has "
        "none. Both sides were taken to be equal.",
        the_same_on_both_sides,
        added=ADDED,
        first_sight=True,
    ),
)
