"""Arrays as the lines of Python that make them again: values, and how they lie in memory."""

import textwrap
from typing import Any

import numpy as np


def array_lines(name: str, values: np.ndarray) -> list[str]:
    """Return the lines that make an array: zeros and the few that are not, or all values."""
    places = np.argwhere(values != 0)
    if values.size > 12 and len(places) <= 12:
        lines = [f'{name} = np.zeros({values.shape}, "{values.dtype}")']
        return lines + [
            f"{name}[{', '.join(map(str, place))}] = {literal(values[tuple(place)].item())}"
            for place in places.tolist()
        ]
    text = f'{name} = np.array({literal(values.tolist())}, "{values.dtype}")'
    return textwrap.wrap(text, 114, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def literal(value: Any) -> str:
    """Return numbers, or lists of them, as source: floats that are whole without a fraction, NaN as NumPy's."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float):
        if value != value or value in (float("inf"), -float("inf")):
            return f"np.{value}".replace("np.-", "-np.")
        if value == int(value) and abs(value) < 2**53:
            return str(int(value))
    return repr(value)


def layout_lines(name: str, dimensions: int, layout: str) -> list[str]:
    """Return the lines that give an array the memory layout of the case."""
    if layout == "F":
        return [f"{name} = np.asfortranarray({name})"]
    if layout == "channels_last" and dimensions > 1:
        return [f"{name} = np.moveaxis(np.ascontiguousarray(np.moveaxis({name}, 1, -1)), -1, 1)"]
    if layout == "reversed":
        return [f"{name} = np.flip(np.flip({name}).copy())"]
    if layout == "offset":
        return [f"{name} = np.pad({name}, 1)[{', '.join(['1:-1'] * dimensions)}]"]
    if layout == "sliced":
        every = ", ".join(["::2"] * dimensions)
        return [
            f"every_other = np.zeros([2 * size for size in {name}.shape], {name}.dtype)",
            f"every_other[{every}] = {name}",
            f"{name} = every_other[{every}]",
        ]
    return []
