"""How much of the input one output of a stack of layers sees."""

from collections.abc import Iterable, Sequence


def receptive_field(layers: Iterable[Sequence[int]]) -> int:
    """Return how many positions of the input, along one axis, one output of the last layer depends on.

    Parameters
    ----------
    layers : iterable of (kernel_size, stride) or (kernel_size, stride, dilation)
        Convolutions and pools, the first layer first.

    Returns
    -------
    int
        ``1 + sum_l dilation_l (kernel_size_l - 1) stride_1 ... stride_{l-1}``; 1 for no layers.

    Raises
    ------
    ValueError
        If an entry is not two or three positive ints.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "The brain/neuron view of CONV Layer": "5x5 filter -> 5x5 receptive field for each
    neuron". The formula for a stack is ours: a step of a later layer is as wide as all strides before it together.

    Examples
    --------
    >>> receptive_field([(5, 1)])
    5
    >>> receptive_field([(3, 1), (3, 1), (2, 2), (3, 1)])
    10
    """
    field, step = 1, 1
    for layer in layers:
        if len(layer) not in (2, 3) or min(layer) < 1:
            raise ValueError(
                f"receptive_field: got layer {tuple(layer)}; allowed: (kernel_size, stride) or "
                "(kernel_size, stride, dilation), each at least 1"
            )
        dilation = layer[2] if len(layer) == 3 else 1
        field += dilation * (layer[0] - 1) * step
        step *= layer[1]
    return field
