"""Output sizes of convolution and pooling, one axis at a time.

Every module of `convoracle.fast` counts windows by these functions; the oracle has its own.
"""

from convoracle.fast.arguments import check_choice, check_flag, check_int, is_int

POLICIES = ("floor", "strict")


def conv_output_size(
    size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    policy: str = "floor",
) -> int:
    """Return the output size of a convolution along one axis.

    ``floor((size + before + after - dilation * (kernel_size - 1) - 1) / stride) + 1``

    Parameters
    ----------
    size, kernel_size : int
        Sizes of the input and of the kernel along the axis, at least 1.
    stride, dilation : int
        At least 1.
    padding : int or (before, after)
        Zeros added at the two ends of the axis.
    policy : "floor" or "strict"
        What to do with a stride that does not fit: leave the remainder out, or raise.

    Returns
    -------
    int
        The number of windows that fit.

    Raises
    ------
    ValueError
        For a kernel larger than the padded input, a stride that does not fit under ``policy="strict"``, or a size out
        of range.
    TypeError
        For a size that is not an int.

    Notes
    -----
    The strict policy is that of a lecture which calls such a stride an error: UW CSE 493G1, "Convolutional Neural
    Networks" (7x7 input, 3x3 filter, stride 3: "doesn't fit").

    Examples
    --------
    >>> conv_output_size(7, 3, stride=2)
    3
    >>> conv_output_size(7, 3, stride=3, policy="strict")
    Traceback (most recent call last):
    ...
    ValueError: conv_output_size: stride 3 does not fit: 4 positions after the first, 1 left over
    """
    operation = "conv_output_size"
    size = check_int(operation, "size", size, 1)
    kernel_size = check_int(operation, "kernel_size", kernel_size, 1)
    stride = check_int(operation, "stride", stride, 1)
    dilation = check_int(operation, "dilation", dilation, 1)
    before, after = check_ends(operation, padding)
    check_choice(operation, "policy", policy, POLICIES)
    padded, extent = size + before + after, window_extent(kernel_size, dilation)
    if extent > padded:
        raise ValueError(f"{operation}: kernel of extent {extent} is larger than the padded input {padded}")
    if policy == "strict":
        reject_remainder(operation, padded - extent, stride)
    return count_windows(padded, extent, stride)


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
    """Return the output size of a pooling along one axis, by PyTorch's rule.

    Parameters
    ----------
    size, kernel_size : int
        Sizes of the input and of the window along the axis, at least 1.
    stride : int, optional
        At least 1; the kernel size if not given.
    padding : int
        Positions added at either end, at most half the kernel.
    dilation : int
        At least 1.
    ceil_mode : bool
        Also count a window that overhangs the right end, unless it would start in the right padding.
    policy : "floor" or "strict"
        What to do with a stride that does not fit: leave it to `ceil_mode`, or raise.

    Returns
    -------
    int
        The number of windows.

    Raises
    ------
    ValueError
        If no window fits, for a stride that does not fit under ``policy="strict"``, or a size out of range.
    TypeError
        For a size that is not an int.

    Examples
    --------
    >>> pool_output_size(6, 3, stride=2), pool_output_size(6, 3, stride=2, ceil_mode=True)
    (2, 3)
    """
    operation = "pool_output_size"
    size = check_int(operation, "size", size, 1)
    kernel_size = check_int(operation, "kernel_size", kernel_size, 1)
    stride = kernel_size if stride is None else check_int(operation, "stride", stride, 1)
    padding = check_int(operation, "padding", padding, 0)
    dilation = check_int(operation, "dilation", dilation, 1)
    ceil_mode = check_flag(operation, "ceil_mode", ceil_mode)
    check_choice(operation, "policy", policy, POLICIES)
    if 2 * padding > kernel_size:
        raise ValueError(f"{operation}: padding {padding} is more than half the kernel {kernel_size}")
    extent = window_extent(kernel_size, dilation)
    if policy == "strict":
        reject_remainder(operation, size + 2 * padding - extent, stride)
    count = count_pool_windows(size, padding, extent, stride, ceil_mode)
    if count < 1:
        raise ValueError(f"{operation}: kernel of extent {extent} is larger than the padded input {size + 2 * padding}")
    return count


def check_ends(operation: str, padding: object) -> tuple[int, int]:
    """Return the padding of one axis, an int or a pair, as (before, after)."""
    if is_int(padding):
        padding = (padding, padding)
    if not isinstance(padding, tuple | list):
        raise TypeError(f"{operation}: padding must be an int or (before, after), got {type(padding).__name__}")
    if len(padding) != 2:
        raise ValueError(f"{operation}: padding must be an int or (before, after), got {padding!r}")
    before, after = (check_int(operation, "padding", end, 0) for end in padding)
    return before, after


def reject_remainder(operation: str, positions: int, stride: int) -> None:
    """Raise if `stride` leaves some of the `positions` after the first window over."""
    if positions % stride:
        raise ValueError(
            f"{operation}: stride {stride} does not fit: {positions} positions after the first, "
            f"{positions % stride} left over"
        )


def window_extent(kernel_size: int, dilation: int) -> int:
    """Return the number of positions a dilated window spans."""
    return dilation * (kernel_size - 1) + 1


def count_outputs(size: int, ends: tuple[int, int], kernel_size: int, stride: int, dilation: int) -> int:
    """Return how many outputs a convolution has along one axis, with so many zeros at its ends."""
    return count_windows(size + ends[0] + ends[1], window_extent(kernel_size, dilation), stride)


def count_windows(padded: int, extent: int, stride: int) -> int:
    """Return how many windows fit in the padded size; less than 1 if none does."""
    return (padded - extent) // stride + 1


def count_pool_windows(size: int, padding: int, extent: int, stride: int, ceil_mode: bool) -> int:
    """Return how many pooling windows there are; less than 1 if there is none."""
    positions = size + 2 * padding - extent
    if not ceil_mode:
        return positions // stride + 1
    count = -(-positions // stride) + 1
    # A window must start inside the input or in the left padding.
    return count - 1 if (count - 1) * stride >= size + padding else count


def same_padding(size: int, kernel_size: int, stride: int, dilation: int, lower: bool) -> tuple[int, int]:
    """Return (before, after) such that the output size is ``ceil(size / stride)``; an odd one goes after, or before."""
    count = -(-size // stride)
    total = max((count - 1) * stride + window_extent(kernel_size, dilation) - size, 0)
    smaller, larger = total // 2, total - total // 2
    return (larger, smaller) if lower else (smaller, larger)
