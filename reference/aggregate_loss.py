"""The loss of a training set: the mean of the divergences of its examples."""

from collections.abc import Callable, Sequence
from typing import Any


def aggregate_loss(outputs: Sequence[Any], targets: Sequence[Any], divergence: Callable[[Any, Any], Any]) -> Any:
    """Return the mean over the training set of the divergence between output and desired output.

    Parameters
    ----------
    outputs, targets : sequences of length T
        The lecture's Y_i and d_i.
    divergence : callable
        ``divergence(Y_i, d_i)``, a number; or its derivative, an array: the derivative of the mean is the mean of the
        derivatives.

    Returns
    -------
    number or array
        ``Loss = 1/T sum_i div(Y_i, d_i)``.

    Raises
    ------
    ValueError
        If there are no examples, or not as many targets as outputs.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Recap: Problem Setup" and "Recap: The
    derivative". Erratum E-23: one slide sums ``dDiv(Y_i, d_i)/dw`` over k; it is over i.

    Examples
    --------
    >>> aggregate_loss([1, 4], [0, 2], lambda Y, d: (Y - d) ** 2)
    2.5
    """
    divergences = [divergence(Y_i, d_i) for Y_i, d_i in zip(outputs, targets, strict=True)]
    if not divergences:
        raise ValueError("aggregate_loss: got no examples; allowed: at least one")
    return sum(divergences[1:], divergences[0]) / len(divergences)
