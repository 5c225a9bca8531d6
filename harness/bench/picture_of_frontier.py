"""The frontier: what accuracy a speed costs, each implementation a point, those that nothing beats in both joined.

An implementation's point is the geometric mean over the convolutions that all of them do; the small ones around it are
the layers. The error is the largest of the sample, as a multiple of the largest value and the unit roundoff.
"""

import math
from collections.abc import Sequence
from typing import Any

from convoracle.harness.bench.comparison import Comparison
from convoracle.harness.bench.machine import Roof
from convoracle.harness.bench.picture_style import label_plainly, looks

LEAST_ERROR = 0.25
"""Units of roundoff: where an exact result stands on a logarithmic axis."""


def draw_frontier(axes: Any, members: Sequence[Comparison], roof: Roof | None) -> None:
    """Draw the points and the frontier."""
    convolutions = [one for one in members if one.task.workload.is_convolution]
    names = {name for one in convolutions for name in one.results}
    layers = [one for one in convolutions if names <= one.results.keys()]
    axes.set_xlabel("largest error / (largest value × unit roundoff)")
    axes.set_ylabel("GFLOP/s")
    if not layers:
        axes.text(0.5, 0.5, "no convolution that all of them do", ha="center", transform=axes.transAxes)
        return
    axes.set(xscale="log", yscale="log")
    means = {}
    for name, (colour, marker) in looks(members).items():
        if name not in names:
            continue
        points = [_point(one, name) for one in layers]
        errors, speeds = zip(*points, strict=True)
        if len(points) > 1:
            axes.plot(errors, speeds, marker, color=colour, alpha=0.3, ms=4, mew=0)
        means[name] = (_mean(errors), _mean(speeds))
        axes.plot(*means[name], marker, color=colour, ms=11, mec="white", label=name, zorder=3)
    frontier = pareto(list(means.values()))
    xs, ys = zip(*frontier, strict=True)
    axes.step([*xs, axes.get_xlim()[1]], [*ys, ys[-1]], where="post", color="#555555", lw=1.0, ls="--", zorder=1)
    label_plainly(axes.xaxis)
    label_plainly(axes.yaxis)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=9, title=_title(len(layers)))


def pareto(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points, as (error, speed), of which no other has both less error and more speed; by error."""
    kept: list[tuple[float, float]] = []
    for error, speed in sorted(points, key=lambda point: (point[0], -point[1])):
        if not kept or speed > kept[-1][1]:
            kept.append((error, speed))
    return kept


def _title(layers: int) -> str:
    return "one layer" if layers == 1 else f"means over {layers} layers"


def _point(one: Comparison, name: str) -> tuple[float, float]:
    """Return an implementation's error and speed on a layer."""
    result = one.results[name]
    work = one.task.workload.operations(one.task.direction)
    return max(result.measured.error, LEAST_ERROR), work / result.seconds.middle / 1e9


def _mean(values: Sequence[float]) -> float:
    return math.exp(math.fsum(map(math.log, values)) / len(values))
