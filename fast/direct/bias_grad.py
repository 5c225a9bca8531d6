"""The bias gradient of a convolution: the numbers of each plane are added up, and these sums in the order of the batch.

The sum of a plane is one over vectors (`convoracle.fast.direct.plane_sum`). Filters are shared out among threads, so no
sum is ever divided.
"""

from collections.abc import Callable

import numpy as np

from convoracle.fast.direct.plane_sum import sum_numbers
from convoracle.fast.jit import kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.threads import run_pieces, threads_to_move


def bind_conv2d_bias_grad(grad_output: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the bias gradient of arrays of this shape: the sum over batch, rows and columns."""
    filters, numbers, dtype = grad_output.shape[1], grad_output.size, grad_output.dtype

    def add(grad_output: np.ndarray) -> np.ndarray:
        grad = np.empty(filters, dtype)
        run_pieces(_add_planes, min(threads_to_move(numbers), filters), grad_output, grad)
        return grad

    return add


conv2d_bias_grad = kernel_from(bind_conv2d_bias_grad, arrays=1)


@kernel
def _add_planes(piece, pieces, grad_output, grad):  # type: ignore[no-untyped-def]
    """Fill some numbers of `grad`."""
    images, filters, rows, columns = grad_output.shape
    numbers, positions = grad_output.reshape(-1), rows * columns
    for f in range(filters * piece // pieces, filters * (piece + 1) // pieces):
        total = grad.dtype.type(0)
        for n in range(images):
            total += sum_numbers(numbers, (n * filters + f) * positions, positions)
        grad[f] = total
