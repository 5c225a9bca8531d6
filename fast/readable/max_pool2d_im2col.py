"""Max pooling on NumPy: the windows as columns, and argmax over each."""

import numpy as np

from convoracle.fast.windows import Pair, pad_planes, pool_ends, view_windows


def max_pool2d(
    x: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima and where they are; np.argmax already takes the first maximum, or the first NaN."""
    size = x.shape[2:]
    ends = pool_ends(size, kernel_size, stride, padding, dilation, output_size)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    positions = np.arange(size[0] * size[1], dtype=np.int64).reshape(1, *size)
    taps = kernel_size[0] * kernel_size[1]
    # Flat position of every window's taps in the plane, -1 in the padding.
    where = view_windows(pad_planes(positions, ends, -1), kernel_size, stride, dilation, output_size)
    where = where.reshape(taps, *output_size)
    first_real = np.argmax(where >= 0, axis=0)
    values, indices = np.empty((*x.shape[:2], *output_size), x.dtype), np.empty((*x.shape[:2], *output_size), np.int64)
    for image, image_values, image_indices in zip(pad_planes(x, ends, lowest), values, indices, strict=True):
        columns = view_windows(image, kernel_size, stride, dilation, output_size).reshape(
            len(image), taps, *output_size
        )
        winners = np.argmax(columns, axis=1)
        # Padding ties with a window that holds nothing above the lowest value: its first real position wins instead.
        is_real = np.take_along_axis(where, winners, axis=0) >= 0
        winners = np.where(is_real, winners, first_real)
        image_values[...] = np.take_along_axis(columns, winners[:, None], axis=1)[:, 0]
        image_indices[...] = np.take_along_axis(where, winners, axis=0)
    return values, indices


def max_pool2d_backward(grad_output: np.ndarray, indices: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """Return the input gradient: each value added where its maximum was."""
    batch, channels, height, width = input_shape
    planes = np.arange(batch * channels).reshape(batch, channels, 1, 1)
    grad = np.zeros(input_shape, grad_output.dtype)
    np.add.at(grad.reshape(-1), (planes * (height * width) + indices).reshape(-1), grad_output.reshape(-1))
    return grad
