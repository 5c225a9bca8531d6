"""Pooling a second and a third time: see `convoracle.harness.proofs.formulations`."""

import numpy as np

from convoracle.harness.proofs.formulations import Axis

LEAST = np.iinfo(np.int64).min


def dense_max(x: np.ndarray, rows: Axis, columns: Axis, windows: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima and their places: all windows laid out side by side, padding below every number."""
    down, across = rows.positions(windows[0]), columns.positions(windows[1])
    inside = ((down >= 0) & (down < rows.size))[:, None, :, None] & ((across >= 0) & (across < columns.size))[:, None]
    places = down[:, None, :, None] * columns.size + across[:, None]
    flat = x.reshape(*x.shape[:2], -1)
    laid_out = np.where(inside, flat[:, :, np.where(inside, places, 0)], LEAST)
    laid_out = laid_out.reshape(*laid_out.shape[:4], -1)
    first = np.argmax(laid_out, axis=-1)
    return np.max(laid_out, axis=-1), np.take_along_axis(
        np.broadcast_to(places.reshape(*windows, -1), laid_out.shape), first[..., None], axis=-1
    )[..., 0]


def dense_max_backward(dy: np.ndarray, indices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the transpose of the selection: a matrix with a one where an output was taken from an element."""
    taken = (indices[..., None] == np.arange(size[0] * size[1])).astype(np.int64)
    return np.einsum("ncop,ncope->nce", dy, taken).reshape(*dy.shape[:2], *size)


def dense_sums(x: np.ndarray, rows: Axis, columns: Axis, windows: tuple[int, int]) -> np.ndarray:
    """Return the sum of each window: one table of zeros and ones per axis, applied from both sides."""
    down, across = rows.incidence(windows[0]).sum(axis=1), columns.incidence(windows[1]).sum(axis=1)
    return np.einsum("oi,ncij,pj->ncop", down, x, across)


def dense_spread(dy: np.ndarray, rows: Axis, columns: Axis, windows: tuple[int, int]) -> np.ndarray:
    """Return the transpose of `dense_sums`."""
    down, across = rows.incidence(windows[0]).sum(axis=1), columns.incidence(windows[1]).sum(axis=1)
    return np.einsum("oi,ncop,pj->ncij", down, dy, across)


def counted_divisors(rows: Axis, columns: Axis, windows: tuple[int, int], include_pad: bool) -> np.ndarray:
    """Count, for each window, the taps on the input, or on the input and its padding."""
    counts = []
    for axis, number in zip((rows, columns), windows, strict=True):
        taps = axis.positions(number)
        low, high = (-axis.before, axis.size + axis.after) if include_pad else (0, axis.size)
        counts.append(((taps >= low) & (taps < high)).sum(axis=1))
    return np.outer(*counts)


def scatter_pool(
    x: np.ndarray,
    sums: np.ndarray,
    maxima: np.ndarray,
    places: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
    top: int,
    left: int,
    K_x: int,
    K_y: int,
) -> None:
    """Send each element to the sums, maxima and places of its windows, last element first: the first one wins a tie."""
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(x.shape[2] - 1, -1, -1):
                for j in range(x.shape[3] - 1, -1, -1):
                    for t in range(K_x):
                        for v in range(K_y):
                            row, column = i + top - t * dilation_x, j + left - v * dilation_y
                            if row % stride_x == 0 and column % stride_y == 0:
                                row, column = row // stride_x, column // stride_y
                                if 0 <= row < sums.shape[2] and 0 <= column < sums.shape[3]:
                                    sums[n, c, row, column] += x[n, c, i, j]
                                    if x[n, c, i, j] >= maxima[n, c, row, column]:
                                        maxima[n, c, row, column] = x[n, c, i, j]
                                        places[n, c, row, column] = i * x.shape[3] + j
