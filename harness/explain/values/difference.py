"""Where a result is wrong: in words, and as a map of one plane."""

from dataclasses import dataclass

import numpy as np

AXES = {
    1: ("channel",),
    2: ("row", "column"),
    3: ("image", "channel", "column"),
    4: ("image", "channel", "row", "column"),
    5: ("image", "channel", "plane", "row", "column"),
    6: ("row", "column", "filter", "channel", "kernel row", "kernel column"),
}
OF_WEIGHTS = {
    3: ("filter", "channel", "kernel column"),
    4: ("filter", "channel", "kernel row", "kernel column"),
    5: ("filter", "channel", "kernel plane", "kernel row", "kernel column"),
}
ROWS, COLUMNS = 16, 64


@dataclass(frozen=True)
class PlaneMap:
    """One plane of a result, as much of it as fits.

    Parameters
    ----------
    title : str
        Which plane it is.
    wrong : ndarray of bool
        Where it is wrong.
    place : tuple of int
        The indices of the plane in the result.
    """

    title: str
    wrong: np.ndarray
    place: tuple[int, ...] = ()

    def window(self, rows: int = ROWS, columns: int = COLUMNS) -> tuple[slice, slice]:
        """Return the part that fits: all of it, or what is around the first wrong element."""
        top, left = _window(self.wrong, rows, columns)
        height, width = self.wrong.shape
        return slice(top, min(top + rows, height)), slice(left, min(left + columns, width))

    def lines(self, rows: int = ROWS, columns: int = COLUMNS) -> list[str]:
        """Return the map as lines of text: ``x`` for wrong, ``.`` for right, and what did not fit as ``...``."""
        height, width = self.wrong.shape
        down, across = self.window(rows, columns)
        made = ["".join("x" if wrong else "." for wrong in row) for row in self.wrong[down, across]]
        if height > rows or width > columns:
            made.append(
                f"(rows {down.start} to {down.stop - 1} of {height}, "
                f"columns {across.start} to {across.stop - 1} of {width})"
            )
        return made


def in_words(name: str, wrong: np.ndarray) -> str:
    """Return which elements of an output are wrong, axis by axis; axes along which all are affected go unsaid."""
    names = axis_names(name, wrong.ndim)
    said = []
    whole = np.ones(wrong.shape, bool)
    for axis, what in enumerate(names):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        hit = wrong.any(axis=others)
        if not hit.all():
            last = " (the last)" if np.flatnonzero(hit).tolist() == [hit.size - 1] else ""
            said.append(f"{what}{'s' * int(hit.sum() > 1)} {ranges(np.flatnonzero(hit))}{last} of {hit.size}")
            whole &= hit.reshape([-1 if i == axis else 1 for i in range(wrong.ndim)])
    text = f"{int(wrong.sum())} of {wrong.size} values of {name}"
    if wrong.all():
        return f"all {wrong.size} values of {name}" if wrong.size > 1 else f"the only value of {name}"
    if not said:
        return f"{text}, spread over every {', '.join(names)}"
    return f"{text}: {'all' if (whole == wrong).all() else 'some'} of {', '.join(said)}"


def plane_map(name: str, wrong: np.ndarray) -> PlaneMap | None:
    """Return the map of the plane with the most wrong elements; None for a result without planes."""
    if wrong.ndim < 2 or not wrong.any():
        return None
    leading = wrong.shape[:-2]
    if wrong.ndim == 3:
        leading = wrong.shape[:-1]
    planes = wrong.reshape(*leading, -1) if leading else wrong.reshape(1, -1)
    counts = planes.sum(axis=-1)
    place = np.unravel_index(int(np.argmax(counts)), counts.shape)
    plane = wrong if not leading else wrong[place]
    names = axis_names(name, wrong.ndim)[: len(leading)]
    where = ", ".join(f"{what} {int(index)}" for what, index in zip(names, place, strict=False))
    others = int((counts > 0).sum()) - 1
    title = f"{name}, {where}" if leading else name
    if others:
        title += f" ({others} other plane{'s' * (others > 1)} wrong too)"
    return PlaneMap(title, np.atleast_2d(plane), tuple(int(index) for index in place) if leading else ())


def ranges(numbers: np.ndarray) -> str:
    """Return ascending integers as text, runs of three and more shortened: ``0, 2, 5-8``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(int(number))
        else:
            runs.append([int(number)])
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(texts if len(texts) <= 6 else [*texts[:5], "..."])


def axis_names(name: str, dimensions: int) -> tuple[str, ...]:
    """Return what the axes of an output are called."""
    named = OF_WEIGHTS if name == "grad_weight" else AXES
    return named.get(dimensions) or AXES.get(dimensions) or tuple(f"axis {i} index" for i in range(dimensions))


def _window(wrong: np.ndarray, rows: int, columns: int) -> tuple[int, int]:
    """Return where to cut a plane that does not fit: so that the first wrong element can be seen."""
    row, column = (int(index[0]) for index in np.nonzero(wrong))
    height, width = wrong.shape
    top = 0 if height <= rows else min(max(row - rows // 2, 0), height - rows)
    left = 0 if width <= columns else min(max(column - columns // 2, 0), width - columns)
    return top, left
