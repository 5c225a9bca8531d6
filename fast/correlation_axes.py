"""One axis of a correlation: what each output reads, forward and on the way back.

The convolution reads, for output u and tap t, position ``u * stride + t * dilation - before``. Its input gradient
gathers: input i was read by output u through tap t where ``u * stride = i + before - t * dilation``, so the inputs of
one remainder of ``i + before`` by the stride share their taps, and are a correlation of the output gradient of their
own.
"""

import functools
from typing import NamedTuple

from convoracle.fast.shapes import count_outputs
from convoracle.fast.windows import Pair


class Axis(NamedTuple):
    """One axis of a correlation: output u of `outputs` reads source position ``u * stride + offsets[t]`` of `size`."""

    size: int
    outputs: int
    stride: int
    offsets: tuple[int, ...]


@functools.lru_cache(maxsize=256)
def forward_axis(size: int, kernel_size: int, stride: int, padding: Pair, dilation: int) -> Axis:
    """Return the axis of a convolution."""
    count = count_outputs(size, padding, kernel_size, stride, dilation)
    return Axis(size, count, stride, tuple(tap * dilation - padding[0] for tap in range(kernel_size)))


@functools.lru_cache(maxsize=256)
def backward_axes(
    size: int, output_size: int, kernel_size: int, stride: int, padding: Pair, dilation: int
) -> list[tuple[int, tuple[int, ...], Axis]]:
    """Return, for each remainder that any tap leaves, the first input of that remainder, the taps, and the axis."""
    axes = []
    for first in range(min(stride, size)):
        position = first + padding[0]
        taps = tuple(tap for tap in range(kernel_size) if (position - tap * dilation) % stride == 0)
        if taps:
            offsets = tuple((position - tap * dilation) // stride for tap in taps)
            axes.append((first, taps, Axis(output_size, -(-(size - first) // stride), 1, offsets)))
    return axes
