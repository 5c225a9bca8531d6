"""The ratios: a bar for each layer and rival, with its interval, from the line where both are equally fast."""

from collections.abc import Sequence
from typing import Any

from convoracle.harness.bench.comparison import Comparison
from convoracle.harness.bench.machine import Roof
from convoracle.harness.bench.picture_style import COLOURS, label_plainly, looks
from convoracle.harness.bench.statistics import geometric_mean


def draw_ratios(axes: Any, members: Sequence[Comparison], roof: Roof | None) -> None:
    """Draw the bars of each layer, the first layer on top."""
    pairs = list(dict.fromkeys(pair for one in members for pair in one.pairs()))
    shown = [one for one in members if one.pairs()]
    if not pairs:
        axes.text(0.5, 0.5, "nothing to compare with", ha="center", transform=axes.transAxes)
        return
    colours, thick = _colours(members, pairs), 0.8 / len(pairs)
    for position, (name, other) in enumerate(pairs):
        rows = [row for row, one in enumerate(shown) if (name, other) in one.pairs()]
        found = [shown[row].ratio(name, other) for row in rows]
        mean = geometric_mean([shown[row].ratios(name, other) for row in rows])
        middle = [one.middle for one in found]
        axes.barh(
            [row + (position - (len(pairs) - 1) / 2) * thick for row in rows],
            [value - 1.0 for value in middle],
            0.92 * thick,
            left=1.0,
            color=colours[name, other],
            alpha=0.85,
            xerr=[
                [value - one.low for value, one in zip(middle, found, strict=True)],
                [one.high - value for value, one in zip(middle, found, strict=True)],
            ],
            error_kw={"lw": 1.2, "ecolor": "#333333", "capsize": 2},
            label=f"{other} / {name}: geometric mean {mean.middle:.2f}",
        )
    axes.axvline(1.0, color="black", lw=1.0)
    axes.set_xscale("log")
    label_plainly(axes.xaxis)
    axes.set_yticks(range(len(shown)), [str(one.task.workload) for one in shown], fontsize=8, family="monospace")
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(False, axis="y")
    axes.set_xlabel("time of the other / time of the backend (to the right of the line, the backend is faster)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.9 / axes.bbox.height * 72), fontsize=9, ncols=2)


def _colours(members: Sequence[Comparison], pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return a colour for each pair: that of the implementation which tells it from the others, if one does."""
    styles = looks(members)
    names, others = ({pair[side] for pair in pairs} for side in (0, 1))
    if len(names) > 1 and len(others) > 1:
        return {pair: COLOURS[position % len(COLOURS)] for position, pair in enumerate(pairs)}
    return {(name, other): styles[name if len(names) > 1 else other][0] for name, other in pairs}
