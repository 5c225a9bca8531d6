"""What a choice may depend on: the shapes of one image's convolution, and nothing of the batch."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from convoracle.fast.shapes import count_outputs
from convoracle.fast.windows import Ends, Pair


class Layer(NamedTuple):
    """The convolution of one image, or one of its two gradients.

    Sizes are (height, width); `operation` is ``conv2d``, ``conv2d_input_grad`` or ``conv2d_weight_grad``, the shapes
    are those of the convolution whichever it is.
    """

    operation: str
    dtype: str
    channels: int
    size: Pair
    filters: int
    kernel_size: Pair
    stride: Pair
    padding: Ends
    dilation: Pair
    groups: int

    @property
    def output_size(self) -> Pair:
        """Rows and columns of the result of the convolution."""
        rows, columns = map(count_outputs, self.size, self.padding, self.kernel_size, self.stride, self.dilation)
        return rows, columns

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return 8 if self.dtype == "float64" else 4

    @property
    def input_numbers(self) -> int:
        """Numbers of an image."""
        return self.channels * math.prod(self.size)

    @property
    def output_numbers(self) -> int:
        """Numbers of an image's result."""
        return self.filters * math.prod(self.output_size)

    @property
    def weight_numbers(self) -> int:
        """Numbers of the weight."""
        return self.filters * self.channels // self.groups * math.prod(self.kernel_size)

    @property
    def macs(self) -> int:
        """Multiply-adds of an image: those of the definition, zeros of the padding included."""
        return self.weight_numbers * math.prod(self.output_size)

    @property
    def options(self) -> dict[str, Any]:
        """What a variant may be limited in."""
        return {
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


def layer_of(
    operation: str, dtype: str, x_shape: tuple[int, ...], weight_shape: tuple[int, ...], options: Mapping[str, Any]
) -> Layer:
    """Return the layer of a call of one of the kernels of `conv2d`, whose options are normalised."""
    _, channels, height, width = x_shape
    filters, _, *kernel_size = weight_shape
    return Layer(
        operation,
        dtype,
        channels,
        (height, width),
        filters,
        (kernel_size[0], kernel_size[1]),
        options["stride"],
        options["padding"],
        options["dilation"],
        options["groups"],
    )
