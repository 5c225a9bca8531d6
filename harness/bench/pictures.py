"""Pictures of comparisons: each is a file of its own, or all are panels of one (extra `report`: matplotlib).

Colours are Okabe and Ito's, which most colour-blind people tell apart; every implementation has a marker too.
"""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from convoracle.harness.bench.comparison import Comparison
from convoracle.harness.bench.machine import Roof
from convoracle.harness.bench.picture_of_frontier import draw_frontier
from convoracle.harness.bench.picture_of_ratios import draw_ratios
from convoracle.harness.bench.picture_of_roofline import draw_roofline
from convoracle.harness.bench.picture_style import STYLE, height_of

Draw = Callable[[Any, Sequence[Comparison], Roof | None], None]

PICTURES: dict[str, Draw] = {"roofline": draw_roofline, "ratios": draw_ratios, "frontier": draw_frontier}


def obstacle(path: Path) -> str | None:
    """Return why nothing can be drawn there, or None if it can."""
    if importlib.util.find_spec("matplotlib") is None:
        return "--plot needs matplotlib: pip install 'convoracle[report]'"
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    formats = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix and path.suffix[1:].lower() not in formats:
        return f"--plot cannot write {path.suffix} files; allowed: a folder, or a file ending in {', '.join(formats)}"
    return None


def draw_all(path: Path, comparisons: Sequence[Comparison], roofs: dict[int, Roof]) -> list[Path]:
    """Draw into a folder, one file for each picture, or all into the one file of that name.

    A path with a suffix that matplotlib knows (``.png``, ``.svg``, ``.pdf``) is a file. There is a column for each pass
    and number of threads.
    """
    groups: dict[tuple[str, int], list[Comparison]] = {}
    for one in comparisons:
        if one.results:
            groups.setdefault((one.task.direction, one.task.threads), []).append(one)
    if not groups:
        return []
    if path.suffix:
        path.parent.mkdir(parents=True, exist_ok=True)
        return [_save(path, list(PICTURES), groups, roofs)]
    path.mkdir(parents=True, exist_ok=True)
    return [_save(path / f"{name}.png", [name], groups, roofs) for name in PICTURES]


def _save(
    path: Path, names: Sequence[str], groups: dict[tuple[str, int], list[Comparison]], roofs: dict[int, Roof]
) -> Path:
    """Draw the pictures of these names below each other, with a column for each group."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [height_of(name, max(map(len, groups.values()))) for name in names]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8.0 * len(groups), sum(heights)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(names), len(groups), squeeze=False, height_ratios=heights)
        for row, name in zip(axes, names, strict=True):
            for axis, ((direction, threads), members) in zip(row, groups.items(), strict=True):
                PICTURES[name](axis, members, roofs.get(threads))
                task = members[0].task
                cold = ", cold caches" if task.is_cold else ""
                count = f"{threads} thread" + ("" if threads == 1 else "s")
                axis.set_title(f"{direction}, {task.workload.case.dtype}, {count}{cold}", loc="left")
        figure.savefig(path, dpi=144)
    return path
