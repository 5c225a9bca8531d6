"""Convolution a second and a third time, in ways that share nothing with the loops of the reference.

*Scatter* is centred on the input: every element is sent to the outputs it takes part in. *Dense* has no loop at all:
the incidence of taps, "output o, tap t reads element i", is a table of zeros and ones per axis, from which the matrix
of the whole linear map is built, one basis kernel after the other; a gradient is its transpose. Sizes are found by
counting, not by a formula. All of it on integers, which no order of summation can change.
"""

from typing import NamedTuple

import numpy as np


class Axis(NamedTuple):
    """One axis of a sliding window: what a size follows from."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def span(self) -> int:
        """How many elements a window covers, holes included."""
        return 1 + max(tap * self.dilation for tap in range(self.kernel))

    @property
    def padded(self) -> int:
        """The size with its padding."""
        return self.before + self.size + self.after

    def windows(self, ceil_mode: bool = False) -> int:
        """Count the windows: those that fit, or with `ceil_mode` as many as reach the end, but start before it."""
        starts = range(0, self.padded, self.stride)
        if not ceil_mode:
            return sum(start + self.span <= self.padded for start in starts)
        # a window is needed as long as the window before it has not reached the end
        needed = [start for start in starts if start - self.stride + self.span < self.padded]
        return sum(start < self.before + self.size for start in needed)

    def positions(self, windows: int) -> np.ndarray:
        """Return the element under each tap of each window, (windows, kernel); outside 0 .. size - 1 is padding."""
        starts = np.arange(windows)[:, None] * self.stride - self.before
        return starts + np.arange(self.kernel)[None, :] * self.dilation

    def incidence(self, windows: int) -> np.ndarray:
        """Return the table of zeros and ones, (windows, kernel, size): whether tap t of window o is on element i."""
        return (self.positions(windows)[:, :, None] == np.arange(self.size)).astype(np.int64)


def dense_matrices(rows: Axis, columns: Axis, windows: tuple[int, int]) -> np.ndarray:
    """Return the matrix of each basis kernel, (kH, kW, H_out, W_out, H, W)."""
    by_row, by_column = rows.incidence(windows[0]), columns.incidence(windows[1])
    matrices: np.ndarray = np.einsum("oti,pvj->tvopij", by_row, by_column)
    return matrices


def dense_weight(weight: np.ndarray, groups: int) -> np.ndarray:
    """Return the filters over all channels, zero outside each filter's group."""
    filters, channels = weight.shape[:2]
    full = np.zeros((filters, channels * groups, *weight.shape[2:]), weight.dtype)
    for filter_, own in enumerate(weight):
        first = filter_ * groups // filters * channels
        full[filter_, first : first + channels] = own
    return full


def dense_conv(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, groups: int, matrices: np.ndarray) -> np.ndarray:
    """Return the convolution as one matrix applied to each image."""
    matrix = _whole_matrix(dense_weight(weight, groups), matrices)
    outputs = np.tensordot(x, matrix, axes=([1, 2, 3], [3, 4, 5]))
    return outputs + bias[:, None, None]


def dense_conv_input_grad(dy: np.ndarray, weight: np.ndarray, groups: int, matrices: np.ndarray) -> np.ndarray:
    """Return the transpose of that matrix applied to the derivative of each output."""
    return np.tensordot(dy, _whole_matrix(dense_weight(weight, groups), matrices), axes=([1, 2, 3], [0, 1, 2]))


def dense_conv_weight_grad(
    dy: np.ndarray, x: np.ndarray, weight_shape: tuple[int, ...], groups: int, matrices: np.ndarray
) -> np.ndarray:
    """Return ``<dy, M x>`` for the matrix M of every basis kernel, inside each filter's group."""
    moved = np.tensordot(x, matrices, axes=([2, 3], [4, 5]))  # (N, C, kH, kW, H_out, W_out)
    full = np.tensordot(dy, moved, axes=([0, 2, 3], [0, 4, 5]))
    filters, channels = weight_shape[:2]
    firsts = [filter_ * groups // filters * channels for filter_ in range(filters)]
    return np.stack([full[filter_, first : first + channels] for filter_, first in enumerate(firsts)])


def scatter_conv(
    x: np.ndarray,
    weight: np.ndarray,
    y: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
    top: int,
    left: int,
    groups: int,
) -> None:
    """Add to ``y``, which holds the bias, what each element of the unpadded ``x`` gives to each output."""
    filters = weight.shape[0] // groups
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            group, own = c // weight.shape[1], c % weight.shape[1]
            for i in range(x.shape[2]):
                for j in range(x.shape[3]):
                    for t in range(weight.shape[2]):
                        for v in range(weight.shape[3]):
                            row, column = i + top - t * dilation_x, j + left - v * dilation_y
                            if row % stride_x == 0 and column % stride_y == 0:
                                row, column = row // stride_x, column // stride_y
                                if 0 <= row < y.shape[2] and 0 <= column < y.shape[3]:
                                    for f in range(group * filters, (group + 1) * filters):
                                        y[n, f, row, column] += x[n, c, i, j] * weight[f, own, t, v]


def _whole_matrix(weight: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Return the matrix of the linear map, (F, H_out, W_out, C, H, W)."""
    whole: np.ndarray = np.tensordot(weight, matrices, axes=([2, 3], [0, 1])).transpose(0, 2, 3, 1, 4, 5)
    return whole
