"""The public cross-entropy and its gradient: check their arguments, then call the kernel of the chosen backend."""

import numpy as np

from convoracle.fast.arguments import check_number
from convoracle.fast.arrays import FLOATS, INTEGERS, check_array, check_dtype
from convoracle.fast.kernels import prepare
from convoracle.fast.remembered import recall, remember


def cross_entropy(logits: np.ndarray, targets: np.ndarray, *, backend: str | None = None) -> np.floating:
    """Return the mean over the batch of minus the natural logarithm of the softmax at the target.

    Parameters
    ----------
    logits : array (N, classes) of float16, float32 or float64
        Scores; the softmax is taken here, and cannot overflow.
    targets : array (N,) of int8 to int64
        The right class of each example, from 0 on.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    scalar of the dtype of `logits`
        float16 is accumulated in float32.

    Raises
    ------
    ValueError
        For a shape that is not allowed, an empty batch (it has no mean), or a target that is no class.
    TypeError
        For an argument that is not a plain array, or a dtype that is not allowed.
    ImportError
        If the backend needs a module that is missing here.

    Notes
    -----
    Cornell CS4670 (Sean Bell), "Example: Softmax (for N inputs)": ``L = 1/N sum_i -log p_{i,y_i}``.

    Examples
    --------
    >>> print(cross_entropy(np.array([[1000, 0], [0, 0]]) / 1.0, np.array([1, 0])))
    500.34657359027995
    """
    operation = "cross_entropy"
    key, call = recall(operation, (logits, targets), (), backend)
    if call is None:
        logits, targets, dtype = _checked(operation, logits, targets)
        call = remember(key, prepare(operation, backend, dtype, (logits, targets)))
    else:
        # Shapes are what a call is remembered by; values may be others each time.
        _check_classes(operation, targets, logits.shape[1])
    result: np.floating = call(logits, targets)[0]
    return result


def cross_entropy_backward(
    logits: np.ndarray, targets: np.ndarray, grad_output: float = 1, *, backend: str | None = None
) -> np.ndarray:
    """Return the gradient of a loss with respect to the logits of `cross_entropy`.

    Parameters
    ----------
    logits : array (N, classes) of float16, float32 or float64
        The scores.
    targets : array (N,) of int8 to int64
        The right class of each example.
    grad_output : number
        Gradient of the loss with respect to the result.
    backend : str, optional
        Name of the backend; the one in force if not given (see `convoracle.use_backend`).

    Returns
    -------
    array (N, classes)
        ``(softmax - 1 at the target) * grad_output / N``; new, C-contiguous, of the dtype of `logits`.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `cross_entropy`; also if the shapes do not fit together.

    Notes
    -----
    Cornell CS4670 (Sean Bell), "Example: Softmax (for N inputs)", the backward pass.

    Examples
    --------
    >>> cross_entropy_backward(np.array([[1, 1], [3, 3]], np.float32), np.array([1, 0]))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]], dtype=float32)
    """
    operation = "cross_entropy_backward"
    # -0.0 is equal to 0.0, and another factor.
    key, call = recall(operation, (logits, targets), (grad_output, str(grad_output)), backend)
    if call is None:
        logits, targets, dtype = _checked(operation, logits, targets)
        factor = check_number(operation, "grad_output", grad_output)
        call = remember(key, prepare(operation, backend, dtype, (logits, targets), (factor,)))
    else:
        _check_classes(operation, targets, logits.shape[1])
    result: np.ndarray = call(logits, targets)
    return result


def _checked(operation: str, logits: object, targets: object) -> tuple[np.ndarray, np.ndarray, str]:
    """Return logits and targets, and the dtype of the logits."""
    scores = check_array(operation, "logits", logits, "NC")
    classes = check_array(operation, "targets", targets, "N")
    dtype = check_dtype(operation, FLOATS, logits=scores)
    check_dtype(operation, INTEGERS, targets=classes)
    if len(scores) == 0:
        raise ValueError(f"{operation}: logits must not be an empty batch, it has no mean: got shape {scores.shape}")
    if len(classes) != len(scores):
        raise ValueError(f"{operation}: targets must have shape ({len(scores)},), one per row, got {classes.shape}")
    _check_classes(operation, classes, scores.shape[1])
    return scores, classes, dtype


def _check_classes(operation: str, targets: np.ndarray, classes: int) -> None:
    """Reject targets that are no classes."""
    if targets.min() < 0 or targets.max() >= classes:
        wrong = targets[(targets < 0) | (targets >= classes)]
        raise ValueError(f"{operation}: targets must be between 0 and {classes - 1}, got {wrong[0]}")
