"""The geometry of a transposed convolution: that of the convolution whose transpose it is."""

from convoracle.fast.arguments import check_addressable, check_int, check_pair
from convoracle.fast.conv_geometry import ConvGeometry, Shape


def transpose_geometry(
    operation: str,
    input_shape: Shape,
    weight_shape: Shape,
    *,
    stride: object,
    padding: object,
    output_padding: object,
    groups: object,
    dilation: object,
) -> ConvGeometry:
    """Return the normalised geometry of a transposed convolution of (N, C, H, W) with (C, F // groups, kH, kW)."""
    steps = check_pair(operation, "stride", stride, 1)
    ends = check_pair(operation, "padding", padding, 0)
    extra = check_pair(operation, "output_padding", output_padding, 0)
    holes = check_pair(operation, "dilation", dilation, 1)
    group_count = check_int(operation, "groups", groups, 1)
    batch, channels, *input_size = input_shape
    if channels != weight_shape[0]:
        raise ValueError(
            f"{operation}: input of {channels} channels does not match weight of shape {weight_shape}: "
            f"{weight_shape[0]} channels are expected"
        )
    if channels % group_count:
        raise ValueError(f"{operation}: {channels} channels cannot be divided into groups={group_count}")
    for axis in range(2):
        if extra[axis] >= max(steps[axis], holes[axis]):
            raise ValueError(
                f"{operation}: output_padding {extra} must be less than stride {steps} or dilation {holes} in each axis"
            )
    padded = tuple(
        (n - 1) * s + d * (k - 1) + e + 1
        for n, k, s, d, e in zip(input_size, weight_shape[2:], steps, holes, extra, strict=True)
    )
    rows, columns = (n - 2 * p for n, p in zip(padded, ends, strict=True))
    if rows < 1 or columns < 1:
        raise ValueError(f"{operation}: padding {ends} leaves nothing of the {padded} rows and columns there are")
    filters = weight_shape[1] * group_count
    check_addressable(operation, "padded output", (batch, filters, *padded))
    check_addressable(operation, "column matrix of one image", (filters, *weight_shape[2:], *input_size))
    sides = tuple((p, p) for p in ends)
    return ConvGeometry(steps, sides, holes, group_count, (batch, filters, rows, columns))
