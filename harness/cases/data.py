"""The arrays of a case: what is in them, and how they lie in memory."""

import math

import numpy as np

from convoracle.harness.cases.choices import Choices

FLOAT_KINDS = ("uniform", "wide", "cancelling")
SCORE_KINDS = (*FLOAT_KINDS, "scores", "large", "shifted")
LAYOUTS = ("C", "F", "channels_last", "sliced", "reversed", "offset")
ELSEWHERE = (*LAYOUTS, "exchanged", "cropped", "mirrored", "transposed", "spaced")
"""What cases combine with everything else, and what one of the promises is asked with besides."""

# The exponents of "wide" data stay this far from 0, so that no product of two values leaves the normal range.
_WIDE_EXPONENT = {"float16": 2, "float32": 12, "float64": 12}


def floats(choices: Choices, kind: str, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return random floats of one `kind`, exactly representable in `dtype`, as float64.

    ``uniform``: in [-1, 1). ``wide``: magnitudes over many binades, so that an error relative to the largest value
    drowns the small ones. ``cancelling``: nearly equal magnitudes with alternating signs, so that sums are far smaller
    than their terms. For what goes through an exponential, ``scores``: in [-8, 8). ``large``: in [-1000, 1000), where
    most exponentials overflow or underflow. ``shifted``: all near 1000, or all near -1000.
    """
    values = 2.0 * choices.fractions(shape) - 1.0
    if kind == "wide":
        reach = _WIDE_EXPONENT[dtype]
        values = np.ldexp(values, choices.integers(shape, -reach, reach))
    elif kind == "cancelling":
        signs = 1 - 2 * (np.arange(values.size).reshape(shape) % 2)
        values = signs * (1.0 + values * 2.0**-7)
    elif kind in ("scores", "large"):
        values *= 8.0 if kind == "scores" else 1000.0
    elif kind == "shifted":
        values += choices.pick([-1000.0, 1000.0])
    return values.astype(dtype).astype(np.float64)


def lay_out(values: np.ndarray, layout: str) -> np.ndarray:
    """Return a writable array equal to `values` whose memory is arranged as `layout` says.

    ``C`` and ``F``: contiguous, last or first axis fastest. ``channels_last``: a view of memory in which axis 1 is
    fastest. ``sliced``: every other element of a larger buffer. ``reversed``: negative strides along every axis.
    ``offset``: the inside of a larger array. ``exchanged``: the first two axes are the other way round in memory, and
    ``transposed``: the last two are. ``cropped``: the inside of a larger array in which axis 1 is fastest. ``mirrored``
    and ``spaced``: the last axis alone runs backwards, or takes every other element.
    """
    if layout == "C":
        return np.array(values, order="C")
    if layout == "F":
        return np.array(values, order="F")
    if layout == "channels_last":
        view = _permuted(values, (0, *range(2, values.ndim), 1), 0)
    elif layout == "cropped":
        view = _permuted(values, (0, *range(2, values.ndim), 1), 2)
    elif layout == "exchanged":
        view = _permuted(values, (1, 0, *range(2, values.ndim)), 0)
    elif layout == "transposed":
        view = _permuted(values, (*range(values.ndim - 2), values.ndim - 1, values.ndim - 2), 0)
    elif layout == "mirrored":
        view = np.empty(values.shape, values.dtype)[..., ::-1]
    elif layout == "spaced":
        view = np.empty((*values.shape[:-1], 2 * values.shape[-1]), values.dtype)[..., ::2]
    elif layout == "sliced":
        view = np.empty([2 * size for size in values.shape], values.dtype)[(slice(None, None, 2),) * values.ndim]
    elif layout == "reversed":
        view = np.empty(values.shape, values.dtype)[(slice(None, None, -1),) * values.ndim]
    elif layout == "offset":
        view = np.empty([size + 2 for size in values.shape], values.dtype)[(slice(1, -1),) * values.ndim]
    else:
        raise ValueError(f"unknown layout {layout!r}; known: {', '.join(ELSEWHERE)}")
    view[...] = values
    return view


def _permuted(values: np.ndarray, order: tuple[int, ...], more: int) -> np.ndarray:
    """Return an array of the same shape whose axes are in another order in memory, inside one larger by `more`."""
    if values.ndim < 2:
        order = tuple(range(values.ndim))
    memory = np.empty([values.shape[axis] + more for axis in order], values.dtype)
    inside = memory[tuple(slice(more // 2, more // 2 + values.shape[axis]) for axis in order)]
    return inside.transpose(sorted(order, key=order.__getitem__))


def read_only(array: np.ndarray) -> np.ndarray:
    """Return a view that cannot be made writable again: what owns the memory is read-only too."""
    owner = array if array.base is None else array.base
    owner.flags.writeable = False
    array.flags.writeable = False
    return array.view()


def repeats(array: np.ndarray) -> bool:
    """Return whether an array has the memory of one number for several."""
    return any(step == 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True))


def repeat(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return such an array in another dtype, which is read-only."""
    one = tuple(slice(0, 1) if step == 0 else slice(None) for step in array.strides)
    return np.broadcast_to(array[one].astype(dtype), array.shape)


def split(values: np.ndarray, bits: int) -> list[np.ndarray]:
    """Split float64 `values` exactly into a sum of arrays, each holding integers of at most `bits` bits times one unit.

    Products of such parts, and sums of them, are exact in float64 when the bits suffice (see `oracle.exact_sum`).
    """
    parts = []
    rest = np.asarray(values, dtype=np.float64)
    while (largest := float(np.max(np.abs(rest), initial=0.0))) > 0.0:
        unit = math.ldexp(1.0, math.frexp(largest)[1] - bits)
        part = np.rint(rest / unit) * unit
        parts.append(part)
        rest = rest - part
    return parts
