"""How pictures of comparisons look: colours, markers, sizes."""

from collections.abc import Sequence
from typing import Any

from convoracle.harness.bench.comparison import Comparison

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
}


def looks(members: Sequence[Comparison]) -> dict[str, tuple[str, str]]:
    """Return a colour and a marker for each implementation, in the order they were named."""
    task = members[0].task
    names = dict.fromkeys((*task.names, *task.against))
    return {
        name: (COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)])
        for position, name in enumerate(names)
    }


def label_plainly(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers, as many as there is room for."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = axis.get_view_interval()
    decades = [10.0**power for power in range(-6, 7)]
    tenths = [number / 10 for number in (*range(10, 20), *range(20, 100, 5))]
    for numbers in ([1], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], tenths):
        inside = [number * decade for decade in decades for number in numbers if low <= number * decade <= high]
        if len(inside) >= 4:
            break
    axis.set_major_locator(FixedLocator(inside))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def height_of(picture: str, layers: int) -> float:
    """Return the height of a picture in inches."""
    return max(3.0, 1.6 + 0.45 * layers) if picture == "ratios" else 5.5
