"""What the examples show in a terminal: a curve in one line."""

from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return a curve of at most `width` characters, from zero to the largest value; each is the mean of its share.

    >>> sparkline([8.0, 4.0, 2.0, 1.0, 0.0], 40)
    '█▅▃▂▁'
    >>> len(sparkline(range(1000), 40))
    40
    """
    columns = min(width, len(values))
    if columns == 0:
        return ""
    edges = [column * len(values) // columns for column in range(columns + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    largest = max(means) or 1.0
    return "".join(BARS[min(int(8 * mean / largest), 7)] for mean in means)
