"""The public Euclidean loss and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import check_number
from convoracle.fast.arrays import FLOATS, check_array, check_dtype, check_same_shape
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def euclidean_loss(z: np.ndarray, y: np.ndarray, *, backend: str | None = None) -> np.floating:
    """Return the mean over the batch of half the squared distance between output and target.

    Parameters
    ----------
    z, y : arrays (N, D) of float16, float32 or float64
        Outputs and targets.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    scalar of the dtype of `z`
        ``1/N sum_i 1/2 sum_j (z_ij - y_ij)^2``; float16 is accumulated in float32.

    Raises
    ------
    ValueError
        For a shape that is not allowed, or an empty batch: it has no mean.
    TypeError
        For an argument that is not a plain array, or dtypes that are not allowed or not the same.
    ImportError
        If the backend needs a module that is missing here.

    Notes
    -----
    Cornell CS5670 (Noah Snavely), "Example: Euclidean Loss", for a batch of N inputs.

    Examples
    --------
    >>> print(euclidean_loss(np.array([[1, 2], [3, 5]], np.float32), np.array([[0, 2], [1, 1]], np.float32)))
    5.25
    """
    operation = "euclidean_loss"
    key, call = recall(operation, (z, y), (), backend)
    if call is None:
        z, y, dtype = _checked(operation, z, y)
        call = remember(key, prepare(operation, backend, dtype, (z, y)))
    result: np.floating = call(z, y)[0]
    return result


def euclidean_loss_backward(
    z: np.ndarray, y: np.ndarray, grad_output: float = 1, *, backend: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of a loss with respect to both arguments of `euclidean_loss`.

    Parameters
    ----------
    z, y : arrays (N, D) of float16, float32 or float64
        Outputs and targets.
    grad_output : number
        Gradient of the loss with respect to the result.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    grad_z, grad_y : arrays (N, D)
        ``(z - y) * grad_output / N`` and its negative; new, C-contiguous, of the dtype of `z`.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `euclidean_loss`; also if the shapes do not fit together.

    Notes
    -----
    Cornell CS5670 (Noah Snavely), "Example: Euclidean Loss", the backward pass.

    Examples
    --------
    >>> z, y = np.array([[1, 2], [3, 5]], np.float32), np.array([[0, 2], [1, 1]], np.float32)
    >>> [grad.tolist() for grad in euclidean_loss_backward(z, y)]
    [[[0.5, 0.0], [1.0, 2.0]], [[-0.5, -0.0], [-1.0, -2.0]]]
    """
    operation = "euclidean_loss_backward"
    # -0.0 is equal to 0.0, and another factor.
    key, call = recall(operation, (z, y), (grad_output, str(grad_output)), backend)
    if call is None:
        z, y, dtype = _checked(operation, z, y)
        factor = check_number(operation, "grad_output", grad_output)
        call = remember(key, prepare(operation, backend, dtype, (z, y), (factor,)))
    grad_z, grad_y = call(z, y)
    return grad_z, grad_y


def _checked(operation: str, z: object, y: object) -> tuple[np.ndarray, np.ndarray, str]:
    """Return outputs and targets, and their dtype."""
    outputs, targets = check_array(operation, "z", z, "ND"), check_array(operation, "y", y, "ND")
    dtype = check_dtype(operation, FLOATS, z=outputs, y=targets)
    check_same_shape(operation, z=outputs, y=targets)
    if len(outputs) == 0:
        raise ValueError(f"{operation}: z must not be an empty batch, it has no mean: got shape {outputs.shape}")
    return outputs, targets, dtype
