"""Gradient descent: all parameters step at once, with gradients taken at one point."""

from collections.abc import Callable, Sequence
from typing import Any


def sgd_step(parameters: Sequence[Any], gradients: Sequence[Any], learning_rate: Any) -> tuple[Any, ...]:
    """Return the parameters after one step against their gradients.

    Parameters
    ----------
    parameters, gradients : sequences of arrays or numbers
        Equally many.
    learning_rate : number
        The lecture's lambda.

    Returns
    -------
    tuple of arrays or numbers
        New objects; the parameters are not modified.

    Raises
    ------
    ValueError
        If there is not one gradient per parameter.

    Notes
    -----
    Source: UBC CPSC 425, Lecture 23, "Gradient Descent", step 3, "Re-estimate the parameters".

    Examples
    --------
    >>> sgd_step((3, 4), (10, 20), 2)
    (-17, -36)
    """
    return tuple(
        parameter - learning_rate * gradient for parameter, gradient in zip(parameters, gradients, strict=True)
    )


def gradient_descent(
    gradient: Callable[..., Sequence[Any]], parameters: Sequence[Any], learning_rate: Any, iterations: int
) -> tuple[Any, ...]:
    """Return the parameters after a number of steps of gradient descent.

    Parameters
    ----------
    gradient : callable
        ``gradient(W, b, ...)``: the gradients for all parameters at that point, in their order.
    parameters : sequence of arrays or numbers
        Where to start: the lecture's random W_0, b_0.
    learning_rate : number
        The lecture's lambda.
    iterations : int
        How many steps.

    Returns
    -------
    tuple of arrays or numbers

    Raises
    ------
    ValueError
        If there is not one gradient per parameter.

    Notes
    -----
    Source: UBC CPSC 425, Lecture 23, "Gradient Descent": for each k both gradients are computed at (W_k, b_k), then
    both parameters are re-estimated. Updating W first, and taking the gradient for b at (W_{k+1}, b_k), is another
    method.

    Examples
    --------
    >>> gradient_descent(lambda W, b: (b, W), (1, 2), 1, 2)  # W, b = W - b, b - W
    (-2, 2)
    """
    current = tuple(parameters)  # 1. Start from W_0, b_0
    for _ in range(iterations):  # For k = 0 to max number of iterations
        gradients = gradient(*current)  # 2. Compute gradient of the loss at W = W_k, b = b_k
        current = sgd_step(current, gradients, learning_rate)  # 3. Re-estimate the parameters
    return current
