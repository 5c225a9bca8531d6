"""Output sizes and padding, one axis at a time.

The lectures do not agree on a stride that does not fit (erratum E-9). Cornell CS4670 (Sean Bell), "Convolution: How big
is the output?", rounds down, ``w_out = floor((w_in + 2p - k) / s) + 1``, and so do the loops of CMU 11-785. UW CSE
493G1, "A closer look at spatial dimensions", rejects it: "doesn't fit! cannot apply 3x3 filter on 7x7 input with
stride 3". Both are here: ``policy="floor"`` and ``policy="strict"``.
"""

from collections.abc import Sequence

import numpy as np

Padding = int | str | Sequence[int] | Sequence[Sequence[int]]
AxisPadding = tuple[int, int]

INTEGERS = (int, np.integer)


def conv_output_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] = (0, 0),
    dilation: int = 1,
    policy: str = "floor",
) -> int:
    """Return how many positions a kernel takes along one axis.

    ``floor((size + before + after - dilation * (kernel_size - 1) - 1) / stride) + 1``

    Parameters
    ----------
    size : int
        Extent of the input along this axis.
    kernel_size : int
        Number of taps of the kernel along this axis.
    stride : int
        Step between two positions.
    padding : int or (int, int)
        Zeros before and after; one int means both.
    dilation : int
        Distance between two taps.
    policy : {"floor", "strict"}
        ``"floor"`` leaves out what the last step does not reach; ``"strict"`` rejects a stride that does not fit.

    Returns
    -------
    int
        The output size, at least 1.

    Raises
    ------
    ValueError
        If the kernel does not fit into the padded input, if `policy` is unknown, or if it is ``"strict"`` and the
        stride leaves a remainder.

    Notes
    -----
    Source: Cornell CS4670 (Sean Bell), Convolutional Neural Networks, "Convolution: How big is the output?" (floor);
    UW CSE 493G1, Lecture 5, "A closer look at spatial dimensions" (strict). Erratum E-9.

    Examples
    --------
    >>> conv_output_size(7, 3, stride=2)
    3
    >>> conv_output_size(7, 3, stride=3)
    2
    >>> conv_output_size(7, 3, stride=3, policy="strict")
    Traceback (most recent call last):
    ValueError: output size: stride 3 does not fit: (7 + 0 + 0 - 3) / 3 leaves 1; policy 'floor' drops the remainder
    """
    before, after = (padding, padding) if isinstance(padding, int) else padding
    extent = dilation * (kernel_size - 1) + 1
    steps = size + before + after - extent
    if steps < 0:
        raise ValueError(
            f"output size: a kernel of {kernel_size} with dilation {dilation} spans {extent}, "
            f"but the padded input has {size} + {before} + {after}"
        )
    _check_policy(policy, steps % stride, f"({size} + {before} + {after} - {extent}) / {stride}", stride)
    return steps // stride + 1


def pool_output_size(
    size: int,
    kernel_size: int,
    *,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    policy: str = "floor",
) -> int:
    """Return how many windows a pool takes along one axis.

    As `conv_output_size` with `padding` on both sides; `ceil_mode` rounds up instead of down, but never starts a window
    in the padding after the input.

    Parameters
    ----------
    size, kernel_size : int
        Extent of the input, extent of the window.
    stride : int or None
        Step between two windows; None means `kernel_size`.
    padding : int
        Positions added on each side.
    dilation : int
        Distance between two positions of a window.
    ceil_mode : bool
        Whether a window may reach past the padded input.
    policy : {"floor", "strict"}
        As in `conv_output_size`.

    Returns
    -------
    int
        The output size, at least 1.

    Raises
    ------
    ValueError
        If no window fits, if `policy` is unknown, or if it is ``"strict"`` and the stride leaves a remainder.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Pooling layer: summary", ``W2 = (W1 - F) / S + 1``; padding, dilation and
    `ceil_mode`, which no lecture has, follow ``torch.nn.functional.max_pool2d``.

    Examples
    --------
    >>> pool_output_size(5, 2)
    2
    >>> pool_output_size(5, 2, ceil_mode=True)
    3
    >>> pool_output_size(3, 2, padding=1, ceil_mode=True)  # a third window would start in the padding
    2
    """
    step = kernel_size if stride is None else stride
    extent = dilation * (kernel_size - 1) + 1
    steps = size + 2 * padding - extent
    if ceil_mode:
        windows = -(-steps // step) + 1
        if (windows - 1) * step >= size + padding:
            windows -= 1
    else:
        windows = steps // step + 1
    if windows < 1:
        raise ValueError(
            f"output size: a window of {kernel_size} with dilation {dilation} spans {extent}, "
            f"but the padded input has {size} + 2 * {padding}"
        )
    _check_policy(policy, steps % step, f"({size} + 2 * {padding} - {extent}) / {step}", step)
    return windows


def same_padding(
    size: int, kernel_size: int, *, stride: int = 1, dilation: int = 1, lower: bool = False
) -> AxisPadding:
    """Return the padding with which the output size is ``ceil(size / stride)``.

    Parameters
    ----------
    size, kernel_size, stride, dilation : int
        As in `conv_output_size`.
    lower : bool
        Where the odd zero goes: after the input (False, ``"same"``) or before it (True, ``"same_lower"``).

    Returns
    -------
    (int, int)
        Zeros before and after.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "In practice: Common to zero pad the border", ``P = (F - 1) / 2`` for stride 1 and
    an odd kernel. Even kernels and other strides follow TensorFlow, and ONNX ``SAME_UPPER`` and ``SAME_LOWER``.

    Examples
    --------
    >>> same_padding(32, 5)
    (2, 2)
    >>> same_padding(6, 3, stride=2), same_padding(6, 3, stride=2, lower=True)
    ((0, 1), (1, 0))
    """
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)
    smaller = total // 2
    return (total - smaller, smaller) if lower else (smaller, total - smaller)


