"""How many numbers a layer learns.

The lectures count biases in some examples (UW CSE 493G1: 76 per 5x5x3 filter) and leave them out in others (UBC CPSC
425: 2000 for 20 filters of 10x10), so every function asks.
"""

from collections.abc import Sequence

from convoracle.reference.shapes import pair


def linear(inputs: int, outputs: int, *, bias: bool = True) -> int:
    """Return the number of parameters of a fully connected layer.

    Source: UBC CPSC 425, Lecture 23, "Fully Connected Layer". The slide's "~2 Billion" for a 200 x 200 image and 40K
    hidden units is 1.6 billion, rounded up.

    >>> linear(40_000, 40_000, bias=False)
    1600000000
    """
    return outputs * (inputs + bias)


def conv2d(channels: int, filters: int, kernel_size: int | Sequence[int], *, groups: int = 1, bias: bool = True) -> int:
    """Return the number of parameters of a convolution layer.

    Source: UW CSE 493G1, Lecture 5, "Convolution layer: summary": F^2 C K weights and K biases.

    >>> conv2d(3, 10, 5)
    760
    """
    rows, columns = pair(kernel_size, "param_count.conv2d: kernel_size")
    if groups < 1 or channels % groups != 0 or filters % groups != 0:
        raise ValueError(
            f"param_count.conv2d: got {channels} channels, {filters} filters and groups={groups}; "
            "allowed: both divisible by groups"
        )
    return filters * (channels // groups * rows * columns + bias)


def locally_connected(
    channels: int,
    filters: int,
    kernel_size: int | Sequence[int],
    output_size: int | Sequence[int],
    *,
    bias: bool = True,
) -> int:
    """Return the number of parameters of a locally connected layer: a convolution's, at every output position.

    Source: UBC CPSC 425, Lecture 23, "Locally Connected Layer": ~4 million for 40K hidden units and 10 x 10 filters.

    >>> locally_connected(1, 1, 10, 200, bias=False)
    4000000
    """
    rows, columns = pair(output_size, "param_count.locally_connected: output_size")
    return rows * columns * conv2d(channels, filters, kernel_size, bias=bias)
