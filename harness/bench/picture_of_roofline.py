"""The roofline: how fast each layer runs, below what its arithmetic for each byte lets the machine reach.

Williams, Waterman and Patterson, *Roofline: an insightful visual performance model*. The bytes are those that have to
be moved at least; the roofs are measured. Operations are those of the definition, so an algorithm that needs fewer
(Winograd's, Fourier's) may be above the roof.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bench.comparison import Comparison
from convoracle.harness.bench.machine import Roof
from convoracle.harness.bench.picture_style import label_plainly, looks

MOST_NUMBERED = 32
"""With more layers than that, there is no room for their names."""

NUMBER_WIDTH, NUMBER_HEIGHT = 0.028, 0.035
"""Of a number of two digits, as shares of the picture."""


def draw_roofline(axes: Any, members: Sequence[Comparison], roof: Roof | None) -> None:
    """Draw a point for each convolution and implementation."""
    layers = [one for one in members if one.task.workload.is_convolution]
    axes.set_xlabel("floating-point operations for each byte")
    axes.set_ylabel("GFLOP/s")
    if not layers:
        axes.text(0.5, 0.5, "no convolutions", ha="center", transform=axes.transAxes)
        return
    axes.set(xscale="log", yscale="log")
    work = [one.task.workload.operations(one.task.direction) for one in layers]
    bytes_ = [one.task.workload.bytes_moved(one.task.direction) for one in layers]
    at = np.array(work) / np.array(bytes_)
    order = np.argsort(at, kind="stable")
    for name, (colour, marker) in looks(layers).items():
        shown = [i for i in order if name in layers[i].results]
        speed = [work[i] / layers[i].results[name].seconds.middle / 1e9 for i in shown]
        axes.plot(at[shown], speed, marker, color=colour, alpha=0.85, ms=6, mec="white", mew=0.5, label=name)
    axes.set_xlim(at.min() / 2.5, at.max() * 2.5)
    _draw_roofs(axes, at, layers[0].task.workload.case.dtype, roof)
    axes.legend(loc="lower left", bbox_to_anchor=(1.0, 0.0), fontsize=9)
    if len(layers) <= MOST_NUMBERED:
        _number(axes, [layers[i] for i in order], at[order])
    else:
        axes.set_xlabel(f"floating-point operations for each byte ({len(layers)} layers)")
    label_plainly(axes.xaxis)
    label_plainly(axes.yaxis)


def _draw_roofs(axes: Any, at: np.ndarray, dtype: str, roof: Roof | None) -> None:
    """Draw the bandwidth's slope up to the peak, and the peak from there on."""
    if roof is None or dtype not in roof.flops:
        return
    peak, bandwidth = roof.flops[dtype] / 1e9, roof.copied / 1e9
    knee = peak / bandwidth
    left, right = min(at.min() / 2, knee / 5), at.max() * 2
    axes.set_xlim(left / 1.25, right * 1.25)
    axes.plot([left, knee, right], [left * bandwidth, peak, peak], color="#555555", lw=1.2, zorder=1, ls="--")
    for text, x in ((f"memory {bandwidth:.0f} GB/s", knee), (f"peak {peak:.0f} GFLOP/s", right)):
        axes.annotate(
            text,
            (x, peak),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            color="#555555",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1.0},
        )


def _number(axes: Any, layers: Sequence[Comparison], at: np.ndarray) -> None:
    """Write the layers' numbers at the bottom, with a line up to their points, and their names beside the picture."""
    left, right = np.log(axes.get_xlim())
    rows: list[float] = []
    places = []
    for x in at:
        place = (np.log(x) - left) / (right - left)
        row = next((row for row, last in enumerate(rows) if place - last > NUMBER_WIDTH), len(rows))
        rows[row:] = [place, *rows[row + 1 :]]
        places.append(row)
    # Room for the numbers below the lowest point, on an axis that is logarithmic.
    lowest, highest = axes.get_ylim()
    share = min(0.6, NUMBER_HEIGHT * (len(rows) + 0.5))
    axes.set_ylim(highest * (lowest / highest) ** (1.0 / (1.0 - share)), highest)
    transform = axes.get_xaxis_transform()
    for number, (x, row, one) in enumerate(zip(at, places, layers, strict=True), start=1):
        height = NUMBER_HEIGHT * (len(rows) - row - 0.5)
        axes.text(x, height, str(number), transform=transform, ha="center", va="center", fontsize=8)
        work = one.task.workload.operations(one.task.direction)
        slowest = max(result.seconds.middle for result in one.results.values())
        bottom = axes.transAxes.inverted().transform(axes.transData.transform((x, work / slowest / 1e9)))[1]
        axes.plot([x, x], [height + NUMBER_HEIGHT / 2, bottom], transform=transform, color="#cccccc", lw=0.6, zorder=0)
    text = "\n".join(f"{number:>2}  {one.task.workload}" for number, one in enumerate(layers, start=1))
    axes.text(1.02, 1.0, text, transform=axes.transAxes, va="top", fontsize=7, family="monospace")