def resolve_padding(
    padding: Padding,
    input_size: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[AxisPadding, AxisPadding]:
    """Return ``((top, bottom), (left, right))`` for any of the ways to write the padding of a 2-D convolution.

    Parameters
    ----------
    padding : int, (int,), (int, int), ((int, int), (int, int)), "valid", "same" or "same_lower"
        One number, one per axis, both sides of each axis, or a rule.
    input_size, kernel_size, stride, dilation : (int, int)
        What the rules need, along axes -2 and -1.

    Returns
    -------
    ((int, int), (int, int))
        Zeros before and after, along axes -2 and -1.

    Raises
    ------
    ValueError
        If `padding` is none of these, or negative.

    Examples
    --------
    >>> resolve_padding((1, 2), (8, 8), (3, 3), (1, 1), (1, 1))
    ((1, 1), (2, 2))
    >>> resolve_padding("same", (8, 9), (2, 5), (1, 1), (1, 1))
    ((0, 1), (2, 2))
    """
    x_axis, y_axis = padding_per_axis(padding, input_size, kernel_size, stride, dilation)
    return x_axis, y_axis


def padding_per_axis(
    padding: Padding,
    input_size: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[AxisPadding, ...]:
    """Return the zeros before and after, per axis: `resolve_padding` for any number of spatial axes.

    >>> padding_per_axis("same", (8, 9, 7), (2, 5, 1), (1, 1, 1), (1, 1, 1))
    ((0, 1), (2, 2), (0, 0))
    """
    axes = range(len(input_size))
    if isinstance(padding, str):
        if padding == "valid":
            return tuple((0, 0) for axis in axes)
        if padding not in ("same", "same_lower"):
            raise ValueError(f"padding: unknown rule {padding!r}; allowed: 'valid', 'same', 'same_lower'")
        return tuple(
            same_padding(
                input_size[axis],
                kernel_size[axis],
                stride=stride[axis],
                dilation=dilation[axis],
                lower=padding == "same_lower",
            )
            for axis in axes
        )
    sides = _sides(padding)
    if len(sides) == 1:
        sides = sides * len(axes)
    if len(sides) != len(axes):
        raise ValueError(f"padding: got {padding!r}; allowed: an int, one int per axis, or one pair per axis")
    return tuple(pair(one, "padding", minimum=0) for one in sides)


def pair(value: int | Sequence[int], name: str, *, minimum: int = 1) -> tuple[int, int]:
    """Return two ints: 3, (3,) and (3, 3) all mean (3, 3)."""
    first, second = per_axis(value, 2, name, minimum=minimum)
    return first, second


def per_axis(value: int | Sequence[int], axes: int, name: str, *, minimum: int = 1) -> tuple[int, ...]:
    """Return one int per axis: for two axes 3, (3,) and (3, 3) all mean (3, 3)."""
    numbers = list(value) if isinstance(value, Sequence) else [value]
    if len(numbers) == 1:
        numbers = numbers * axes
    if len(numbers) != axes or not all(isinstance(number, INTEGERS) and number >= minimum for number in numbers):
        several = {1: "one int", 2: "a pair of ints"}.get(axes, f"{axes} ints")
        raise ValueError(f"{name}: got {value!r}; allowed: an int or {several}, each at least {minimum}")
    return tuple(map(int, numbers))


def _sides(padding: int | Sequence[int] | Sequence[Sequence[int]]) -> list[int | Sequence[int]]:
    """Return the padding of each axis that is given, each an int or a pair."""
    sides: list[int | Sequence[int]] = list(padding) if isinstance(padding, Sequence) else [padding]
    return sides


def _check_policy(policy: str, remainder: int, fraction: str, stride: int) -> None:
    """Raise unless the policy is known and accepts the remainder."""
    if policy not in ("floor", "strict"):
        raise ValueError(f"output size: unknown policy {policy!r}; allowed: 'floor', 'strict'")
    if policy == "strict" and remainder != 0:
        raise ValueError(
            f"output size: stride {stride} does not fit: {fraction} leaves {remainder}; "
            "policy 'floor' drops the remainder"
        )
