"""Which convolutions are computed down the columns only (`convoracle.fast.winograd.one_axis`): those of few channels.

In tiles, channels are lanes before the products, and few of them leave lanes idle; here columns are the lanes.
"""

import math
from fractions import Fraction

from convoracle.fast.windows import Pair

TILE = 4
"""Rows of a tile."""

FILTERS = {3: 4, 5: 3}
"""Filters of a tile, by the taps of a column of the kernel: their products, 6 or 8 of each, fill the registers."""

BITS = 512
"""Of a vector: narrower machines have half as many registers, too few for the sums of a tile."""

FEW = Fraction(5, 8)
"""Channels, by the lanes of a vector, up to which this is faster."""

FULL = Fraction(3, 4)
"""The part of the lanes that columns have to fill."""


def fits(channels: int, columns: int, dilation: Pair, lanes: int, itemsize: int) -> bool:
    """Tell whether a convolution of so many channels a group, and columns of outputs, is computed this way."""
    is_full = columns >= FULL * math.ceil(columns / lanes) * lanes
    return 8 * lanes * itemsize == BITS and tuple(dilation) == (1, 1) and channels <= FEW * lanes and is_full
