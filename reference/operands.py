"""The arrays a loop reads and writes: one number type, one memory layout, padded with zeros of that type.

A loop is written for arrays it may index freely. The doors therefore copy their arguments once: whatever order, strides
or byte order the caller's arrays have, the loop sees C order (and Numba compiles one version of it), and the caller's
arrays cannot be written to.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.reference.shapes import AxisPadding


def number_type(*arrays: Any) -> np.dtype:
    """Return the number type the loops work in: that of the arrays, and int64 for every kind of integer."""
    dtype = np.result_type(*(np.asarray(array) for array in arrays)).newbyteorder("=")
    return np.dtype(np.int64) if dtype.kind in "biu" else dtype


def operand(array: Any, dtype: np.dtype, dimensions: int | None, name: str) -> np.ndarray:
    """Return a C-ordered copy of the array in the number type, or raise if it has another number of dimensions.

    None allows any number of dimensions.
    """
    copied = np.array(array, dtype=dtype, order="C")
    if dimensions is not None and copied.ndim != dimensions:
        raise ValueError(f"{name}: got {copied.ndim} dimensions, shape {copied.shape}; allowed: {dimensions}")
    return copied


def divisible_type(operation: str, *arrays: Any) -> np.dtype:
    """Return the number type, or raise for integers: their quotients would be cut to integers."""
    dtype = number_type(*arrays)
    if dtype.kind == "i":
        raise TypeError(f"{operation}: got integers; allowed: floats, or objects that can be divided")
    return dtype


def float_type(operation: str, *arrays: Any) -> np.dtype:
    """Return the number type, or raise for what has no ``exp``: integers and objects."""
    dtype = number_type(*arrays)
    if dtype.kind != "f":
        raise TypeError(f"{operation}: got {dtype}; allowed: floats")
    return dtype


def zero_pad(maps: np.ndarray, padding: Sequence[AxisPadding]) -> np.ndarray:
    """Return the maps with zeros of their own type around the last axes, one pair of numbers for each."""
    T, D, *size = maps.shape
    padded = np.zeros(
        (T, D, *(before + n + after for n, (before, after) in zip(size, padding, strict=True))), maps.dtype
    )
    padded[_inside(padded.shape[2:], padding)] = maps
    return padded


def delete_padding(padded: np.ndarray, padding: Sequence[AxisPadding]) -> np.ndarray:
    """Return a copy of the maps without their padding.

    CMU 11-785, Convolutional Networks III, "The size of the Y-derivative map": "The zero padding regions must be
    deleted before further backprop".
    """
    return padded[_inside(padded.shape[2:], padding)].copy()


def _inside(padded_size: Sequence[int], padding: Sequence[AxisPadding]) -> tuple[slice, ...]:
    """Return the index of the maps within their padding; the batch and the channels are whole."""
    sides = (slice(before, n - after) for n, (before, after) in zip(padded_size, padding, strict=True))
    return (slice(None), slice(None), *sides)
