"""Max pooling on scipy.ndimage, over ranks instead of values.

Every position of a plane gets a rank of its own: a larger value ranks higher, among equal ones the earlier position,
and a NaN above all. The largest rank in a window is then the winner, for every dtype, and names its position.
"""

import numpy as np
from scipy import sparse
from scipy.ndimage import maximum_filter

from convoracle.fast.windows import Pair, pad_planes, pool_ends

PADDING = -1


def max_pool2d(
    x: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima and where they are."""
    batch, channels, height, width = x.shape
    planes = x.reshape(-1, height * width)
    # The earlier of two equal values has to rank higher: sort the reversed plane, stably, and turn positions back.
    # NumPy sorts NaN last, that is highest.
    positions_by_rank = height * width - 1 - np.argsort(planes[:, ::-1], axis=1, kind="stable")
    ranks = np.empty(planes.shape, np.int64)
    np.put_along_axis(ranks, positions_by_rank, np.arange(height * width)[None], axis=1)
    ends = pool_ends((height, width), kernel_size, stride, padding, dilation, output_size)
    padded = pad_planes(ranks.reshape(-1, height, width), ends, PADDING)
    footprint = np.zeros([(k - 1) * d + 1 for k, d in zip(kernel_size, dilation, strict=True)], bool)
    footprint[:: dilation[0], :: dilation[1]] = True
    # The filter's windows are centred; the first one that fits starts at the corner.
    top, left = footprint.shape[0] // 2, footprint.shape[1] // 2
    winners = np.empty((len(planes), output_size[0] * output_size[1]), np.int64)
    for plane, result in zip(padded, winners, strict=True):
        filtered = maximum_filter(plane, footprint=footprint, mode="constant", cval=PADDING)
        sampled = filtered[top :: stride[0], left :: stride[1]]
        result[...] = sampled[: output_size[0], : output_size[1]].reshape(-1)
    indices = np.take_along_axis(positions_by_rank, winners, axis=1)
    values = np.take_along_axis(planes, indices, axis=1)
    shape = (batch, channels, *output_size)
    return values.reshape(shape), indices.reshape(shape)


def max_pool2d_backward(grad_output: np.ndarray, indices: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """Return the input gradient: a sparse matrix (planes, positions) whose repeated entries add up."""
    batch, channels, height, width = input_shape
    planes = np.repeat(np.arange(batch * channels), grad_output.shape[2] * grad_output.shape[3])
    entries = (grad_output.reshape(-1), (planes, indices.reshape(-1)))
    return sparse.coo_array(entries, shape=(batch * channels, height * width)).toarray().reshape(input_shape)
