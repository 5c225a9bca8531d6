"""The arrays a loop reads and writes: one number type, one memory layout, padded with zeros of that type.

A loop is written for arrays it may index freely. The doors therefore copy their arguments once: whatever order, strides
or byte order the caller's arrays have, the loop sees C order (and Numba compiles one version of it), and the caller's
arrays cannot be written to.
"""

from typing import Any

import numpy as np

from convoracle.reference.shapes import AxisPadding


def number_type(*arrays: Any) -> np.dtype:
    """Return the number type the loops work in: that of the arrays, and int64 for every kind of integer."""
    dtype = np.result_type(*(np.asarray(array) for array in arrays)).newbyteorder("=")
    return np.dtype(np.int64) if dtype.kind in "biu" else dtype


def operand(array: Any, dtype: np.dtype, dimensions: int, name: str) -> np.ndarray:
    """Return a C-ordered copy of the array in the number type, or raise if it has another number of dimensions."""
    copied = np.array(array, dtype=dtype, order="C")
    if copied.ndim != dimensions:
        raise ValueError(f"{name}: got {copied.ndim} dimensions, shape {copied.shape}; allowed: {dimensions}")
    return copied


def zero_pad(maps: np.ndarray, padding: tuple[AxisPadding, AxisPadding]) -> np.ndarray:
    """Return the maps with zeros of their own type around the last two axes."""
    (top, bottom), (left, right) = padding
    T, D, W, H = maps.shape
    padded = np.zeros((T, D, top + W + bottom, left + H + right), dtype=maps.dtype)
    padded[:, :, top : top + W, left : left + H] = maps
    return padded


def delete_padding(padded: np.ndarray, padding: tuple[AxisPadding, AxisPadding]) -> np.ndarray:
    """Return a copy of the maps without their padding.

    CMU 11-785, Convolutional Networks III, "The size of the Y-derivative map": "The zero padding regions must be
    deleted before further backprop".
    """
    (top, bottom), (left, right) = padding
    W, H = padded.shape[2:]
    return padded[:, :, top : W - bottom, left : H - right].copy()
